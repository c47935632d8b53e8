"""When an answer is shown, and that the more articles are asked the surer it has to be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.decision import Decision, Signals
from assistant.judging import Judge

DECISION = Decision.of("qwen2.5-coder-1.5b")
SURE = Signals(yes=0.999, nearest=1.0, asked=1.0, together=1.0, strangers=0, unsaid=False)


@given(st.floats(0.001, 0.999), st.floats(0, 1), st.integers(1, 8))
def test_more_articles_never_answer_more(yes: float, caution: float, among: int) -> None:
    judge, signals = Judge(DECISION, caution), replace(SURE, yes=yes)
    assert judge.refuses(signals, among) <= judge.refuses(signals, among + 1)
    limit = DECISION.threshold(caution, signals)
    chance = DECISION.probability(signals)
    assert judge.refuses(signals) == (chance < limit) or chance == pytest.approx(limit)


def test_a_doubtful_answer_is_one_articles_and_none_of_four() -> None:
    doubtful = min(
        (replace(SURE, yes=step / 100) for step in range(1, 100)),
        key=lambda signals: abs(
            DECISION.probability(signals) - 1.2 * DECISION.threshold(0.5, signals)
        ),
    )
    judge = Judge(DECISION, 0.5)
    assert not judge.refuses(doubtful)
    assert judge.refuses(doubtful, 4)
    assert not judge.refuses(SURE, 4)
    assert not Judge(DECISION, 0.0).refuses(doubtful, 4), "the bold see everything"
