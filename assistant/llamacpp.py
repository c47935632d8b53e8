"""A language model in this process, run by llama.cpp, as a LangChain chat model.

Not handled here: which file to load (``models``) and whether its bytes are the right ones
(``weights``). llama.cpp's server object is used because it keeps the prompt it has read: a
second question with the same beginning reads only what is new.
"""

from __future__ import annotations

import logging
import os
import queue
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from assistant.errors import ModelError

_LOG = logging.getLogger(__name__)

_BATCH = 128
"""Tokens read between two chances to stop: about 1.5 s of reading on two cores."""

_END = object()


class LlamaCppChat(BaseChatModel):
    """A GGUF model through llama.cpp. Deterministic: temperature 0 and a fixed seed.

    ``invoke`` and ``stream`` accept ``max_tokens``, ``stop``, ``logprobs`` and
    ``top_logprobs`` as keyword arguments, with the meaning they have for OpenAI's API, and
    put log-probabilities where ``ChatOpenAI`` puts them. Closing a stream stops the model
    within one batch. Calls from several threads take turns.
    """

    path: Path
    context_tokens: int = 4096
    threads: int = 0
    seed: int = 7
    max_tokens: int = 192
    logprobs: bool = True

    _server: Any = PrivateAttr(default=None)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def load(self) -> None:
        """Load the weights now instead of at the first question.

        Raises:
            ModelError: the file is missing or is not a model llama.cpp can read.
        """
        with self._lock:
            if self._server is None:
                self._server = _start(self)

    def close(self) -> None:
        """Free the model's memory. The next call loads it again."""
        with self._lock:
            self._server = None

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        reply = self._call(self._request(messages, stop, kwargs), None)
        choice = reply["choices"][0]
        message = AIMessage(
            content=choice["message"].get("content") or "",
            usage_metadata=_usage(reply),
            response_metadata=_metadata(choice, reply),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs) | {
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
        }
        for event in self._events(request):
            chunk = _chunk(event)
            if chunk is None:
                continue
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _request(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: dict[str, Any]
    ) -> dict[str, Any]:
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
            **options,
        }

    def _events(self, request: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Run one request in a thread and hand its events over as they come."""
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        stopped = threading.Event()

        def receive(event: Any) -> bool:
            events.put(event)
            return stopped.is_set()  # True makes llama.cpp give up this request

        def run() -> None:
            try:
                self._call(request, receive)
            except ModelError as error:
                events.put(error)
            finally:
                events.put(_END)

        thread = threading.Thread(target=run, name="llama.cpp", daemon=True)
        thread.start()
        try:
            while (event := events.get()) is not _END:
                if isinstance(event, ModelError):
                    raise event
                yield _checked(event)
        finally:
            stopped.set()
            thread.join()

    def _call(self, request: dict[str, Any], receive: Any) -> dict[str, Any]:
        self.load()
        with self._lock:
            try:
                if receive is None:
                    return _checked(self._server.handle_chat_completions(request))
                self._server.handle_chat_completions(request, receive)
                return {}
            except RuntimeError as error:
                raise ModelError(f"The language model failed: {error}") from error


def _start(model: LlamaCppChat) -> Any:
    check_gguf(model.path)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model.path)
    params.n_ctx = model.context_tokens
    params.n_parallel = 1
    params.n_batch = _BATCH
    params.n_ubatch = _BATCH
    threads = model.threads or len(os.sched_getaffinity(0))
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_predict = model.max_tokens
    # The slot's own cache is what one question after another needs; copies of old prompts
    # would take some 14 MB a question and are hardly ever asked for again.
    params.cache_ram_mib = 0
    # The server object always listens on a loopback port; a random key closes it.
    params.api_keys = [secrets.token_urlsafe(24)]
    params.endpoint_slots = False
    params.endpoint_props = False
    params.ui = False
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise ModelError(
            f"llama.cpp cannot load {model.path.name}: {error} "
            "Check the file with `assistant models verify`, or choose another model."
        ) from error


def check_gguf(path: Path) -> None:
    """Refuse what is plainly not a model file, each case with its own message.

    Raises:
        ModelError: missing, a folder, unreadable, empty, or without the GGUF magic.
    """
    if not path.exists():
        raise ModelError(f"There is no model file {path}. Run `assistant models pull`.")
    if path.is_dir():
        raise ModelError(f"{path} is a folder; give the .gguf file inside it.")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read: {error.strerror}.") from error
    if not magic:
        raise ModelError(f"The model file {path} is empty. Run `assistant models pull`.")
    if magic != b"GGUF":
        raise ModelError(f"{path} is not a GGUF model file (it starts with {magic!r}).")


def _checked(reply: Any) -> dict[str, Any]:
    """llama.cpp reports errors as a returned object, not as an exception."""
    if not isinstance(reply, dict):
        raise ModelError(f"The language model gave an unexpected reply: {reply!r:.200}")
    if error := reply.get("error"):
        if error.get("type") == "exceed_context_size_error":
            raise ModelError(
                f"The prompt has {error.get('n_prompt_tokens')} tokens and the model reads "
                f"{error.get('n_ctx')}. Ask a shorter question or raise context_tokens."
            )
        raise ModelError(f"The language model failed: {error.get('message', error)}")
    return reply


def _chunk(event: Mapping[str, Any]) -> ChatGenerationChunk | None:
    usage = _usage(event) if event.get("usage") else None
    choices = event.get("choices") or []
    text = (choices[0].get("delta", {}).get("content") or "") if choices else ""
    finish = choices[0].get("finish_reason") if choices else None
    if not (text or usage or finish):
        return None
    message = AIMessageChunk(
        content=text,
        usage_metadata=usage,
        response_metadata=_metadata(choices[0], event) if finish else {},
    )
    return ChatGenerationChunk(message=message)


def _metadata(choice: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"finish_reason": choice.get("finish_reason")}
    if choice.get("logprobs"):
        metadata["logprobs"] = choice["logprobs"]
    if reply.get("timings"):
        metadata["timings"] = reply["timings"]
    return metadata


def _usage(reply: Mapping[str, Any]) -> UsageMetadata | None:
    usage = reply.get("usage")
    if not usage:
        return None
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    return UsageMetadata(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        total_tokens=usage["total_tokens"],
        input_token_details={"cache_read": cached},
    )
