"""What tells the contrary of what is asked for is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.contrary import is_contrary
from assistant.opposites import opposed, turned

SIGNED = "Norway and Chile signed the treaty in Oslo."
LARGEST = "The largest harbour of the island is in Norwick, its northern town."


@pytest.mark.parametrize(
    ("question", "quote", "around"),
    [
        ("Which countries did not sign the treaty?", SIGNED, ""),
        ("Which countries didn’t sign the treaty in Oslo?", SIGNED, "Peru refused."),
        ("When was the treaty never signed?", SIGNED, "The hall was full."),
        ("Where is the smallest harbour of the island?", LARGEST, "It was built in 1820."),
        ("Which southern town has a harbour?", LARGEST, ""),
        ("When did exports fall?", "Exports rose in May.", ""),
    ],
)
def test_the_contrary_is_noticed(question: str, quote: str, around: str) -> None:
    assert is_contrary(question, quote, f"{quote} {around}")


@pytest.mark.parametrize(
    ("question", "quote", "around"),
    [
        ("Which countries signed the treaty?", SIGNED, ""),
        ("Which countries did not sign?", "Only Peru refused to.", SIGNED),
        ("Which countries did not sign?", "Peru stayed at home.", "It did not sign."),
        # A yes or no is told by the contrary, too.
        ("Did Norway not sign the treaty?", SIGNED, ""),
        ("And didn't Norway sign the treaty?", SIGNED, ""),
        ("Is it the smallest harbour?", LARGEST, ""),
        ("Norway signed the treaty, didn't it?", SIGNED, ""),
        # A reason is seldom told with a "not".
        ("Why did Peru not sign the treaty?", "It feared for its farmers.", "The hall was full."),
        ("What did No 10 say about the treaty?", "Its spokesman praised it.", ""),
        ("What did No. 10 say about the treaty?", "Its spokesman praised it.", ""),
        ("What is not only large but old?", LARGEST, ""),
        ("Who directed No Time to Die?", "Cary Fukunaga directed it.", ""),
        ("How small is the harbour?", LARGEST, ""),
        ("Who opposes a ceasefire?", "London would only support a pause.", ""),
        ("Who opposes a ceasefire?", "London supports no ceasefire.", ""),
        ("Why does London oppose a ceasefire?", "It supports a pause.", ""),
        ("Who was hit most?", "At least 40 people in Norwick were hit.", ""),
        ("When was the product launched?", "It was sold by the end of May.", ""),
        ("How far did the rise go?", "This fall it came to 3%.", ""),
        # Whoever names both means both.
        ("Is the larger or the smaller one older, and which?", "The larger one is.", ""),
        ("Which is the smallest harbour?", LARGEST, "The smallest one is in Selby."),
        ("Where is the harbour?", LARGEST, ""),
        ("", LARGEST, ""),
    ],
)
def test_what_may_be_an_answer_is_not_withheld(question: str, quote: str, around: str) -> None:
    assert not is_contrary(question, quote, f"{quote} {around}")


@given(st.text())
def test_a_text_is_not_the_contrary_of_itself(text: str) -> None:
    assert not is_contrary(text, text, text)
    assert not opposed(text, text)


def test_opposites_are_opposed_both_ways() -> None:
    assert opposed("Sales rose.", "Sales fell.")
    assert opposed("Sales fell.", "Sales rose.")
    assert not opposed("Sales rose.", "Sales grew.")
    assert not opposed("Sales rose and fell.", "Sales fell.")


@pytest.mark.parametrize(
    ("claimed", "given"),
    [
        ("bought", "sold"),
        ("gave", "took a further"),
        ("after", "before"),
        ("to", "from"),
        ("legal", "illegal"),
        ("two weeks", "two months"),
        ("all", "some"),
        ("his wife", "his daughter"),
        ("in the evening", "in the morning"),
        ("kilometres", "miles"),
        ("tripled", "doubled"),
    ],
)
def test_the_other_side_of_a_thing_stands_not_in_its_place(claimed: str, given: str) -> None:
    assert turned(claimed, given)
    assert turned(given, claimed)


@pytest.mark.parametrize(
    ("claimed", "given"),
    [
        ("bought", "purchased"),
        ("some", "many"),
        ("in the evening", "at night"),
        ("km", "kilometres"),
        ("to the city", "from the city to the coast"),
        ("days and weeks", "weeks"),
        ("valuable", "able"),
        ("every", "all"),
    ],
)
def test_what_means_the_same_may_stand_in_its_place(claimed: str, given: str) -> None:
    assert not turned(claimed, given)
