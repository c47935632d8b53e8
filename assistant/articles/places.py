"""Where a quote stands, as a reader would say it: its page, and the days its words mean."""

from __future__ import annotations

from bisect import bisect_right

from assistant.articles.relative_dates import relative_dates
from assistant.schema import Article


def pages_of(article: Article, start: int, end: int) -> str:
    """The page or pages of ``article.text[start:end]``, such as ``page 3`` or ``pages 3–4``.

    ``""`` for an article without pages. Pages count from 1, whatever is printed on them.
    """
    if not article.pages:
        return ""
    first = max(1, bisect_right(article.pages, start))
    last = max(first, bisect_right(article.pages, max(start, end - 1)))
    return f"page {first}" if first == last else f"pages {first}–{last}"


def days_meant(article: Article, start: int, end: int) -> list[str]:
    """What relative times in ``article.text[start:end]`` mean, such as ``Wednesday: 2023-11-08``.

    Each expression once; none where the article's day of publication is not known.
    """
    # The whole text is read: what stands before a weekday tells whether it is ahead.
    text = article.text[:end]
    meant = {
        text[found.start : found.end].lower(): f"{text[found.start : found.end]}: {found}"
        for found in relative_dates(text, article.published)
        if found.start >= start
    }
    return list(meant.values())
