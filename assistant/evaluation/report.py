"""Write a run as one HTML file that needs nothing else: no network, no other file.

Articles, questions and answers come from anywhere, so everything is escaped by the template
engine, the script builds text nodes only, and a content security policy stands in the page.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.evaluation import metrics, plots
from assistant.evaluation.calibration import Calibration, calibrate
from assistant.evaluation.facts import summary_line
from assistant.evaluation.figures import Figure, by_article, by_kind, summarise
from assistant.evaluation.metrics import METRICS
from assistant.evaluation.report_cards import Card, cards
from assistant.evaluation.runs import EvaluationReport
from assistant.printable import printable
from assistant.schema import Article, QuestionResult

FOLDER = Path(__file__).parent / "report"
"""The template, its style and its script."""

HEADLINE = (
    "trusted",
    "correct",
    "cited",
    "citation_precision",
    "refused",
    "false_refusal",
    "recall@5",
    "seconds_total_p50",
)
SEARCHED = ("recall@1", "recall@5", "recall@10", "mrr", "seconds_evidence_p50")
"""The figures shown large, in this order, where the run has them; of a run without answers."""

_SECONDS_TITLES = {
    "seconds_evidence": "Evidence shown",
    "seconds_first_token": "First word",
    "seconds_total": "Whole answer",
}

_PERCENTILES = {"50": "median", "95": "95th percentile"}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as people read it. ``low``, ``value``, ``high`` in percent; seconds have none."""

    name: str
    title: str
    meaning: str
    shown: str
    interval: str
    n: int
    track: tuple[float, float, float] | None
    good_is_low: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The headline figure of one kind of question, or of one article."""

    name: str
    row: FigureRow


def write_report(report: EvaluationReport, path: Path) -> Path:
    """Write ``report.html``; returns the path. An older file there is replaced."""
    path.write_text(render_report(report), encoding="utf-8", errors="replace")
    return path


def _as_letters(value: Any) -> Any:
    """Foreign text without control and direction characters; our own markup as it is."""
    return printable(value) if type(value) is str else value


def render_report(report: EvaluationReport) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_as_letters,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (FOLDER / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        **_content(report),
        style=(FOLDER / "report.css").read_text(encoding="utf-8"),
        script=script,
        script_digest=digest,
    )


def figure_row(name: str, figure: Figure) -> FigureRow:
    """A figure with its title, its unit and its interval."""
    if name.startswith("seconds_"):
        stem, _, percentile = name.rpartition("_p")
        return FigureRow(
            name=name,
            title=f"{_SECONDS_TITLES[stem]}, {_PERCENTILES[percentile]}",
            meaning="seconds after the question",
            shown=f"{figure.value:.2f} s" if figure.value < 10 else f"{figure.value:.1f} s",
            interval=f"{figure.low:.2f}–{figure.high:.2f} s",
            n=figure.n,
            track=None,
        )
    metric = METRICS[name]
    return FigureRow(
        name=name,
        title=metric.title,
        meaning=metric.meaning,
        shown=f"{figure.value:.1%}",
        interval=f"{figure.low:.0%}–{figure.high:.0%}",
        n=figure.n,
        track=(100 * figure.low, 100 * figure.value, 100 * figure.high),
        good_is_low=not metric.higher_is_better,
    )


def headline(article: Article) -> str:
    """What an article is called: its title, or how it begins."""
    return article.title or textwrap.shorten(article.text[:400], 70, placeholder=" …")


def _content(report: EvaluationReport) -> dict[str, Any]:
    figures = report.figures
    metric = metrics.headline(figures)
    calibration = calibrate(report.results)
    shown: list[Card] = cards(report, metric)
    used = {name for card in shown for name in card.scope}
    return {
        "report": report,
        "facts": _facts(report.facts),
        "line": summary_line(report.facts),
        "headline": [
            figure_row(name, figures[name])
            for name in (HEADLINE if metric in HEADLINE[:1] else SEARCHED)
            if name in figures
        ],
        "headline_title": METRICS[metric].title,
        "figures": [figure_row(name, figure) for name, figure in figures.items()],
        "kinds": _groups(report.results, by_kind, metric),
        "by_article": _groups(report.results, by_article, metric, report),
        "plots": _plots(report, figures, calibration),
        "cards": shown,
        "outcomes": {
            name: sum(card.outcome == name for card in shown)
            for name in ("failed", "passed", "unscored", "error")
        },
        "articles": {
            name: {"title": headline(article), "text": article.text}
            for name, article in report.articles.items()
            if name in used
        },
    }


def _groups(
    results: Sequence[QuestionResult],
    group: Callable[[Iterable[QuestionResult]], dict[str, list[QuestionResult]]],
    metric: str,
    report: EvaluationReport | None = None,
) -> list[Group]:
    groups = []
    for name, rows in group(results).items():
        if figure := summarise(rows).get(metric):
            article = report.articles.get(name) if report else None
            groups.append(Group(headline(article) if article else name, figure_row(metric, figure)))
    return groups


def _plots(
    report: EvaluationReport, figures: Mapping[str, Figure], calibration: Calibration | None
) -> list[dict[str, str]]:
    drawn: list[tuple[str, str, str | None]] = []
    if calibration:
        drawn += [
            (
                "Does confidence mean what it says?",
                f"On the diagonal it does: {calibration}.",
                plots.reliability(calibration),
            ),
            (
                "What would more caution buy?",
                "Risk and coverage: the share of answers not to be trusted when only the most "
                "confident are given.",
                plots.risk_coverage(calibration),
            ),
        ]
    drawn += [
        (
            "Is the evidence found?",
            "Share of the gold sentences among the first passages, with 95 % intervals.",
            plots.recall(figures),
        ),
        (
            "How long does one wait?",
            "Share of the questions that were served after so many seconds.",
            plots.seconds(report.results),
        ),
    ]
    return [{"title": title, "text": text, "svg": svg} for title, text, svg in drawn if svg]


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts as label and text; nested ones on one line."""
    shown = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            value = ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
        if value not in (None, "", False):
            shown.append((name.replace("_", " "), str(value)))
    return shown
