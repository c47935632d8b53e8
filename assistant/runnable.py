"""An assistant as a LangChain Runnable, to be composed with other chains.

Input is a question, or a mapping with ``question`` and optionally ``articles`` (ids) and
``history`` (Turns, or ``[question, answer]`` pairs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config

from assistant.errors import UserInputError
from assistant.schema import Answer, StreamEvent, Turn

if TYPE_CHECKING:
    from assistant.answering import Assistant

Asked = str | Mapping[str, Any]


class ArticleRunnable(Runnable[Asked, Any]):
    """``invoke`` and ``batch`` give Answers; ``stream`` gives Evidence, Deltas, the Answer.

    Questions of a batch are answered one after the other: there is one model.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def invoke(
        self,
        input: Asked,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Answer:
        """Answer one question. Raises UserInputError for an input that is not one."""
        arguments = _arguments(input)

        def answer(_: Asked) -> Answer:
            return self._assistant.ask(**arguments)

        result: Answer = self._call_with_config(answer, input, ensure_config(config))
        return result

    def stream(
        self,
        input: Asked,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any | None,
    ) -> Iterator[StreamEvent]:
        """The events of :meth:`Assistant.stream`."""
        yield from self._assistant.stream(**_arguments(input))


def _arguments(asked: Asked) -> dict[str, Any]:
    if isinstance(asked, str):
        return {"question": asked}
    if not isinstance(asked, Mapping) or "question" not in asked:
        raise UserInputError("Give a question, or a mapping with 'question' in it.")
    if unknown := sorted(set(asked) - {"question", "articles", "history"}):
        raise UserInputError(f"Unknown: {', '.join(unknown)}. Known: question, articles, history.")
    history: Sequence[Any] = asked.get("history") or ()
    turns = [turn if isinstance(turn, Turn) else Turn(*turn) for turn in history]
    return {"question": asked["question"], "articles": asked.get("articles"), "history": turns}
