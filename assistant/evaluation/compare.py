"""Compare two runs question by question, and say whether a figure really fell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.errors import UserInputError
from assistant.evaluation.figures import mean_figure
from assistant.evaluation.metrics import METRICS, headline
from assistant.evaluation.runs import EvaluationReport
from assistant.schema import Question, QuestionResult

SIGNIFICANT = 0.05
"""A two-sided p-value below this counts as a real difference."""

_RESAMPLES = 9999
_SEED = 7


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One metric in both runs, over the ``n`` questions that both could score.

    ``p`` is two-sided: McNemar's exact test where every score is 0 or 1, else a paired
    permutation test. ``better`` and ``worse`` count questions.
    """

    metric: str
    old: float
    new: float
    p: float
    better: int
    worse: int
    n: int

    @property
    def fell(self) -> bool:
        """Whether the metric got significantly worse."""
        return self.p < SIGNIFICANT and self._gain < 0

    @property
    def rose(self) -> bool:
        """Whether the metric got significantly better."""
        return self.p < SIGNIFICANT and self._gain > 0

    @property
    def _gain(self) -> float:
        sign = 1 if METRICS[self.metric].higher_is_better else -1
        return (self.new - self.old) * sign


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """A question whose ``trusted`` (or, without answers, ``recall@5``) changed."""

    metric: str
    old: QuestionResult
    new: QuestionResult
    old_value: float
    new_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side: figures, changed questions, and questions only one run has."""

    figures: Mapping[str, FigureChange]
    changed: tuple[QuestionChange, ...]
    unpaired: int

    def fallen(self, named: Iterable[str]) -> list[FigureChange]:
        """Those of the named figures that fell significantly.

        Raises:
            UserInputError: a name that no figure of both runs has.
        """
        names = list(named)
        if unknown := [name for name in names if name not in self.figures]:
            known = ", ".join(self.figures)
            raise UserInputError(
                f"No figure {', '.join(unknown)} in both runs; there are: {known}."
            )
        return [self.figures[name] for name in names if self.figures[name].fell]


def compare(old: EvaluationReport, new: EvaluationReport) -> Comparison:
    """Compare the questions that both runs asked, paired by id and wording.

    Raises:
        UserInputError: the runs have no question in common.
    """
    check_comparable(old, [item.question for item in new.results])
    before = {_key(item.question): item for item in old.results}
    pairs = [(before[key], item) for item in new.results if (key := _key(item.question)) in before]
    figures = {name: change for name in METRICS if (change := _figure_change(name, pairs))}
    return Comparison(
        figures=figures,
        changed=tuple(_changes(headline(figures), pairs)),
        unpaired=len(old.results) + len(new.results) - 2 * len(pairs),
    )


def check_comparable(old: EvaluationReport, questions: Iterable[Question]) -> None:
    """Refuse a comparison with a run that asked none of these questions.

    Raises:
        UserInputError: there is nothing to compare.
    """
    asked = {_key(item.question) for item in old.results}
    if not any(_key(question) in asked for question in questions):
        raise UserInputError(
            "The two runs have no question in common; compare runs of one question set."
        )


def _key(question: Question) -> tuple[str, str]:
    return question.id, question.question


def _figure_change(
    metric: str, pairs: Sequence[tuple[QuestionResult, QuestionResult]]
) -> FigureChange | None:
    values = [
        (first, second)
        for old, new in pairs
        if (first := _value(old, metric)) is not None
        and (second := _value(new, metric)) is not None
    ]
    if not values:
        return None
    old_values, new_values = [pair[0] for pair in values], [pair[1] for pair in values]
    sign = 1 if METRICS[metric].higher_is_better else -1
    gains = [(second - first) * sign for first, second in values]
    return FigureChange(
        metric=metric,
        old=mean_figure(old_values).value,
        new=mean_figure(new_values).value,
        p=_p_value(old_values, new_values),
        better=sum(gain > 0 for gain in gains),
        worse=sum(gain < 0 for gain in gains),
        n=len(values),
    )


def _p_value(old: Sequence[float], new: Sequence[float]) -> float:
    from scipy.stats import binomtest, permutation_test

    up = sum(second > first for first, second in zip(old, new, strict=True))
    down = sum(second < first for first, second in zip(old, new, strict=True))
    if not up + down:
        return 1.0
    if set(old) | set(new) <= {0.0, 1.0}:
        return float(binomtest(up, up + down, 0.5).pvalue)
    # Pairs without a difference add nothing but time: exchanging them changes no sum.
    differing = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    outcome = permutation_test(
        ([pair[0] for pair in differing], [pair[1] for pair in differing]),
        lambda first, second, axis: second.sum(axis=axis) - first.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=_SEED,
    )
    return float(outcome.pvalue)


def _changes(
    metric: str, pairs: Sequence[tuple[QuestionResult, QuestionResult]]
) -> Iterable[QuestionChange]:
    for old, new in pairs:
        first, second = _value(old, metric), _value(new, metric)
        if first is not None and second is not None and first != second:
            yield QuestionChange(metric, old, new, first, second)


def _value(result: QuestionResult, metric: str) -> float | None:
    return next((item.value for item in result.scores if item.metric == metric), None)
