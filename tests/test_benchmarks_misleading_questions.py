"""Misleading questions find their paragraph, and spelling does not tell which they are."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from assistant.testing import HashEmbedder
from benchmarks.answer_pairs import Asked, Paragraph
from benchmarks.misleading_questions import Group, groups, read_questions

FERRY = "The ferry Aurora left Bergen in 1901. It carried ninety sheep to Oslo. Nobody saw Aurora."
BAKERY = "The bakery burns wood. Marie Duval built the oven in Lyon. It opens at five."
MISLEADING = [
    "when did the ferry aurora reach bergen ?",
    "who left bergen on the ferry aurora ?",
    "how many sheep did the ferry carry to bergen ?",
    "what does the bakery in lyon not burn ?",
    "who burns wood in the bakery oven ?",
    "who did n't build the oven in lyon ?",
]


def paragraph(text: str, *questions: str) -> Paragraph:
    ends = [i + 1 for i, letter in enumerate(text) if letter == "."]
    starts = [0, *(end + 1 for end in ends[:-1])]
    return Paragraph(
        text, list(zip(starts, ends, strict=True)), [Asked(q, 0, "") for q in questions]
    )


ARTICLES = [
    [
        paragraph(
            FERRY,
            "When did the ferry Aurora leave Bergen?",
            "How many sheep did it carry?",
            "Where did the sheep go?",
            "Who saw Aurora?",
        )
    ],
    [
        paragraph(
            BAKERY,
            "Who built the oven in Lyon?",
            "What does the bakery burn?",
            "When does it open?",
            "Where is the bakery?",
        )
    ],
]


def embed(texts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(HashEmbedder().embed_documents(texts), dtype=np.float32)


@pytest.fixture
def found() -> dict[str, Group]:
    made = groups(MISLEADING, ARTICLES, embed, random.Random(1))
    return {group.text.split()[1]: group for group in made}


def test_a_question_goes_with_the_paragraph_that_it_misleads_with(found: dict[str, Group]) -> None:
    assert found.keys() == {"ferry", "bakery"}
    unanswered = {q for q, answered in found["ferry"].questions if not answered}
    assert "When did the ferry Aurora reach Bergen?" in unanswered
    assert len(unanswered) == 3


def test_the_answered_ones_are_the_likest_and_those_that_share_fewest_words(
    found: dict[str, Group],
) -> None:
    answered = [q for q, answered in found["bakery"].questions if answered]
    assert "Who built the oven in Lyon?" in answered[:2]
    assert "When does it open?" in answered


def test_both_kinds_are_written_alike(found: dict[str, Group]) -> None:
    assert ("Who didn't build the oven in Lyon?", False) in found["bakery"].questions
    assert ("When did the ferry Aurora leave Bergen?", True) in found["ferry"].questions


def test_a_list_is_read_with_its_columns_and_without(tmp_path: Path) -> None:
    listed = tmp_path / "questions.txt"
    listed.write_text(f"5ad1\t{MISLEADING[0]}\t3\t4\n\n{MISLEADING[1]}\n")
    assert read_questions(listed) == MISLEADING[:2]
