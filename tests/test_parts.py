"""A question that asks two things is taken apart; one that asks one thing is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.parts import parts_of


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "What is the patient's name and where is he from?",
            ["What is the patient's name?", "Where is he from?"],
        ),
        (
            "Which debate do they want, and what will they ask the court to do?",
            ["Which debate do they want?", "What will they ask the court to do?"],
        ),
        ("Who is the mayor? When was she elected?", ["Who is the mayor?", "When was she elected?"]),
    ],
)
def test_two_questions_are_two(question: str, parts: list[str]) -> None:
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "What was the UK's position?",
        "What do Britain and France want?",
        "Who said what and why?",
        "What did doctors suspect, and do the reports agree?",
        "Why?",
    ],
)
def test_one_question_is_itself(question: str) -> None:
    assert parts_of(question) == [question]


@given(st.text(max_size=200))
def test_any_text_has_parts(text: str) -> None:
    parts = parts_of(text)
    assert parts
    assert parts == [text] or len(parts) > 1
