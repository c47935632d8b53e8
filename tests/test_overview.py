"""Questions about a whole article are answered over all of it, with a citation a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.answering import Assistant
from assistant.overview import asked_for, central
from assistant.passages import split_article
from assistant.schema import Answer
from assistant.testing import HashEmbedder, ScriptedChatModel
from tests.sample_articles import SEED, seed_article


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Summarise the article.", "summary"),
        ("Can you give me a short summary?", "summary"),
        ("What is this article about?", "summary"),
        ("What are the main points?", "summary"),
        ("Who is quoted?", "speakers"),
        ("List everyone who is quoted.", "speakers"),
        ("Who are all the people quoted in this story?", "speakers"),
        ("How many people are quoted in the article?", "speakers"),
        ("Which countries are mentioned?", "countries"),
        ("How many countries does the article name?", "countries"),
        ("List all the numbers in the text.", "list"),
        ("What was the UK's position?", None),
        ("Who is Kamikawa?", None),
        ("What did Blinken say about the summary executions?", None),
        ("Which country was quoted a higher price?", None),
    ],
)
def test_which_questions_are_about_the_whole(question: str, kind: str | None) -> None:
    assert asked_for(question) == kind


@pytest.fixture
def seed(tmp_path: Path) -> Iterator[Assistant]:
    summary = (
        "The UK would only support a humanitarian pause. The Pope met Elvis in Nairobi in 1977. "
        "Blinken described the effort as a work in progress."
    )
    model = ScriptedChatModel(replies=[summary])
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(SEED)
        yield assistant


def check_citations(answer: Answer) -> None:
    text = seed_article().text
    assert answer.status == "answered"
    for sentence in answer.sentences:
        assert sentence.citations
    for citation in answer.citations:
        assert text[citation.start : citation.end] == citation.quote


def test_who_is_quoted_is_known_to_code(seed: Assistant) -> None:
    answer = seed.ask("Who is quoted in this article?")
    check_citations(answer)
    for name in ("Blinken", "Kamikawa", "Annalena Bärbock", "James Cleverley"):
        assert name in answer.text
    for sentence in answer.sentences:
        name = sentence.text.rstrip(".").split()[-1]
        if name == "Cleverley":
            assert (
                "support" in sentence.citations[0].quote or "serious" in sentence.citations[0].quote
            )
    assert seed.chat_model is not None
    assert answer.timings.first_token is None


def test_countries_are_counted_by_code(seed: Assistant) -> None:
    answer = seed.ask("Which countries are mentioned in the article?")
    check_citations(answer)
    for name in ("Israel", "Japan", "Germany", "United Kingdom", "United States"):
        assert name in answer.text
    for sentence in answer.sentences:
        assert len(sentence.citations) == 1


def test_a_summary_leaves_out_what_nothing_supports(seed: Assistant) -> None:
    answer = seed.ask("Summarise the article.")
    check_citations(answer)
    assert len(answer.sentences) == 2
    assert "Pope" not in answer.text


def test_a_long_article_is_summarised_from_its_lead_and_its_centre() -> None:
    passages = split_article(seed_article())
    vectors = np.eye(len(passages), 8, dtype=np.float32)
    vectors[:] = vectors[0]
    vectors[5] = -vectors[0]
    assert central(passages, vectors, lambda size: True) == passages
    chosen = central(passages, vectors, lambda size: False)
    assert len(chosen) == 14
    assert passages[0] in chosen
    assert passages[1] in chosen
    assert passages[5] not in chosen
    assert [p.start for p in chosen] == sorted(p.start for p in chosen)


def extractive_answer(tmp_path: Path, text: str, question: str) -> Answer:
    with Assistant.open(tmp_path, model="extractive", embedder=HashEmbedder()) as assistant:
        assistant.add(text=text, title="Talks")
        return assistant.ask(question)


def test_a_body_and_its_initials_are_one_speaker(tmp_path: Path) -> None:
    text = (
        "The European Union said on Monday that it opposed the plan. “It is illegal,” the EU "
        "said in a statement. The Arab League said it would meet."
    )
    answer = extractive_answer(tmp_path, text, "Who is quoted in the article?")
    told = [sentence.text for sentence in answer.sentences]
    assert told[0].startswith("2 speakers in this article: ")
    assert sum("EU" in one or "European Union" in one for one in told) == 1


def test_more_speakers_than_are_listed_are_counted(tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [f"Anna {a.upper()}{b}lson" for a in letters for b in "ao"][:45]
    text = " ".join(f"“It is late,” said {name}." for name in names)
    answer = extractive_answer(tmp_path, text, "Who is quoted in the article?")
    assert len(answer.sentences) == 40
    assert answer.sentences[0].text.startswith("45 speakers in this article, of which the first 40")


def test_without_a_model_a_summary_is_the_first_and_the_most_central_sentences(
    tmp_path: Path,
) -> None:
    asides = " ".join(f"Aside {i} about birds nesting." for i in range(3))
    text = (
        f"The bridge was closed. {asides} The bridge deck and its cables had rusted. {asides} "
        "Engineers closed the bridge for its rusted cables."
    )
    answer = extractive_answer(tmp_path, text, "Summarise the article.")
    assert len(answer.sentences) == 4
    assert answer.sentences[0].text == "The bridge was closed."
    assert [sentence.support for sentence in answer.sentences] == ["quoted"] * 4


def test_without_a_model_a_list_is_answered_by_the_nearest_sentences(tmp_path: Path) -> None:
    text = "It rained. The towers are 40 metres high. The bridge cost nine euros. Birds nest here."
    answer = extractive_answer(tmp_path, text, "List all the euros that the bridge cost.")
    assert "The bridge cost nine euros." in answer.text
