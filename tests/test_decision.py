"""Whether to answer: a probability that moves with its signals, and a threshold with caution."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import weights
from assistant.decision import AskedAgain, Decision, Signals, features

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
    answers=st.none() | st.floats(-12, 12),
)
AFTER = st.builds(
    replace,
    BEFORE,
    coverage=SHARE,
    unsupported=SHARE,
    unmet=st.booleans(),
    novelty=SHARE,
    quotes_answer=st.none() | st.floats(-12, 12),
    said=st.none() | st.booleans(),
    again=st.builds(AskedAgain, known_alone=PERHAPS, holds=PERHAPS, quotes_hold=PERHAPS),
)

SURE = Signals(yes=0.999, nearest=1.0, asked=1.0, together=1.0, strangers=0, unsaid=False)
UNSURE = replace(SURE, yes=0.001)

WRITTEN = json.loads(resources.files("assistant").joinpath("decision.json").read_text())
MODELS = st.sampled_from([*WRITTEN["models"], "never heard of"]).map(Decision.of)
DEFAULT = Decision.of(WRITTEN["default"])


@given(MODELS, st.one_of(BEFORE, AFTER))
def test_whatever_the_signals_there_is_a_probability(decision: Decision, signals: Signals) -> None:
    assert 0.0 < decision.probability(signals) < 1.0
    assert 0.0 < decision.confidence(signals) < 1.0
    assert all(isinstance(value, float) for value in features(signals).values())
    json.dumps(features(signals))


@given(MODELS, st.one_of(BEFORE, AFTER), SHARE, SHARE)
def test_more_caution_never_answers_more(
    decision: Decision, signals: Signals, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert decision.threshold(low, signals) <= decision.threshold(high, signals)
    assert 0.0 <= decision.threshold(low, signals) < 1.0


@given(MODELS, st.one_of(BEFORE, AFTER))
def test_full_boldness_never_refuses_for_doubt_and_full_caution_wants_to_be_sure(
    decision: Decision, signals: Signals
) -> None:
    assert decision.threshold(0.0, signals) == 0.0
    assert decision.threshold(1.0, signals) > 0.8


@given(MODELS, BEFORE.filter(lambda signals: signals.yes is not None), SHARE, SHARE)
def test_the_surer_the_model_the_likelier_the_answer(
    decision: Decision, signals: Signals, one: float, other: float
) -> None:
    low, high = (replace(signals, yes=chance) for chance in sorted((one, other)))
    assert decision.probability(low) <= decision.probability(high)


@given(MODELS, AFTER.filter(lambda signals: signals.yes is not None), SHARE, SHARE)
def test_the_surer_its_adapter_the_likelier_the_answer(
    decision: Decision, signals: Signals, one: float, other: float
) -> None:
    for name in ("holds", "quotes_hold"):
        low, high = (
            replace(signals, again=replace(signals.again, **{name: chance}))
            for chance in sorted((one, other))
        )
        assert decision.probability(low) <= decision.probability(high)


@given(MODELS, AFTER)
def test_what_the_check_found_wrong_never_speaks_for_the_answer(
    decision: Decision, signals: Signals
) -> None:
    fine = replace(signals, unsupported=0.0)
    wrong = replace(signals, unsupported=1.0)
    assert decision.confidence(wrong) <= decision.confidence(fine)


@given(MODELS, st.one_of(BEFORE, AFTER), st.floats(-12, 12), st.floats(-12, 12))
def test_the_likelier_a_passage_answers_the_likelier_the_answer(
    decision: Decision, signals: Signals, one: float, other: float
) -> None:
    low, high = (replace(signals, answers=odds) for odds in sorted((one, other)))
    assert decision.probability(low) <= decision.probability(high)


def test_a_model_that_nothing_was_fitted_on_beside_the_encoder_is_decided_without_it() -> None:
    plain = {head: row for head, row in DEFAULT.weights.items() if "_with_encoder" not in head}
    surest = replace(SURE, answers=9.0)
    assert Decision(plain).probability(surest) == DEFAULT.probability(SURE)
    assert DEFAULT.probability(surest) != DEFAULT.probability(SURE)


def test_the_model_is_asked_about_the_quotes_alone_only_where_it_is_weighed() -> None:
    assert DEFAULT.weighs("known_alone", SURE)
    assert not DEFAULT.weighs("known_alone", replace(SURE, answers=1.0))
    assert Decision.of("qwen2.5-coder-0.5b").weighs("known_alone", replace(SURE, answers=1.0))


def test_the_adapter_is_asked_only_where_it_is_weighed() -> None:
    encoded = replace(SURE, answers=1.0)
    assert DEFAULT.weighs("holds", encoded)
    assert not DEFAULT.weighs("holds", SURE)
    assert not Decision.of("qwen2.5-coder-0.5b").weighs("holds", encoded)


def test_what_its_adapter_says_moves_the_answer() -> None:
    read = replace(SURE, answers=1.0, coverage=0.8, unsupported=0.0, unmet=False, novelty=0.5)
    passages, alone = AskedAgain(holds=0.9), AskedAgain(quotes_hold=0.9)
    quotes = AskedAgain(holds=0.9, quotes_hold=0.9)
    for again, name in (
        (passages, "holds"),
        (alone, "quotes_hold"),
        (quotes, "holds"),
        (quotes, "quotes_hold"),
    ):
        sure, unsure = (
            DEFAULT.probability(replace(read, again=replace(again, **{name: chance})))
            for chance in (0.99, 0.01)
        )
        assert sure - unsure > 0.05
    for end, known in (("_quotes", passages), ("_adapted", alone)):
        without = Decision({head: row for head, row in DEFAULT.weights.items() if end not in head})
        assert without.probability(replace(read, again=quotes)) == DEFAULT.probability(
            replace(read, again=known)
        )


@given(AFTER, SHARE)
def test_only_what_will_be_shown_whatever_else_is_asked_is_sure(
    signals: Signals, caution: float
) -> None:
    sure = DEFAULT.is_sure(caution, signals)
    assert sure <= (DEFAULT.probability(signals) >= DEFAULT.threshold(caution, signals))
    assert not DEFAULT.is_sure(0.0, signals)
    assert not sure or DEFAULT.probability(signals) >= 0.7


def test_a_sure_model_is_answered_and_one_that_says_no_is_not() -> None:
    assert DEFAULT.probability(SURE) > DEFAULT.threshold(0.5, SURE)
    assert DEFAULT.probability(UNSURE) < DEFAULT.threshold(0.5, UNSURE)


def test_extreme_certainty_is_bounded() -> None:
    for extreme, high in ((1.0, 0.99999), (0.0, 0.00001)):
        one, other = (replace(SURE, yes=chance) for chance in (extreme, high))
        assert DEFAULT.probability(one) == DEFAULT.probability(other)
    assert features(replace(SURE, strangers=3)) == features(replace(SURE, strangers=1_000))


def test_a_model_nobody_fitted_anything_on_is_taken_for_the_default_one() -> None:
    assert Decision.of("never heard of") == DEFAULT


@pytest.mark.parametrize("model", weights.catalogue())
def test_every_model_of_ours_is_decided_by_weights_of_its_own(model: str) -> None:
    if weights.catalogue()[model].kind == "chat":
        fitted = WRITTEN["models"][model]["weights"]
        assert {"model_before", "model_after", "model_right"} <= set(fitted)
        assert {head: Decision.of(model).weights[head] for head in fitted} == fitted


def test_the_weights_say_when_and_on_what_they_were_fitted() -> None:
    known = {"bias", "balanced", *features(replace(SURE, coverage=1.0, unsupported=0.0))}
    known |= {"unmet", "novelty", "known_alone", "answers", "quotes_answer", "said"}
    known |= {"holds", "quotes_hold"}
    for model, written in WRITTEN["models"].items():
        assert written["fitted"]
        assert sum(written["questions"].values()) > 100
        if any(head.endswith("_with_encoder") for head in written["weights"]):
            assert written["fitted_with_encoder"]
            assert sum(written["questions_with_encoder"].values()) > 100
        for head, weights_of_it in written["weights"].items():
            assert set(weights_of_it) <= known, (model, head)
