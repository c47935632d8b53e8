"""Test doubles that ship with the product: a scripted chat model and a text-dependent embedder.

Both are real implementations of LangChain's interfaces, so nothing else has to be faked::

    from assistant import Assistant
    from assistant.testing import HashEmbedder, ScriptedChatModel

    model = ScriptedChatModel(replies=["It would only support a humanitarian pause."])
    with Assistant.open(store=tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        ...
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field


class ScriptedChatModel(BaseChatModel):
    """Replies from a script, word by word, and remembers what it was asked.

    ``replies`` is a list used up in order (the last one repeats), or a function from the
    prompt's text to the reply. ``yes`` is the probability of "yes" it reports when a single
    token with log-probabilities is asked for; ``delay`` is in seconds a word.
    """

    replies: list[str] | Callable[[str], str]
    yes: float | Callable[[str], float] = 0.95
    delay: float = 0.0
    logprobs: bool = True
    prompts: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _reply(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> AIMessage:
        prompt = "\n".join(message.text for message in messages)
        self.prompts.append(prompt)
        if kwargs.get("logprobs"):
            return _yes_or_no(self.yes(prompt) if callable(self.yes) else self.yes)
        if callable(self.replies):
            return AIMessage(content=self.replies(prompt))
        return AIMessage(content=self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, kwargs))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._reply(messages, kwargs)
        for word in re.findall(r"\s*\S+", reply.text):
            if self.delay:
                time.sleep(self.delay)
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", response_metadata=dict(reply.response_metadata))
        )


def _yes_or_no(yes: float) -> AIMessage:
    alternatives = [
        {"token": "Yes", "logprob": float(np.log(max(yes, 1e-9)))},
        {"token": "No", "logprob": float(np.log(max(1 - yes, 1e-9)))},
    ]
    best = max(alternatives, key=lambda row: float(str(row["logprob"])))
    logprobs = {"content": [best | {"top_logprobs": alternatives}]}
    return AIMessage(
        content=str(best["token"]),
        response_metadata={"logprobs": logprobs, "finish_reason": "length"},
    )


class HashEmbedder(Embeddings):
    """Bag-of-words vectors by feature hashing: texts that share words are near.

    Deterministic across processes; unit length; ``dimensions`` numbers a text.
    """

    def __init__(self, dimensions: int = 256) -> None:
        self.dimensions = dimensions

    def embed_query(self, text: str) -> list[float]:
        vector = np.zeros(self.dimensions)
        for word in re.findall(r"\w+", text.casefold()):
            digest = hashlib.sha256(word[:6].encode("utf-8", "replace")).digest()
            vector[int.from_bytes(digest[:4], "big") % self.dimensions] += 1.0
        norm = float(np.linalg.norm(vector))
        vector = vector / norm if norm else np.full(self.dimensions, self.dimensions**-0.5)
        return [float(value) for value in vector]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]
