"""Damaged index files: each kind is noticed, nothing is lost, and the process lives on.

Files that an older Chroma wrote are no damage: they are read as they are.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.errors import LibraryError
from assistant.library import Library, index, probe, upkeep
from assistant.library.chroma import Chroma
from assistant.library.ledger import Ledger
from assistant.testing import HashEmbedder
from tests.sample_articles import numbered

ARTICLES = 12
SENTENCES = 12
OLDER = Path(__file__).parent / "data" / "chroma"
"""Stores as ``intact`` makes them, by the version of Chroma that wrote the index."""


@pytest.fixture(scope="module", autouse=True)
def early_saving() -> Iterator[None]:
    """Chroma saves its files after a few vectors, so that small libraries have every file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_HNSW", {**index._HNSW, "sync_threshold": 40, "batch_size": 20})
        yield


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory, early_saving: None) -> Path:
    """A store whose index has all its files, closed cleanly."""
    store = tmp_path_factory.mktemp("intact")
    with opened(store) as lib:
        for number in range(ARTICLES):
            lib.add(numbered(number, SENTENCES))
        lib.search_dense("talks", 1)
    return store


@pytest.fixture
def store(intact: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "store"
    shutil.copytree(intact, copy)  # copystat keeps the times: for the seal it is the same folder
    yield copy
    shutil.rmtree(copy)


def opened(store: Path) -> Library:
    return Library.open(store, HashEmbedder(64), embedder_name="hash")


def assert_whole(lib: Library) -> None:
    assert len(lib.article_ids()) == ARTICLES
    for article_id in lib.article_ids():
        for vector in lib.vectors(article_id)[::3]:
            assert lib.search_dense(vector, 1)[0].score > 0.999


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def overwritten(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(b"\xa5" * min(4096, size - size // 3))


def deleted(path: Path) -> None:
    path.unlink()


FILES = (
    "chroma.sqlite3",
    "*/header.bin",
    "*/data_level0.bin",
    "*/length.bin",
    "*/link_lists.bin",
    "*/index_metadata.pickle",
)
DAMAGES = (cut, empty, zeroed, overwritten, deleted)


@pytest.mark.parametrize("pattern", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_repaired(
    store: Path, pattern: str, damage: Callable[[Path], None]
) -> None:
    [path] = (store / "chroma").glob(pattern)
    assert path.stat().st_size > 0
    damage(path)
    with opened(store) as lib:
        assert_whole(lib)
        assert "changed or damaged" in lib.notices[0]
        assert len(lib.notices) == 1
    assert len(list(store.glob("broken-*"))) == 1
    with opened(store) as lib:
        assert_whole(lib)
        assert lib.notices == ()


def test_an_intact_index_is_used_as_it_is(store: Path) -> None:
    with opened(store) as lib:
        assert_whole(lib)
        assert lib.notices == ()
    assert not list(store.glob("broken-*"))


@pytest.mark.parametrize(
    ("pattern", "notice"), [("", "was incomplete"), ("*/", "was changed or damaged")]
)
def test_missing_folders_are_made_again(store: Path, pattern: str, notice: str) -> None:
    for folder in list(store.glob(f"chroma/{pattern}")):
        shutil.rmtree(folder)
    with opened(store) as lib:
        assert_whole(lib)
        assert notice in " ".join(lib.notices)
        assert len(lib.notices) == 1


def test_a_copied_store_works_wherever_it_is_put(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy", copy_function=shutil.copyfile)  # new file times
    with opened(tmp_path / "copy") as lib:
        assert_whole(lib)


def test_only_the_latest_damaged_index_is_kept(store: Path) -> None:
    (store / "broken-20200101T000000").mkdir()
    empty(store / "chroma" / "chroma.sqlite3")
    with opened(store) as lib:
        assert_whole(lib)
    [kept] = store.glob("broken-*")
    assert kept.name != "broken-20200101T000000"


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("*/header.bin", cut),  # a segmentation fault for who reads it
        ("*/index_metadata.pickle", deleted),  # silent loss: count() is still right
        ("*/data_level0.bin", zeroed),
        ("chroma.sqlite3", cut),
    ],
)
def test_a_large_index_after_a_crash_is_examined_in_another_process(
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    pattern: str,
    damage: Callable[[Path], None],
) -> None:
    monkeypatch.setattr(upkeep, "PROBE_ABOVE", 0)
    unseal(store)
    [path] = (store / "chroma").glob(pattern)
    damage(path)
    with opened(store) as lib:
        assert_whole(lib)


def test_a_large_index_that_survived_a_crash_is_kept(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PROBE_ABOVE", 0)
    unseal(store)
    with opened(store) as lib:
        assert_whole(lib)
        assert lib.notices == ()


def test_a_small_index_is_rebuilt_after_a_crash(store: Path) -> None:
    unseal(store)
    with opened(store) as lib:
        assert_whole(lib)
        assert "not closed properly" in lib.notices[0]
    assert not list(store.glob("broken-*"))


def test_an_examination_that_cannot_be_made_is_not_passed(tmp_path: Path) -> None:
    vectors = HashEmbedder(4).embed_documents(["one"])
    assert not probe.healthy(tmp_path / "nothing here", "no-collection", vectors)  # type: ignore[arg-type]


def test_a_file_in_the_place_of_the_index_is_moved_away(store: Path) -> None:
    for _ in range(2):
        shutil.rmtree(store / "chroma")
        (store / "chroma").write_text("a file where a folder belongs")
        with opened(store) as lib:
            assert_whole(lib)
        [kept] = store.glob("broken-*")
        assert kept.is_file()


@pytest.mark.parametrize("path", sorted(OLDER.iterdir()), ids=lambda path: path.name[:-7])
def test_an_index_of_an_older_chroma_is_read_as_it_is(path: Path, tmp_path: Path) -> None:
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    space = (ledger.facts.get("index") or "").partition(" ")[0]
    ledger.facts.set("index", f"{space} {upkeep.seal_of(tmp_path / 'chroma')}")  # new file times
    ledger.close()
    for _ in range(2):
        with opened(tmp_path) as lib:
            assert_whole(lib)
            assert lib.notices == ()
    with opened(tmp_path) as lib:
        assert lib.add(numbered(ARTICLES, SENTENCES)) is True
        lib.remove(numbered(0, SENTENCES).id)
        assert_whole(lib)
    assert not list(tmp_path.glob("broken-*"))


def test_what_could_not_be_opened_once_is_opened_when_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").mkdir()
    for _ in range(2):
        with pytest.raises(LibraryError, match="unable to open"):
            Chroma.in_folder(tmp_path)
    (tmp_path / "chroma.sqlite3").rmdir()
    Chroma.in_folder(tmp_path).close()


def unseal(store: Path) -> None:
    """As a kill in the middle of writing leaves it."""
    with opened(store) as lib:
        lib.warm_up()
        lib._upkeep.unseal()
