"""Whose words a question wants, about what, and whether a quote is one of them."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.asked_words import AskedWords
from assistant.attribution import speaker_index
from assistant.library import Vectors
from assistant.passages import split_article
from assistant.schema import Article

TEXT = (
    "Mara Quill, the harbour minister, said the oars were lost.\n\n"
    "The storm broke three windows of the town hall. It cost the town a week.\n\n"
    "The mayor, Olaf Cole, said the windows of the hall would be mended by May."
)
ARTICLE = Article("a", "A storm", TEXT, "")
PASSAGES = split_article(ARTICLE)
OARS, STORM, COST, MENDED = (passage.id for passage in PASSAGES)


def read(question: str, near: float = 0.0, article: Article = ARTICLE) -> AskedWords:
    passages = split_article(article)

    def nearness(_: str) -> Vectors:
        return np.full(len(passages), near, dtype=np.float32)

    return AskedWords(question, article, passages, speaker_index(article, passages), nearness)


@pytest.mark.parametrize(
    ("question", "near", "anothers"),
    [
        ("What did Mara Quill say about the oars?", 0.0, False),
        ("What did Mara Quill say about the windows?", 0.0, True),
        # It may be about it in other words,
        ("What did Mara Quill say about the windows?", 0.5, False),
        # as where no sentence has the word; and what all of the article is about is everybody's.
        ("What did Mara Quill say about the paddles?", 0.0, False),
        ("What did Mara Quill say about the storm?", 0.0, False),
        # Nobody's words are wanted, or a second thing is.
        ("What broke the windows?", 0.0, False),
        ("What did Quill say about the windows, and who mends them?", 0.0, False),
    ],
)
def test_a_topic_is_anothers(question: str, near: float, anothers: bool) -> None:
    assert read(question, near).is_anothers_topic == anothers


def test_a_quote_is_theirs_where_they_say_it_or_are_named() -> None:
    words = read("What did Mara Quill say about the oars?")
    assert words.are_theirs({OARS})
    assert words.are_theirs({STORM})  # it may go on
    assert not words.are_theirs({COST})
    assert not words.are_theirs({MENDED})
    assert read("Who broke the windows?").are_theirs({COST})


def test_what_they_say_on_it_is_told_from_what_else_they_say() -> None:
    assert read("What did Mara Quill say about the oars?").are_said({OARS})
    assert not read("What did Mara Quill say about the paddles?").are_said({OARS})
    assert not read("What did Mara Quill say about the oars?").are_said({MENDED})
    assert not read("What was lost?").are_said({OARS})


def test_what_the_whole_article_is_about_is_no_topic_of_theirs() -> None:
    text = (
        "Mara Quill, the harbour minister, said the oars were lost. The mayor, Olaf Cole, said "
        "that the price of oars is high."
    )
    article = Article("b", "No oars", text, "")
    lost = split_article(article)[0].id
    asked = "What did Mara Quill say about the {}?"
    assert read(asked.format("oars"), article=article).are_said({lost})
    assert not read(asked.format("price of the oars"), article=article).are_said({lost})


def test_who_says_nothing_is_unsaid() -> None:
    assert read("What did Daniel Levy say about the oars?").unsaid
    assert not read("What did Mara Quill say about the oars?").unsaid


@pytest.mark.parametrize(
    ("told", "unsaid"),
    [
        ("A hearing is held with people from A&B and Norwave Ltd.", True),
        ("The lines of A&B fell. Its engineers said so.", True),
        ("A&B denied that its lines fell.", False),
        ("The lines fell, according to A&B.", False),
        ("A&B: “Our lines never fall.”", False),
        ("A hearing is held about the lines.", True),
    ],
)
def test_a_body_that_is_named_and_tells_nothing_is_unsaid(told: str, unsaid: bool) -> None:
    article = Article("c", "Fallen lines", f"The mayor, Olaf Cole, said it was late.\n\n{told}", "")
    passages = split_article(article)
    words = AskedWords(
        "What did A&B say about why its lines fell?",
        article,
        passages,
        speaker_index(article, passages),
        lambda _: np.zeros(len(passages), dtype=np.float32),
    )
    assert words.unsaid == unsaid


def test_of_statements_that_share_no_word_with_the_question_the_nearer_comes_first() -> None:
    told = "Olaf Cole said the bakery would stay.\n\nCole said the ferry was late again."
    article = Article("b", "Town news", told, "")
    passages = split_article(article)

    def nearness(text: str) -> Vectors:
        assert text == "buses and boats"
        return np.array([0.1, 0.6], dtype=np.float32)

    words = AskedWords(
        "What did Olaf Cole say about buses and boats?",
        article,
        passages,
        speaker_index(article, passages),
        nearness,
    )
    assert [one.text for one in words.statements] == [passages[1].text, passages[0].text]
