"""Near-duplicates and versions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles.identity import (
    NEAR_DUPLICATE,
    Change,
    changed_sentences,
    containment,
    resemblance,
    similarity,
    sketch,
)

WORDS = [f"word{i}" for i in range(2_000)]


def text(seed: int, length: int = 600) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)


def edited(words: list[str], share: float) -> list[str]:
    chance = random.Random(7)
    return [chance.choice(WORDS) if chance.random() < share else word for word in words]


def test_updated_copies_are_near_and_other_stories_are_far() -> None:
    story = text(1)
    assert similarity(" ".join(story), " ".join(story)) == 1
    assert similarity(" ".join(story), "\n\n".join(story).upper()) == 1
    assert similarity(" ".join(story), " ".join(edited(story, 0.02))) > NEAR_DUPLICATE
    assert similarity(" ".join(story), " ".join(text(2))) < 0.1
    assert containment(" ".join(story[:200]), " ".join(story)) > 0.99


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2, 1.0])
def test_sketches_estimate_similarity(share: float) -> None:
    one, other = " ".join(text(1)), " ".join(edited(text(1), share))
    estimate = resemblance(sketch(one), sketch(other))
    assert estimate == pytest.approx(similarity(one, other), abs=0.13)


def test_sketches_never_change() -> None:
    """They are stored: a change here makes every stored sketch useless."""
    assert sketch("one two three four five") == (146857300148844, 194833224092238)


def test_scripts_without_spaces_are_compared_too() -> None:
    one = "七国外长星期三在东京举行会议，讨论战争问题。"
    assert similarity(one, one.replace("星期三", "星期四")) > 0.5
    assert similarity(one, "Ministers met.") == 0


def test_changes_are_told_by_sentence() -> None:
    old = ["Ten people were hurt on Monday.", "Police closed the road.", "It rained."]
    new = ["Twelve people were hurt on Monday.", "Police  closed the road.", "A man was arrested."]
    assert changed_sentences(old, new) == [
        Change("Ten people were hurt on Monday.", "Twelve people were hurt on Monday."),
        Change("It rained.", None),
        Change(None, "A man was arrested."),
    ]
    assert changed_sentences(old, old) == []


@given(st.lists(st.text()), st.lists(st.text()))
def test_changes_lead_from_the_old_to_the_new(old: list[str], new: list[str]) -> None:
    changes = changed_sentences(old, new)
    before = sorted(" ".join(sentence.split()) for sentence in old)
    after = sorted(" ".join(sentence.split()) for sentence in new)
    for change in changes:
        if change.old is not None:
            before.remove(change.old)
        if change.new is not None:
            after.remove(change.new)
    assert before == after
