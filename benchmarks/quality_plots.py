"""Draw how far confidence can be relied on, and what refusing more would buy, from runs.

    python benchmarks/quality_plots.py runs/news runs/seed --out docs

Each folder is one of ``assistant eval --out``. Two files are written:
``quality-reliability.svg``, confidence against the share of answers that were trusted, over all
runs, and ``quality-risk-coverage.svg``, a line for each run: the share of answers not trusted,
were only the most confident kept. With the threshold off (``--caution 0``) that line is what the
setting can be moved along. The figures in words are printed as Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.errors import AssistantError
from assistant.evaluation import EvaluationReport, plots, read_run
from assistant.evaluation.calibration import Calibration, calibrate
from assistant.evaluation.facts import summary_line
from assistant.schema import QuestionResult

RELIABILITY, RISK_COVERAGE = "quality-reliability.svg", "quality-risk-coverage.svg"

Sets = Mapping[str, Sequence[QuestionResult]]
"""Results by the name of the set they belong to."""


def named(folders: Sequence[Path]) -> dict[str, EvaluationReport]:
    """The run in every folder, by the name of its question set, or of the folder where two meet.

    Raises:
        UserInputError: a folder that holds no run.
    """
    reports: dict[str, EvaluationReport] = {}
    for folder in folders:
        report = read_run(folder)
        name = report.name.removesuffix(".questions")
        reports[str(folder) if name in reports else name] = report
    return reports


def calibrations(sets: Sets) -> dict[str, Calibration]:
    """The calibration of every set that has scored answers."""
    found = {name: calibrate(results) for name, results in sets.items()}
    return {name: known for name, known in found.items() if known is not None}


def draw(sets: Sets, folder: Path) -> list[Path]:
    """Write both plots; returns their paths."""
    together = calibrate(result for results in sets.values() for result in results)
    if together is None:
        raise SystemExit("No scored answers to draw.")
    drawn = {
        RELIABILITY: plots.reliability(together),
        RISK_COVERAGE: plots.risk_coverages(calibrations(sets)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn.items():
        (folder / name).write_text(plots.standalone(svg), encoding="utf-8")
    return [folder / name for name in drawn]


def table(sets: Sets) -> str:
    """How well confidence foretells trust, by set and over all of them, as Markdown."""
    lines = ["| set | answers | trusted | ECE | Brier | AUROC |", "|---|---:|---:|---:|---:|---:|"]
    everything = [result for results in sets.values() for result in results]
    for name, known in calibrations({**sets, "all": everything}).items():
        auroc = "–" if known.auroc is None else f"{known.auroc:.3f}"
        trusted = 1 - known.risk_coverage[-1][1]
        lines.append(
            f"| {name} | {known.n} | {trusted:.2f} | {known.ece:.3f} | {known.brier:.3f} "
            f"| {auroc} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--out", type=Path, default=Path("docs"), metavar="FOLDER")
    options = parser.parse_args()
    try:
        reports = named(options.runs)
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    sets = {name: report.results for name, report in reports.items()}
    print(table(sets))
    for name, report in reports.items():
        print(f"- {name}: {report.facts.get('commit')} · {summary_line(report.facts)}")
    for path in draw(sets, options.out):
        print(f"Drawn: {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
