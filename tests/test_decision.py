"""Whether to answer: a probability that moves with its signals, and a threshold with caution."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from assistant.decision import Signals, confidence, features, probability, threshold

SHARE = st.floats(0, 1)
PERHAPS = st.none() | SHARE
BEFORE = st.builds(
    Signals,
    yes=PERHAPS,
    nearest=st.floats(-1, 1.5),
    asked=SHARE,
    together=SHARE,
    strangers=st.integers(0, 50),
    unsaid=st.booleans(),
)
AFTER = st.builds(
    replace,
    BEFORE,
    coverage=SHARE,
    unsupported=SHARE,
    unmet=st.booleans(),
    novelty=SHARE,
    known_alone=PERHAPS,
)

SURE = Signals(yes=0.999, nearest=1.0, asked=1.0, together=1.0, strangers=0, unsaid=False)
UNSURE = replace(SURE, yes=0.001)


@given(st.one_of(BEFORE, AFTER))
def test_whatever_the_signals_there_is_a_probability(signals: Signals) -> None:
    assert 0.0 < probability(signals) < 1.0
    assert 0.0 < confidence(signals) < 1.0
    assert all(isinstance(value, float) for value in features(signals).values())
    json.dumps(features(signals))


@given(st.one_of(BEFORE, AFTER), SHARE, SHARE)
def test_more_caution_never_answers_more(signals: Signals, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert threshold(low, signals) <= threshold(high, signals)
    assert 0.0 <= threshold(low, signals) < 1.0


@given(st.one_of(BEFORE, AFTER))
def test_full_boldness_never_refuses_for_doubt_and_full_caution_wants_to_be_sure(
    signals: Signals,
) -> None:
    assert threshold(0.0, signals) == 0.0
    assert threshold(1.0, signals) > 0.8


@given(BEFORE.filter(lambda signals: signals.yes is not None), SHARE, SHARE)
def test_the_surer_the_model_the_likelier_the_answer(
    signals: Signals, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert probability(replace(signals, yes=low)) <= probability(replace(signals, yes=high))


@given(AFTER)
def test_what_the_check_found_wrong_never_speaks_for_the_answer(signals: Signals) -> None:
    fine = replace(signals, unsupported=0.0)
    wrong = replace(signals, unsupported=1.0)
    assert confidence(wrong) <= confidence(fine)


def test_a_sure_model_is_answered_and_one_that_says_no_is_not() -> None:
    assert probability(SURE) > threshold(0.5, SURE)
    assert probability(UNSURE) < threshold(0.5, UNSURE)


def test_extreme_certainty_is_bounded() -> None:
    assert probability(replace(SURE, yes=1.0)) == probability(replace(SURE, yes=0.99999))
    assert probability(replace(SURE, yes=0.0)) == probability(replace(SURE, yes=0.00001))
    assert features(replace(SURE, strangers=3)) == features(replace(SURE, strangers=1_000))


def test_the_weights_say_when_and_on_what_they_were_fitted() -> None:
    written = json.loads(resources.files("assistant").joinpath("decision.json").read_text())
    assert written["fitted"]
    assert sum(written["questions"].values()) > 100
    known = {"bias", "balanced", *features(replace(SURE, coverage=1.0, unsupported=0.0))}
    known |= {"unmet", "novelty", "known_alone"}
    for head, weights in written["weights"].items():
        assert set(weights) <= known, head
