"""Embedding spaces, and the vectors of articles in them, kept in the ledger's file.

A space is what one embedder, one way of splitting and one way of mixing make. Vectors of
different spaces are never compared: a changed setting is another space, and another collection
of the index.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

import numpy as np

from assistant.library.database import Database
from assistant.library.vectors import Vectors

SAME_MODEL = 0.98
"""Cosine of the probe sentence, then and now: a lower one means that another model answers to
the same name. Rounding, threads and number formats move it by far less."""

_COLUMNS = "number, embedder, dimension, splitter, recipe"


@dataclass(frozen=True, slots=True)
class Space:
    """One embedding space; ``number`` tells apart models that go by the same name."""

    number: int
    embedder: str
    dimension: int
    splitter: str
    recipe: str

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that no other space of this library has."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


class Spaces:
    """The spaces of one ledger. Thread-safe; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_or_add(self, embedder: str, splitter: str, recipe: str, probe: Vectors) -> Space:
        """The space with these properties in which ``probe``, a fixed sentence, has this vector.

        Without one (or when the probe has moved: another model by the same name) a new space.
        """
        columns = (embedder, len(probe), splitter, recipe)
        with self._database.writing() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS}, probe FROM spaces WHERE embedder = ? AND dimension = ? "
                "AND splitter = ? AND recipe = ? ORDER BY number DESC",
                columns,
            ).fetchall()
            for *properties, data in rows:
                if float(np.frombuffer(data, dtype="<f4") @ probe) >= SAME_MODEL:
                    return Space(*properties)
            added = db.execute(
                "INSERT INTO spaces (embedder, dimension, splitter, recipe, probe) "
                "VALUES (?, ?, ?, ?, ?)",
                (*columns, probe.astype("<f4").tobytes()),
            )
            return Space(int(added.lastrowid or 0), *columns)

    def vectors(self, article: int, space: Space) -> Vectors:
        """The vectors of an article, ``[passages, dimension]``; no rows when there are none."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT data FROM vectors WHERE article = ? AND space = ?", (article, space.number)
            ).fetchone()
        data = b"" if row is None else row[0]
        return np.frombuffer(data, dtype="<f4").reshape(-1, space.dimension)

    def put(self, article: int, space: Space, vectors: Vectors) -> None:
        """Store the vectors of an article, ``[passages, dimension]``."""
        with self._database.writing() as db:
            put_vectors(db, article, space, vectors)

    def total(self, space: Space) -> int:
        """How many passages of ready articles have vectors in ``space``."""
        with self._database.reading() as db:
            (total,) = db.execute(
                "SELECT coalesce(sum(a.passages), 0) FROM vectors v JOIN articles a "
                "ON a.number = v.article WHERE a.state = 'ready' AND v.space = ?",
                (space.number,),
            ).fetchone()
        return int(total)

    def get(self, number: int) -> Space | None:
        """The space with this number, if there is one."""
        with self._database.reading() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM spaces WHERE number = ?", (number,)
            ).fetchone()
        return None if row is None else Space(*row)

    def missing(self, space: Space) -> list[int]:
        """Numbers of the ready articles that have no vectors in ``space``."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT number FROM articles a WHERE state = 'ready' AND NOT EXISTS "
                "(SELECT 1 FROM vectors v WHERE v.article = a.number AND v.space = ?) "
                "ORDER BY number",
                (space.number,),
            )
            return [int(number) for (number,) in rows]


def put_vectors(db: sqlite3.Connection, article: int, space: Space, vectors: Vectors) -> None:
    """Store vectors inside a transaction that is already open."""
    data = vectors.astype("<f4").tobytes()
    db.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", (article, space.number, data))
