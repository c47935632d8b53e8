"""Relative times against a publication date: Wednesday, 8 November 2023."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles.relative_dates import relative_dates

PUBLISHED = "2023-11-08T09:30:00+09:00"


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("The talks ended Wednesday.", ["2023-11-08"]),
        ("She arrived on Tuesday and left yesterday.", ["2023-11-07", "2023-11-07"]),
        ("He spoke last Wednesday.", ["2023-11-01"]),
        ("He spoke last Friday.", ["2023-11-03"]),
        ("The meetings will end Wednesday.", ["2023-11-15"]),
        ("They hope for a statement, expected on Friday.", ["2023-11-10"]),
        ("She flew to Tokyo on Tuesday to speak to him.", ["2023-11-07"]),
        ("Talks are set to resume Thursday.", ["2023-11-09"]),
        ("Officials set off on Monday before dawn.", ["2023-11-06"]),
        ("They meet next Monday.", ["2023-11-13"]),
        ("It rained today; tomorrow it will not.", ["2023-11-08", "2023-11-09"]),
        ("Last week they met.", ["2023-10-30 to 2023-11-05"]),
        ("Earlier this week they met.", ["2023-11-06 to 2023-11-12"]),
        ("Next month they vote.", ["2023-12-01 to 2023-12-31"]),
        ("Last month they voted.", ["2023-10-01 to 2023-10-31"]),
        ("It began last year.", ["2022-01-01 to 2022-12-31"]),
        ("It began three days ago.", ["2023-11-05"]),
        ("It began two weeks ago.", ["2023-10-22 to 2023-10-28"]),
        ("It began two years ago.", []),
        ("It began Wednesday, 1 November 2023.", []),
        ("It began on Wednesday Nov. 1.", []),
        ("Nothing is told here. The Sundays played.", []),
    ],
)
def test_expressions_are_days(text: str, dates: list[str]) -> None:
    assert [str(found) for found in relative_dates(text, PUBLISHED)] == dates


def test_the_place_of_an_expression_is_exact() -> None:
    text = "On Tuesday, and again last week."
    assert [text[f.start : f.end] for f in relative_dates(text, PUBLISHED)] == [
        "Tuesday",
        "last week",
    ]


@pytest.mark.parametrize("published", [None, "", "soon", "2023"])
def test_without_a_publication_date_nothing_is_claimed(published: str | None) -> None:
    assert relative_dates("They met on Wednesday.", published) == []


@given(st.text(), st.dates().map(str))
def test_any_text_and_date_is_fine(text: str, published: str) -> None:
    for found in relative_dates(text + " last week tomorrow Wednesday next year", published):
        assert found.first <= found.last
