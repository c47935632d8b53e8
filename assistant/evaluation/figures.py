"""Figures of a run: means and medians with 95 % intervals, overall, by kind and by article."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.evaluation.metrics import METRICS
from assistant.schema import QuestionResult

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20_231_108


def _evidence(result: QuestionResult) -> float | None:
    if result.error:
        return None
    # Where nothing was asked, the search is all that took time.
    return result.answer.timings.evidence if result.answer else result.seconds


def _first_token(result: QuestionResult) -> float | None:
    return result.answer.timings.first_token if result.answer else None


def _total(result: QuestionResult) -> float | None:
    return result.answer.timings.total if result.answer else None


SECONDS: Mapping[str, Callable[[QuestionResult], float | None]] = {
    "seconds_evidence": _evidence,
    "seconds_first_token": _first_token,
    "seconds_total": _total,
}
"""Moments after the question, by the name of their figures (``_p50`` and ``_p95`` follow)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval, over the ``n`` questions that could be scored."""

    value: float
    low: float
    high: float
    n: int


def summarise(results: Iterable[QuestionResult]) -> dict[str, Figure]:
    """Every metric that at least one question could be scored on, in the order of METRICS.

    Shares are means; seconds are the 50th and the 95th percentile.
    """
    values: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for item in result.scores:
            if item.value is not None:
                values[item.metric].append(item.value)
        for name, read in SECONDS.items():
            if (moment := read(result)) is not None:
                seconds[name].append(moment)
    figures = {name: mean_figure(values[name]) for name in METRICS if values.get(name)}
    for name in SECONDS:
        if seconds.get(name):
            figures[f"{name}_p50"] = percentile_figure(seconds[name], 50)
            figures[f"{name}_p95"] = percentile_figure(seconds[name], 95)
    return figures


def mean_figure(values: Sequence[float]) -> Figure:
    """Mean with a percentile-bootstrap interval; the same values give the same interval.

    Where every value is 0 or every value is 1 there is nothing to resample and the bootstrap
    would claim certainty; Wilson's interval is used instead.
    """
    import numpy as np

    sample = np.asarray(values, dtype=float)
    if sample.min() == sample.max() and sample[0] in (0.0, 1.0):
        from scipy.stats import binomtest

        interval = binomtest(int(sample.sum()), sample.size).proportion_ci(method="wilson")
        # The end that is the value itself is exact; rounding must not move it past.
        low = min(float(interval.low), float(sample[0]))
        high = max(float(interval.high), float(sample[0]))
        return Figure(float(sample[0]), low, high, sample.size)
    means = _resampled(values, lambda drawn: np.mean(drawn, axis=1))
    low, high = np.percentile(means, [2.5, 97.5])
    return Figure(float(sample.mean()), float(low), float(high), sample.size)


def percentile_figure(values: Sequence[float], percent: float) -> Figure:
    """A percentile (0 to 100) with its bootstrap interval."""
    import numpy as np

    drawn = _resampled(values, lambda sample: np.percentile(sample, percent, axis=1))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(float(np.percentile(values, percent)), float(low), float(high), len(values))


def by_kind(results: Iterable[QuestionResult]) -> dict[str, list[QuestionResult]]:
    """Results grouped by the question's kind, biggest group first."""
    return _grouped(results, lambda result: result.question.kind or "no kind")


def by_article(results: Iterable[QuestionResult]) -> dict[str, list[QuestionResult]]:
    """Results grouped by article; questions asked of several stand together."""
    return _grouped(
        results,
        lambda result: (
            result.question.scope[0] if len(result.question.scope) == 1 else "several articles"
        ),
    )


def _grouped(
    results: Iterable[QuestionResult], key: Callable[[QuestionResult], str]
) -> dict[str, list[QuestionResult]]:
    groups: dict[str, list[QuestionResult]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def _resampled(
    values: Sequence[float], statistic: Callable[[NDArray[float64]], NDArray[float64]]
) -> NDArray[float64]:
    import numpy as np

    sample = np.asarray(values, dtype=float)
    generator = np.random.default_rng(SEED)
    # In blocks: 2,000 resamples of thousands of questions would fill the memory at once.
    block = max(1, 2_000_000 // sample.size)
    parts = []
    for done in range(0, RESAMPLES, block):
        rows = min(block, RESAMPLES - done)
        drawn = generator.integers(0, sample.size, size=(rows, sample.size))
        parts.append(statistic(sample[drawn]))
    return np.concatenate(parts)
