"""The ledger's passages: found by number or by their words, written inside its transactions.

A passage is kept as a place in its article's text. Its number is made of the article's number
and its position there, so that the passages of an article follow one another without a gap.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from assistant.errors import ArticleError
from assistant.library import lexical
from assistant.library.database import Database
from assistant.library.records import stored
from assistant.schema import Article, Passage

MAX_PASSAGES = 1 << lexical.ARTICLE_BITS
"""Passages of one article at most."""


class PassageTable:
    """The passages in one ledger's file. Thread-safe; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, article: int) -> list[Passage]:
        """The passages of one article in any state, in reading order."""
        with self._database.reading() as db:
            return _read(db, article)

    def at(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number, of ready articles only: others are left out."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT p.number, p.id, a.id, p.first, p.after, p.heading, a.number FROM passages "
                f"p JOIN articles a ON a.number = p.number >> {lexical.ARTICLE_BITS} "
                "WHERE a.state = 'ready' AND p.number IN (SELECT value FROM json_each(?))",
                (json.dumps(list(numbers)),),
            ).fetchall()
            texts = {n: stored(db, n).text for n in {row[6] for row in rows}}
        return {
            row[0]: Passage(row[1], row[2], texts[row[6]][row[3] : row[4]], *row[3:6])
            for row in rows
        }

    def search(
        self, question: str, k: int, articles: Sequence[int] | None
    ) -> list[tuple[int, float]]:
        """Passage numbers and BM25 scores, best first; see :func:`lexical.search`."""
        with self._database.reading() as db:
            return lexical.search(db, question, k, articles)


def first_number(article: int) -> int:
    """The number of an article's first passage."""
    return article << lexical.ARTICLE_BITS


def check(article: Article, passages: Sequence[Passage]) -> None:
    """Refuse what could not be stored or read back.

    Raises:
        ArticleError: there are none or too many, or one is not where it says it is.
    """
    if not 0 < len(passages) <= MAX_PASSAGES:
        raise ArticleError(
            f"The article has {len(passages)} sentences; 1 to {MAX_PASSAGES} can be stored. "
            "Give the article's text, in parts if need be."
        )
    for p in passages:
        if article.text[p.start : p.end] != p.text:
            raise ArticleError(f"Passage {p.id} is not in its article at {p.start}–{p.end}.")


def put(db: sqlite3.Connection, article: int, passages: Sequence[Passage]) -> None:
    """Write the passages of an article that has none."""
    numbered = enumerate(passages, first_number(article))
    rows = ((number, p.id, p.start, p.end, p.heading) for number, p in numbered)
    db.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", rows)


def delete(db: sqlite3.Connection, article: int) -> None:
    """Delete the passages of an article, whose words must be hidden."""
    db.execute("DELETE FROM passages WHERE number >= ? AND number < ?", _span(article))


def show_words(db: sqlite3.Connection, article: int) -> None:
    """Make the words of an article's passages findable."""
    lexical.put(db, first_number(article), (passage.text for passage in _read(db, article)))


def hide_words(db: sqlite3.Connection, article: int) -> None:
    """Undo :func:`show_words`."""
    lexical.forget(db, first_number(article), (passage.text for passage in _read(db, article)))


def _read(db: sqlite3.Connection, number: int) -> list[Passage]:
    article = stored(db, number)
    rows = db.execute(
        "SELECT id, first, after, heading FROM passages WHERE number >= ? AND number < ? "
        "ORDER BY number",
        _span(number),
    )
    return [
        Passage(passage_id, article.id, article.text[first:after], first, after, heading)
        for passage_id, first, after, heading in rows
    ]


def _span(article: int) -> tuple[int, int]:
    return first_number(article), first_number(article + 1)
