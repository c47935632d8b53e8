"""The folder of states: what a model computed while reading a text, a file for each.

Not handled: writing and restoring them, which llama.cpp does (``llamaserver``). Other processes
use the same folder: what one of them removes is gone, and is read again.
"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from assistant.errors import ModelError

ENDING = ".state"


class SavedStates:
    """States in a folder; without one, or where it cannot be written, in a temporary one.

    Which of them is decided at the first use, and holds until :meth:`close`. Thread-safe.
    """

    def __init__(self, folder: Path | None) -> None:
        self._wanted = folder
        self._folder: Path | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._deciding = threading.Lock()

    @property
    def folder(self) -> Path:
        """A folder that is there.

        Raises:
            ModelError: nothing can be written anywhere.
        """
        with self._deciding:
            if self._folder is None:
                self._folder = self._decided()
            return self._folder

    def has(self, state: str) -> bool:
        """Whether there is a state of this name."""
        return (self.folder / state).exists()

    def remove(self, state: str) -> None:
        """Remove a state, if it is there."""
        with suppress(OSError):
            (self.folder / state).unlink()

    def forget(self, name: str) -> None:
        """Remove the states whose names begin with ``name`` and a hyphen."""
        for path in states_of(name, self.folder):
            self.remove(path.name)

    def close(self) -> None:
        """Remove the temporary folder, if that is where they are."""
        with self._deciding:
            if self._temporary is not None:
                self._temporary.cleanup()
            self._temporary = self._folder = None

    def _decided(self) -> Path:
        if self._wanted is not None and _can_be_written(self._wanted):
            return self._wanted
        try:
            self._temporary = tempfile.TemporaryDirectory(prefix="assistant-states-")
        except OSError as error:
            raise ModelError(
                f"There is no folder for what the model has read ({error.strerror}). Make room, or "
                "set TMPDIR to a folder that can be written."
            ) from error
        return Path(self._temporary.name)


def states_of(name: str, folder: Path) -> list[Path]:
    """The files in a folder whose states' names begin with ``name`` and a hyphen."""
    return list(folder.glob(f"{name}-*{ENDING}"))


def shrink(folder: Path, most: int) -> None:
    """Remove the states used least recently until the rest takes at most ``most`` bytes."""
    files = []
    for path in folder.glob(f"*{ENDING}"):
        with suppress(OSError):
            found = path.stat()
            files.append((found.st_mtime, found.st_size, path))
    total = 0
    for _, size, path in sorted(files, reverse=True):
        total += size
        if total > most:
            with suppress(OSError):
                path.unlink()


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
