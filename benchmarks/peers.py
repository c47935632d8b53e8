"""Our assistant beside two well-known recipes: same model file, embedder, questions, machine.

    pip install 'ask-the-article[peers]'           # uv: --link-mode copy, for NLTK
    python benchmarks/peers.py seeds/*.questions.jsonl ../shared/questions/news.jsonl \\
        --systems ours ours:extractive langchain llamaindex --out runs/peers

A system is ``ours``, ``langchain`` or ``llamaindex`` (see ``recipes``), with ``:MODEL`` where
it is to use another model than ``--model``. A run that is cut off goes on; complete ones are kept.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from recipes import LangChainTutorial, LlamaIndexCitations, Peer
from rich.console import Console

from assistant.answering import Assistant
from assistant.evaluation import EvaluationReport, evaluate, load_question_set, read_run
from assistant.evaluation.report import figure_row, write_report
from assistant.evaluation.runner import Answerer, first
from assistant.evaluation.runs import SUMMARY
from assistant.evaluation.terminal import LiveProgress
from assistant.models import chat_model, embedder
from assistant.schema import QuestionSet
from assistant.settings import Settings

COLUMNS = {
    "trusted": "trusted",
    "correct": "correct",
    "cited": "cited",
    "citation_precision": "citation precision",
    "refused": "refused",
    "false_refusal": "false refusals",
    "recall@5": "recall@5",
    "seconds_first_token_p50": "first word, seconds",
    "seconds_total_p50": "whole answer, seconds",
}
RECIPES: Mapping[str, type[Peer]] = {
    "langchain": LangChainTutorial,
    "llamaindex": LlamaIndexCitations,
}
SYSTEMS = ("ours", "ours:extractive", "langchain", "llamaindex")

Reports = Mapping[tuple[str, str], EvaluationReport]
"""Reports by set and system."""


@contextmanager
def opened(system: str, model: str) -> Iterator[Answerer]:
    """One of the systems, with its library in a folder that is removed again."""
    name, _, own_model = system.partition(":")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as store:
        if name == "ours":
            with Assistant.open(store, model=own_model or model) as assistant:
                assistant.warm_up()
                yield assistant
            return
        settings = Settings.load(store=store, model=own_model or model)
        llm = chat_model(settings)
        if llm is None:
            raise SystemExit(f"{system} needs a language model")
        llm.invoke([("user", "Ready?")], max_tokens=1)
        yield RECIPES[name](settings, llm, embedder(settings))


def measured(
    system: Callable[[], AbstractContextManager[Answerer]],
    questions: QuestionSet,
    out: Path,
    console: Console,
) -> EvaluationReport:
    """The report of a complete run, or of one that is made now."""
    if (out / SUMMARY).exists():
        return read_run(out)
    with system() as answerer, LiveProgress(console, len(questions.questions)) as progress:
        report = evaluate(answerer, questions, out=out, on_result=progress)
    write_report(report, out / "report.html")
    return report


def known_system(text: str) -> str:
    """A system's name from the command line, if there is such a system."""
    if text.partition(":")[0] not in ("ours", *RECIPES):
        raise argparse.ArgumentTypeError(f"no system {text!r}: ours, {', '.join(RECIPES)}")
    return text


def folder_name(text: str) -> str:
    """A system's name as a folder's."""
    return re.sub(r"[^\w.-]+", "-", text)


def table(reports: Reports) -> str:
    """All runs as one Markdown table; every figure with its 95 % interval."""
    lines = [
        "| set | n | system | " + " | ".join(COLUMNS.values()) + " |",
        "|---|---:|---|" + "---:|" * len(COLUMNS),
    ]
    for (name, system), report in reports.items():
        cells = [cell(report, column) for column in COLUMNS]
        lines.append(f"| {name} | {len(report.results)} | {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(report: EvaluationReport, column: str) -> str:
    """A figure of a run with its interval; a dash where it was not measured."""
    figure = report.figures.get(column)
    if figure is None:
        return "–"
    row = figure_row(column, figure)
    return f"{row.shown} ({row.interval})"


def main() -> int:
    """Run every system over every set and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path, help="question files")
    parser.add_argument("--articles", type=Path, help="folder of the articles")
    parser.add_argument("--model", default=Settings.model_fields["model"].default)
    parser.add_argument("--systems", nargs="+", type=known_system, default=SYSTEMS)
    parser.add_argument("--limit", type=int, help="the first questions of every set only")
    parser.add_argument("--out", type=Path, default=Path("runs/peers"))
    options = parser.parse_args()
    console = Console(stderr=True)
    reports = {}
    for path in options.sets:
        questions = first(load_question_set(path, options.articles), options.limit)
        for system in options.systems:
            console.print(f"{questions.name}: {system}")
            out = options.out / questions.name / folder_name(system)
            run = partial(opened, system, options.model)
            reports[questions.name, system] = measured(run, questions, out, console)
    print(table(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
