"""An article as the ledger records it: its text, and its other fields as JSON."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, fields
from typing import Any

from assistant.errors import ArticleError, UnknownArticle
from assistant.schema import Article

ARTICLES = "SELECT id, text, details FROM articles JOIN texts ON article = number"
"""Rows for :func:`article_from`; a WHERE clause follows."""

_DETAILS = frozenset(field.name for field in fields(Article)) - {"id", "text"}


def stored(db: sqlite3.Connection, number: int) -> Article:
    """One article in any state, inside a transaction that is already open.

    Raises:
        UnknownArticle: when there is none with this number (any more).
    """
    row = db.execute(f"{ARTICLES} WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise UnknownArticle("The article has just been removed from the library.")
    return article_from(*row)


def article_from(article_id: str, text: str, details: str) -> Article:
    """The article that was written as these three columns."""
    # A field that only a later version knows is left alone; one it lacks has its default.
    known = {name: _frozen(v) for name, v in json.loads(details).items() if name in _DETAILS}
    return Article(id=article_id, text=text, **known)


def details_of(article: Article) -> str:
    """An article's fields besides id and text, as JSON.

    Raises:
        ArticleError: when any of its text could not be read back as it is.
    """
    details = {name: value for name, value in asdict(article).items() if name in _DETAILS}
    written = json.dumps(details, ensure_ascii=False)
    for text in (article.id, article.text, written):
        if "\0" in text or encodable(text) != text:
            raise ArticleError(
                f"“{encodable(article.title)[:80]}” holds a NUL or half a character. Save it "
                "as UTF-8 text."
            )
    return written


def encodable(text: str) -> str:
    """``text`` with lone surrogates, which SQLite cannot store, made visible as "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _frozen(value: Any) -> Any:
    """JSON has no tuples, and an Article nothing but."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
