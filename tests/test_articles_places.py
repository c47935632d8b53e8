"""Pages and days of a quote."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.articles.places import days_meant, pages_of
from assistant.schema import Article

TEXT = "One page.\n\nTwo pages run\non here.\n\nThree."
ARTICLE = Article("a", "T", TEXT, "a.pdf", pages=(0, 11, 25))


@pytest.mark.parametrize(
    ("quote", "pages"),
    [
        ("One page.", "page 1"),
        ("Two pages run", "page 2"),
        ("Two pages run\non here.", "pages 2–3"),
        ("on here.", "page 3"),
        ("One page.\n\n", "page 1"),
        (TEXT, "pages 1–3"),
    ],
)
def test_a_quote_stands_on_its_pages(quote: str, pages: str) -> None:
    start = TEXT.index(quote)
    assert pages_of(ARTICLE, start, start + len(quote)) == pages


def test_an_article_without_pages_has_none() -> None:
    assert pages_of(replace(ARTICLE, pages=()), 0, 9) == ""


def test_what_stands_before_the_first_page_is_on_it() -> None:
    assert pages_of(replace(ARTICLE, pages=(4, 11)), 0, 3) == "page 1"


def test_relative_times_of_a_quote_have_their_days() -> None:
    text = "It began on Monday. The talks are expected to end on Friday, not last week."
    article = Article("a", "T", text, "a.txt", published="2023-11-08")
    start = text.index("The talks")
    assert days_meant(article, start, len(text)) == [
        "Friday: 2023-11-10",
        "last week: 2023-10-30 to 2023-11-05",
    ]
    assert days_meant(article, 0, start) == ["Monday: 2023-11-06"]
    assert days_meant(replace(article, published=None), 0, len(text)) == []


def test_words_before_the_quote_tell_which_way_its_weekday_points() -> None:
    text = "The talks are expected to end on Friday."
    article = Article("a", "T", text, "a.txt", published="2023-11-08")
    assert days_meant(article, text.index("Friday"), len(text)) == ["Friday: 2023-11-10"]
