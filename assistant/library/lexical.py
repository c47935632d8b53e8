"""Find passages by their words: a question becomes a full-text query, ranked by BM25.

The full-text table is SQLite's FTS5, kept by ``ledger`` in the same transactions as the
articles. Words are stemmed (Porter) and stripped of diacritics by the table's tokenizer.
Not handled: languages written without spaces (a run of Chinese is one word to FTS5).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import accumulate

TOKENIZER = "porter unicode61 remove_diacritics 2"

ARTICLE_BITS = 20
"""A passage's number is its article's number times 2**20 plus its position in the article."""

MAX_TERMS = 48
"""A longer question is cut: its first words say what it is about."""

MAX_MATCHES = 60_000
"""Passages ranked at most: BM25 costs 0.7 µs for each passage that holds any of the words."""

MAX_RANGES = 8
"""Articles searched one by one; beyond that one pass over all matches is cheaper."""

_WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+")

_STOPWORDS = """
    a about after again all also am an and any are as at be because been before being between
    both but by can could d did do does doing don down during each either else ever every few
    for from further had has have having he her here hers him his how i if in into is it its
    itself just ll m may me might more most much must my no nor not of off on once only or
    other our ours out over own per re s same shall she should so some such t than that the
    their theirs them then there these they this those through to too under until up upon us
    ve very was we were what when where which while who whom whose why will with would you
    your yours
"""
STOPWORDS = frozenset(_STOPWORDS.split())
"""Words that question and article share without meaning anything by it."""


def terms(question: str) -> list[str]:
    """The words of a question worth looking for, in order, each once, at most MAX_TERMS.

    "US", "IT" and "WHO" in capitals are names, not stopwords; "U.S." stays one term. A
    question of nothing but stopwords is looked for with all of them.
    """
    # A lone surrogate cannot be handed to SQLite, and half a megabyte need not be.
    cleaned = question[:20_000].encode("utf-8", "ignore").decode("utf-8")
    words = [word[:64] for word in _WORD.findall(cleaned)]
    kept = [word for word in words if word.isupper() or word.casefold() not in STOPWORDS]
    return list(dict.fromkeys(word.casefold() for word in kept or words))[:MAX_TERMS]


def search(
    connection: sqlite3.Connection, question: str, k: int, articles: Sequence[int] | None
) -> list[tuple[int, float]]:
    """Passage numbers and BM25 scores (higher is better), best first, at most ``k``.

    ``articles`` bounds the search to these article numbers; ``None`` searches all.
    """
    words = terms(question)
    if not words or k < 1:
        return []
    if articles is not None and len(articles) <= MAX_RANGES:
        spans = [(n << ARTICLE_BITS, (n + 1) << ARTICLE_BITS) for n in articles]
        inside = "AND rowid >= ? AND rowid < ?"
        found = [hit for span in spans for hit in _matches(connection, words, k, inside, span)]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]
    words = _affordable(connection, words)
    if articles is None:
        return _matches(connection, words, k)
    inside = f"AND rowid >> {ARTICLE_BITS} IN (SELECT value FROM json_each(?))"
    return _matches(connection, words, k, inside, [json.dumps(list(articles))])


def _matches(
    connection: sqlite3.Connection,
    words: Sequence[str],
    k: int,
    inside: str = "",
    values: Iterable[object] = (),
) -> list[tuple[int, float]]:
    # `words` holds no quotation mark, so quoting makes any of them a plain string to FTS5.
    expression = " OR ".join(f'"{word}"' for word in words)
    rows = connection.execute(
        f"SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {inside} "
        "ORDER BY score DESC, rowid LIMIT ?",
        (expression, *values, k),
    )
    return [(int(number), float(score)) for number, score in rows]


def _affordable(connection: sqlite3.Connection, words: list[str]) -> list[str]:
    """The rarest words whose matches together are few enough to rank; always at least one."""
    counting = "SELECT count(*) FROM words WHERE words MATCH ?"
    counts = [int(connection.execute(counting, (f'"{w}"',)).fetchone()[0]) for w in words]
    if sum(counts) <= MAX_MATCHES:
        return words
    rarest = sorted(zip(counts, words, strict=True))
    totals = accumulate(count for count, _ in rarest)
    kept = [word for total, (_, word) in zip(totals, rarest, strict=True) if total <= MAX_MATCHES]
    return kept or [rarest[0][1]]
