"""Keep the index in agreement with the ledger: notice damage, repair it, never trust a crash.

While nothing is being written the files of a good index carry a seal, kept in the ledger: a
checksum of names, sizes, times and samples. A broken seal means that someone else changed the
files, a missing one that this program died while writing. Either way the ledger knows better.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from assistant.errors import LibraryError
from assistant.library import probe
from assistant.library.chroma import Chroma
from assistant.library.index import Index, collection_name
from assistant.library.ledger import Entry, Ledger
from assistant.library.spaces import Space
from assistant.library.vectors import Vectors
from assistant.tracing import span

PROBE_ABOVE = 3_000
"""Passages from which a doubtful index is examined (2 s) rather than rebuilt (1 s for 1,500)."""

_FACT = "index"
_SERVER_SEAL = "server"
_SAMPLED = 2**20


class Upkeep:
    """The index of one ledger, in a folder or on a server, opened when it is first needed.

    ``tell`` is called with a plain sentence whenever something had to be repaired. Searching is
    thread-safe; whoever writes holds the library's lock, the one that is given here.
    """

    def __init__(
        self,
        ledger: Ledger,
        folder: Path,
        chroma_url: str | None,
        lock: threading.RLock,
        tell: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._folder = folder
        self._url = chroma_url
        self._lock = lock
        self._tell = tell
        self._index: Index | None = None

    def opened(self, space: Space) -> Index:
        """The index of ``space``, holding exactly the vectors of the ready articles.

        Raises:
            LibraryError: when the folder cannot be used or no server answers.
        """
        index = self._index
        if index is not None and index.space == space:
            return index
        with self._lock:
            if self._index is None or self._index.space != space:
                self.close()
                with span("open index"):
                    self._index = self._open(space)
                    self.seal()
            return self._index

    def close(self) -> None:
        """Let go of the index, until it is needed again."""
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def search(
        self, vector: Vectors, k: int, articles: Sequence[int] | None, space: Space
    ) -> list[tuple[int, float]]:
        """As :meth:`Index.search`; an index that fails is opened again, which repairs it."""
        index = self.opened(space)
        try:
            return index.search(vector, k, articles)
        except LibraryError:
            with self._lock:
                if self._index is index:
                    self.unseal()
                    self.close()
            return self.opened(space).search(vector, k, articles)

    def unseal(self) -> None:
        """To be called before anything is changed: a crash from here on will be noticed."""
        known, _, seal = (self._ledger.facts.get(_FACT) or "").partition(" ")
        if seal:
            self._ledger.facts.set(_FACT, known)

    def remove(self, entry: Entry) -> None:
        """Take an article's vectors out of the index, which must be unsealed. Never fails."""
        if self._index is not None:
            try:
                self._index.remove(range(entry.first, entry.first + entry.passages))
            except LibraryError:
                # What is left over is found, and removed, when the index is next opened.
                self.close()

    def seal(self) -> None:
        """To be called when the index has been changed and agrees with the ledger."""
        if self._index is not None:
            seal = _SERVER_SEAL if self._url is not None else seal_of(self._folder)
            self._ledger.facts.set(_FACT, f"{self._index.space.fingerprint} {seal}")

    def _open(self, space: Space) -> Index:
        known, _, seal = (self._ledger.facts.get(_FACT) or "").partition(" ")
        reason = self._clear_away(space, seal) if self._url is None else ""
        try:
            index, found = self._agreeing(space, sealed=bool(seal) and not reason)
        except LibraryError:
            if self._url is not None or not self._folder.exists():
                raise
            self._set_aside()
            index, found = self._agreeing(space, sealed=False)
            reason = "could not be read"
        if known == space.fingerprint:  # else it had not been filled before
            reason = reason or found
        if reason and self._ledger.spaces.total(space):
            self._tell(f"The search index {reason}; it was rebuilt, and nothing was lost.")
        return index

    def _clear_away(self, space: Space, seal: str) -> str:
        """Move away files that cannot be believed, or even opened; returns why, or ``""``."""
        if not self._folder.exists():
            return ""
        if seal and seal != seal_of(self._folder):
            self._set_aside()
            return "was changed or damaged by something else"
        small = self._ledger.spaces.total(space) <= PROBE_ABOVE
        name = collection_name(self._ledger.library, space)
        if not seal and (small or not probe.healthy(self._folder, name, self._sample(space, 200))):
            self._discard()
            return "was not closed properly"
        return ""

    def _agreeing(self, space: Space, *, sealed: bool) -> tuple[Index, str]:
        """An index that agrees with the ledger, and what was wrong with it before, or ``""``."""
        index, found = self._connect(space), ""
        try:
            if not sealed or index.count() != self._ledger.spaces.total(space):
                found = "was incomplete or out of date" if self._reconcile(index) else ""
            sample = self._sample(space, 16)
            if index.finds(sample) < probe.FOUND * len(sample):
                found = "did not find what it holds"
                index.clear()
                self._reconcile(index)
        except LibraryError:
            index.close()
            raise
        return index, found

    def _connect(self, space: Space) -> Index:
        if self._url is None:
            return Index(Chroma.in_folder(self._folder), self._ledger.library, space)
        # A copied store must not write into the collection of the store it was copied from.
        inode = self._ledger.path.stat().st_ino
        return Index(Chroma.on_server(self._url), f"{self._ledger.library}-{inode:x}", space)

    def _reconcile(self, index: Index) -> bool:
        """Make the keys of the index those of the ledger; whether anything had to be done."""
        present, added = index.keys(), False
        for entry in self._ledger.entries():
            if entry.state == "ready":
                keys = set(range(entry.first, entry.first + entry.passages))
                if not keys <= present:
                    vectors = self._ledger.spaces.vectors(entry.number, index.space)
                    index.put(entry.number, entry.first, vectors)
                    added = added or len(vectors) > 0
                present -= keys
        index.remove(sorted(present))
        return added or bool(present)

    def _sample(self, space: Space, size: int) -> Vectors:
        """Vectors that a good index of ``space`` finds, from up to ``size`` random articles."""
        entries = [entry for entry in self._ledger.entries() if entry.state == "ready"]
        rows = []
        for entry in random.sample(entries, min(size, len(entries))):
            vectors = self._ledger.spaces.vectors(entry.number, space)
            vectors = vectors[np.any(vectors != 0, axis=1)]
            rows += [vectors[random.randrange(len(vectors))]] if len(vectors) else []
        return np.array(rows, dtype=np.float32).reshape(-1, space.dimension)

    def _set_aside(self) -> None:
        """Keep the damaged files for who wants to look at them, but only the latest ones."""
        store = self._folder.parent
        with _files_explained(self._folder):
            for older in store.glob("broken-*"):
                shutil.rmtree(older) if older.is_dir() else older.unlink()
            now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
            self._folder.rename(store / f"broken-{now}")

    def _discard(self) -> None:
        with _files_explained(self._folder):
            shutil.rmtree(self._folder) if self._folder.is_dir() else self._folder.unlink()


def seal_of(folder: Path) -> str:
    """A checksum over names, sizes, times and content of the files in ``folder``.

    Of a file above 1 MiB only both ends are read: a change that keeps size and time of a big
    file and touches neither end is not seen.
    """
    digest = hashlib.blake2b(digest_size=16)
    with _files_explained(folder):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            status = path.stat()
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
            with path.open("rb") as file:
                digest.update(file.read(_SAMPLED))
                if status.st_size > _SAMPLED:
                    file.seek(-min(_SAMPLED, status.st_size - _SAMPLED), os.SEEK_END)
                    digest.update(file.read(_SAMPLED))
    return digest.hexdigest()


@contextmanager
def _files_explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"The index in {folder} cannot be read and written ({error.strerror or error}). "
            "Check the folder's permissions and disk, or choose another store folder."
        ) from error
