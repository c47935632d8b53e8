"""Put passages and a question before a chat model: can it be answered, and what is the answer?

Both requests begin alike, so the model reads the passages once. Not handled: which passages
(``retrieval``), and whether the answer is right (``citations``, ``support``).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, SystemMessage

from assistant.aliases import glosses, reworded
from assistant.errors import (
    EndpointError,
    EndpointRefused,
    ModelError,
    PromptTooLong,
    Stopped,
)
from assistant.llamacpp import LlamaCppChat
from assistant.models import endpoint_errors
from assistant.prompts import inert, render
from assistant.replies import Reply, first_words
from assistant.schema import Article, Passage

BYTES_PER_TOKEN = 3.0
"""A low guess (English has about 4.4), so that a prompt that fits by it really fits."""

_OVERHEAD_TOKENS = 160
"""System prompt, template and chat markup."""

_MARK = "<question>"

_UNKNOWN = "unknown"
"""What ``prompts/brief.md`` asks for where the passages do not say; one token of most models."""

INVOCATION = "Question:"
"""Calls an adapter in ``prompts/answerable.md``; from here on it works (its file says so, too)."""

Adapter = Literal["passages", "quotes"]
"""Which adapter is asked: the one for all that was read, or the one for quotes alone."""

_ALTERNATIVES = 10
"""Likeliest first words that are looked at."""

Halt = Callable[[], bool]
"""Asked now and then whether to stop; True raises :class:`Stopped` within a batch of tokens."""


def never() -> bool:
    """The :data:`Halt` of a question that nobody stops."""
    return False


@dataclass(frozen=True, slots=True)
class Reader:
    """A chat model with the prompts it is asked by; ``window`` is its context in tokens."""

    model: BaseChatModel
    window: int
    max_tokens: int
    prompts: Path | None = None

    def ahead(self, passages: str) -> list[BaseMessage] | None:
        """What a prompt about these passages begins with; None where the question comes first."""
        text = render("answer", self.prompts, passages=passages, question=_MARK)
        end = text.find(inert(passages)) + len(inert(passages))
        if not passages or text.find(_MARK) < end:
            return None
        return [
            SystemMessage(render("system", self.prompts)),
            HumanMessage(text[:end]),
        ]

    def answerable(
        self, passages: str, question: str, state: str | None = None, stopped: Halt = never
    ) -> float | None:
        """The model's probability, 0 to 1, that the passages answer the question.

        One token is generated. None when the model does not report log-probabilities.

        Raises:
            ModelError: when an in-process model fails.
        """
        messages = self._messages("answerable", passages, question)
        return _yes(self._first(messages, state, stopped))

    def holds(
        self,
        passages: str,
        question: str,
        state: str | None = None,
        stopped: Halt = never,
        *,
        adapter: Adapter = "passages",
    ) -> float | None:
        """The same by the model as an adapter changes it: whether they answer just this.

        To be asked last: of what the model has read it forgets all but saved states afterwards.
        None where the model has none of this name, or a prompt of the user's own does not call it.
        """
        if not (isinstance(self.model, LlamaCppChat) and adapter in self.model.adapters):
            return None
        if INVOCATION not in render("answerable", self.prompts, passages="", question=""):
            return None
        # Taught by questions that mislead, it takes names at their word: London is not Britain.
        asked = reworded(question, passages)
        messages = self._messages("answerable", passages, asked)
        return _yes(self._first(messages, state, stopped, adapter=adapter))

    def known(
        self, passages: str, question: str, state: str | None = None, stopped: Halt = never
    ) -> float | None:
        """Its probability that a brief answer would not begin with "unknown".

        Asked of the quotes alone, it tells whether they bear the answer without their context.
        """
        first = self._first(self._messages("brief", passages, question), state, stopped)
        return None if first is None else 1.0 - first.get(_UNKNOWN, 0.0)

    def _first(
        self,
        messages: list[tuple[str, str]],
        state: str | None,
        stopped: Halt,
        *,
        adapter: Adapter | None = None,
    ) -> Mapping[str, float] | None:
        """Probabilities, 0 to 1, of the likeliest first words of a reply, in small letters.

        None when the model does not report log-probabilities.
        """
        if not getattr(type(self.model), "model_fields", {}).get("logprobs"):
            return None
        try:
            with endpoint_errors(self.model):
                reply = self.model.invoke(
                    messages,
                    max_tokens=1,
                    logprobs=True,
                    top_logprobs=_ALTERNATIVES,
                    **_options(self.model, stopped, state, adapter=adapter),
                )
        except EndpointRefused:
            # Some servers refuse log-probabilities: then it is decided without.
            return None
        return first_words(reply.response_metadata.get("logprobs"))

    def stream(
        self,
        passages: str,
        question: str,
        reply: Reply,
        state: str | None = None,
        stopped: Halt = never,
        prompt: str = "answer",
    ) -> Iterator[str]:
        """The answer's text as it is written; ``reply`` is filled in as it goes.

        ``state`` is what the model has read of the article, for a model in this process.
        Closing the iterator stops the model.

        Raises:
            PromptTooLong, ModelError, EndpointError: before the model has written a word. What
                was written before a later failure is kept, and ``reply.cut`` says so.
        """
        messages = self._messages(prompt, passages, question)
        with closing(pieces(self.model, messages, stopped, state=state)) as chunks:
            try:
                for chunk in chunks:
                    reply.count(chunk)
                    if chunk.response_metadata.get("finish_reason") == "length":
                        reply.cut = "The answer was cut: it reached max_tokens."
                    if not chunk.text:
                        continue
                    reply.text += chunk.text
                    yield chunk.text
                    if reply.loops:
                        reply.cut = "The model repeated itself and was stopped."
                        break
            except (EndpointError, PromptTooLong) as error:
                if not reply.text:
                    raise
                reply.cut = f"The answer was interrupted: {error}"
        if not reply.text.strip():
            raise ModelError(
                "The model wrote nothing. Ask in other words, or choose another model."
            )

    def fits(self, passages: str, question: str) -> bool:
        """Whether a prompt with these passages leaves room for an answer."""
        size = len(passages.encode()) + len(question.encode())
        return size / BYTES_PER_TOKEN + _OVERHEAD_TOKENS + self.max_tokens <= self.window

    def _messages(self, prompt: str, passages: str, question: str) -> list[tuple[str, str]]:
        # A small model does not know by itself that London is the British government.
        notes = "; ".join(glosses(question, passages))
        asked = f"{question} ({notes})" if notes else question
        text = render(prompt, self.prompts, passages=passages, question=asked)
        return [("system", render("system", self.prompts)), ("user", text)]


def pieces(
    model: BaseChatModel,
    messages: Sequence[tuple[str, str]],
    stopped: Halt = never,
    *,
    state: str | None = None,
    **options: Any,
) -> Generator[AIMessageChunk, None, None]:
    """A model's reply as it is written. Closing it stops the model.

    Raises:
        PromptTooLong, ModelError, EndpointError: the model failed.
        Stopped: ``stopped`` said so.
    """
    known = _options(model, stopped, state)
    with endpoint_errors(model):
        chunks = model.stream(list(messages), **options, **known)
        try:
            for chunk in chunks:
                if stopped():
                    raise Stopped("The answer was stopped.")
                if isinstance(chunk, AIMessageChunk):
                    yield chunk
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()


def _yes(first: Mapping[str, float] | None) -> float | None:
    """The share of "yes" among what a reply may begin with, beside "no"; None if it has neither."""
    if first is None:
        return None
    yes, no = first.get("yes", 0.0), first.get("no", 0.0)
    return yes / (yes + no) if yes + no else None


def _options(
    model: BaseChatModel, stopped: Halt, state: str | None, *, adapter: Adapter | None = None
) -> dict[str, Any]:
    """What only models in this process know; another one is stopped between two pieces."""
    if stopped():
        raise Stopped("The answer was stopped.")
    if not isinstance(model, LlamaCppChat):
        return {}
    return {"state": state, "stopped": stopped, "adapter": adapter}


def passages_text(
    passages: Sequence[Passage],
    articles: Mapping[str, Article],
    speakers: Mapping[str, str],
) -> str:
    """Passages as the model reads them: in order, one a line.

    A line reads the same whatever stands around it, so that what the model has read of an
    article serves for any choice of its passages. With several articles each is introduced by
    its title, outlet and date. ``speakers`` maps ids of passages to who speaks in them when they
    do not say so themselves: a small model gives an unnamed "he said" to whoever was named last.
    """
    several = len({passage.article_id for passage in passages}) > 1
    lines: list[str] = []
    last = ""
    for passage in passages:
        if several and passage.article_id != last:
            lines += ["", _heading(articles[passage.article_id])]
        speaker = f"[{speakers[passage.id]}:] " if passage.id in speakers else ""
        lines.append(speaker + " ".join(passage.text.split()))
        last = passage.article_id
    return "\n".join(lines).strip()


def _heading(article: Article) -> str:
    known = ", ".join(part for part in (article.outlet, article.published) if part)
    return f"From “{article.title}”" + (f" ({known}):" if known else ":")
