"""Evaluation in the terminal: a live bar while it runs, tables when it is done.

What articles and models say is stripped of control characters before it is printed.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from assistant.evaluation import metrics
from assistant.evaluation.calibration import calibrate
from assistant.evaluation.compare import Comparison, QuestionChange
from assistant.evaluation.drafting import Draft
from assistant.evaluation.facts import summary_line
from assistant.evaluation.figures import by_kind, summarise
from assistant.evaluation.metrics import METRICS
from assistant.evaluation.report import figure_row
from assistant.evaluation.runs import EvaluationReport
from assistant.printable import one_line
from assistant.schema import QuestionResult

_RUNNING = ("trusted", "correct", "refused", "recall@5")
_MOST_CHANGES = 40
_MOST_LETTERS = 400


class _Bar(Progress):
    """A bar for so many questions, a word about them, and the time; gone when it is done."""

    def __init__(self, console: Console, doing: str, total: int, *times: ProgressColumn) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
            *times,
            console=console,
            transient=True,
        )
        self._task = self.add_task(doing, total=total, said="")

    def _one_more(self, said: str) -> None:
        self.update(self._task, advance=1, said=said)


class LiveProgress(_Bar):
    """A bar with the figures so far and the time left; call it with every result."""

    def __init__(self, console: Console, total: int) -> None:
        super().__init__(console, "asking", total, TimeRemainingColumn())
        self._sums: dict[str, list[float]] = {name: [] for name in _RUNNING}
        self._errors = 0

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
        self._one_more(" · ".join(parts))


class DraftProgress(_Bar):
    """A bar for drafting; call it with every draft, which it hands back."""

    def __init__(self, console: Console, total: int) -> None:
        super().__init__(console, "drafting", total)
        self.unconfirmed = 0

    def __call__(self, draft: Draft) -> Draft:
        self.unconfirmed += not draft.confirmed
        self._one_more(f"{self.unconfirmed} not confirmed")
        return draft


def print_report(report: EvaluationReport, console: Console) -> None:
    """Every figure with its interval, the headline figure by kind, what confidence is worth."""
    figures = report.figures
    table = Table(
        title=plain(f"{report.name}: {len(report.results)} questions"),
        caption=plain(summary_line(report.facts)),
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
    headline = metrics.headline(figures)
    kinds = Table(title=f"{METRICS[headline].title} by kind", title_justify="left")
    kinds.add_column("kind")
    for heading in ("value", "95 % interval", "n"):
        kinds.add_column(heading, justify="right")
    for kind, results in by_kind(report.results).items():
        if found := summarise(results).get(headline):
            row = figure_row(headline, found)
            kinds.add_row(plain(kind), row.shown, row.interval, str(row.n))
    if kinds.row_count > 1:
        console.print(kinds)
    if calibration := calibrate(report.results):
        console.print(f"Confidence: {calibration}.", highlight=False)
    for line in _warnings(report):
        console.print(plain(line), style="red")


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


def plain(text: str) -> Text:
    """Text from anywhere on one line, not too long, and no markup."""
    return Text(one_line(text[:_MOST_LETTERS]))


def _change(change: QuestionChange) -> Text:
    better = change.new_value > change.old_value
    line = Text("  + " if better else "  - ", style="green" if better else "red")
    line.append_text(plain(f"{change.new.question.id}  {change.new.question.question}"))
    why = next((item.explanation for item in change.new.scores if item.metric == change.metric), "")
    return line.append("  ").append_text(plain(f"({why})")) if why else line


def _warnings(report: EvaluationReport) -> list[str]:
    lines = []
    if report.errors:
        lines.append(
            f"{len(report.errors)} questions could not be asked and count against the figures. "
            f"The first error: {report.errors[0].error}"
        )
    metric = metrics.headline(report.figures)
    scored = report.figures[metric].n if metric in report.figures else 0
    if unscored := len(report.results) - scored:
        noun = "question is" if unscored == 1 else "questions are"
        lines.append(
            f"{unscored} {noun} unscored for {metric!r}: gold answers or evidence are missing."
        )
    notices = (note for item in report.results if item.answer for note in item.answer.notices)
    return lines + list(dict.fromkeys(notices))[:3]
