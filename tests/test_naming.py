"""A name for what a question asks the name of, and not any name."""

from __future__ import annotations

import pytest

from assistant.naming import gives_name, names_nothing

WARDEN = "What is the name of the warden Barr reassigned?"


@pytest.mark.parametrize(
    ("question", "answer", "given"),
    [
        (WARDEN, "Lamine N'Diaye.", True),
        (WARDEN, "The warden is called Lamine N'Diaye.", True),
        (WARDEN, "Barr reassigned the warden, Lamine N'Diaye.", True),
        (WARDEN, "The warden was reassigned.", False),
        (WARDEN, "Barr reassigned the warden.", False),
        (WARDEN, "The warden was reassigned by Attorney General William Barr.", False),
        (WARDEN, "The warden at the New York jail was reassigned.", False),
        ("What is the ship's name?", "The ship lies in Hamburg.", False),
        ("What is the ship's name?", "The ship in Hamburg is the Gorch Fock.", True),
        ("What is the name of the town he moved to?", "He moved to Leeds.", True),
        ("What was the name of the colony?", "They founded the colony of Fort Caroline.", True),
        ("What's the name of the law?", "The limit was set through the Energy Act.", True),
        ("What was the name of France's colony?", "It was in New France.", True),
    ],
)
def test_a_name_is_one_for_what_is_to_be_named(question: str, answer: str, given: bool) -> None:
    assert gives_name(question, answer) == given


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("The patient's name is a 43-year-old man.", "a 43-year-old man"),
        ("The name of the patient was the man from the north.", "the man from the north"),
        ("The patient's full name is Martin Taylor.", ""),
        ("The ship’s name was the Gorch Fock.", ""),
        ("His name is mud.", ""),
        ("The name of the game is the thing that counts, said Taylor.", ""),
    ],
)
def test_what_is_given_for_a_name_and_is_none(claim: str, told: str) -> None:
    assert names_nothing(claim) == told
