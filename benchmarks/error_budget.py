"""Where the points were lost: every question of a run that was not to be trusted, by its cause.

    python benchmarks/error_budget.py runs/quality/*/ours
    python benchmarks/error_budget.py runs/quality/news/ours --name misread

Prints a Markdown table, a row for every run: the shares of the scored questions, which add up
to 100 % with the trusted ones. ``--name CAUSE`` lists the questions behind a number.

A lost point has the first cause that fits:

- should have refused: the article does not answer, and an answer was given;
- failed: asking ended in an error;
- not retrieved: the evidence, or a part that the answer needs, was not among the passages read;
- should not have refused: the evidence was read, and the answer withheld;
- misread: the evidence was read, and the answer is wrong or incomplete;
- miscited: the answer is right, and rests on no gold evidence.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import UserInputError
from assistant.evaluation import EvaluationReport, read_run
from assistant.evaluation.overlap import says
from assistant.evaluation.scorers import is_refusal
from assistant.schema import Answer, Question, QuestionResult

CAUSES = (
    "not retrieved",
    "misread",
    "miscited",
    "should have refused",
    "should not have refused",
    "failed",
)


def cause(result: QuestionResult) -> str | None:
    """Why a scored question is not trusted; ``""`` where it is, ``None`` where it is unscored."""
    scores = {item.metric: item.value for item in result.scores}
    if scores.get("trusted") is None:
        return None
    if scores["trusted"] == 1:
        return ""
    answer, question = result.answer, result.question
    if answer is None:
        return "failed"
    if not question.answerable:
        return "should have refused"
    if not _was_read(question, answer, scores.get("evidence_read")):
        return "not retrieved"
    if is_refusal(answer):
        return "should not have refused"
    return "miscited" if scores.get("correct") == 1 else "misread"


def _was_read(question: Question, answer: Answer, share: float | None) -> bool:
    """Whether the passages read sufficed; ``share`` is that of the gold sentences among them.

    Gold sentences can be alternatives or parts. Where some were read and some were not, what
    counts is whether the expected words were there to be read.
    """
    if share in (0, 1, None):
        return share != 0
    text = "\n".join(hit.passage.text for hit in answer.retrieved)
    return all(any(says(text, alternative) for alternative in group) for group in question.answers)


def row(name: str, report: EvaluationReport) -> str:
    """One run as a row of the table."""
    causes = [found for result in report.results if (found := cause(result)) is not None]
    counts = Counter(causes)

    def share(found: str) -> str:
        count = counts[found]
        return f"{100 * count / len(causes):.1f} % ({count})" if count else "–"

    cells = [share(found) for found in ("", *CAUSES)]
    return f"| {name} | {len(causes)} | " + " | ".join(cells) + " |"


def table(runs: Sequence[tuple[str, EvaluationReport]]) -> str:
    """All runs, a row each."""
    heads = ["run", "n", "trusted", *CAUSES]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join([*lines, *(row(name, report) for name, report in runs)])


def listing(report: EvaluationReport, wanted: str) -> list[str]:
    """The questions lost to one cause, each with what was answered."""
    return [
        f"{result.question.id}  {result.question.question}\n    {result.answer or result.error}"
        for result in report.results
        if cause(result) == wanted
    ]


def main() -> int:
    """Print the table, or the questions of one cause."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--name", choices=CAUSES, metavar="CAUSE", help="list its questions")
    options = parser.parse_args()
    try:
        runs = [(path, read_run(path)) for path in options.runs]
    except UserInputError as error:
        print(error, file=sys.stderr)
        return 1
    if options.name:
        for path, report in runs:
            print(f"{path}: {options.name}", *listing(report, options.name), sep="\n")
    else:
        # Folders of benchmarks/quality.py: the set's, and in it the system's.
        print(table([("/".join(path.parts[-2:]), report) for path, report in runs]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
