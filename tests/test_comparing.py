"""Several articles are asked one by one and shown side by side, never merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.comparing import (
    MOST_ASKED,
    article_names,
    is_comparison,
    put_to_one,
    side_by_side,
    worth_asking,
)
from assistant.grounding import quote
from assistant.judging import Finding
from assistant.passages import split_article
from assistant.schema import Answer, Article, Delta, Passage, RetrievedPassage, Sentence
from assistant.testing import HashEmbedder, ScriptedChatModel

POST = Article(
    "a1", "Rescue of a company", "The rescue costs $6.5 billion. It came late in the year.", "a"
)
TIMES = Article(
    "b2",
    "A company is rescued",
    "The rescue may cost $8 billion. Everybody there hopes that it works.",
    "b",
)
QUESTION = "How much does the rescue cost, according to each outlet?"


def finding(article: Article, probability: float = 0.9, sentence: int = 0) -> Finding:
    passage = split_article(article)[sentence]
    return Finding(quote([passage], {article.id: article}), probability, probability)


def shown(
    *findings: tuple[Article, Finding], question: str = QUESTION
) -> tuple[str, tuple[str, ...]]:
    grounded, notices = side_by_side(
        question, {a.id: f for a, f in findings}, {a.id: a for a, _ in findings}
    )
    assert grounded is not None
    markers = [citation.marker for citation in grounded.citations]
    assert markers == list(range(1, len(markers) + 1))
    return " ".join(str(sentence) for sentence in grounded.sentences), notices


def test_each_article_keeps_its_name_and_its_quote() -> None:
    text, notices = shown((POST, finding(POST)), (TIMES, finding(TIMES)))
    assert text == (
        "“Rescue of a company”: The rescue costs $6.5 billion.[1] "
        "“A company is rescued”: The rescue may cost $8 billion.[2]"
    )
    assert notices == ("The articles give different figures; each is shown with its own quote.",)


def test_an_article_without_the_figure_asked_for_is_left_out_beside_one_that_has_it() -> None:
    text, _ = shown((POST, finding(POST)), (TIMES, finding(TIMES, sentence=1)))
    assert text == "The rescue costs $6.5 billion.[1]"
    both, _ = shown((POST, finding(POST, sentence=1)), (TIMES, finding(TIMES, sentence=1)))
    assert "late in the year" in both
    assert "Everybody" in both


def test_what_nothing_in_an_article_bears_out_is_left_out_beside_what_is() -> None:
    told = finding(TIMES)
    assert told.grounded is not None
    talk = Sentence("The reports agree on this.", "weak", told.grounded.citations, "only a part")
    made_up = Sentence("It is the dearest ever.", "unsupported", (), "nothing says this")
    for more in (talk, made_up):
        sentences = (*told.grounded.sentences, more)
        doubtful = replace(told, grounded=replace(told.grounded, sentences=sentences))
        text, _ = shown((POST, finding(POST)), (TIMES, doubtful))
        assert text.endswith("The rescue may cost $8 billion.[2]")


def test_an_article_with_a_doubtful_answer_only_is_left_out_beside_a_sure_one() -> None:
    told = finding(TIMES)
    assert told.grounded is not None
    [said] = told.grounded.sentences
    weak = replace(said, support="weak", reason="only a part")
    failed = replace(said, support="unsupported", citations=(), reason="nothing says this")
    doubtful = replace(told, grounded=replace(told.grounded, sentences=(weak,)))
    worse = replace(told, grounded=replace(told.grounded, sentences=(weak, failed)))
    for other in (doubtful, worse):
        text, _ = shown((POST, finding(POST)), (TIMES, other))
        assert text == "The rescue costs $6.5 billion.[1]"
    assert "$8 billion" in shown((TIMES, doubtful))[0]


def test_the_same_figures_are_said_to_agree() -> None:
    other = replace(TIMES, text=TIMES.text.replace("8", "6.5"))
    _, notices = shown((POST, finding(POST)), (other, finding(other)))
    assert notices == ("The articles give the same figures.",)


def test_one_article_that_answers_speaks_alone() -> None:
    refused = Finding(None, 0.1, 0.9)
    text, notices = shown((POST, finding(POST)), (TIMES, refused))
    assert text == "The rescue costs $6.5 billion.[1]"
    assert notices == ()


def test_a_doubtful_second_answer_is_left_out_unless_all_were_asked_for() -> None:
    pair = (POST, finding(POST, 0.9)), (TIMES, finding(TIMES, 0.5))
    text, _ = shown(*pair, question="How much does the rescue cost?")
    assert "Times" not in text
    assert "$8" not in text
    text, _ = shown(*pair)
    assert "$8" in text


def test_articles_are_told_apart_by_outlet_and_date_or_else_by_title() -> None:
    post = replace(POST, outlet="Post", published="2019-10-22T08:00")
    assert article_names([post, TIMES]) == {
        "a1": "Post, 2019-10-22",
        "b2": "“A company is rescued”",
    }
    twin = replace(TIMES, outlet="Post", published="2019-10-22")
    assert article_names([post, twin]) == {
        "a1": "“Rescue of a company”",
        "b2": "“A company is rescued”",
    }


@pytest.mark.parametrize(
    ("question", "comparing"),
    [
        ("What figure does each report give?", True),
        ("Do the reports agree?", True),
        ("How soon did he improve, according to the different outlets?", True),
        ("How do the articles describe the fire?", True),
        ("Which company made the duvet?", False),
        ("What did the report say about fires?", False),
        ("How do the accounts compare?", True),
        ("Compare what the outlets say.", True),
        ("When did he leave, and do they agree?", True),
        ("What share of the young use it, and how does that compare with the country?", False),
        ("What did the company agree to, according to the police?", False),
    ],
)
def test_what_asks_for_a_comparison(question: str, comparing: bool) -> None:
    assert is_comparison(question) is comparing


def hit(article_id: str, score: float) -> RetrievedPassage:
    return RetrievedPassage(Passage(f"{article_id}:0-1", article_id, "x", 0, 1), score, 1)


def test_few_articles_are_all_asked_and_of_many_the_near_ones() -> None:
    hits = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.2)]
    assert worth_asking(QUESTION, ["c", "b", "a"], hits) == ["a", "b", "c"]
    many = [chr(97 + i) for i in range(20)]
    assert worth_asking("How much?", many, hits) == ["a", "b"]
    everywhere = [hit(key, 0.5) for key in many]
    assert len(worth_asking(QUESTION, many, everywhere)) == MOST_ASKED


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    def reply(prompt: str) -> str:
        return "The rescue costs $6.5 billion." if "6.5" in prompt else "It may cost $8 billion."

    model = ScriptedChatModel(replies=reply)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder(), caution=0.0) as assistant:
        for article in (POST, TIMES):
            assistant.add(text=article.text, title=article.title)
        yield assistant


def test_a_question_to_two_articles_is_answered_by_both(library: Assistant) -> None:
    events = list(library.stream(QUESTION))
    answer = events[-1]
    assert isinstance(answer, Answer)
    texts = {article.id: article.text for article in library.articles()}
    assert {citation.article_id for citation in answer.citations} == set(texts)
    for citation in answer.citations:
        assert texts[citation.article_id][citation.start : citation.end] == citation.quote
    said = "".join(event.text for event in events if isinstance(event, Delta))
    assert "“Rescue of a company”: The rescue" in said
    assert any("different figures" in notice for notice in answer.notices)
    assert answer.standalone == QUESTION
    assert isinstance(library.chat_model, ScriptedChatModel)
    prompts = "\n".join(library.chat_model.prompts)
    assert "How much does the rescue cost?" in prompts
    assert "each outlet" not in prompts


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("How big was the rescue, according to each outlet?", "How big was the rescue?"),
        ("According to the different reports, how big was it?", "How big was it?"),
        ("What did he first suspect, and do the reports agree?", "What did he first suspect?"),
        ("When did he leave? Do the reports say the same?", "When did he leave?"),
        ("Do the reports agree?", "Do the reports agree?"),
        ("What figure does each report give?", "What figure does each report give?"),
        ("What did they agree to?", "What did they agree to?"),
        (
            "When did it begin, and did they agree to it?",
            "When did it begin, and did they agree to it?",
        ),
        (
            "According to the report, why did he leave?",
            "According to the report, why did he leave?",
        ),
    ],
)
def test_each_article_is_not_asked_about_the_others(question: str, alone: str) -> None:
    assert put_to_one(question) == alone
