"""A disk with no room left, a real one of each size: a clear error, and nothing is lost.

The store lies on a file system of its own, made in memory for one child process alone. Not
handled here: files that may not grow (``test_library_ledger``).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import LibraryError
from assistant.library import Library
from assistant.testing import HashEmbedder
from tests.sample_articles import numbered

ROOT = Path(__file__).parents[1]
SENTENCES = 40
ALONE = ("unshare", "--map-root-user", "--mount")
"""Runs a command with file systems of its own, which Linux lets everybody do, or nearly."""


def opened(store: Path) -> Library:
    return Library.open(store, HashEmbedder(64), embedder_name="hash")


def mount(store: Path, room: int, *options: str) -> None:
    size = ",".join((*options, f"size={room}"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(store)], check=True)


def fill(store: Path, numbers: range) -> tuple[list[int], int]:
    """Add and remove these until the disk is full; those that are there, and how many errors.

    An article that could not be removed is either there or not.
    """
    present: list[int] = []
    errors = 0
    try:
        with opened(store) as lib:
            for number in numbers:
                try:
                    lib.add(numbered(number, SENTENCES))
                    present.append(number)
                    if number % 5 == 4:
                        lib.remove(numbered(present.pop(0), SENTENCES).id)
                except LibraryError as error:
                    assert_clear(error)
                    errors += 1
                    if errors > 3:
                        break
            # What was added is still read while there is no room for more.
            for number in present:
                assert lib.search_lexical(f"n{number}s1", 1)[0].passage.text
    except LibraryError as error:
        assert_clear(error)
        errors += 1
    return present, errors


def assert_clear(error: LibraryError) -> None:
    said = str(error)
    assert "full" in said or "space" in said or "disk" in said, said


def main(folder: str, room: str) -> None:
    """The child: fill a disk of ``room`` bytes, try to open it again, give it room, and look."""
    store = Path(folder)
    mount(store, int(room))
    present, errors = fill(store, range(400))
    assert errors, "the disk never was full"
    present += fill(store, range(400, 410))[0]
    mount(store, 256_000_000, "remount")
    with opened(store) as lib:
        wanted = {numbered(number, SENTENCES).id for number in present}
        assert wanted <= set(lib.article_ids()), "an article is lost"
        for article_id in lib.article_ids():
            assert len(lib.passages(article_id)) == SENTENCES
            for vector in lib.vectors(article_id)[::7]:
                assert lib.search_dense(vector, 1)[0].score > 0.999
        assert lib.add(numbered(1000, SENTENCES)) is True
    with opened(store) as lib:
        assert lib.notices == ()
    print(len(present))


def fill_disk(folder: Path, room: int) -> int:
    """Fill a disk of ``room`` bytes; returns how many articles it held."""
    code = f"from tests.test_library_full_disk import main; main({str(folder)!r}, {str(room)!r})"
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("room", [500_000, 1_100_000, 3_000_000])
def test_a_full_disk_loses_nothing(tmp_path: Path, room: int) -> None:
    if shutil.which(ALONE[0]) is None or subprocess.run([*ALONE, "true"], check=False).returncode:
        pytest.skip("no file systems of one's own may be made here")
    fill_disk(tmp_path, room)
