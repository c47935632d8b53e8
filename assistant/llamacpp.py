"""A language model in this process, run by llama.cpp, as a LangChain chat model.

Not handled here: which file to load (``models``) and whether its bytes are the right ones
(``weights``). It keeps the prompt it has read: a second question with the same beginning reads
only what is new, and one about a text it was let :meth:`~LlamaCppChat.read` reads only itself.
"""

from __future__ import annotations

import hashlib
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from assistant.errors import ModelError, PromptTooLong, Stopped
from assistant.llamaserver import LlamaServer

_END = object()


class LlamaCppChat(BaseChatModel):
    """A GGUF model through llama.cpp. Deterministic: temperature 0 and a fixed seed.

    ``invoke`` and ``stream`` accept ``max_tokens``, ``stop``, ``logprobs`` and
    ``top_logprobs`` as keyword arguments, with the meaning they have for OpenAI's API, and
    put log-probabilities where ``ChatOpenAI`` puts them. ``state`` names a state saved by
    :meth:`read`; ``stopped`` is a function that is asked now and then, and raises Stopped by
    saying True. Closing a stream stops the model within one batch. Calls from several threads
    take turns. ``states`` is the folder for saved states; without one they last as long as
    this object.
    """

    path: Path
    context_tokens: int = 4096
    threads: int = 0
    seed: int = 7
    max_tokens: int = 192
    logprobs: bool = True
    states: Path | None = None

    _server: LlamaServer | None = PrivateAttr(default=None)
    _folder: Any = PrivateAttr(default=None)
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
            self._loaded()

    def close(self) -> None:
        """Free the model's memory. The next call loads it again."""
        with self._lock:
            self._server = None
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def state_of(self, name: str, messages: Sequence[BaseMessage]) -> str:
        """The name under which :meth:`read` saves these messages, beginning with ``name``."""
        told = repr([(message.type, message.text) for message in messages])
        # The model's build is part of it: states are not portable between versions.
        known = f"{self.path.name} {self.path.stat().st_size} {self.context_tokens} {_build()}"
        return f"{name}-{hashlib.sha256((known + told).encode()).hexdigest()[:16]}.state"

    def has(self, state: str) -> bool:
        """Whether a state has been saved."""
        return (self._states() / state).exists()

    def forget(self, name: str) -> None:
        """Remove the states whose names begin with ``name``."""
        for path in self._states().glob(f"{name}-*.state"):
            path.unlink(missing_ok=True)

    def read(
        self, messages: Sequence[BaseMessage], state: str, stopped: Callable[[], bool]
    ) -> bool:
        """Read messages and save the state; False when ``stopped`` said so within a batch.

        What was read until then is kept in a state of its own, and the next call goes on there.

        Raises:
            ModelError: the model failed.
        """
        begun = f"{state.removesuffix('.state')}.begun.state"
        request = self._request(messages, None, {"max_tokens": 1})
        with self._lock:
            server = self._loaded()
            if stopped():
                return False
            errors: list[Mapping[str, Any]] = []

            def receive(event: Any) -> bool:
                if isinstance(event, dict) and event.get("error"):
                    errors.append(event)
                return stopped()

            server.chat({**request, "stream": True, "return_progress": True}, receive, begun)
            if errors:
                _checked(errors[0])
            done = not stopped()
            server.save(state if done else begun)
            if done:
                (self._states() / begun).unlink(missing_ok=True)
            return done

    def _loaded(self) -> LlamaServer:
        if self._server is None:
            self._server = LlamaServer(
                self.path,
                context_tokens=self.context_tokens,
                threads=self.threads,
                max_tokens=self.max_tokens,
                states=self._states(),
            )
        return self._server

    def _states(self) -> Path:
        if self.states is not None:
            return self.states
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="assistant-states-")
        return Path(self._folder.name)

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

    def _events(
        self, request: Mapping[str, Any], state: str | None, halt: Callable[[], bool] | None
    ) -> Iterator[Mapping[str, Any]]:
        """Run one request in a thread and hand its events over as they come."""
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        closed = threading.Event()

        def receive(event: Any) -> bool:
            events.put(event)
            # True makes llama.cpp give up this request.
            return closed.is_set() or (halt is not None and halt())

        def run() -> None:
            try:
                with self._lock:
                    self._loaded().chat(request, receive, state)
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
            closed.set()
            thread.join()
        if halt is not None and halt():
            raise Stopped("The answer was stopped.")


@cache
def _build() -> str:
    return version("xllamacpp")


def _checked(reply: Any) -> dict[str, Any]:
    """llama.cpp reports errors as a returned object, not as an exception."""
    if not isinstance(reply, dict):
        raise ModelError(f"The language model gave an unexpected reply: {reply!r:.200}")
    if error := reply.get("error"):
        if error.get("type") == "exceed_context_size_error":
            raise PromptTooLong(
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
        response_metadata=_metadata(choices[0], event) if choices else {},
    )
    return ChatGenerationChunk(message=message)


def _metadata(choice: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if choice.get("finish_reason"):
        metadata["finish_reason"] = choice["finish_reason"]
    if choice.get("logprobs"):
        metadata["logprobs"] = choice["logprobs"]
    if choice.get("finish_reason") and reply.get("timings"):
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
