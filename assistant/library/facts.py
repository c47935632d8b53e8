"""Small things a ledger remembers about its library as a whole, by name."""

from __future__ import annotations

import sqlite3

from assistant.library.database import Database


class Facts:
    """The facts in one ledger's file. Thread-safe; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """The value remembered under ``name``, if any."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        """Remember ``value`` under ``name``."""
        with self._database.writing() as db:
            put_fact(db, name, value)


def put_fact(db: sqlite3.Connection, name: str, value: str) -> None:
    """Remember ``value`` inside a transaction that is already open."""
    db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
