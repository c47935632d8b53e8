"""A chat model behind an OpenAI-compatible endpoint, whose failures are errors in words.

What is tried again, and how long all of it may take, is decided by ``endpoint_client``; the
openai package retries nothing. Not handled: which endpoint (``models``), and what was written
before a failure (``reading`` keeps it).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from assistant.endpoint_faults import UNREADABLE
from assistant.errors import EndpointError

_UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What the openai and langchain packages raise over a reply that has not its documented shape."""


class EndpointChat(ChatOpenAI):
    """A model behind an endpoint; ``where`` names the endpoint in messages."""

    where: str

    def close(self) -> None:
        """Close the connections."""
        self.root_client.close()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            return super()._generate(messages, stop, run_manager, **kwargs)
        except _UNREADABLE as error:
            raise self._unreadable() from error

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        """The reply as it comes. One that breaks off, or is none, is an error and not an end."""
        finished, pieces = False, 0
        try:
            for chunk in super()._stream(*args, **kwargs):
                finished = finished or bool((chunk.generation_info or {}).get("finish_reason"))
                pieces += bool(chunk.text)
                yield chunk
                # A piece is a token or more; some servers do not heed the limit they are given.
                if self.max_tokens and pieces > self.max_tokens and not finished:
                    yield _cut_short()
                    return
        except _UNREADABLE as error:
            raise self._unreadable() from error
        if not finished:
            what = "broke off in the middle of its reply" if pieces else "sent an empty reply"
            raise EndpointError(f"{self.where} {what}. Ask again, or look at the server's log.")

    def _unreadable(self) -> EndpointError:
        return EndpointError(f"{self.where} {UNREADABLE}")


def _cut_short() -> ChatGenerationChunk:
    return ChatGenerationChunk(
        message=AIMessageChunk(content=""), generation_info={"finish_reason": "length"}
    )
