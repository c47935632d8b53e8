"""Whom to ask what: the articles a question is put to, and the parts of it for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from assistant.routing import (
    MOST_ASKED,
    Route,
    is_comparison,
    put_to_one,
    routes,
    worth_asking,
    worth_reading,
)
from assistant.schema import Passage, RetrievedPassage

QUESTION = "How much does the rescue cost, according to each outlet?"


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


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("How big was the rescue, according to each outlet?", "How big was the rescue?"),
        ("According to the different reports, how big was it?", "How big was it?"),
        ("What did he first suspect, and do the reports agree?", "What did he first suspect?"),
        ("When did he leave? Do the reports say the same?", "When did he leave?"),
        ("Do the reports agree?", "Do the reports agree?"),
        ("What figure does each report give?", "What figure does the report give?"),
        ("What was he to get, by each account, and when?", "What was he to get and when?"),
        ("Where do the ads run, and do the outlets name the same ones?", "Where do the ads run?"),
        ("In which reports is he named?", "In which reports is he named?"),
        ("Whom did each of the reporters ask?", "Whom did each of the reporters ask?"),
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


TWO_PARTS = "What did it cost, and who won the cup?"


def routed(question: str, near: Mapping[str, Sequence[RetrievedPassage]]) -> list[Route]:
    """What is asked of articles a, b and c, with what is near each part of the question."""
    hits = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.2)]
    return routes(question, ["a", "b", "c"], hits, lambda part: near.get(part, hits))


def test_parts_go_to_the_articles_that_are_near_them() -> None:
    near = {
        "What did it cost?": [hit("a", 0.9), hit("c", 0.75), hit("b", 0.3)],
        "Who won the cup?": [hit("b", 0.8), hit("a", 0.1)],
    }
    assert routed(TWO_PARTS, near) == [
        Route("What did it cost?", "What did it cost?", ("a", "c")),
        Route("Who won the cup?", "Who won the cup?", ("b",)),
    ]


def test_a_part_is_asked_so_that_it_can_be_understood_alone() -> None:
    alone = "When did she win? (This follows the question: Who rowed for Oslo?)"
    near = {"Who rowed for Oslo?": [hit("a", 0.9)], alone: [hit("b", 0.8)]}
    first, second = routed("Who rowed for Oslo, and when did she win?", near)
    assert (first.articles, second.articles) == (("a",), ("b",))
    assert (second.question, second.asked) == ("When did she win?", alone)


@pytest.mark.parametrize(
    ("question", "last"),
    [
        (TWO_PARTS, [hit("b", 0.8), hit("a", 0.7)]),
        ("What did it cost?", [hit("b", 0.8)]),
        ("What did it cost, and how do the reports differ?", [hit("b", 0.8)]),
        (TWO_PARTS, []),
    ],
    ids=["one article is near both", "one part", "a comparison", "nothing is near one"],
)
def test_else_all_is_asked_of_all(question: str, last: Sequence[RetrievedPassage]) -> None:
    near = {"What did it cost?": [hit("a", 0.9)], "Who won the cup?": last}
    [route] = routed(question, near)
    assert route.question == question
    assert route.articles == ("a", "b", "c")


def test_no_more_articles_are_asked_for_several_parts_than_for_one() -> None:
    many = [hit(chr(97 + i), 0.9) for i in range(20)]
    near = {"What did it cost?": many, "Who won the cup?": [hit("z", 0.8)]}
    assert sum(len(route.articles) for route in routed(TWO_PARTS, near)) <= MOST_ASKED


def test_an_article_far_from_the_question_is_not_read_unless_each_is_to_be_heard() -> None:
    best = {"a": 0.9, "b": 0.7, "c": 0.1}
    assert worth_reading("How much does it cost?", best) == ["a", "b"]
    assert worth_reading(QUESTION, best) == ["a", "b", "c"]
    assert worth_reading("Summarise the articles.", best) == ["a", "b", "c"]
    assert worth_reading("How much does it cost?", {"c": 0.1}) == ["c"]
