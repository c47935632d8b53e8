"""Evaluation in the terminal: a live bar while it runs, tables when it is done.

What articles and models say is stripped of control characters before it is printed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from assistant.evaluation.compare import Comparison, QuestionChange
from assistant.evaluation.drafting import Draft
from assistant.evaluation.facts import summary_line
from assistant.evaluation.figures import by_kind, summarise
from assistant.evaluation.metrics import METRICS
from assistant.evaluation.report import figure_row, headline_metric
from assistant.evaluation.runs import EvaluationReport
from assistant.schema import QuestionResult

_RUNNING = ("trusted", "correct", "refused", "recall@5")
_MOST_CHANGES = 40


class LiveProgress:
    """A bar with the figures so far and the time left; call it with every result."""

    def __init__(self, console: Console, total: int) -> None:
        self._sums: dict[str, list[float]] = {name: [] for name in _RUNNING}
        self._errors = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("asking", total=total, figures="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, result: QuestionResult) -> None:
        self._errors += bool(result.error)
        for item in result.scores:
            if item.metric in self._sums and item.value is not None:
                self._sums[item.metric].append(item.value)
        parts = [
            f"{METRICS[name].title.lower()} {sum(values) / len(values):.0%}"
            for name, values in self._sums.items()
            if values
        ]
        if self._errors:
            parts.append(f"[red]{self._errors} errors[/red]")
        self._bar.update(self._task, advance=1, figures=" · ".join(parts))


class DraftProgress:
    """A bar for drafting; call it with every draft, which it hands back."""

    def __init__(self, console: Console, total: int) -> None:
        self.unconfirmed = 0
        self._bar = Progress(
            TextColumn("drafting"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unconfirmed]} not confirmed"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("drafting", total=total, unconfirmed=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, draft: Draft) -> Draft:
        self.unconfirmed += not draft.confirmed
        self._bar.update(self._task, advance=1, unconfirmed=self.unconfirmed)
        return draft


def print_report(report: EvaluationReport, console: Console) -> None:
    """Every figure with its interval, then the headline figure by kind."""
    figures = report.figures
    table = Table(
        title=printable(f"{report.name}: {len(report.results)} questions"),
        caption=printable(summary_line(report.facts)),
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("figure")
    for heading in ("value", "95 % interval", "n"):
        table.add_column(heading, justify="right")
    for name, figure in figures.items():
        row = figure_row(name, figure)
        better = " (lower is better)" if row.good_is_low else ""
        table.add_row(f"{row.title}{better}", row.shown, row.interval, str(row.n))
    console.print(table)
    headline = headline_metric(figures)
    kinds = Table(title=f"{METRICS[headline].title} by kind", title_justify="left")
    kinds.add_column("kind")
    for heading in ("value", "95 % interval", "n"):
        kinds.add_column(heading, justify="right")
    for kind, results in by_kind(report.results).items():
        if found := summarise(results).get(headline):
            row = figure_row(headline, found)
            kinds.add_row(printable(kind), row.shown, row.interval, str(row.n))
    if kinds.row_count > 1:
        console.print(kinds)
    for line in _warnings(report):
        console.print(printable(line), style="red")


def print_comparison(comparison: Comparison, guard: Sequence[str], console: Console) -> None:
    """The figures of two runs side by side, and the questions that changed."""
    table = Table(title="Compared with the earlier run", title_justify="left")
    table.add_column("figure")
    for heading in ("before", "now", "better", "worse", "n", "p"):
        table.add_column(heading, justify="right")
    for name, change in comparison.figures.items():
        verdict = "red" if change.fell else "green" if change.rose else None
        table.add_row(
            METRICS[name].title + (" ◂" if name in guard else ""),
            f"{change.old:.1%}",
            f"{change.new:.1%}",
            str(change.better),
            str(change.worse),
            str(change.n),
            f"{change.p:.3f}",
            style=verdict,
        )
    console.print(table)
    for question in comparison.changed[:_MOST_CHANGES]:
        console.print(_change(question))
    if len(comparison.changed) > _MOST_CHANGES:
        console.print(f"… and {len(comparison.changed) - _MOST_CHANGES} more")
    if comparison.unpaired:
        console.print(f"{comparison.unpaired} questions are in one run only and were left out.")


def printable(text: str, limit: int = 400) -> Text:
    """Text from anywhere, safe for a terminal: no escape sequences, no markup, one line."""
    kept = (
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in text[:limit]
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co")
    )
    return Text(" ".join("".join(kept).split()))


def _change(change: QuestionChange) -> Text:
    better = change.new_value > change.old_value
    line = Text("  + " if better else "  - ", style="green" if better else "red")
    line.append_text(printable(f"{change.new.question.id}  {change.new.question.question}"))
    why = next((item.explanation for item in change.new.scores if item.metric == change.metric), "")
    return line.append("  ").append_text(printable(f"({why})")) if why else line


def _warnings(report: EvaluationReport) -> list[str]:
    lines = []
    if report.errors:
        lines.append(
            f"{len(report.errors)} questions could not be asked and count against the figures. "
            f"The first error: {report.errors[0].error}"
        )
    metric = headline_metric(report.figures)
    scored = report.figures[metric].n if metric in report.figures else 0
    if unscored := len(report.results) - scored:
        noun = "question is" if unscored == 1 else "questions are"
        lines.append(
            f"{unscored} {noun} unscored for {metric!r}: gold answers or evidence are missing."
        )
    notices = (note for item in report.results if item.answer for note in item.answer.notices)
    return lines + list(dict.fromkeys(notices))[:3]
