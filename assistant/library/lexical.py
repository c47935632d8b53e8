"""Find passages by their words: a question becomes a full-text query, ranked by BM25.

The full-text table is SQLite's FTS5, kept by ``ledger`` in the same transactions as the
articles. Words are stemmed (Porter) and stripped of diacritics by the table's tokenizer. What
is written without spaces (Chinese, Japanese, Thai …) is cut into pairs of letters that overlap,
as Lucene's CJKAnalyzer does: no dictionary, and any word of two letters or more is found.
Not handled: the inflection of other languages than English.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from assistant.wording import STOPWORDS

_HIRAGANA = "\u3041-\u3096\u309d-\u309fー"
# Korean has spaces, but its particles are written onto the words: 정부는 is 정부.
_SCRIPTS = (
    _HIRAGANA,
    "\u30a1-\u30fa\u30fc-\u30ff",  # Katakana
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",  # Han
    "\uac00-\ud7a3",  # Hangul
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece",  # Thai, Lao
    "\u1000-\u103f\u1050-\u108f\u1780-\u17d3\u17dc-\u17dd",  # Burmese, Khmer
)
_MARKS = "".join(
    letter
    for letter in map(chr, (*range(0xE00, 0xF00), *range(0x1000, 0x10A0), *range(0x1780, 0x1800)))
    if unicodedata.category(letter)[0] == "M"
)
"""Vowels and tones that stand on a letter, which FTS5 and ``\\w`` would cut words at."""

_RUN = re.compile("|".join(f"[{script}]+" for script in _SCRIPTS))
_LETTER = re.compile(f"[{''.join(_SCRIPTS)}][{_MARKS}]*")

TOKENIZER = f"porter unicode61 remove_diacritics 2 tokenchars {_MARKS}"

ARTICLE_BITS = 20
"""A passage's number is its article's number times 2**20 plus its position in the article."""

MAX_TERMS = 48
"""A longer question is cut: its first words say what it is about."""

MAX_MATCHES = 60_000
"""Passages ranked at most: BM25 costs 0.7 µs for each passage that holds any of the words."""

MAX_RANGES = 8
"""Articles searched one by one; beyond that one pass over all matches is cheaper."""

_WORD = re.compile(rf"(?:[^\W\d_]\.){{2,}}|(?:[^\W_]|[{_MARKS}])+")

_SAMPLE = "G7外相会合、ガザ情勢の声明 กรุงเทพฯ น้ำ 정부는 ភាសា ｶﾀｶﾅ resolution"


def spaced(text: str) -> str:
    """``text`` as it is indexed: words as they are, the rest in pairs of letters.

    The last letter of a run stands alone as well, so that every letter begins some term.
    """
    return _cut(text, last=True)


def _cut(text: str, *, last: bool) -> str:
    if not _LETTER.search(text):
        return text
    # Letters of full and of half width are the same letters.
    text = unicodedata.normalize("NFKC", text)
    return _RUN.sub(lambda run: f" {' '.join(_pairs(run[0], last=last))} ", text)


def _pairs(run: str, *, last: bool) -> list[str]:
    letters = _LETTER.findall(run)
    pairs = ["".join(pair) for pair in pairwise(letters)]
    # One letter of Hiragana between two words is grammar.
    alone = (last or not pairs) and not re.match(f"[{_HIRAGANA}]", run)
    return pairs + letters[-1:] if alone else pairs


FINGERPRINT = hashlib.sha256(f"{TOKENIZER} {spaced(_SAMPLE)}".encode()).hexdigest()[:12]
"""Changes with the way of cutting: a table that was filled under another one is filled again."""


def create(connection: sqlite3.Connection) -> None:
    """Make the full-text table anew, empty."""
    connection.execute("DROP TABLE IF EXISTS words")
    connection.execute(
        f"CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='{TOKENIZER}')"
    )


def put(connection: sqlite3.Connection, first: int, texts: Iterable[str]) -> None:
    """Make passages findable: ``texts`` are those numbered ``first``, ``first + 1``, …"""
    rows = ((number, spaced(text)) for number, text in enumerate(texts, first))
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", rows)


def forget(connection: sqlite3.Connection, first: int, texts: Iterable[str]) -> None:
    """Undo :func:`put`. A table without content forgets a row only when told what it said."""
    rows = ((number, spaced(text)) for number, text in enumerate(texts, first))
    connection.executemany("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", rows)


def terms(question: str) -> list[str]:
    """The words of a question worth looking for, in order, each once, at most MAX_TERMS.

    "US", "IT" and "WHO" in capitals are names, not stopwords; "U.S." stays one term. A
    question of nothing but stopwords is looked for with all of them.
    """
    # A lone surrogate cannot be handed to SQLite, and half a megabyte need not be.
    cleaned = question[:20_000].encode("utf-8", "ignore").decode("utf-8")
    words = [word[:64] for word in _WORD.findall(_cut(cleaned, last=False))]
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
    expression = " OR ".join(map(_quoted, words))
    rows = connection.execute(
        f"SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {inside} "
        "ORDER BY score DESC, rowid LIMIT ?",
        (expression, *values, k),
    )
    return [(int(number), float(score)) for number, score in rows]


def _quoted(word: str) -> str:
    """A term for FTS5: it holds no quotation mark, so quoting makes it a plain string.

    A single letter of a script without spaces is looked for at the head of pairs.
    """
    return f'"{word}"{"*" if _LETTER.fullmatch(word) else ""}'


def _affordable(connection: sqlite3.Connection, words: list[str]) -> list[str]:
    """The rarest words whose matches together are few enough to rank; always at least one."""
    counting = "SELECT count(*) FROM words WHERE words MATCH ?"
    counts = [int(connection.execute(counting, (_quoted(w),)).fetchone()[0]) for w in words]
    if sum(counts) <= MAX_MATCHES:
        return words
    rarest = sorted(zip(counts, words, strict=True))
    totals = accumulate(count for count, _ in rarest)
    kept = [word for total, (_, word) in zip(totals, rarest, strict=True) if total <= MAX_MATCHES]
    return kept or [rarest[0][1]]
