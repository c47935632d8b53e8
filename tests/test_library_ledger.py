"""The ledger's file: formats, damage, a full disk, and who may open it."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import LibraryError
from assistant.library import Library
from assistant.library.format import FORMAT
from assistant.library.ledger import Ledger
from assistant.testing import HashEmbedder
from tests.sample_articles import numbered, seed_article

FORMATS = Path(__file__).parent / "data" / "ledgers"


def opened(store: Path) -> Library:
    return Library.open(store, HashEmbedder(), embedder_name="hash")


def test_every_format_has_an_example() -> None:
    assert sorted(int(path.stem) for path in FORMATS.glob("*.sqlite3")) == [*range(1, FORMAT + 1)]


@pytest.mark.parametrize("path", sorted(FORMATS.glob("*.sqlite3")), ids=lambda path: path.stem)
def test_a_ledger_of_any_format_is_brought_up_to_date(path: Path, tmp_path: Path) -> None:
    shutil.copyfile(path, tmp_path / "ledger.sqlite3")
    with opened(tmp_path) as lib:
        seed, talks = seed_article(), numbered(1)
        assert lib.article_ids() == [seed.id, talks.id]
        assert lib.article(talks.id) == talks
        assert lib.article(seed.id).text == seed.text
        assert lib.article(seed.id).captions == ("Foreign ministers in Tokyo.",)
        assert lib.search_lexical("n1s3", 1)[0].passage.article_id == talks.id
        question = talks.text.split(". ")[2]
        assert lib.search_dense(question, 1)[0].passage.article_id == talks.id
        assert lib.add(numbered(2)) is True
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as file:
        assert file.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    file.close()


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE recipes (name)")
    file.close()


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {FORMAT + 1}")
    file.close()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def _overwrite(path: Path) -> None:
    path.write_bytes(b"not a database at all " * 500)


def _zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_newer, "Upgrade this program"),
        (_cut, "damaged.*backup"),
        (_overwrite, "damaged.*backup"),
        (_zero, "damaged.*backup"),
        (_replace_by_folder, "permissions"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_left_alone(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    with opened(tmp_path) as lib:
        lib.add(numbered(1))
    ledger = tmp_path / "ledger.sqlite3"
    damage(ledger)
    before = ledger.read_bytes() if ledger.is_file() else None
    for _ in range(2):  # the second time: the lock of the failed opening has been released
        with pytest.raises(LibraryError, match=message), opened(tmp_path) as lib:
            lib.articles()
    assert before is None or ledger.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    _foreign(tmp_path / "ledger.sqlite3")
    with pytest.raises(LibraryError, match="another program"):
        opened(tmp_path)


def test_a_store_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(LibraryError, match="--store"):
        opened(tmp_path / "store")


_FILLING = """
import pathlib, resource, sys
from assistant.errors import LibraryError
from tests.test_library_ledger import opened
from tests.sample_articles import numbered

store, room = pathlib.Path(sys.argv[1]), int(sys.argv[2])
with opened(store) as lib:
    lib.add(numbered(0))
    print(0, flush=True)
    # A file cannot grow beyond this: what a full disk does to one write or another.
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    for number in range(1, 60):
        try:
            lib.add(numbered(number, 60))
        except LibraryError as error:
            print(error, flush=True)
            break
        print(number, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert lib.search_lexical("n0s1", 1)[0].passage.article_id == numbered(0).id
"""


@pytest.mark.parametrize("room", [120_000, 400_000])
def test_a_full_disk_stops_adding_and_loses_nothing(tmp_path: Path, room: int) -> None:
    fill_up(tmp_path, room)


def fill_up(tmp_path: Path, room: int) -> None:
    """Add articles until a file of the store would have more than ``room`` bytes, and look."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", _FILLING, str(tmp_path), str(room)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    *added, error = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert not error.isdigit()
    assert "ledger" in error or "index" in error
    with opened(tmp_path) as lib:
        wanted = {numbered(0).id} | {numbered(int(n), 60).id for n in added[1:]}
        assert wanted <= set(lib.article_ids())
        assert len(lib.article_ids()) <= len(wanted) + 1
        for article_id in lib.article_ids():
            for vector in lib.vectors(article_id)[:2]:
                assert lib.search_dense(vector, 1)[0].score > 0.999
        assert lib.add(numbered(1000)) is True


def test_closing_waits_for_those_who_read(tmp_path: Path) -> None:
    for round_ in range(10):
        ledger = Ledger(tmp_path / f"{round_}.sqlite3")
        started = threading.Barrier(4)

        def read(ledger: Ledger = ledger, started: threading.Barrier = started) -> None:
            started.wait()
            with contextlib.suppress(LibraryError):  # said once it is closed
                while True:
                    ledger.entries()

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        started.wait()
        ledger.close()
        for reader in readers:
            reader.join(10)
            assert not reader.is_alive()


@pytest.mark.timeout(30)
def test_closing_does_not_wait_for_a_reading_that_ctrl_c_has_ended(tmp_path: Path) -> None:
    """An interrupt between two steps of a reading leaves it counted in, by the thread itself."""
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    left = ledger._database._counted()
    left.__enter__()
    ledger.close()
    with pytest.raises(LibraryError, match="closed"):
        ledger.entries()
