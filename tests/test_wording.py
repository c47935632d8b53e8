"""What the words of a sentence claim: numbers, dates, names, content words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.wording import (
    STOPWORDS,
    content_words,
    dates,
    full_names,
    names,
    numbers,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize(
    "ways",
    [
        ["three hostages", "3 hostages", "Three hostages", "3.0 hostages"],
        ["600,000 people", "600.000 people", "600000 people"],
        ["3.80 dollars", "3.8 dollars", "3,8 dollars", "$3.8"],
        ["1,234,567", "1.234.567", "1234567"],
        ["1,234.5", "1.234,5", "1234.5", "1,234.50"],
        ["1.2 billion", "$1.2bn", "1.2 bn dollars"],
        ["the first of them", "the 1st of them", "number 1"],
        ["on day 7", "on day 07", "on day seven"],
        ["a dozen of them", "12 of them", "twelve of them"],
        ["the 1990s", "1990"],
    ],
    ids=lambda ways: ways[0],
)
def test_a_number_is_the_same_however_it_is_written(ways: list[str]) -> None:
    assert len({numbers(way) for way in ways}) == 1
    assert numbers(ways[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2 million", "1.2 billion"),
        ("3.5", "35"),
        ("15", "50"),
        ("fifteen", "fifty"),
        ("2,5", "25"),
        ("-", "0"),
    ],
)
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert numbers(one) != numbers(other)


def test_dates_are_weekdays_and_months_by_name() -> None:
    assert dates("on Tuesday, Oct. 7, or in September") == {"tuesday", "october", "september"}
    assert dates("Sept. 3") == dates("September 3")
    assert dates("Wednesday’s talks") == {"wednesday"}
    assert dates("they may march in August, she said") == {"august"}
    assert dates("In May or March") == {"may", "march"}


def test_names_are_capitals_that_no_sentence_start_explains() -> None:
    assert names("Yesterday Blinken met Kamikawa.") == {"blinken", "kamikawa"}
    assert names("The minister spoke. Then he left.") == frozenset()
    assert names("Cleverley spoke.") == frozenset()
    assert names("Cleverley spoke.", known=frozenset({"cleverley"})) == {"cleverley"}
    assert names("James Cleverley spoke.") >= {"james"}
    assert names("He said: “Peace is near.”") == frozenset()
    assert names("On Monday in May Mr. Hill and I left") == {"hill"}
    assert names("However, Kamikawa said") == {"kamikawa"}
    assert names("As I’d say, I'm fine, and I've been") == frozenset()


def test_a_name_is_the_same_in_all_its_spellings() -> None:
    assert names("said Bärbock’s aide") == names("said Barbock's aide") == {"barbock"}
    assert names("said José") == names("said Jose\u0301") == {"jose"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the United States said", "the U.S. said"),
        ("in Great Britain", "in the UK"),
        ("a South Korean said", "the Seoul government’s view"),
        ("in the United Arab Emirates", "the UAE"),
        ("of Saudi Arabia", "and Riyadh"),
    ],
)
def test_countries_count_by_one_name_and_their_words_by_none(one: str, other: str) -> None:
    assert names(one) == names(other)
    assert len(names(one)) == 1


def test_a_last_name_stands_for_a_full_one_unless_two_share_it() -> None:
    text = "Yesterday Jeremy Corbyn met Anas Haqqani and his uncle Sirajuddin Haqqani in Kabul."
    assert full_names(text) == {"corbyn": frozenset({"jeremy", "corbyn"})}


def test_content_words_are_stems_of_what_carries_meaning() -> None:
    assert content_words("The ministers were meeting in Tokyo") == ["minist", "meet", "tokyo"]
    assert content_words("meetings, meets; Meeting!") == ["meet"] * 3
    assert content_words("Café CAFÉ cafe’s") == ["cafe"] * 3
    assert content_words("three of the 3") == ["3", "3"]
    assert content_words(" ".join(sorted(STOPWORDS))) == []


@given(TEXT)
def test_any_text_can_be_read(text: str) -> None:
    for found in (numbers(text), dates(text), names(text), frozenset(content_words(text))):
        assert "" not in found
    assert not set(content_words(text)) & STOPWORDS or any(w.isascii() for w in text)
    full_names(text)


@given(TEXT, TEXT)
def test_what_a_part_says_the_whole_says(one: str, other: str) -> None:
    whole = f"{one}\n\n{other}"
    assert numbers(one) | numbers(other) == numbers(whole)
    assert dates(one) | dates(other) == dates(whole)
    assert content_words(one) + content_words(other) == content_words(whole)
