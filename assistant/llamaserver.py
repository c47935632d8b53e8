"""llama.cpp's server object in this process: one slot, and states of prompts it has read.

A state is everything the model computed while reading a prompt, as a file (some 30 kB a token).
Restoring one takes milliseconds, and a later prompt made of pieces of it, in their order, reuses
the pieces: sentences picked from an article that was read once need not be read again. Not
handled: which file to load (``models``) and what to ask (``llamacpp``).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from assistant import weights
from assistant.errors import ModelError
from assistant.states import shrink

BATCH = 64
"""Tokens read between two chances to stop: about a second of reading on two cores."""

_SHORTEST_PIECE = 3
"""Tokens in a row that are looked up in a state; shorter pieces match by chance."""

_END_CHARS = 200
"""Characters in which two prompts about the same passages may differ: what is asked of them."""

_STATES_BYTES = 1_000_000_000
"""What saved states may take together; those not used for longest go first."""


class LlamaServer:
    """A loaded model, with a folder for its states. One request at a time: callers take turns.

    Raises:
        ModelError: the file is missing or is not a model llama.cpp can read.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int,
        threads: int,
        max_tokens: int,
        states: Path,
        adapters: Sequence[Path] = (),
    ) -> None:
        weights.check_gguf(path)
        import xllamacpp

        self._states = states
        self._last: tuple[str | None, str] | None = None
        self._adapted: Any = None
        self._key = secrets.token_urlsafe(24)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = context_tokens
        params.n_parallel = 1
        params.n_batch = BATCH
        params.n_ubatch = BATCH
        threads = threads or len(os.sched_getaffinity(0))
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.n_predict = max_tokens
        # Off, until a request asks for one.
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(one), 0.0) for one in adapters]
        # Copies of old prompts in memory would take some 14 MB a question; states are files.
        params.cache_ram_mib = 0
        params.slot_save_path = f"{states}{os.sep}"
        params.endpoint_slots = True
        params.endpoint_props = False
        # The server object always listens on a loopback port; a random key closes it.
        params.api_keys = [self._key]
        params.ui = False
        params.verbosity = -1
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelError(
                f"llama.cpp cannot load {path.name}: {error} "
                "Check the file with `assistant models verify`, or choose another model."
            ) from error

    def chat(
        self,
        request: Mapping[str, Any],
        receive: Callable[[Any], bool],
        state: str | None,
        *,
        anew: bool = False,
    ) -> None:
        """Run a chat completion, from a saved state where one is named and still there.

        Its events go to ``receive`` as they come, until it returns True. What the last prompt has
        in common with this one is not read again, unless the request is to begin ``anew``.

        Raises:
            ModelError: llama.cpp failed.
        """
        prompt = repr(request["messages"])
        # What an adapter made of the end of the last prompt, llama.cpp would take for its own.
        anew = anew or self._adapted not in (None, request.get("lora"))
        self._adapted = request.get("lora")
        # After a prompt that this one goes on, the model knows more of it than the state does.
        if anew or not self._goes_on(state, prompt):
            if state is not None and self._restore(state):
                request = {**request, "n_cache_reuse": _SHORTEST_PIECE}
            elif anew:
                request = {**request, "cache_prompt": False}
        self._last = None
        stopped = False

        def told(event: Any) -> bool:
            nonlocal stopped
            stopped = receive(event) or stopped
            return stopped

        try:
            self._server.handle_chat_completions(dict(request), told)
        except RuntimeError as error:
            raise ModelError(f"The language model failed: {error}") from error
        if not stopped:  # else it has not read all of the prompt
            self._last = state, prompt

    def save(self, state: str) -> bool:
        """Keep what the model has just read under a name; whether that worked."""
        saved = self._slot("save", state)
        if saved:
            shrink(self._states, _STATES_BYTES)
        return saved

    def _goes_on(self, state: str | None, prompt: str) -> bool:
        """Whether a prompt differs from the last one, about the same state, in its end alone.

        So it is with the second thing that is asked about the same passages.
        """
        if state is None or self._last is None:
            return False
        about, last = self._last
        return about == state and last.startswith(prompt[:-_END_CHARS])

    def _restore(self, state: str) -> bool:
        path = self._states / state
        if not path.exists():
            return False
        restored = self._slot("restore", state)
        with suppress(OSError):  # another process may have removed it meanwhile
            if restored:
                os.utime(path)
            else:  # damaged, as by a full disk: while it is there, nobody saves it anew
                path.unlink()
        return restored

    def _slot(self, action: str, state: str) -> bool:
        # A state only saves time: what goes wrong here is read again, so it is no error.
        try:
            reply = httpx.post(
                f"{self._server.listening_address}/slots/0",
                params={"action": action},
                json={"filename": state},
                headers={"Authorization": f"Bearer {self._key}"},
                timeout=30,
                trust_env=False,
                # There is no certificate to check; loading authorities would take 18 ms.
                verify=False,
            )
        except httpx.HTTPError:
            return False
        return reply.status_code == 200
