"""Small pieces of HTML that every pane shares. Everything that comes in is escaped.

What is built here goes into ``gr.HTML`` as it is: no Markdown parser and no sanitizer stand
between it and the page, so text from articles, models and people passes :func:`text` or
:func:`attribute`, always.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from assistant.schema import Article, Place

_QUOTE_CHARS = 600

_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
# Not the computer's own language: the page speaks English.
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


def text(value: object) -> str:
    """Text content, escaped."""
    return html.escape(str(value), quote=False)


def attributes(**values: object) -> str:
    """`` name="value"`` for each, escaped; ``data_x`` gives ``data-x``, None gives nothing."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(str(value), quote=True)}"'
        for name, value in values.items()
        if value is not None
    )


def shorten(value: str, limit: int = _QUOTE_CHARS) -> str:
    """One line of at most ``limit`` characters, cut at a word."""
    line = " ".join(value.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0] + "…"


def seconds(value: float | None) -> str:
    """Seconds in words short enough for a status line."""
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 0.95 else f"{value:.1f} s"


def plural(count: int, noun: str) -> str:
    """``1 article``, ``2 articles``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def joined(parts: Iterable[str | None]) -> str:
    """The parts that are there, escaped, with a middle dot between them."""
    return " · ".join(text(part) for part in parts if part)


def facts(article: Article) -> str:
    """Outlet, byline, date and language as one escaped line; empty when nothing is known."""
    language = article.language if article.language != "en" else None
    return joined((article.outlet, article.byline, day(article.published), language))


def origin(article: Article) -> str:
    """Where an article came from, for people."""
    return "pasted text" if article.source == "text" else article.source


def day(published: str | None) -> str | None:
    """The date of an ISO 8601 time; anything else as it is."""
    if published and len(published) > 10 and published[4:5] == "-" and published[10] in "T ":
        return published[:10]
    return published


def place_words(place: Place) -> str:
    """Pages and days of a quote for people: ``page 3, Wednesday: 8 November 2023``; unescaped."""
    days = [_ISO_DAY.sub(_day_in_words, day) for day in place.days]
    return ", ".join(filter(None, (place.pages, *days)))


def _day_in_words(found: re.Match[str]) -> str:
    month = int(found[2])
    name = _MONTHS[month - 1] if 1 <= month <= len(_MONTHS) else found[2]
    return f"{int(found[3])} {name} {found[1]}"


def web_address(article: Article) -> str | None:
    """The article's http(s) address, if it has one."""
    for address in (article.url, article.source):
        if address and urlsplit(address).scheme in ("http", "https"):
            return address
    return None
