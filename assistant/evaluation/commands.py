"""What ``assistant eval`` and ``assistant questions`` do, but for reading the command line.

Both print to a console and return the exit code; mistakes are raised.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.console import Console

from assistant.errors import UserInputError
from assistant.evaluation.compare import compare
from assistant.evaluation.drafting import draft_questions, write_drafts
from assistant.evaluation.figures import Figure
from assistant.evaluation.metrics import METRICS
from assistant.evaluation.question_sets import load_question_set
from assistant.evaluation.report import write_report
from assistant.evaluation.runner import Answerer, evaluate, first, run_identity
from assistant.evaluation.runs import read_run, unfinished
from assistant.evaluation.terminal import (
    DraftProgress,
    LiveProgress,
    print_comparison,
    print_report,
    printable,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.evaluation.judge import ModelJudge

RUNS = Path("evaluations")
"""Where runs are kept when no folder is named, below the current folder."""

MOST_DRAFTS = 500

SEED_QUESTIONS = "g7-gaza-blinken.questions.jsonl"

Opener = Callable[[Path], AbstractContextManager[Answerer]]
"""Opens what is measured, with its library in the given (empty) folder."""


@dataclass(frozen=True, slots=True)
class EvalRequest:
    """The options of ``assistant eval``, checked by :func:`run_eval`.

    ``questions`` is a question file, the seed set when ``None``; ``guard`` names the figures
    whose significant fall against ``compare`` fails the command; ``fail_under`` the least (or
    for figures where lower is better, the most) a figure may be.
    """

    questions: Path | None = None
    articles: Path | None = None
    out: Path | None = None
    limit: int | None = None
    retrieval_only: bool = False
    compare: Path | None = None
    guard: tuple[str, ...] = ("trusted",)
    fail_under: Mapping[str, float] = field(default_factory=dict)


def run_eval(
    request: EvalRequest,
    open_assistant: Opener,
    console: Console,
    *,
    judge: ModelJudge | None = None,
) -> int:
    """Run a question set, write ``results.jsonl``, ``summary.json``, ``report.html``, print tables.

    The articles go into a library of their own, which is removed again: nobody's library is
    touched. Without ``out`` the run goes to a new folder below ``evaluations``, or into the
    newest one there that the same run was cut off in.

    Returns:
        0, or 1 where a guarded figure fell significantly or one is under its limit.

    Raises:
        QuestionSetError, UserInputError, ModelError, WeightsError: before anything is asked.
    """
    questions = first(
        load_question_set(request.questions or seed_questions(), request.articles), request.limit
    )
    _check(request)
    earlier = read_run(request.compare) if request.compare else None
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
        out = request.out or unfinished(RUNS, identity) or _new_folder(questions.name)
        with LiveProgress(console, len(questions.questions)) as progress:
            report = evaluate(
                assistant,
                questions,
                out=out,
                retrieval_only=request.retrieval_only,
                judge=judge,
                on_result=progress,
            )
    page = write_report(report, out / "report.html")
    print_report(report, console)
    failures = shortfalls(report.figures, request.fail_under)
    if earlier is not None:
        comparison = compare(earlier, report)
        print_comparison(comparison, request.guard, console)
        failures += [
            f"{METRICS[change.metric].title} got significantly worse: {change.old:.1%} before, "
            f"{change.new:.1%} now (p = {change.p:.3f}, {change.n} questions)."
            for change in comparison.fallen(request.guard)
        ]
    for line in failures:
        console.print(printable(line), style="bold red")
    console.print(f"Report: {page}", markup=False, highlight=False, soft_wrap=True)
    return 1 if failures else 0


def run_questions(
    source: str,
    n: int,
    out: Path | None,
    open_assistant: Callable[[Path], AbstractContextManager[Answerer]],
    model: BaseChatModel,
    console: Console,
) -> int:
    """Draft ``n`` questions about an article (a path or a URL) and write them for review.

    ``open_assistant`` should answer with the same ``model``, so that it is loaded once. The
    file is ``out``, or ``<article>.questions.jsonl`` in the current folder; the article's text
    goes to ``articles`` beside it.

    Returns:
        0, or 1 where nothing could be drafted.

    Raises:
        UserInputError: ``n`` is out of range, or the file exists.
        ArticleError, FetchError, ModelError.
    """
    if not 1 <= n <= MOST_DRAFTS:
        raise UserInputError(f"-n must be 1 to {MOST_DRAFTS}, not {n}.")
    name = re.sub(r"[^\w-]+", "-", Path(urlsplit(source).path).stem).strip("-") or "article"
    path = out or Path(f"{name}.questions.jsonl")
    if path.exists():
        raise UserInputError(f"{path} exists, and may have been reviewed. Name another with --out.")
    with (
        tempfile.TemporaryDirectory(prefix="assistant-eval-", ignore_cleanup_errors=True) as store,
        open_assistant(Path(store)) as assistant,
        DraftProgress(console, n) as progress,
    ):
        article = assistant.add(source)
        drafts = map(progress, draft_questions(assistant, model, article, n))
        count = write_drafts(drafts, article, path)
    if not count:
        path.unlink()
        console.print("Nothing could be drafted: the article is too short, or the model too small.")
        return 1
    console.print(
        f"{count} questions, {progress.unconfirmed} of them not confirmed by the assistant's own "
        "answers. Read each one before you trust a figure made with it.",
        highlight=False,
    )
    console.print(f"Questions: {path}", markup=False, highlight=False, soft_wrap=True)
    return 0


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
        try:
            share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
        except ValueError:
            raise UserInputError(
                f"--fail-under takes FIGURE=NUMBER, as in trusted=0.8; not {text!r}."
            ) from None
        _check_name(name.strip())
        limits[name.strip()] = share
    return limits


def seed_questions() -> Path:
    """The sample question set that comes with the package.

    Raises:
        UserInputError: the installation lacks it.
    """
    package = Path(str(files("assistant")))
    for folder in (package / "_seeds", package.parent / "seeds"):
        if (folder / SEED_QUESTIONS).is_file():
            return folder / SEED_QUESTIONS
    raise UserInputError("The sample questions are not installed; name a question file.")


def _check(request: EvalRequest) -> None:
    for name in (*request.guard, *request.fail_under):
        _check_name(name)
    if request.out is not None and request.out.exists() and not request.out.is_dir():
        raise UserInputError(f"{request.out} is a file; --out takes a folder.")


def _check_name(name: str) -> None:
    if name not in METRICS and not name.startswith("seconds_"):
        raise UserInputError(f"There is no figure {name!r}; there are: {', '.join(METRICS)}.")


def _higher_is_better(name: str) -> bool:
    return name in METRICS and METRICS[name].higher_is_better


def _new_folder(name: str) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    return RUNS / f"{name}-{stamp}"
