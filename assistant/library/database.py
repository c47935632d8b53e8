"""One SQLite file: its connections, transactions and format versions, and its errors in words.

Any thread may read and write: readers borrow a connection each and see the last commit
(write-ahead log), writers take turns. Commits are synchronous: what was committed survives
a crash of the process and of the machine. Not handled: two processes (see ``library``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue

from assistant.errors import LibraryError


class Database:
    """A SQLite file with migrations. Close it with :meth:`close`."""

    def __init__(self, path: Path, application_id: int, migrations: Sequence[str]) -> None:
        """Open or create the file; migration ``n`` brings format ``n`` to ``n + 1``.

        Raises:
            LibraryError: when the file is damaged, foreign, too new or not writable.
        """
        self.path = path
        self._lock = threading.RLock()
        self._quiet = threading.Condition()
        self._readers: Counter[int] = Counter()
        self._closed = False
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._all: list[sqlite3.Connection] = []
        try:
            with self._explained():
                self._writer = self._connect()
                self._migrate(application_id, migrations)
        except LibraryError:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection once nobody reads. Idempotent.

        SQLite crashes the process when a connection is closed under a thread that uses it.
        The closing thread itself is not waited for: Ctrl-C can end a reading of its own between
        any two steps, also before it is counted out.
        """
        own = threading.get_ident()
        with self._quiet:
            self._closed = True
            self._quiet.wait_for(lambda: not (self._readers.keys() - {own}))
        with self._lock, self._explained():
            while self._all:
                self._all.pop().close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own that sees one committed state until the block ends."""
        with self._explained(), self._counted():
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = self._connect()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.rollback()
                self._idle.put(connection)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        reader = threading.get_ident()
        with self._quiet:
            if self._closed:
                raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
            self._readers[reader] += 1
        try:
            yield
        finally:
            with self._quiet:
                self._readers[reader] -= 1
                if not self._readers[reader]:
                    del self._readers[reader]
                self._quiet.notify_all()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction: committed at the end, undone on any error."""
        with self._lock, self._explained():
            if not self._all:
                raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                # A failed COMMIT (disk full) leaves the transaction open; it is undone too.
                if self._writer.in_transaction:
                    self._writer.rollback()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise
        with self._lock:
            self._all.append(connection)
        return connection

    def _migrate(self, application_id: int, migrations: Sequence[str]) -> None:
        (found,) = self._writer.execute("PRAGMA application_id").fetchone()
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        (tables,) = self._writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if found != application_id and tables:
            raise LibraryError(
                f"{self.path} is a database of another program. Choose another store folder."
            )
        if version > len(migrations):
            raise LibraryError(
                f"{self.path} has format {version}; this version reads formats up to "
                f"{len(migrations)}. Upgrade this program, or choose another store folder."
            )
        for number, script in enumerate(migrations[version:], start=version + 1):
            with self.writing() as connection:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {application_id}")
                connection.execute(f"PRAGMA user_version = {number}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LibraryError(self._explanation(error)) from error

    def _explanation(self, error: sqlite3.Error) -> str:
        text, kind = str(error), getattr(error, "sqlite_errorname", "")
        if isinstance(error, sqlite3.ProgrammingError) and "closed" in text:
            return "The library has been closed. Open it again."
        if kind.startswith("SQLITE_FULL"):
            return f"No space left for {self.path}; nothing was changed. Free some disk space."
        if kind.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return (
                f"{self.path} is damaged ({text}). Restore it from a backup, or move it aside "
                "and add the articles again."
            )
        if kind.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")):
            return (
                f"{self.path} cannot be read and written ({text}). Check the folder's "
                "permissions and disk, or choose another store folder."
            )
        return f"{self.path} cannot be used ({kind or type(error).__name__}: {text})."


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: executescript would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
