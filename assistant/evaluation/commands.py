"""What ``assistant eval`` does, but for reading the command line.

It prints to a console and returns the exit code; mistakes are raised.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from assistant import seeds
from assistant.errors import UserInputError
from assistant.evaluation.compare import Comparison, check_comparable, compare
from assistant.evaluation.figures import SECONDS, Figure
from assistant.evaluation.metrics import METRICS, headline
from assistant.evaluation.question_sets import load_question_set
from assistant.evaluation.report import write_report
from assistant.evaluation.runner import Answerer, evaluate, first, run_identity
from assistant.evaluation.runs import EvaluationReport, read_run, unfinished
from assistant.evaluation.terminal import (
    LiveProgress,
    plain,
    print_comparison,
    print_report,
)
from assistant.schema import QuestionSet

if TYPE_CHECKING:
    from assistant.evaluation.judge import ModelJudge

RUNS = Path("evaluations")
"""Where runs are kept when no folder is named, below the current folder."""

FIGURES = (*METRICS, *(f"{name}_{p}" for name in SECONDS for p in ("p50", "p95")))
"""What a run may measure, by the names that limits are given for."""

Opener = Callable[[Path], AbstractContextManager[Answerer]]
"""Opens what is measured, with its library in the given (empty) folder."""


@dataclass(frozen=True, slots=True)
class EvalRequest:
    """The options of ``assistant eval``, checked by :func:`run_eval`.

    ``questions`` is a question file, the seed set when ``None``; ``guard`` names the figures
    whose significant fall against ``compare`` fails the command, the headline figure when
    there are none; ``fail_under`` the least (or for figures where lower is better, the most)
    a figure may be.
    """

    questions: Path | None = None
    articles: Path | None = None
    out: Path | None = None
    limit: int | None = None
    retrieval_only: bool = False
    compare: Path | None = None
    guard: tuple[str, ...] = ()
    fail_under: Mapping[str, float] = field(default_factory=dict)


def run_eval(
    request: EvalRequest,
    open_assistant: Opener,
    console: Console,
    *,
    judge: ModelJudge | None = None,
    on_report: Callable[[EvaluationReport, Path], None] | None = None,
) -> int:
    """Run a question set, write ``results.jsonl``, ``summary.json``, ``report.html``, print tables.

    The articles go into a library of their own, which is removed again: nobody's library is
    touched. Without ``out`` the run goes to a new folder below ``evaluations``, or into the
    newest one there that the same run was cut off in. ``on_report`` is given the report and
    that folder at the end.

    Returns:
        0, or 1 where a guarded figure fell significantly or one is under its limit.

    Raises:
        QuestionSetError, UserInputError, ModelError, WeightsError: before anything is asked.
    """
    _check(request)
    questions = first(
        load_question_set(request.questions or seeds.questions(), request.articles), request.limit
    )
    earlier = _earlier(request.compare, request.guard) if request.compare else None
    if earlier is not None:
        check_comparable(earlier, questions.questions)
    report, out = _run(request, questions, open_assistant, console, judge)
    page = write_report(report, out / "report.html")
    print_report(report, console)
    failures = shortfalls(report.figures, request.fail_under)
    if earlier is not None:
        comparison = compare(earlier, report)
        guard = request.guard or _headline(comparison)
        print_comparison(comparison, guard, console)
        failures += [
            f"{METRICS[change.metric].title} got significantly worse: {change.old:.1%} before, "
            f"{change.new:.1%} now (p = {change.p:.3f}, {change.n} questions)."
            for change in comparison.fallen(guard)
        ]
    for line in failures:
        console.print(plain(line), style="bold red")
    console.print(f"Report: {page}", markup=False, highlight=False, soft_wrap=True)
    if on_report:
        on_report(report, out)
    return 1 if failures else 0


def _run(
    request: EvalRequest,
    questions: QuestionSet,
    open_assistant: Opener,
    console: Console,
    judge: ModelJudge | None,
) -> tuple[EvaluationReport, Path]:
    """Ask the questions; the report, and the folder it is kept in."""
    with (
        tempfile.TemporaryDirectory(prefix="assistant-eval-", ignore_cleanup_errors=True) as store,
        open_assistant(Path(store)) as assistant,
    ):
        identity = run_identity(
            assistant,
            questions,
            retrieval_only=request.retrieval_only,
            judge=judge.name if judge else None,
        )
        begun = unfinished(RUNS, identity) if request.out is None else None
        out = request.out or begun or _new_folder(questions.name)
        if begun:
            console.print(f"Going on with {begun}, which was cut off.", highlight=False)
        try:
            with LiveProgress(console, len(questions.questions)) as progress:
                report = evaluate(
                    assistant,
                    questions,
                    out=out,
                    retrieval_only=request.retrieval_only,
                    judge=judge,
                    on_result=progress,
                )
        except KeyboardInterrupt:
            again = "The same command goes on from there."
            console.print(f"Stopped. Answers so far are in {out}. {again}", highlight=False)
            raise
    return report, out


def shortfalls(figures: Mapping[str, Figure], limits: Mapping[str, float]) -> list[str]:
    """A sentence for every figure that misses its limit, or that the run does not have."""
    lines = []
    for name, limit in limits.items():
        figure = figures.get(name)
        if figure is None:
            lines.append(f"{name} has a limit of {limit:g}, but this run does not measure it.")
        elif _higher_is_better(name) and figure.value < limit:
            lines.append(f"{name} is {figure.value:.3f}, under its limit of {limit:g}.")
        elif not _higher_is_better(name) and figure.value > limit:
            lines.append(f"{name} is {figure.value:.3f}, over its limit of {limit:g}.")
    return lines


def parse_limits(texts: Iterable[str]) -> dict[str, float]:
    """``["trusted=0.8", "false_refusal=10%"]`` as a mapping.

    Raises:
        UserInputError: not ``figure=number``, or no such figure.
    """
    limits = {}
    for text in texts:
        name, _, number = text.partition("=")
        name = name.strip()
        _check_name(name, FIGURES)
        try:
            limit = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
        except ValueError:
            limit = math.nan
        # "trusted=80" would fail for ever, and a comparison with NaN never.
        if not 0 <= limit <= (1 if name in METRICS else math.inf):
            raise UserInputError(
                f"--fail-under takes FIGURE=NUMBER, as in trusted=0.8 or trusted=80%; not {text!r}."
            )
        limits[name] = limit
    return limits


def _earlier(folder: Path, guard: Iterable[str]) -> EvaluationReport:
    """The run to compare with, which must have the figures that are guarded."""
    report = read_run(folder)
    scores = (score for result in report.results for score in result.scores)
    measured = {score.metric for score in scores if score.value is not None}
    if absent := [name for name in guard if name not in measured]:
        raise UserInputError(f"The run in {folder} does not measure {', '.join(absent)}.")
    return report


def _headline(comparison: Comparison) -> tuple[str, ...]:
    """What is guarded where nobody says what: the headline figure, if both runs have it."""
    name = headline(comparison.figures)
    return (name,) if name in comparison.figures else ()


def _check(request: EvalRequest) -> None:
    for name in request.guard:
        _check_name(name, METRICS)
    for name in request.fail_under:
        _check_name(name, FIGURES)
    if request.out is not None and request.out.exists() and not request.out.is_dir():
        raise UserInputError(f"{request.out} is a file; --out takes a folder.")


def _check_name(name: str, known: Collection[str]) -> None:
    if name not in known:
        raise UserInputError(f"There is no figure {name!r}; there are: {', '.join(known)}.")


def _higher_is_better(name: str) -> bool:
    return name in METRICS and METRICS[name].higher_is_better


def _new_folder(name: str) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    return RUNS / f"{name}-{stamp}"
