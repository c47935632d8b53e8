"""One process at a time: Chroma's files and two writers end in silent loss."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import LibraryBusy, LibraryError

if TYPE_CHECKING:
    from filelock import BaseFileLock

SECONDS = 0.5
"""How long the one who has it may take to let go of it."""


def acquire(store: Path) -> BaseFileLock:
    """Take the store's lock, creating the folder; the system drops it when the process ends.

    Raises:
        LibraryBusy: when someone else has it, saying who.
        LibraryError: when the folder cannot be written.
    """
    import filelock

    holder = store / ".writer.pid"
    try:
        store.mkdir(parents=True, exist_ok=True)
        # Any thread of this process may close what another one opened.
        lock = filelock.FileLock(store / ".writer.lock", timeout=SECONDS, thread_local=False)
        lock.acquire(poll_interval=0.05)
        holder.write_text(str(os.getpid()), encoding="ascii")
    except filelock.Timeout:
        raise LibraryBusy(
            f"The library in {store} is open in {_who(holder)}. Close that first, ask there, or "
            "use another store folder (--store, or ASSISTANT_STORE): programs that run side by "
            "side need one each."
        ) from None
    except (OSError, NotImplementedError) as error:
        raise LibraryError(
            f"The store folder {store} cannot be written ({error}). Check its permissions and "
            "disk, or choose another with --store."
        ) from error
    return lock


def _who(holder: Path) -> str:
    try:
        pid = holder.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        pid = ""
    if pid == str(os.getpid()):
        return f"this same process (pid {pid})"
    return f"another process (pid {pid})" if pid.isdigit() else "another process"
