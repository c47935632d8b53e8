"""Every question set by every system, as the Markdown tables and plots of docs/quality.md.

    python benchmarks/quality.py                                # all: hours, on two cores
    python benchmarks/quality.py --sets seed news --systems ours ours:extractive --sample 20
    python benchmarks/quality.py --finished --plots docs/plots  # ask nothing, show what there is

Runs are kept below ``runs/quality``; a finished one is not made again, and one that was cut off
goes on, as long as the code and the settings are the same. The peers need their packages:
pip install 'ask-the-article[peers]'.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from peers import Reports, cell, folder_name, known_system, measured, opened, table
from quality_plots import draw
from rich.console import Console

from assistant import seeds
from assistant.errors import AssistantError
from assistant.evaluation import EvaluationReport, load_question_set
from assistant.evaluation.calibration import calibrate
from assistant.evaluation.facts import summary_line
from assistant.evaluation.runner import first
from assistant.evaluation.runs import SUMMARY
from assistant.schema import QuestionSet
from assistant.settings import Settings

SETS = ("seed", "news_multi", "news", "clapnq", "squad2")
SYSTEMS = {
    "ours": "ask-the-article",
    "ours:qwen2.5-coder-0.5b": "ask-the-article, 0.5 B",
    "ours:extractive": "ask-the-article, no model",
    "langchain": "LangChain tutorial",
    "llamaindex": "LlamaIndex CitationQueryEngine",
}
ALL = "all"
SEED = 7
MODEL = str(Settings.model_fields["model"].default)


def reports(options: argparse.Namespace, console: Console) -> Iterator[tuple[str, str, object]]:
    """Set, system, and the report of its run, or the error that kept it from being made."""
    for name in options.sets:
        path = seeds.questions() if name == "seed" else options.questions / f"{name}.jsonl"
        questions = drawn(load_question_set(path, options.articles), options.sample)
        # Runs of different lengths are different runs.
        folder = options.out / (f"{name}-{options.sample}" if options.sample else name)
        for system in options.systems:
            out = folder / folder_name(system)
            if options.finished and not (out / SUMMARY).exists():
                continue
            console.print(f"{name}: {SYSTEMS.get(system, system)}", highlight=False)
            yield name, system, _report(system, questions, out, console)


def drawn(questions: QuestionSet, size: int | None) -> QuestionSet:
    """A set, or a seeded sample of it: its first questions may all be of one kind."""
    if size is None:
        return questions
    mixed = list(questions.questions)
    random.Random(SEED).shuffle(mixed)
    return first(replace(questions, questions=tuple(mixed)), size)


def _report(system: str, questions: QuestionSet, out: Path, console: Console) -> object:
    try:
        return measured(partial(opened, system, MODEL), questions, out, console)
    except (AssistantError, ImportError) as error:
        # The others can still be measured, and hours may have gone into them.
        console.print(f"left out: {error}", style="red", markup=False, highlight=False)
        return error


def together(
    found: Mapping[tuple[str, str], EvaluationReport],
) -> dict[tuple[str, str], EvaluationReport]:
    """The runs of every system that was asked all the sets, taken as one."""
    sets = {name for name, _ in found}
    by_system: dict[str, list[EvaluationReport]] = {}
    for (_, system), report in found.items():
        by_system.setdefault(system, []).append(report)
    return {
        (ALL, system): replace(
            reports[0], name=ALL, results=tuple(row for one in reports for row in one.results)
        )
        for system, reports in by_system.items()
        if len(reports) == len(sets) > 1
    }


def trusted(found: Reports, sets: Sequence[str]) -> str:
    """The headline alone: a row for every system, a column for every set."""
    counts = {name: len(report.results) for (name, _), report in found.items()}
    shown = [name for name in sets if name in counts]
    heads = [f"{name} ({counts[name]})" for name in shown]
    lines = ["| trusted | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(shown)]
    for system in dict.fromkeys(system for _, system in found):
        cells = [
            cell(found[name, system], "trusted") if (name, system) in found else "–"
            for name in shown
        ]
        lines.append(f"| {SYSTEMS.get(system, system)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def confidence(found: Reports) -> str:
    """How well confidence foretells trust, for the systems that state one."""
    lines = [
        "| set | system | answers | ECE | Brier | AUROC |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for (name, system), report in found.items():
        if system.startswith("ours") and (known := calibrate(report.results)):
            auroc = "–" if known.auroc is None else f"{known.auroc:.2f}"
            lines.append(
                f"| {name} | {SYSTEMS.get(system, system)} | {known.n} | {known.ece:.3f} "
                f"| {known.brier:.3f} | {auroc} |"
            )
    return "\n".join(lines)


def origins(found: Mapping[tuple[str, str], EvaluationReport]) -> list[str]:
    """Which commits, models and machines the figures come from."""
    return sorted(
        {
            f"{report.facts.get('commit')} · {summary_line(report.facts)}"
            for report in found.values()
        }
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=SETS, help=f"of {', '.join(SETS)}")
    parser.add_argument(
        "--systems",
        nargs="+",
        type=known_system,
        default=list(SYSTEMS),
        help=f"such as {', '.join(SYSTEMS)}",
    )
    parser.add_argument(
        "--sample", type=int, help="so many questions of every set, the same ones every time"
    )
    parser.add_argument("--questions", type=Path, default=Path("../shared/questions"))
    parser.add_argument("--articles", type=Path, help="folder of the articles")
    parser.add_argument("--out", type=Path, default=Path("runs/quality"))
    parser.add_argument("--finished", action="store_true", help="show finished runs; make none")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw SVG files there, too")
    parser.add_argument("--plotted", default="ours", metavar="SYSTEM", help="whose plots to draw")
    return parser.parse_args()


def main() -> int:
    """Make the runs that are missing, then print the tables. 1 where a run failed."""
    options = _options()
    console = Console(stderr=True)
    try:
        outcomes = {(name, system): outcome for name, system, outcome in reports(options, console)}
    except AssistantError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    found = {key: it for key, it in outcomes.items() if isinstance(it, EvaluationReport)}
    if found:
        shown = {**found, **together(found)}
        named = {(name, SYSTEMS.get(system, system)): it for (name, system), it in shown.items()}
        print(trusted(shown, [*options.sets, ALL]), table(named), confidence(found), sep="\n\n")
        print("", *(f"- {line}" for line in origins(found)), sep="\n")
    if found and options.plots:
        plotted = {
            name: report.results for (name, who), report in found.items() if who == options.plotted
        }
        for path in draw(plotted, options.plots):
            console.print(f"Drawn: {path}", markup=False, highlight=False)
    return int(not found or len(found) < len(outcomes))


if __name__ == "__main__":
    sys.exit(main())
