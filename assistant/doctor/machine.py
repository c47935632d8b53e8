"""The machine and what is installed on it.

A check returns what it found, or raises Failed or Skipped.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

from assistant import weights
from assistant.doctor.verdicts import Failed, Skipped, nearest
from assistant.settings import Settings

_DISTRIBUTION = "ask-the-article"
_OLDEST_PYTHON = (3, 11)
_EMBEDDER_MEMORY = 700_000_000
"""Bytes that torch and the embedding model take, measured."""
_MODEL_MEMORY = 1.2
"""Memory that a language model takes, as a multiple of its file."""
_STORE_ROOM = 200_000_000


def python(_: Settings) -> str:
    """Python is new enough."""
    found = f"Python {platform.python_version()}"
    if sys.version_info < _OLDEST_PYTHON:
        raise Failed(found, "Install Python 3.11 or newer and set up again: make ask PYTHON=…")
    return found


def packages(_: Settings) -> str:
    """Every package is there, in a version that was declared."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in metadata.requires(_DISTRIBUTION) or ()]
    wrong = []
    needed = [item for item in wanted if item.marker is None or item.marker.evaluate()]
    for item in needed:
        try:
            version = metadata.version(item.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{item.name} is missing")
            continue
        if not item.specifier.contains(version, prereleases=True):
            wrong.append(f"{item.name} is {version}, not {item.specifier}")
    if wrong:
        raise Failed("; ".join(wrong), f"{sys.executable} -m pip install -r requirements.lock")
    return f"{len(needed)} packages, in versions that go together"


def processor(_: Settings) -> str:
    """The processor can do what the embedded model asks of it."""
    cores = f"{os.cpu_count()} cores"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        raise Skipped(f"{cores}; this system does not say what they can do") from None
    if platform.machine() == "x86_64" and " avx2" not in flags:
        raise Failed(
            f"{cores} without AVX2, which the embedded language model needs",
            "assistant ask --extractive …, or name a server with --endpoint",
        )
    return cores


def memory(settings: Settings) -> str:
    """The models fit into the memory that is free."""
    available = weights.available_memory()
    if available is None:
        raise Skipped("this system does not say how much is free")
    needed = _EMBEDDER_MEMORY
    if settings.model in weights.catalogue() and not settings.endpoint:
        needed += int(weights.catalogue()[settings.model].bytes * _MODEL_MEMORY)
    found = f"{_gigabytes(available)} free, {_gigabytes(needed)} needed"
    if available < needed:
        smallest = min(
            (row for row in weights.catalogue().values() if row.kind == "chat"),
            key=lambda row: row.bytes,
        )
        raise Failed(found, f"assistant ask --model {smallest.name} …, or --extractive")
    return found


def disk(settings: Settings) -> str:
    """There is room for the library and for model files that are still to come."""
    missing = sum(
        weights.catalogue()[name].bytes
        for name in (settings.embedder, settings.model)
        if name in weights.catalogue() and weights.path(name, settings) is None
    )
    found = []
    for folder, needed in ((settings.store, _STORE_ROOM), (settings.cache, missing)):
        free = shutil.disk_usage(nearest(folder)).free
        found.append(f"{_gigabytes(free)} free for {folder}")
        if free < needed:
            variable = "ASSISTANT_STORE" if folder == settings.store else "ASSISTANT_CACHE"
            raise Failed(
                f"{_gigabytes(free)} free for {folder}, {_gigabytes(needed)} needed",
                f"Make room, or name a folder on another disk: export {variable}=…",
            )
    return "; ".join(found)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
