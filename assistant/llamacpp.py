"""A language model in this process, run by llama.cpp, as a LangChain chat model.

Not handled here: which file to load (``models``) and whether its bytes are the right ones
(``weights``). It keeps the prompt it has read: a second question with the same beginning reads
only what is new, and one about a text it was let :meth:`~LlamaCppChat.read` reads only itself.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from assistant.errors import ModelError, Stopped
from assistant.llamareply import checked, chunk_of
from assistant.llamaserver import LlamaServer
from assistant.states import ENDING, SavedStates
from assistant.tracing import span
from assistant.turns import Turns

_END = object()


class LlamaCppChat(BaseChatModel):
    """A GGUF model through llama.cpp. Deterministic: temperature 0 and a fixed seed.

    ``invoke`` and ``stream`` accept ``max_tokens``, ``stop``, ``logprobs`` and
    ``top_logprobs`` as keyword arguments, with the meaning they have for OpenAI's API, and
    put log-probabilities where ``ChatOpenAI`` puts them. ``adapter`` names one of ``adapters`` that
    is to work: LoRAs that begin where the words that call them stand last in a prompt. ``state``
    names a state saved by :meth:`read`; ``stopped`` is a function that is asked now and then, and
    raises Stopped by saying True. Closing a stream stops the model within one batch. Calls from
    several threads take :attr:`turns`, and one that waits for its turn can be stopped like any
    other. ``states`` is the folder for saved states; without one, or where it cannot be written,
    they last as long as this object.
    """

    path: Path
    adapters: Mapping[str, Path] = {}
    context_tokens: int = 4096
    threads: int = 0
    seed: int = 7
    max_tokens: int = 192
    logprobs: bool = True
    states: Path | None = None

    _server: LlamaServer | None = PrivateAttr(default=None)
    _saved: SavedStates = PrivateAttr()
    _known: str | None = PrivateAttr(default=None)
    _turns: Turns = PrivateAttr(default_factory=Turns)

    def model_post_init(self, context: Any) -> None:
        """Called by pydantic when the fields are there."""
        super().model_post_init(context)
        self._saved = SavedStates(self.states)

    @property
    def turns(self) -> Turns:
        """Who uses this model; whoever asks several things of it does so in ``turns.asking()``."""
        return self._turns

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def load(self) -> None:
        """Load the weights now instead of at the first question.

        Raises:
            ModelError: the file is missing or is not a model llama.cpp can read.
        """
        with self._turns.taken(_never):
            self._loaded()

    def close(self) -> None:
        """Free the model's memory. The next call loads it again."""
        with self._turns.taken(_never):
            self._server = None
            self._saved.close()

    def state_of(self, name: str, messages: Sequence[BaseMessage]) -> str:
        """The name under which :meth:`read` saves these messages, beginning with ``name``."""
        told = repr([(message.type, message.text) for message in messages])
        # llama.cpp's build is part of it: states are not portable between versions.
        known = f"{self._file()} {self.context_tokens} {_build()}"
        return f"{name}-{hashlib.sha256((known + told).encode()).hexdigest()[:16]}{ENDING}"

    def has(self, state: str) -> bool:
        """Whether a state has been saved."""
        return self._saved.has(state)

    def forget(self, name: str) -> None:
        """Remove the states whose names begin with ``name``."""
        self._saved.forget(name)

    def read(
        self, messages: Sequence[BaseMessage], state: str, stopped: Callable[[], bool]
    ) -> bool:
        """Read messages and save the state; False when ``stopped`` said so within a batch.

        What was read until then is kept in a state of its own, and the next call goes on there.

        Raises:
            ModelError: the model failed.
        """
        begun = f"{state.removesuffix(ENDING)}.begun{ENDING}"
        request = self._request(messages, None, {"max_tokens": 1})
        with self._turns.taken(stopped) as mine:
            if not mine or stopped():
                return False
            server = self._loaded()
            errors: list[Mapping[str, Any]] = []

            def receive(event: Any) -> bool:
                if isinstance(event, dict) and event.get("error"):
                    errors.append(event)
                return stopped()

            # Anew: a state is to hold what this text alone makes, whatever was asked before it.
            progressing = {**request, "stream": True, "return_progress": True}
            server.chat(progressing, receive, begun, anew=True)
            if errors:
                checked(errors[0])
            done = not stopped()
            server.save(state if done else begun)
            if done:
                self._saved.remove(begun)
            return done

    def _loaded(self) -> LlamaServer:
        if self._server is None:
            with span("load model", model=self.path.stem):
                self._server = LlamaServer(
                    self.path,
                    context_tokens=self.context_tokens,
                    threads=self.threads,
                    max_tokens=self.max_tokens,
                    states=self._saved.folder,
                    adapters=list(self.adapters.values()),
                )
        return self._server

    def _place(self, adapter: str) -> int:
        """Where an adapter stands among those that are loaded."""
        try:
            return list(self.adapters).index(adapter)
        except ValueError:
            known = ", ".join(self.adapters) or "none"
            raise ModelError(f"This model has no adapter '{adapter}'. It has: {known}.") from None

    def _file(self) -> str:
        """What tells the model file from every other: two of one name may have one size."""
        if self._known is None:
            try:
                found = self.path.stat()
            except OSError as error:
                raise ModelError(
                    f"The model file {self.path} cannot be read ({error.strerror}). Check the path."
                ) from error
            self._known = f"{self.path.resolve()} {found.st_size} {found.st_mtime_ns}"
        return self._known

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        # As a stream, because only a stream can be stopped.
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        state, halt = kwargs.pop("state", None), kwargs.pop("stopped", None)
        request = self._request(messages, stop, kwargs) | {
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
        }
        for event in self._events(request, state, halt):
            chunk = chunk_of(event)
            if chunk is None:
                continue
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _request(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: dict[str, Any]
    ) -> dict[str, Any]:
        adapter = options.pop("adapter", None)
        known = {"max_tokens", "logprobs", "top_logprobs", "grammar"}
        if unknown := sorted(set(options) - known):
            raise ModelError(f"llama.cpp models do not take the option(s) {', '.join(unknown)}.")
        return {
            "messages": convert_to_openai_messages(list(messages)),
            "max_tokens": self.max_tokens,
            "temperature": 0.0,
            "seed": self.seed,
            "cache_prompt": True,
            **({"stop": list(stop)} if stop else {}),
            # Never one with a scale of 0: llama.cpp would throw away what it has read.
            **({"lora": [{"id": self._place(adapter), "scale": 1.0}]} if adapter else {}),
            **options,
        }

    def _events(
        self, request: Mapping[str, Any], state: str | None, halt: Callable[[], bool] | None
    ) -> Iterator[Mapping[str, Any]]:
        """Run one request in a thread and hand its events over as they come."""
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        closed = threading.Event()

        def stopped() -> bool:
            return closed.is_set() or (halt is not None and halt())

        def receive(event: Any) -> bool:
            events.put(event)
            # True makes llama.cpp give up this request.
            return stopped()

        def run() -> None:
            try:
                with self._turns.taken(stopped) as mine:
                    if mine:
                        self._loaded().chat(request, receive, state)
            except Exception as error:  # noqa: BLE001 - it is raised again by whoever reads the events
                events.put(error)
            finally:
                events.put(_END)

        thread = threading.Thread(target=run, name="llama.cpp", daemon=True)
        with self._turns.asking():
            thread.start()
            try:
                while (event := events.get()) is not _END:
                    if isinstance(event, Exception):
                        raise event
                    yield checked(event)
            finally:
                closed.set()
                thread.join()
        if halt is not None and halt():
            raise Stopped("The answer was stopped.")


def _never() -> bool:
    return False


@cache
def _build() -> str:
    return version("xllamacpp")
