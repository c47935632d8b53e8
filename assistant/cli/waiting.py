"""What a person sees on standard error while something takes long."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, RenderableType
from rich.progress import (
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress_bar import ProgressBar

from assistant.cli.printing import console
from assistant.printable import one_line

if TYPE_CHECKING:
    from assistant import weights

_BAR = 30
"""Columns."""


class Waiting:
    """A spinner with a word about what takes so long, and bars for what can be counted.

    Nothing moves where standard error is not a terminal: a download then gets a line when it
    begins and one when it ends.
    """

    def __init__(self, doing: str) -> None:
        self._console = console(stderr=True)
        self._bars = _bars(self._console) if self._console.is_terminal else None
        self._doing = doing
        self._task = self._bars.add_task(doing, total=None, amount="") if self._bars else None
        self._files: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Show nothing any more. Idempotent."""
        if self._bars:
            self._bars.stop()

    def say(self, doing: str) -> None:
        """Replace the word beside the spinner."""
        if self._bars and self._task is not None:
            self._bars.update(self._task, description=one_line(doing))

    def counted(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` things are done."""
        if self._bars and self._task is not None:
            amount = f"{done:,} of {total:,}"
            self._bars.update(self._task, completed=done, total=total, amount=amount)

    def adding(self, source: str, done: int, total: int) -> None:
        """Show which source is being added, and how many of how many are done."""
        self.say(f"Adding {source}")
        if total > 1:
            self.counted(done, total)

    def downloaded(self, news: weights.Progress) -> None:
        """The ``progress`` to give to everything that fetches model files."""
        label = f"{news.file} from the {news.source}"
        begun, ended = news.file not in self._files, news.done == news.total
        if self._bars:
            if begun:
                self._files[news.file] = self._bars.add_task(label, total=news.total, amount="")
            amount = f"{news.done / 1e6:,.0f} of {news.total / 1e6:,.0f} MB"
            self._bars.update(
                self._files[news.file], description=label, completed=news.done, amount=amount
            )
        elif begun or ended:
            self._files[news.file] = TaskID(0)
            what = "Downloaded" if ended else "Downloading"
            self._console.print(f"{what} {label} ({news.total / 1e6:,.1f} MB)", soft_wrap=True)


class _Bar(ProgressColumn):
    """A bar, only where there is something to count."""

    def render(self, task: Task) -> RenderableType:
        if task.total is None:
            return ""
        return ProgressBar(total=max(task.total, 1), completed=task.completed, width=_BAR)


def _bars(screen: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        _Bar(),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
    )
