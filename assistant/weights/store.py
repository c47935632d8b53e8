"""The folder of model files: where it is, what is missing in it, and what is damaged.

Hashing a gigabyte takes seconds, so a file that has passed is noted in a stamp beside it and
passes again as long as its size, modification time and inode are the same. Damage that leaves
all three alone (a failing disk) is found by :func:`verify`, which always reads every byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from assistant.errors import WeightsError
from assistant.settings import Settings
from assistant.weights.catalogue import ModelFile, Weights, known

Stamp = tuple[str, int, int, int]
"""SHA-256, bytes, modification time in ns, inode."""

STAMPS = ".verified.json"


def location(model: str | Weights, settings: Settings) -> Path:
    """Where the model is kept, there or not: an embedder's folder, a chat model's file.

    Raises:
        WeightsError: the catalogue has no such name.
    """
    weights = resolve(model)
    folder = model_folder(weights, settings)
    return folder if weights.kind == "embedder" else folder / weights.files[0].path


def path(model: str | Weights, settings: Settings) -> Path | None:
    """Where the model is, or ``None`` if it is not there or not whole (``verify`` says why).

    Fast when the files have been verified before; otherwise they are hashed once.

    Raises:
        WeightsError: the catalogue has no such name.
    """
    weights = resolve(model)
    try:
        missing = missing_files(weights, settings)
    except WeightsError:
        return None
    return None if missing else location(weights, settings)


def verify(model: str | Weights, settings: Settings) -> None:
    """Read every byte of every file and compare its SHA-256.

    Raises:
        WeightsError: a file is missing, not readable, or not the right bytes.
    """
    weights = resolve(model)
    folder = model_folder(weights, settings)
    for file in weights.files:
        if not _is_there(folder / file.path):
            raise WeightsError(
                f"The model file {folder / file.path} is missing. Run {remedy(weights)}."
            )
        check(weights, file, folder)
    write_stamps(weights, folder)


def resolve(model: str | Weights) -> Weights:
    """The catalogue's entry, if a name was given."""
    return known(model) if isinstance(model, str) else model


def model_folder(weights: Weights, settings: Settings) -> Path:
    """The folder that holds the model's files, their stamp and whatever is still arriving."""
    return settings.cache / "models" / weights.name


def remedy(weights: Weights) -> str:
    """The command that gets the model or replaces what is damaged."""
    return f"`assistant models pull {weights.name}`"


def missing_files(weights: Weights, settings: Settings, *, repair: bool = False) -> list[ModelFile]:
    """The files that are not there; with ``repair`` also those that are damaged.

    Raises:
        WeightsError: a file is damaged, and not to be repaired.
    """
    folder = model_folder(weights, settings)
    known_good = _read_stamps(folder)
    found: dict[str, Stamp | None] = {}
    missing = []
    for file in weights.files:
        if not _is_there(folder / file.path):
            missing.append(file)
            continue
        # Taken before hashing: a file that changes meanwhile must not pass next time.
        stamp = found[file.path] = _stamp(file, folder)
        if stamp is None or known_good.get(file.path) != stamp:
            try:
                check(weights, file, folder)
            except WeightsError:
                if not repair:
                    raise
                missing.append(file)
    if not missing and found != known_good:
        _write(found, folder)
    return missing


def check(weights: Weights, file: ModelFile, folder: Path) -> None:
    """Read the whole file.

    Raises:
        WeightsError: it is not the file of the catalogue; the message says in what way.
    """
    target = folder / file.path
    pull = f"Run {remedy(weights)} to replace it."
    try:
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise WeightsError(
                f"The model file {target} is {what}. Remove it, then run {remedy(weights)}."
            )
        if status.st_size == 0:
            raise WeightsError(f"The model file {target} is empty. {pull}")
        if status.st_size != file.bytes:
            how = "truncated" if status.st_size < file.bytes else "too long"
            raise WeightsError(
                f"The model file {target} is {how}: {status.st_size:,} bytes instead of "
                f"{file.bytes:,}. {pull}"
            )
        if sha256(target) != file.sha256:
            raise WeightsError(
                f"The model file {target} is damaged: its SHA-256 is not the known one. {pull}"
            )
    except OSError as error:
        raise WeightsError(
            f"The model file {target} cannot be read ({error.strerror}). Make it readable, or "
            f"remove it and run {remedy(weights)}."
        ) from error


def write_stamps(weights: Weights, folder: Path) -> None:
    """Note that all files have just been found whole."""
    _write({file.path: _stamp(file, folder) for file in weights.files}, folder)


def sha256(target: Path) -> str:
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(file: ModelFile, folder: Path) -> Stamp | None:
    try:
        status = (folder / file.path).stat()
    except OSError:
        return None
    return file.sha256, status.st_size, status.st_mtime_ns, status.st_ino


def _read_stamps(folder: Path) -> Mapping[str, Stamp]:
    try:
        rows = json.loads((folder / STAMPS).read_text(encoding="utf-8"))
        return {name: (row[0], row[1], row[2], row[3]) for name, row in rows.items()}
    except (OSError, ValueError, AttributeError, TypeError, LookupError):
        return {}


def _write(stamps: Mapping[str, Stamp | None], folder: Path) -> None:
    with suppress(OSError):  # a read-only folder goes without, and is hashed every time
        draft = folder / f"{STAMPS}.{os.getpid()}"
        draft.write_text(json.dumps(stamps), encoding="utf-8")
        draft.replace(folder / STAMPS)


def _is_there(target: Path) -> bool:
    return os.path.lexists(target)  # a dangling link is there, and in the way
