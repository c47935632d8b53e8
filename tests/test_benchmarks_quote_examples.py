"""Examples of single passages: what answers is told from what only stands near."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.library import Library
from assistant.passages import split_article
from assistant.schema import Article
from assistant.testing import HashEmbedder
from benchmarks.answer_pairs import Asked, Paragraph
from benchmarks.quote_examples import Finder, batches, fitting, made

FERRY = (
    "The ferry Aurora left Bergen in 1901. It carried ninety sheep to Oslo. "
    "The captain of the ferry Aurora was Nils Berg. Nobody saw the ferry again."
)
ANSWERED = "Who was the captain of the ferry Aurora?"
MISLEADING = "Who was the cook of the ferry Aurora?"


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[Finder]:
    with Library.open(tmp_path, HashEmbedder(), embedder_name="hash") as library:
        yield Finder(library, None)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "ferry.json").write_text(json.dumps({"id": "f", "title": "Ferry", "text": FERRY}))
    gold = "The captain of the ferry Aurora was Nils Berg."
    rows = [
        {"question": ANSWERED, "answerable": True, "answers": [["Berg"]], "evidence": [gold]},
        {"question": MISLEADING, "answerable": False, "answers": [], "evidence": []},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"id": str(i), "article": "ferry"} | row) for i, row in enumerate(rows)
        )
    )
    return path


def test_only_what_holds_the_evidence_answers(finder: Finder, questions: Path) -> None:
    seen = set()
    for seed in range(20):
        for name, (text, question, answers) in fitting(
            questions, questions.parent, finder, random.Random(seed)
        ):
            assert name == "ferry"
            assert answers == (question == ANSWERED and "Nils Berg" in text)
            assert len(text.split("\n")) <= 2
            seen.add((question, answers, len(text.split("\n"))))
    # An answered question also has passages that do not answer it; some texts are two passages.
    assert {(ANSWERED, True, 1), (ANSWERED, True, 2), (ANSWERED, False, 1)} <= seen
    assert {(MISLEADING, False, 1), (MISLEADING, False, 2)} <= seen


def test_a_question_that_was_changed_is_not_answered(finder: Finder) -> None:
    places = [(p.start, p.end) for p in split_article(Article("f", "", FERRY, ""))]
    asked = Asked("Who was the captain of the ferry Aurora?", FERRY.index("Nils"), "Nils Berg")
    paragraph = Paragraph(FERRY, places, [asked])
    examples = [
        example
        for seed in range(20)
        for example in made([[paragraph]], finder, random.Random(seed))
    ]
    changed = [example for example in examples if example[1] != asked.question]
    assert changed
    assert not any(answers for *_, answers in changed)
    kept = [(text, answers) for text, question, answers in examples if question == asked.question]
    assert all(answers == ("Nils Berg" in text) for text, answers in kept)
    assert {answers for _, answers in kept} == {True, False}


def test_questions_about_one_text_are_read_together_and_none_twice() -> None:
    examples = [(f"Text {i % 30}.", f"Question {i}?", i % 2 == 0) for i in range(120)]
    parts = batches([*examples, *examples], random.Random(1))
    assert sorted(example for part in parts for example in part) == sorted(examples)
    of_text = [{text for text, *_ in part} for part in parts]
    assert sum(map(len, of_text)) == 30
    assert max(map(len, parts)) < 14 + 4
