"""When one article is taken to answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.decision import Decision, Signals
from assistant.judging import Judge

DECISION = Decision.of("qwen2.5-coder-1.5b")
SURE = Signals(yes=0.999, nearest=1.0, asked=1.0, together=1.0, strangers=0, unsaid=False)


@given(st.floats(0.001, 0.999), st.floats(0, 1))
def test_what_is_less_likely_than_the_caution_allows_is_refused(yes: float, caution: float) -> None:
    judge, signals = Judge(DECISION, caution), replace(SURE, yes=yes)
    limit = DECISION.threshold(caution, signals)
    chance = DECISION.probability(signals)
    assert judge.refuses(signals) == (chance < limit) or chance == pytest.approx(limit)
    if caution == 0:
        assert not judge.refuses(signals)


@given(st.floats(0.001, 0.999), st.floats(0, 1), st.integers(1, 8))
def test_the_more_articles_are_asked_the_surer_is_sure(
    yes: float, caution: float, among: int
) -> None:
    signals = replace(SURE, yes=yes)
    surer = DECISION.is_sure(caution, signals, among + 1)
    assert surer <= DECISION.is_sure(caution, signals, among)
