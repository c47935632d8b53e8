"""The report's plots, as SVG text that takes its colours from the page (light or dark)."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assistant.evaluation.calibration import Bin, Calibration
from assistant.evaluation.figures import SECONDS, Figure
from assistant.evaluation.metrics import CUTOFFS
from assistant.schema import QuestionResult

# Stand-ins that matplotlib draws with; the page's CSS variables take their place.
_INK, _FAINT, _MAIN, _SECOND, _BAND = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {
    _INK: "var(--muted)",
    _FAINT: "var(--line)",
    _MAIN: "var(--accent)",
    _SECOND: "var(--second)",
    _BAND: "var(--band)",
}
# The colours of report.css, for a plot that stands in no page.
_ALONE = (
    "svg{--muted:#5b636d;--line:#e2dfd7;--accent:#14616b;--second:#b06a1c;--band:#14616b22;"
    "--paper:#fbfaf7}@media(prefers-color-scheme:dark){svg{--muted:#a0a7b0;--line:#30363e;"
    "--accent:#6cc3cd;--second:#e0a25a;--band:#6cc3cd2b;--paper:#14171b}}"
    "text{font-family:system-ui,sans-serif}"
)
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": _FAINT,
    "axes.grid": True,
    "axes.labelcolor": _INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.figsize": (5.4, 3.7),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "grid.color": _FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "text.color": _INK,
    "xtick.color": _INK,
    "xtick.labelcolor": _INK,
    "ytick.color": _INK,
    "ytick.labelcolor": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def reliability(calibration: Calibration) -> str:
    """Confidence against the share of answers that were trusted, over the perfect diagonal.

    The area of a dot tells how many answers it stands for, its line Wilson's 95 % interval.
    """

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=_INK, linestyle=":", linewidth=1.5)
        axes.plot(
            [item.confidence for item in calibration.bins],
            [item.trusted for item in calibration.bins],
            color=_MAIN,
            linewidth=1.5,
        )
        axes.scatter(
            [item.confidence for item in calibration.bins],
            [item.trusted for item in calibration.bins],
            s=[30 + 220 * item.n / calibration.n for item in calibration.bins],
            color=_MAIN,
            zorder=3,
        )
        axes.vlines(
            [item.confidence for item in calibration.bins],
            *zip(*map(_interval, calibration.bins), strict=True),
            color=_MAIN,
            linewidth=1,
        )
        _shares(axes, x="confidence of the answer", y="share trusted")

    return _svg("reliability", draw)


def risk_coverage(calibration: Calibration) -> str:
    """What share of answers would be wrong if only the most confident were kept."""

    def draw(axes: Any) -> None:
        coverage, risk = zip(*calibration.risk_coverage, strict=True)
        axes.step([0, *coverage], [risk[0], *risk], where="pre", color=_MAIN, linewidth=2)
        axes.fill_between([0, *coverage], [risk[0], *risk], step="pre", color=_BAND, linewidth=0)
        _shares(axes, x="share of questions kept, most confident first", y="share not trusted")

    return _svg("risk", draw)


def risk_coverages(curves: Mapping[str, Calibration]) -> str:
    """:func:`risk_coverage` of several sets of questions, a named line each."""

    def draw(axes: Any) -> None:
        looks = itertools.cycle(itertools.product(("-", "--", ":"), (_MAIN, _SECOND, _INK)))
        for (name, calibration), (line, colour) in zip(curves.items(), looks, strict=False):
            coverage, risk = zip(*calibration.risk_coverage, strict=True)
            axes.step(
                [0, *coverage],
                [risk[0], *risk],
                where="pre",
                color=colour,
                linestyle=line,
                linewidth=2,
                label=f"{name} ({calibration.n})",
            )
        _shares(axes, x="share of questions kept, most confident first", y="share not trusted")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.6)

    return _svg("risks", draw)


def recall(figures: Mapping[str, Figure]) -> str | None:
    """Recall at every cutoff with its interval; ``None`` where nothing was ranked."""
    points = [(cutoff, figures.get(f"recall@{cutoff}")) for cutoff in CUTOFFS]
    known = [(cutoff, figure) for cutoff, figure in points if figure is not None]
    if not known:
        return None

    def draw(axes: Any) -> None:
        ranks = [cutoff for cutoff, _ in known]
        axes.fill_between(
            ranks,
            [item.low for _, item in known],
            [item.high for _, item in known],
            color=_BAND,
            linewidth=0,
        )
        axes.plot(ranks, [item.value for _, item in known], "o-", color=_MAIN, linewidth=2)
        _shares(axes, x="passages looked at", y="gold evidence found")
        axes.set_xlim(ranks[0] - 0.3, ranks[-1] + 0.3)
        axes.set_xticks(ranks, [str(rank) for rank in ranks])

    return _svg("recall", draw)


def seconds(results: Sequence[QuestionResult]) -> str | None:
    """How long people wait: the share of questions that had evidence, a word, an answer by then."""
    names = ("evidence", "first word", "whole answer")
    series = [
        (name, sorted(moment for result in results if (moment := read(result)) is not None))
        for name, read in zip(names, SECONDS.values(), strict=True)
    ]
    known = [(name, moments) for name, moments in series if moments]
    if not any(moments[-1] > 0 for _, moments in known):
        return None

    def draw(axes: Any) -> None:
        looks = ((_SECOND, "-"), (_MAIN, ":"), (_MAIN, "-"))
        styles = dict(zip(names, looks, strict=True))
        for name, moments in known:
            colour, line = styles[name]
            axes.ecdf(moments, label=name, color=colour, linestyle=line, linewidth=2)
        _shares(axes, x="seconds after the question", y="share of questions")
        axes.set_xlim(0, 1.03 * max(moments[-1] for _, moments in known))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.get_major_locator().set_params(nbins=6)
        if len(known) > 1:
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handlelength=1.4)

    return _svg("seconds", draw)


def standalone(svg: str) -> str:
    """A plot of this module as a file of its own: with its size, and colours for both modes.

    It has a ground of its own: the page around it may be of the other mode.
    """
    box = r'viewBox="0 0 ([\d.]+) ([\d.]+)"'
    sized = re.sub(box, r'\g<0> width="\1" height="\2"', svg, count=1)
    ground = '<rect width="100%" height="100%" fill="var(--paper)"/>'
    return re.sub(r"(<svg[^>]*>)", rf"\1<style>{_ALONE}</style>{ground}", sized, count=1)


def _interval(item: Bin) -> tuple[float, float]:
    from scipy.stats import binomtest

    found = binomtest(round(item.trusted * item.n), item.n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _shares(axes: Any, *, x: str, y: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(-0.02, 1.04)
    axes.set_xlim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.xaxis.set_major_formatter(PercentFormatter(1))


def _svg(name: str, draw: Callable[[Any], None]) -> str:
    """Draw on axes of our own: neither pyplot's global state nor a display is touched."""
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(_STYLE):
        canvas = Canvas(layout="constrained")
        draw(canvas.add_subplot())
        written = io.StringIO()
        canvas.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Several plots share the page: their ids must not meet.
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 aria-hidden="true"', svg, count=1)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)  # the page's own
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg
