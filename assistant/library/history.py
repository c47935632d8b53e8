"""What the ledger knows of articles' past: sources, versions that were replaced, reprints.

An article has any number of sources. A version that another one replaced stays readable by its
id, so that an answer keeps the text it quoted, and is searched no more. Sketches are numbers
from which likeness is estimated; here they are only kept and compared for what they share.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from assistant.library.database import Database
from assistant.library.records import article_from, encodable
from assistant.schema import Article


@dataclass(frozen=True, slots=True)
class Origin:
    """A source and the ready article it gave; ``stamp`` tells whether its file has changed."""

    source: str
    article_id: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Older:
    """A version that article ``replaced_by`` replaced at ``replaced`` (ISO 8601, UTC)."""

    id: str
    replaced_by: str
    replaced: str
    text: str
    details: str


class History:
    """The history in one ledger's file. Thread-safe; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Sources: URLs, and full paths of files.

    def origin(self, source: str) -> Origin | None:
        """What is known of a source, if its article is there."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT source, id, stamp FROM sources JOIN articles ON number = article "
                "WHERE source = ? AND state = 'ready'",
                (source,),
            ).fetchone()
        return None if row is None else Origin(*row)

    def remember(self, origin: Origin) -> None:
        """Note that a source gave an article; one that is not there is ignored."""
        with self._database.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO sources SELECT ?, number, ? FROM articles WHERE id = ?",
                (origin.source, origin.stamp, origin.article_id),
            )

    def sources(self) -> dict[str, list[str]]:
        """The known sources of every ready article, by its id."""
        found: dict[str, list[str]] = {}
        with self._database.reading() as db:
            for article_id, source in db.execute(
                "SELECT id, source FROM sources JOIN articles ON number = article "
                "WHERE state = 'ready' ORDER BY sources.rowid"
            ):
                found.setdefault(article_id, []).append(source)
        return found

    def sources_of(self, article_id: str) -> list[str]:
        """The known sources of one article, in the order they were first seen."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT source FROM sources JOIN articles ON number = article WHERE id = ? "
                "ORDER BY sources.rowid",
                (article_id,),
            )
            return [str(source) for (source,) in rows]

    # Older versions.

    def older(self, article_id: str) -> Older | None:
        """The older version with this id, if there is one."""
        with self._database.reading() as db:
            row = db.execute(f"{_OLDER} WHERE older.id = ?", (article_id,)).fetchone()
        return None if row is None else Older(*row)

    def replaced(self, article_id: str) -> Article | None:
        """The article that went by this id, if another one replaced it and it is not back."""
        back = "EXISTS (SELECT 1 FROM articles a WHERE a.id = older.id AND a.state = 'ready')"
        with self._database.reading() as db:
            row = db.execute(
                f"SELECT id, text, details FROM older WHERE id = ? AND NOT {back}",
                (encodable(article_id),),
            ).fetchone()
        return None if row is None else article_from(*row)

    def versions(self, article_id: str) -> list[Older]:
        """The versions that an article replaced, oldest first."""
        with self._database.reading() as db:
            wanted = (encodable(article_id),)
            rows = db.execute(f"{_OLDER} WHERE articles.id = ? ORDER BY older.rowid", wanted)
            return [Older(*row) for row in rows]

    def forget(self, article_id: str) -> None:
        """Delete an older version."""
        with self._database.writing() as db:
            db.execute("DELETE FROM older WHERE id = ?", (article_id,))

    # Sketches.

    def unsketched(self) -> list[str]:
        """Ids of the ready articles that have no sketch."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id FROM articles WHERE state = 'ready' AND NOT EXISTS "
                "(SELECT 1 FROM sketches WHERE article = articles.number) ORDER BY number"
            )
            return [str(article_id) for (article_id,) in rows]

    def put_sketch(self, article_id: str, sketch: Sequence[int]) -> None:
        """Keep the sketch of an article; one that is not there is ignored."""
        with self._database.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO sketches SELECT j.value, a.number FROM articles a, "
                "json_each(?) j WHERE a.id = ?",
                (json.dumps(list(sketch)), article_id),
            )

    def sharing(self, sketch: Sequence[int], least: int) -> dict[str, tuple[int, ...]]:
        """Sketches, by id, of the ready articles that share ``least`` numbers with this one."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id, s.number FROM sketches s JOIN articles a ON a.number = s.article "
                "WHERE state = 'ready' AND s.article IN (SELECT article FROM sketches WHERE number "
                "IN (SELECT value FROM json_each(?)) GROUP BY article HAVING count(*) >= ?) "
                "ORDER BY s.article, s.number",
                (json.dumps(list(sketch)), least),
            )
            found: dict[str, list[int]] = {}
            for article_id, number in rows:
                found.setdefault(article_id, []).append(number)
        return {article_id: tuple(numbers) for article_id, numbers in found.items()}


_OLDER = (
    "SELECT older.id, articles.id, replaced, text, older.details "
    "FROM older JOIN articles ON number = article"
)


def put_older(db: sqlite3.Connection, number: int, successor: int) -> None:
    """Keep article ``number`` as a version of ``successor``, which takes over what it has.

    Inside a transaction that is already open.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.execute("UPDATE older SET article = ? WHERE article = ?", (successor, number))
    db.execute("UPDATE sources SET article = ? WHERE article = ?", (successor, number))
    db.execute(
        "INSERT OR REPLACE INTO older (id, article, replaced, text, details) "
        "SELECT id, ?, ?, text, details FROM articles JOIN texts ON article = number "
        "WHERE number = ?",
        (successor, now, number),
    )
    # A text that came back is the newest version again, and no older one.
    db.execute(
        "DELETE FROM older WHERE id = (SELECT id FROM articles WHERE number = ?)", (successor,)
    )
