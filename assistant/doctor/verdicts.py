"""What came of looking at one thing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``remedy`` is what to do when it has failed."""

    name: str
    state: Literal["ok", "failed", "skipped"]
    found: str
    remedy: str = ""


class Failed(Exception):
    """A check's verdict: what was found, and the remedy."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.found = found
        self.remedy = remedy


class Skipped(Exception):
    """There is nothing to check under these settings; the text says why."""


def nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
