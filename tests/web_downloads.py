"""A download that goes on for as long as a test wants, without a network.

Somebody else holds the model's lock, which is waited for, and has the beginning of its file, of
which the progress is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from assistant import weights
from assistant.settings import Settings

MODEL = "qwen2.5-coder-0.5b"


@contextmanager
def downloading(cache: Path, megabytes: int) -> Iterator[str]:
    """The model is being downloaded, and fails at the end; gives what is told meanwhile."""
    [file] = weights.catalogue()[MODEL].files
    target = weights.location(weights.catalogue()[MODEL], Settings.load(cache=cache))
    target.parent.mkdir(parents=True)
    with target.with_name(f"{target.name}.part").open("wb") as part:
        part.truncate(megabytes * 1_000_000)  # takes no room
    with FileLock(target.parent / ".lock"):
        yield f"Downloading {file.path}: {megabytes:,} of {file.bytes / 1e6:,.0f} MB"
        target.mkdir()  # is not removed for a download
