"""The checks of benchmarks/whole_article.py, on answers whose faults are known."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.evaluation.overlap import says
from assistant.schema import NOT_IN_ARTICLE, Answer, Article, Citation, Sentence
from benchmarks import whole_article
from benchmarks.whole_article import Checked, Expected, check, expected, table, thirds

SPEAKERS, SUMMARY, COUNTRIES = "w-seed-02", "w-seed-01", "w-seed-03"
QUOTED = {
    "5 speakers in this article: Antony Blinken": "“This is a very important moment for the G7 "
    "to come together in the face of this crisis and take a clear position,” Blinken told "
    "Japanese Foreign Minister Yoko Kamikawa.",
    "Fumio Kishida": "Japanese Prime Minister Fumio Kishida said that “G7 unity is more necessary "
    "than ever given the situation in Israel and Palestine, the situation in Ukraine and the "
    "challenges in the Indo-Pacific region,” his office said.",
    "Yoko Kamikawa": "“You have our broadest support,” Kamikawa told Blinken.",
    "Annalena Bärbock": "He said he had discussed with many partners “how we can finally achieve "
    "a humanitarian ceasefire in terms of time and geography.”",
    "James Cleverley": "British Foreign Secretary James Cleverley told reporters that his "
    "government would only support a “humanitarian pause” limited to a specific time period and "
    "geographic area, rather than a broad ceasefire.",
}


@pytest.fixture(scope="module")
def questions() -> dict[str, Expected]:
    found, _, _ = expected(whole_article.SHARED)
    return {one.question.id: one for one in found}


def said(article: Article, *parts: tuple[str, str]) -> Answer:
    """An answer of sentences, each with a quote of the article (or with none)."""
    sentences = []
    for text, quote in parts:
        start = article.text.index(quote)
        cited = Citation(1, article.id, "", "", quote, start, start + len(quote))
        sentences.append(Sentence(text, "supported", (cited,) if quote else ()))
    citations = tuple(c for sentence in sentences for c in sentence.citations)
    text = " ".join(map(str, sentences))
    return Answer("?", text, tuple(sentences), citations, "answered", 0.9)


def listed(article: Article, *more: tuple[str, str]) -> Answer:
    return said(article, *((f"{name}.", quote) for name, quote in QUOTED.items()), *more)


def test_what_is_expected_stands_in_the_articles() -> None:
    found, articles, left_out = expected(whole_article.SHARED)
    assert len(found) + left_out == 20
    for one in found:
        text = articles[one.question.scope[0]].text
        for group in [*one.named, *one.also]:
            assert any(says(text, name) for name in group) or group[0] in (
                "Germany",
                "United Kingdom",
                "Argentina",
            ), (one.question.id, group)
        assert all(re.compile(pattern) for pattern in one.wrong)


def test_questions_about_absent_articles_are_left_out() -> None:
    found, articles, left_out = expected(whole_article.SHARED / "nothing here")
    assert (len(found), left_out) == (4, 16)
    assert list(articles) == ["g7-gaza-blinken"]


def test_a_right_list_passes(questions: dict[str, Expected], seed_article: Article) -> None:
    checked = check(questions[SPEAKERS], listed(seed_article), seed_article)
    assert checked.remarks == ()
    assert checked.values["passed"] == checked.values["precision"] == 1


@pytest.mark.parametrize(
    ("text", "quote", "column", "remark"),
    [
        ("Joe Biden.", "“commended the Biden administration’s", "true", "Biden"),
        ("The devastating conflict.", "The devastating conflict in Gaza", "true", "belong"),
        ("Blinken met Lavrov.", "“You have our broadest support,”", "true", "made up: Lavrov"),
        ("Blinken spoke 14 times.", "“You have our broadest support,”", "true", "made up: 14"),
        ("In all 9 people, Blinken first.", "Blinken described", "true", "counts 9, not 5 to 7"),
        ("Blinken spoke.", "", "cited", "uncited"),
    ],
)
def test_one_fault_fails_a_list(
    questions: dict[str, Expected],
    seed_article: Article,
    text: str,
    quote: str,
    column: str,
    remark: str,
) -> None:
    checked = check(questions[SPEAKERS], listed(seed_article, (text, quote)), seed_article)
    assert checked.values[column] == checked.values["passed"] == 0
    assert any(remark in line for line in checked.remarks), checked.remarks


def test_a_number_of_people_in_a_sentence_is_not_a_count_of_the_list(
    questions: dict[str, Expected], seed_article: Article
) -> None:
    reported = ("Blinken spoke of 1,000 people.", "Blinken described the effort")
    checked = check(questions[SPEAKERS], listed(seed_article, reported), seed_article)
    assert not any("counts" in line for line in checked.remarks)


def test_answers_that_were_kept_are_checked_again(tmp_path: Path, seed_article: Article) -> None:
    path = tmp_path / "extractive.jsonl"
    with pytest.raises(SystemExit, match="without --again first"):
        whole_article.read(path)
    answer = listed(seed_article)
    row = {"id": SPEAKERS, "answer": answer.to_dict()}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert whole_article.read(path) == {SPEAKERS: answer}
    assert whole_article.as_added(seed_article).text == seed_article.text


def test_a_quote_that_is_not_the_articles_is_seen(
    questions: dict[str, Expected], seed_article: Article
) -> None:
    answer = listed(seed_article)
    moved = replace(answer.citations[0], start=answer.citations[0].start + 1)
    answer = replace(answer, citations=(moved, *answer.citations[1:]))
    assert check(questions[SPEAKERS], answer, seed_article).values["verbatim"] == 0


def test_a_name_with_somebody_elses_words_lowers_the_precision(
    questions: dict[str, Expected], seed_article: Article
) -> None:
    wrong = ("Kishida again.", "A tentative consensus appears to be emerging")
    checked = check(questions[SPEAKERS], listed(seed_article, wrong), seed_article)
    assert checked.values["precision"] == pytest.approx(5 / 6)


def test_a_missing_name_and_a_refusal_do_not_pass(
    questions: dict[str, Expected], seed_article: Article
) -> None:
    two = said(seed_article, *list(QUOTED.items())[1:3])
    assert check(questions[SPEAKERS], two, seed_article).values["points"] == pytest.approx(2 / 5)
    refusal = Answer("?", NOT_IN_ARTICLE, (), (), "not_in_article", 0.9)
    checked = check(questions[SPEAKERS], refusal, seed_article)
    assert checked.values["passed"] == checked.values["answered"] == 0
    assert checked.values["true"] is None


def test_a_summary_of_the_first_lines_does_not_cover_the_article(
    questions: dict[str, Expected], seed_article: Article
) -> None:
    points = "Blinken asked the G7 for unity on Gaza and more humanitarian aid."
    first = "Upon arriving in Asia, US Secretary of State Antony Blinken"
    last = "Blinken described the effort as a “work in progress.”"
    middle = "Japanese Prime Minister Fumio Kishida said"
    narrow = said(seed_article, (points, first))
    wide = said(seed_article, (points, first), (points, middle), (points, last))
    assert thirds(narrow, seed_article) == pytest.approx(1 / 3)
    assert check(questions[SUMMARY], narrow, seed_article).values["passed"] == 0
    assert check(questions[SUMMARY], wide, seed_article).values["passed"] == 1


def test_countries_need_the_number_and_a_quote_that_names_each(
    questions: dict[str, Expected], seed_article: Article
) -> None:
    names = ("United States", "Israel", "Japan", "Russia", "Ukraine", "North Korea", "China")
    quote = seed_article.text
    whole = said(
        seed_article,
        (f"7 countries are named: {names[0]}.", quote),
        *((f"{name}.", quote) for name in names[1:]),
    )
    assert check(questions[COUNTRIES], whole, seed_article).values["passed"] == 1
    unnamed = said(seed_article, ("China is one of 7.", "Blinken described the effort"))
    assert check(questions[COUNTRIES], unnamed, seed_article).values["precision"] == 0


def test_the_table_has_intervals_for_every_kind(questions: dict[str, Expected]) -> None:
    some = list(questions.values())[:4]
    values: dict[str, float | None] = dict.fromkeys(whole_article.COLUMNS, 1.0)
    lines = table([(one, Checked({**values, "thirds": None}, ())) for one in some]).split("\n")
    assert lines[2].startswith("| all | 4 | 1.00 (0.51–1.00) |")
    assert lines[2].endswith("| – |")
    assert [line.split(" | ")[0] for line in lines[3:]] == [
        "| summary",
        "| speakers",
        "| countries",
        "| organisations",
    ]
