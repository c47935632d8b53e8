"""The ledger: the one SQLite file that is the truth about a library.

It holds articles, passages, vectors and where they came from; the Chroma index beside it can be
rebuilt from here at any time, without embedding anything. Not handled here: splitting,
embedding, the index, and keeping other processes out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from assistant.errors import UnknownArticle
from assistant.library import lexical, passage_table
from assistant.library.database import Database
from assistant.library.facts import Facts, put_fact
from assistant.library.format import APPLICATION_ID, MIGRATIONS
from assistant.library.history import History, put_older
from assistant.library.passage_table import PassageTable
from assistant.library.records import ARTICLES, article_from, details_of, encodable, stored
from assistant.library.spaces import Space, Spaces, put_vectors
from assistant.library.vectors import Vectors
from assistant.schema import Article, Passage

State = Literal["indexing", "ready", "deleting"]
"""Only ``ready`` articles are ever seen; the others are being written or removed."""


_WORDS = "words"
"""The fact that says how the words in the full-text table were cut."""


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
        return passage_table.first_number(self.number)


_ENTRIES = "SELECT number, id, state, splitter, passages FROM articles"


class Ledger:
    """The SQLite file of one library. Thread-safe; every method is one transaction.

    ``passages`` and ``spaces`` hold what belongs to articles, ``history`` sources and older
    versions, ``facts`` the rest; ``library`` is a random id that stays with the file.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the ledger. Raises LibraryError as :class:`Database` does."""
        self.path = path
        self._database = Database(path, APPLICATION_ID, MIGRATIONS)
        self.facts = Facts(self._database)
        self.passages = PassageTable(self._database)
        self.spaces = Spaces(self._database)
        self.history = History(self._database)
        self.library = self.facts.get("library") or uuid4().hex[:12]
        if self.facts.get("library") is None:
            self.facts.set("library", self.library)
        if self.facts.get(_WORDS) != lexical.FINGERPRINT:
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
                passage_table.show_words(db, number)
            put_fact(db, _WORDS, lexical.FINGERPRINT)

    # Articles looked up.

    def entries(self) -> list[Entry]:
        """Every article in any state, in the order of adding."""
        with self._database.reading() as db:
            return [Entry(*row) for row in db.execute(f"{_ENTRIES} ORDER BY number")]

    def select(self, article_ids: Sequence[str]) -> list[Entry]:
        """The ready articles with these ids, each once, in the order given.

        Raises:
            UnknownArticle: when one of them is not in the library.
        """
        wanted = list(dict.fromkeys(encodable(article_id) for article_id in article_ids))
        with self._database.reading() as db:
            rows = db.execute(
                f"{_ENTRIES} WHERE state = 'ready' AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(wanted),),
            )
            found = {entry.id: entry for entry in (Entry(*row) for row in rows)}
        for article_id in wanted:
            if article_id not in found:
                raise self._unknown(article_id)
        return [found[article_id] for article_id in wanted]

    def _unknown(self, article_id: str) -> UnknownArticle:
        if (older := self.history.older(article_id)) is not None:
            return UnknownArticle(
                f"Article {article_id} is an older version, kept for the answers that "
                f"quote it. Ask the newer one: {older.replaced_by}."
            )
        return UnknownArticle(
            f"No article {article_id[:40]!r} in this library. `assistant list` shows "
            "the ids of those that are."
        )

    def find(self, article_id: str) -> Entry | None:
        """The row of one article in any state, or ``None``."""
        with self._database.reading() as db:
            row = db.execute(f"{_ENTRIES} WHERE id = ?", (encodable(article_id),)).fetchone()
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
            rows = db.execute(f"{ARTICLES} WHERE state = 'ready' ORDER BY number")
            return [article_from(*row) for row in rows]

    def article(self, number: int) -> Article:
        """One article in any state, by its number."""
        with self._database.reading() as db:
            return stored(db, number)

    def title(self, number: int) -> str:
        """The title of one article in any state, without reading its text."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT json_extract(details, '$.title') FROM articles WHERE number = ?", (number,)
            ).fetchone()
        return "" if row is None else str(row[0])

    # Articles written, from one state to the next.

    def insert(
        self, article: Article, passages: Sequence[Passage], space: Space, vectors: Vectors
    ) -> int:
        """Write a new article, its passages and vectors as ``indexing``; returns its number.

        Raises:
            ArticleError: when its text cannot be stored, or has too many passages.
        """
        details = details_of(article)
        passage_table.check(article, passages)
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
            passage_table.put(db, number, passages)
            put_vectors(db, number, space, vectors)
        return number

    def publish(self, number: int) -> None:
        """Make an ``indexing`` article ``ready``, and its words findable."""
        with self._database.writing() as db:
            changed = db.execute(
                "UPDATE articles SET state = 'ready' WHERE number = ? AND state = 'indexing'",
                (number,),
            )
            if changed.rowcount:
                passage_table.show_words(db, number)

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
                passage_table.hide_words(db, number)
            db.execute("UPDATE articles SET state = 'deleting' WHERE number = ?", (number,))

    def erase(self, number: int) -> None:
        """Delete a retracted article with everything that belongs to it."""
        with self._database.writing() as db:
            passage_table.delete(db, number)
            db.execute("DELETE FROM articles WHERE number = ?", (number,))

    def redescribe(self, article: Article) -> None:
        """Replace what is known of an article besides its text.

        Raises:
            ArticleError: when any of it cannot be stored.
        """
        details = details_of(article)
        with self._database.writing() as db:
            db.execute("UPDATE articles SET details = ? WHERE id = ?", (details, article.id))

    def split_again(self, number: int, passages: Sequence[Passage], splitter: str) -> None:
        """Replace the passages of a ready article; the vectors of the old ones are dropped.

        Where the new splitter finds nothing the old passages stay.
        """
        if not passages:
            return
        with self._database.writing() as db:
            passage_table.check(stored(db, number), passages)
            passage_table.hide_words(db, number)
            passage_table.delete(db, number)
            db.execute("DELETE FROM vectors WHERE article = ?", (number,))
            db.execute(
                "UPDATE articles SET splitter = ?, passages = ? WHERE number = ?",
                (splitter, len(passages), number),
            )
            passage_table.put(db, number, passages)
            passage_table.show_words(db, number)
