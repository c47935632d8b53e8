"""An answer on the screen while it is written: a draft, wiped when the checked answer is there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from assistant.printable import one_line
from assistant.schema import Answer, Delta, Evidence, StreamEvent, Turn

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.cli.waiting import Waiting


_SHOWN = 3
"""Passages to look at while the model reads."""


def answered(
    assistant: Assistant,
    question: str,
    articles: Sequence[str] | None,
    *,
    history: Sequence[Turn] = (),
    screen: Console | None,
    waiting: Waiting,
) -> Answer:
    """The answer to a question; meanwhile ``screen``, if it is a terminal, shows the draft.

    An exception, Ctrl-C too, stops the model.
    """
    stream = assistant.stream(question, articles=articles, history=history)
    with closing(stream) as events, _Draft(screen) as draft:
        for event in events:
            if isinstance(event, Answer):
                waiting.stop()
                return event
            if draft.visible:
                waiting.stop()
            draft.show(event)
    raise AssertionError("a stream ends with an Answer")


def _evidence(event: Evidence) -> Group:
    """What was found, to look at while the model reads it."""
    found = [
        Text(f"“{one_line(hit.passage.text)}”", style="dim") for hit in event.passages[:_SHOWN]
    ]
    return Group(Spinner("dots", f"Reading {len(event.passages)} passages …"), *found)


class _Draft:
    """The unchecked text as it comes, dimmed. Shows nothing where there is no terminal."""

    def __init__(self, screen: Console | None) -> None:
        self._screen = screen if screen is not None and screen.is_terminal else None
        self._live: Live | None = None
        self._text = ""

    @property
    def visible(self) -> bool:
        """Whether there is anyone to see it."""
        return self._screen is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, event: StreamEvent) -> None:
        """Bring the screen up to date."""
        if self._screen is None:
            return
        if isinstance(event, Evidence) and self._live is None:
            self._live = Live(_evidence(event), console=self._screen, transient=True)
            self._live.start()
        elif isinstance(event, Delta) and self._live:
            self._text += event.text
            self._live.update(Text(one_line(self._text), style="dim"))
