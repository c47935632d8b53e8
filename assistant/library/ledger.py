"""The ledger: every article, passage and vector of a library, in one SQLite file. The truth.

The Chroma index beside it can be rebuilt from here at any time, without embedding anything.
Not handled here: splitting, embedding, the index, and keeping other processes out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from assistant.errors import ArticleError, UnknownArticle
from assistant.library import lexical
from assistant.library.database import Database
from assistant.library.format import APPLICATION_ID, MIGRATIONS
from assistant.library.history import History, put_older
from assistant.library.spaces import Space, Spaces, put_vectors
from assistant.library.vectors import Vectors
from assistant.schema import Article, Passage

State = Literal["indexing", "ready", "deleting"]
"""Only ``ready`` articles are ever seen; the others are being written or removed."""

_SHIFT = lexical.ARTICLE_BITS
MAX_PASSAGES = 1 << _SHIFT

_WORDS = "words"
"""The fact that says how the words in the full-text table were cut."""

_DETAILS = frozenset(field.name for field in fields(Article)) - {"id", "text"}


@dataclass(frozen=True, slots=True)
class Entry:
    """An article's row without its text. ``passages`` counts them."""

    number: int
    id: str
    state: State
    splitter: str
    passages: int

    @property
    def first(self) -> int:
        """The number of its first passage; the others follow without a gap."""
        return self.number << _SHIFT


_ENTRIES = "SELECT number, id, state, splitter, passages FROM articles"
_ARTICLES = "SELECT id, text, details FROM articles JOIN texts ON article = number"


class Ledger:
    """The SQLite file of one library. Thread-safe; every method is one transaction.

    ``spaces`` holds the vectors, ``history`` sources and older versions; ``library`` is a
    random id that stays with the file.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the ledger. Raises LibraryError as :class:`Database` does."""
        self.path = path
        self._database = Database(path, APPLICATION_ID, MIGRATIONS)
        self.spaces = Spaces(self._database)
        self.history = History(self._database)
        self.library = self.fact("library") or uuid4().hex[:12]
        if self.fact("library") is None:
            self.set_fact("library", self.library)
        if self.fact(_WORDS) != lexical.FINGERPRINT:
            self._index_words()

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._database.close()

    def _index_words(self) -> None:
        """Make the words of every ready article findable, as words are cut now."""
        with self._database.writing() as db:
            lexical.create(db)
            ready = db.execute("SELECT number FROM articles WHERE state = 'ready'").fetchall()
            for (number,) in ready:
                lexical.put(db, number << _SHIFT, _texts(_passages(db, number)))
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_WORDS, lexical.FINGERPRINT))

    # Facts: small things to remember about the library as a whole.

    def fact(self, name: str) -> str | None:
        """The value remembered under ``name``, if any."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str | None) -> None:
        """Remember ``value`` under ``name``; ``None`` forgets it."""
        with self._database.writing() as db:
            if value is None:
                db.execute("DELETE FROM facts WHERE name = ?", (name,))
            else:
                db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # Articles.

    def entries(self) -> list[Entry]:
        """Every article in any state, in the order of adding."""
        with self._database.reading() as db:
            return [Entry(*row) for row in db.execute(f"{_ENTRIES} ORDER BY number")]

    def select(self, article_ids: Sequence[str]) -> list[Entry]:
        """The ready articles with these ids, each once, in the order given.

        Raises:
            UnknownArticle: when one of them is not in the library.
        """
        wanted = list(dict.fromkeys(_encodable(article_id) for article_id in article_ids))
        with self._database.reading() as db:
            rows = db.execute(
                f"{_ENTRIES} WHERE state = 'ready' AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(wanted),),
            )
            found = {entry.id: entry for entry in (Entry(*row) for row in rows)}
        for article_id in wanted:
            if article_id not in found:
                if (older := self.history.older(article_id)) is not None:
                    raise UnknownArticle(
                        f"Article {article_id} is an older version, kept for the answers that "
                        f"quote it. Ask the newer one: {older.replaced_by}."
                    )
                raise UnknownArticle(
                    f"No article {article_id[:40]!r} in this library. `assistant list` shows "
                    "the ids of those that are."
                )
        return [found[article_id] for article_id in wanted]

    def find(self, article_id: str) -> Entry | None:
        """The row of one article in any state, or ``None``."""
        with self._database.reading() as db:
            row = db.execute(f"{_ENTRIES} WHERE id = ?", (_encodable(article_id),)).fetchone()
        return None if row is None else Entry(*row)

    def count(self) -> int:
        """How many articles are ready."""
        with self._database.reading() as db:
            row = db.execute("SELECT count(*) FROM articles WHERE state = 'ready'").fetchone()
        return int(row[0])

    def ready(self) -> list[str]:
        """Ids of the ready articles, in the order of adding."""
        with self._database.reading() as db:
            rows = db.execute("SELECT id FROM articles WHERE state = 'ready' ORDER BY number")
            return [str(article_id) for (article_id,) in rows]

    def articles(self) -> list[Article]:
        """Every ready article, in the order of adding."""
        with self._database.reading() as db:
            rows = db.execute(f"{_ARTICLES} WHERE state = 'ready' ORDER BY number")
            return [_read_article(*row) for row in rows]

    def article(self, number: int) -> Article:
        """One article in any state, by its number."""
        with self._database.reading() as db:
            return _article(db, number)

    def title(self, number: int) -> str:
        """The title of one article in any state, without reading its text."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT json_extract(details, '$.title') FROM articles WHERE number = ?", (number,)
            ).fetchone()
        return "" if row is None else str(row[0])

    def insert(
        self, article: Article, passages: Sequence[Passage], space: Space, vectors: Vectors
    ) -> int:
        """Write a new article, its passages and vectors as ``indexing``; returns its number.

        Raises:
            ArticleError: when its text cannot be stored, or has too many passages.
        """
        details = details_of(article)
        _check(article, passages)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = (article.id, "indexing", space.splitter, len(passages), now, details)
        with self._database.writing() as db:
            added = db.execute(
                "INSERT INTO articles (id, state, splitter, passages, added, details) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
            number = int(added.lastrowid or 0)
            db.execute("INSERT INTO texts VALUES (?, ?)", (number, article.text))
            _insert_passages(db, number, passages)
            put_vectors(db, number, space, vectors)
        return number

    def redescribe(self, article: Article) -> None:
        """Replace what is known of an article besides its text.

        Raises:
            ArticleError: when any of it cannot be stored.
        """
        details = details_of(article)
        with self._database.writing() as db:
            db.execute("UPDATE articles SET details = ? WHERE id = ?", (details, article.id))

    def publish(self, number: int) -> None:
        """Make an ``indexing`` article ``ready``, and its words findable."""
        with self._database.writing() as db:
            changed = db.execute(
                "UPDATE articles SET state = 'ready' WHERE number = ? AND state = 'indexing'",
                (number,),
            )
            if changed.rowcount:
                lexical.put(db, number << _SHIFT, _texts(_passages(db, number)))

    def older(self, article_id: str) -> Article | None:
        """The version with this id that another article has replaced, if it is not back."""
        article_id = _encodable(article_id)
        entry = self.find(article_id)
        back = entry is not None and entry.state == "ready"
        older = None if back else self.history.older(article_id)
        return None if older is None else _read_article(older.id, older.text, older.details)

    def retract(self, number: int, successor: int | None = None) -> None:
        """Make an article ``deleting``: nobody sees it from now on.

        With a ``successor`` it is kept as an older version of that article.
        """
        with self._database.writing() as db:
            if successor is not None:
                put_older(db, number, successor)
            ready = db.execute(
                "SELECT 1 FROM articles WHERE number = ? AND state = 'ready'", (number,)
            ).fetchone()
            if ready:
                lexical.forget(db, number << _SHIFT, _texts(_passages(db, number)))
            db.execute("UPDATE articles SET state = 'deleting' WHERE number = ?", (number,))

    def erase(self, number: int) -> None:
        """Delete a retracted article with everything that belongs to it."""
        with self._database.writing() as db:
            _delete_passages(db, number)
            db.execute("DELETE FROM articles WHERE number = ?", (number,))

    # Passages.

    def passages(self, number: int) -> list[Passage]:
        """The passages of one article, in reading order."""
        with self._database.reading() as db:
            return _passages(db, number)

    def passages_at(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number, of ready articles only: others are left out."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT p.number, p.id, a.id, p.first, p.after, p.heading, a.number "
                f"FROM passages p JOIN articles a ON a.number = p.number >> {_SHIFT} "
                "WHERE a.state = 'ready' AND p.number IN (SELECT value FROM json_each(?))",
                (json.dumps(list(numbers)),),
            ).fetchall()
            texts = {n: _article(db, n).text for n in {row[6] for row in rows}}
        return {
            row[0]: Passage(row[1], row[2], texts[row[6]][row[3] : row[4]], *row[3:6])
            for row in rows
        }

    def split_again(self, number: int, passages: Sequence[Passage], splitter: str) -> None:
        """Replace the passages of a ready article; the vectors of the old ones are dropped.

        Where the new splitter finds nothing the old passages stay.
        """
        if not passages:
            return
        with self._database.writing() as db:
            _check(_article(db, number), passages)
            lexical.forget(db, number << _SHIFT, _texts(_passages(db, number)))
            _delete_passages(db, number)
            db.execute("DELETE FROM vectors WHERE article = ?", (number,))
            db.execute(
                "UPDATE articles SET splitter = ?, passages = ? WHERE number = ?",
                (splitter, len(passages), number),
            )
            _insert_passages(db, number, passages)
            lexical.put(db, number << _SHIFT, _texts(passages))

    def search_words(
        self, question: str, k: int, articles: Sequence[int] | None
    ) -> list[tuple[int, float]]:
        """Passage numbers and BM25 scores, best first; see :func:`assistant.lexical.search`."""
        with self._database.reading() as db:
            return lexical.search(db, question, k, articles)


def _article(db: sqlite3.Connection, number: int) -> Article:
    row = db.execute(f"{_ARTICLES} WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise UnknownArticle("The article has just been removed from the library.")
    return _read_article(*row)


def _read_article(article_id: str, text: str, details: str) -> Article:
    # A field that only a later version knows is left alone; one it lacks has its default.
    known = {name: _frozen(v) for name, v in json.loads(details).items() if name in _DETAILS}
    return Article(id=article_id, text=text, **known)


def _frozen(value: Any) -> Any:
    """JSON has no tuples, and an Article nothing but."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _span(number: int) -> tuple[int, int]:
    return number << _SHIFT, (number + 1) << _SHIFT


def _passages(db: sqlite3.Connection, number: int) -> list[Passage]:
    article = _article(db, number)
    rows = db.execute(
        "SELECT id, first, after, heading FROM passages WHERE number >= ? AND number < ? "
        "ORDER BY number",
        _span(number),
    )
    return [
        Passage(passage_id, article.id, article.text[first:after], first, after, heading)
        for passage_id, first, after, heading in rows
    ]


def _insert_passages(db: sqlite3.Connection, number: int, passages: Sequence[Passage]) -> None:
    db.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
        ((n, p.id, p.start, p.end, p.heading) for n, p in enumerate(passages, _span(number)[0])),
    )


def _delete_passages(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM passages WHERE number >= ? AND number < ?", _span(number))


def _texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in passages]


def details_of(article: Article) -> str:
    """An article's fields besides id and text, as JSON.

    Raises:
        ArticleError: when any of its text could not be read back as it is.
    """
    details = {name: value for name, value in asdict(article).items() if name in _DETAILS}
    written = json.dumps(details, ensure_ascii=False)
    for text in (article.id, article.text, written):
        if "\0" in text or _encodable(text) != text:
            raise ArticleError(
                f"“{_encodable(article.title)[:80]}” holds a NUL or half a character. Save it "
                "as UTF-8 text."
            )
    return written


def _check(article: Article, passages: Sequence[Passage]) -> None:
    if not 0 < len(passages) <= MAX_PASSAGES:
        raise ArticleError(
            f"The article has {len(passages)} sentences; 1 to {MAX_PASSAGES} can be stored. "
            "Give the article's text, in parts if need be."
        )
    for p in passages:
        if article.text[p.start : p.end] != p.text:
            raise ArticleError(f"Passage {p.id} is not in its article at {p.start}–{p.end}.")


def _encodable(text: str) -> str:
    """``text`` with lone surrogates, which SQLite cannot store, made visible as "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
