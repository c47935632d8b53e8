"""What llama.cpp's server says, as LangChain's chunks; what it says of failures, as errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from assistant.errors import ModelError, PromptTooLong


def checked(reply: Any) -> dict[str, Any]:
    """The reply, if it is one: llama.cpp returns errors instead of raising them.

    Raises:
        PromptTooLong, ModelError.
    """
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


def chunk_of(event: Mapping[str, Any]) -> ChatGenerationChunk | None:
    """One event of a stream; None for one that has neither text nor figures nor an end."""
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
