"""Intervals, calibration and comparison against hand-computed and independent results."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from assistant.errors import UserInputError
from assistant.evaluation import EvaluationReport, compare, plots, summarise
from assistant.evaluation.calibration import calibrate
from assistant.evaluation.figures import by_article, by_kind, mean_figure, percentile_figure
from assistant.schema import Answer, Question, QuestionResult, Score, Timings
from benchmarks import quality_plots


def result(
    name: str, scope: tuple[str, ...] = ("a",), confidence: float = 0.5, **scores: float | None
) -> QuestionResult:
    answer = Answer(name, "", (), (), "answered", confidence, timings=Timings(total=2.0))
    return QuestionResult(
        Question(name, name, scope, kind=scope[0]),
        answer,
        tuple(Score(metric, value) for metric, value in scores.items()),
    )


def report(*results: QuestionResult) -> EvaluationReport:
    return EvaluationReport("set", results, {}, {})


def test_unscored_is_left_out_of_the_mean() -> None:
    figures = summarise([result("1", correct=1), result("2", correct=None), result("3", correct=0)])
    assert (figures["correct"].value, figures["correct"].n) == (0.5, 2)
    assert figures["seconds_total_p50"].value == 2.0
    assert "cited" not in figures


def test_the_interval_agrees_with_the_normal_approximation_where_that_holds() -> None:
    values = [1.0] * 300 + [0.0] * 200
    figure = mean_figure(values)
    half = 1.96 * math.sqrt(0.6 * 0.4 / 500)
    assert figure.low == pytest.approx(0.6 - half, abs=0.006)
    assert figure.high == pytest.approx(0.6 + half, abs=0.006)
    assert mean_figure(values) == figure, "the same values give the same interval"


def test_all_alike_is_not_certainty() -> None:
    perfect = mean_figure([1.0] * 20)
    # Wilson by hand: 20 of 20, z = 1.96: 20 / (20 + 3.8415).
    assert perfect.low == pytest.approx(20 / 23.8415, abs=1e-4)
    assert perfect.high == 1.0
    assert mean_figure([0.0] * 20).high == pytest.approx(1 - 20 / 23.8415, abs=1e-4)


def test_percentiles() -> None:
    figure = percentile_figure([float(value) for value in range(1, 101)], 95)
    assert figure.value == pytest.approx(95.05)
    assert figure.low < figure.value < figure.high <= 100


def test_groups() -> None:
    rows = [result("1", ("a",)), result("2", ("b",)), result("3", ("b",)), result("4", ("a", "b"))]
    assert {name: len(group) for name, group in by_article(rows).items()} == {
        "b": 2,
        "a": 1,
        "several articles": 1,
    }
    assert list(by_kind(rows)) == ["a", "b"]


def test_calibration_by_hand() -> None:
    rows = [
        result("1", confidence=0.95, trusted=1),
        result("2", confidence=0.91, trusted=0),
        result("3", confidence=0.15, trusted=0),
        result("4", confidence=0.15, trusted=None),
        result("5", confidence=1.0, trusted=1),
    ]
    found = calibrate(rows)
    assert found is not None
    high = (0.95 + 0.91 + 1.0) / 3
    assert [item.n for item in found.bins] == [1, 3]
    assert found.ece == pytest.approx((abs(0.15 - 0) * 1 + abs(high - 2 / 3) * 3) / 4)
    assert found.auroc == 1.0
    assert [point[0] for point in found.risk_coverage] == [0.25, 0.5, 0.75, 1.0]
    assert [point[1] for point in found.risk_coverage] == pytest.approx([0, 0, 1 / 3, 0.5])
    assert calibrate([result("1")]) is None


def test_answers_of_equal_confidence_are_kept_together() -> None:
    rows = [result(str(place), confidence=0.5, trusted=place % 2) for place in range(4)]
    found = calibrate(rows)
    assert found is not None
    assert found.risk_coverage == ((1.0, 0.5),)


@given(st.lists(st.tuples(st.floats(0.01, 0.999), st.booleans()), min_size=1, max_size=60))
def test_reliability_agrees_with_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    found = calibrate(
        [result("q", confidence=confidence, trusted=float(right)) for confidence, right in pairs]
    )
    assert found is not None
    trusted, confidence = calibration_curve(
        [right for _, right in pairs], [value for value, _ in pairs], n_bins=10, strategy="uniform"
    )
    # On a bin's edge the two differ by rounding; then only the totals can be compared.
    if not any(math.isclose(value * 10, round(value * 10)) for value, _ in pairs):
        assert [item.trusted for item in found.bins] == pytest.approx(list(trusted))
        assert [item.confidence for item in found.bins] == pytest.approx(list(confidence))
    assert sum(item.n for item in found.bins) == len(pairs)


def runs(old: list[float], new: list[float], **kept: str) -> tuple[EvaluationReport, ...]:
    metric = kept.get("metric", "trusted")
    return tuple(
        report(*(result(str(place), **{metric: value}) for place, value in enumerate(values)))  # type: ignore[arg-type]
        for values in (old, new)
    )


def test_mcnemar_by_hand() -> None:
    # 8 fell, 1 rose: two-sided exact p = 2 * (C(9,0) + C(9,1)) / 2**9.
    old, new = runs([1.0] * 8 + [0.0] + [1.0] * 11, [0.0] * 8 + [1.0] + [1.0] * 11)
    comparison = compare(old, new)
    change = comparison.figures["trusted"]
    assert change.p == pytest.approx(2 * (1 + 9) / 2**9)
    assert (change.better, change.worse, change.n) == (1, 8, 20)
    assert comparison.fallen(["trusted"]) == [change]
    assert len(comparison.changed) == 9
    assert compare(new, old).fallen(["trusted"]) == []


def test_a_fall_of_a_figure_where_lower_is_better_is_a_rise() -> None:
    old, new = runs([1.0] * 10, [0.0] * 10, metric="false_refusal")
    assert compare(old, new).figures["false_refusal"].rose
    assert compare(new, old).figures["false_refusal"].fell


def test_the_permutation_test_agrees_with_full_enumeration() -> None:
    rng = random.Random(3)
    old = [rng.random() for _ in range(8)]
    new = [value - 0.1 + 0.2 * rng.random() for value in old]
    differences = np.array(new) - np.array(old)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1)
    sums = differences @ signs
    observed = differences.sum()
    tail = min(np.mean(sums >= observed - 1e-12), np.mean(sums <= observed + 1e-12))
    change = compare(*runs(old, new, metric="f1")).figures["f1"]
    assert change.p == pytest.approx(min(1.0, 2 * tail), abs=0.01)


def test_only_questions_of_both_runs_are_compared() -> None:
    old = report(result("1", trusted=1), result("2", trusted=1))
    new = report(result("2", trusted=0), result("3", trusted=1))
    comparison = compare(old, new)
    assert (comparison.figures["trusted"].n, comparison.unpaired) == (1, 2)
    with pytest.raises(UserInputError, match="no question in common"):
        compare(old, report(result("9", trusted=1)))
    with pytest.raises(UserInputError, match="No figure recall@5"):
        comparison.fallen(["recall@5"])


def test_nothing_changed() -> None:
    old, new = runs([1.0, 0.0], [1.0, 0.0])
    assert compare(old, new).figures["trusted"].p == 1.0


def test_a_plot_can_stand_alone() -> None:
    calibration = calibrate([result("1", confidence=0.2, trusted=0), result("2", trusted=1)])
    assert calibration is not None
    plot = plots.standalone(plots.reliability(calibration))
    root = ElementTree.fromstring(plot)
    assert float(root.attrib["width"]) > float(root.attrib["height"]) > 0
    used = set(re.findall(r"var\((--\w+)\)", plot))
    assert used
    assert used <= set(re.findall(r"(--\w+):#", plot)), "every colour it uses is given"
    ground = next(element for element in root if element.tag.endswith("rect"))
    assert (ground.attrib["width"], ground.attrib["fill"]) == ("100%", "var(--paper)")


def test_plots_of_several_runs_name_each_and_draw_what_they_hold(tmp_path: Path) -> None:
    good = [result(str(n), confidence=0.9, trusted=1) for n in range(8)]
    doubtful = [result(str(n), confidence=n / 10, trusted=n % 2) for n in range(10)]
    sets = {"good": good, "doubtful": doubtful, "unscored": [result("x", confidence=0.5)]}
    reliability, risk = quality_plots.draw(sets, tmp_path / "plots")
    assert (reliability.name, risk.name) == (
        "quality-reliability.svg",
        "quality-risk-coverage.svg",
    )
    written = risk.read_text(encoding="utf-8")
    assert "good (8)" in written
    assert "doubtful (10)" in written
    assert "unscored" not in written
    for path in (reliability, risk):
        ElementTree.parse(path)
    lines = quality_plots.table(sets).splitlines()
    assert lines[2] == "| good | 8 | 1.00 | 0.100 | 0.010 | – |"
    assert [line.split(" | ")[:3] for line in lines[3:]] == [
        ["| doubtful", "10", "0.50"],
        ["| all", "18", "0.72"],
    ]
    with pytest.raises(SystemExit, match="No scored answers"):
        quality_plots.draw({"none": []}, tmp_path)
