"""The library as its users see it, on a folder and on a real Chroma server alike."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import (
    ArticleError,
    LibraryBusy,
    LibraryError,
    ModelError,
    UnknownArticle,
)
from assistant.library import Library, chroma, embedding, lifecycle, search
from assistant.schema import Passage
from assistant.testing import HashEmbedder
from tests.chroma_server import ChromaServer
from tests.sample_articles import article, numbered, seed_article

Opener = Callable[..., Library]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma-server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["folder", "server"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the library of this test, as often as wanted, one after the other."""
    url = None if request.param == "folder" else request.getfixturevalue("server").url

    def open_library(embedder: HashEmbedder | None = None, name: str = "hash") -> Library:
        return Library.open(
            tmp_path / "store", embedder or HashEmbedder(), embedder_name=name, chroma_url=url
        )

    return open_library


def contents(library: Library) -> dict[str, int]:
    """What the library holds, after checking that every passage is found in both ways."""
    for one in library.articles():
        passages = library.passages(one.id)
        for passage, vector in zip(passages, library.vectors(one.id), strict=True):
            assert one.text[passage.start : passage.end] == passage.text
            assert library.search_dense(vector, 1)[0].passage == passage
        words = passages[-1].text
        assert passages[-1] in [hit.passage for hit in library.search_lexical(words, 5)]
    return {one.id: len(library.passages(one.id)) for one in library.articles()}


def test_an_article_comes_back_as_it_was_added(opened: Opener) -> None:
    full = dataclasses.replace(
        seed_article(),
        byline="A. Reporter",
        published="2023-11-07",
        captions=("A photo.", "Another “photo”."),
        pages=(0, 120),
        origins=(("published", "JSON-LD"),),
    )
    with opened() as lib:
        assert lib.add(full) is True
        assert lib.article(full.id) == full
        assert lib.articles() == [full]
        assert lib.article_ids() == [full.id]
        assert len(lib.article_ids()) == 1
        assert len(lib.passages(full.id)) > 10
        assert lib.vectors(full.id).shape == (len(lib.passages(full.id)), 256)
        np.testing.assert_allclose(np.linalg.norm(lib.vectors(full.id), axis=1), 1, atol=1e-5)
    with opened() as lib:
        assert lib.articles() == [full]
        contents(lib)
        assert lib.notices == ()


def test_adding_twice_changes_nothing(opened: Opener) -> None:
    with opened() as lib:
        assert lib.add(numbered(1)) is True
        before = contents(lib)
        assert lib.add(numbered(1)) is False
        assert lib.add(dataclasses.replace(numbered(1), title="Another title")) is False
        assert contents(lib) == before
        assert lib.article(numbered(1).id).title == "Talks 1"


def test_a_removed_article_is_gone_from_every_search_and_can_come_back(opened: Opener) -> None:
    one, two = numbered(1), numbered(2)
    with opened() as lib:
        lib.add(one)
        lib.add(two)
        question = one.text.split(".")[0]
        assert lib.search_dense(question, 1)[0].passage.article_id == one.id
        lib.remove(one.id)
        assert contents(lib) == {two.id: 6}
        for hits in (lib.search_dense(question, 50), lib.search_lexical(question, 50)):
            assert {hit.passage.article_id for hit in hits} <= {two.id}
        with pytest.raises(UnknownArticle, match="assistant list"):
            lib.remove(one.id)
    with opened() as lib:
        assert contents(lib) == {two.id: 6}
        assert lib.add(one) is True
        assert contents(lib) == {two.id: 6, one.id: 6}
        assert lib.notices == ()


def test_searches_stay_within_the_articles_asked_for(opened: Opener) -> None:
    with opened() as lib:
        for number in range(5):
            lib.add(numbered(number))
        scope = [numbered(3).id, numbered(1).id]
        question = numbered(2).text.split(".")[0]
        for hits in (
            lib.search_dense(question, 9, scope),
            lib.search_lexical(question, 9, scope),
        ):
            assert {hit.passage.article_id for hit in hits} == set(scope)
            assert [hit.rank for hit in hits] == list(range(1, 10))
            assert [hit.score for hit in hits] == sorted((h.score for h in hits), reverse=True)
        assert lib.search_dense(question, 9, []) == []
        assert lib.search_lexical(question, 9, []) == []
        for search in (lib.search_dense, lib.search_lexical):
            with pytest.raises(UnknownArticle, match="nowhere"):
                search(question, 9, [scope[0], "nowhere"])


def test_index_and_exact_comparison_agree(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as lib:
        for number in range(12):
            lib.add(numbered(number))
        scope = [numbered(number).id for number in range(0, 12, 2)]
        # A question would be equally near to several passages; a random vector is not.
        vector = np.random.default_rng(5).standard_normal(256).astype(np.float32)
        vector /= np.linalg.norm(vector)
        exact = lib.search_dense(vector, 7, scope)
        monkeypatch.setattr(search, "EXACT_PASSAGES", 0)
        indexed = lib.search_dense(vector, 7, scope)
        assert [hit.passage for hit in indexed] == [hit.passage for hit in exact]
        assert [h.score for h in indexed] == pytest.approx([h.score for h in exact], abs=1e-5)
        everywhere = lib.search_dense(vector, 7)
        assert everywhere == lib.search_dense(vector, 7, lib.article_ids())


def test_an_article_does_not_replace_itself(opened: Opener) -> None:
    with opened() as lib:
        lib.add(numbered(1))
        with pytest.raises(UnknownArticle, match="itself"):
            lib.replace(numbered(1).id, numbered(1).id)
        assert contents(lib) == {numbered(1).id: 6}


@pytest.mark.parametrize("k", [0, -3])
def test_asking_for_no_results_gives_none(opened: Opener, k: int) -> None:
    with opened() as lib:
        assert lib.search_dense("talks", 5) == []
        assert lib.search_lexical("talks", 5) == []
        lib.add(numbered(1))
        assert lib.search_dense("talks", k) == []
        assert lib.search_lexical("talks", k) == []
        assert len(lib.search_dense("talks", 10**9)) == 6


@pytest.mark.parametrize(
    ("embedder", "name"),
    [(HashEmbedder(64), "hash"), (HashEmbedder(), "hash-2"), (HashEmbedder(64), "hash-3")],
    ids=["other size", "other name", "both"],
)
def test_another_embedder_gets_vectors_of_its_own(
    opened: Opener, embedder: HashEmbedder, name: str
) -> None:
    with opened() as lib:
        lib.add(numbered(1))
        lib.add(numbered(2))
        before = contents(lib)
    with opened(embedder, name) as lib:
        assert contents(lib) == before
        assert lib.vectors(numbered(1).id).shape[1] == embedder.dimensions
        assert "embedded again 2 article(s)" in " ".join(lib.notices)
        lib.remove(numbered(1).id)
        lib.add(numbered(3))
    with opened() as lib:  # back to the first: what changed meanwhile has changed here too
        assert contents(lib) == {numbered(2).id: 6, numbered(3).id: 6}


class ShiftedEmbedder(HashEmbedder):
    """Another model under the same name and size: its vectors lie elsewhere."""

    def embed_query(self, text: str) -> list[float]:
        row = super().embed_query(text)
        return [*row[1:], row[0]]


def test_another_model_behind_the_same_name_is_noticed(opened: Opener) -> None:
    with opened() as lib:
        lib.add(numbered(1))
    with opened(ShiftedEmbedder()) as lib:
        assert contents(lib) == {numbered(1).id: 6}
        assert "embedded again" in " ".join(lib.notices)
    with opened(ShiftedEmbedder()) as lib:
        contents(lib)
        assert lib.notices == ()


def test_another_splitter_splits_what_is_there_again(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as lib:
        lib.add(numbered(1))
    monkeypatch.setattr(lifecycle, "SPLITTER_VERSION", "next")
    monkeypatch.setattr(embedding, "SPLITTER_VERSION", "next")
    monkeypatch.setattr(lifecycle, "split_article", lambda a: _split_in_two(a.id, a.text))
    with opened() as lib:
        assert contents(lib) == {numbered(1).id: 2}
        assert "embedded again" in " ".join(lib.notices)
        lib.remove(numbered(1).id)
        assert lib.search_lexical("talks", 5) == []


def _split_in_two(article_id: str, text: str) -> list[Passage]:
    cut = text.index(". ") + 1
    spans = [(0, cut), (cut + 1, len(text))]
    return [Passage(f"{article_id}:{s}", article_id, text[s:e], s, e) for s, e in spans]


class FailingEmbedder(HashEmbedder):
    """Fails as told for passages."""

    def __init__(self, outcome: Callable[[list[list[float]]], list[list[float]]]) -> None:
        super().__init__()
        self._outcome = outcome

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._outcome(super().embed_documents(texts))


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (lambda rows: rows[:-1], "11 vectors for 12 texts"),
        (lambda rows: [row[:-1] for row in rows], "255 numbers for passages"),
        (lambda rows: [[float("nan")] * 256 for _ in rows], "NaN"),
        (lambda rows: [], "0 vectors"),
    ],
)
def test_a_failing_embedder_leaves_nothing_behind(
    opened: Opener, outcome: Callable[[list[list[float]]], list[list[float]]], message: str
) -> None:
    with opened(FailingEmbedder(outcome)) as lib:
        with pytest.raises(ModelError, match=message):
            lib.add(numbered(1))
        assert lib.articles() == []
    with opened() as lib:
        assert lib.add(numbered(1)) is True
        assert contents(lib) == {numbered(1).id: 6}


@pytest.mark.parametrize("text", ["", " \n\t", "Before\0after. More.", "Half \ud800 a character."])
def test_text_that_cannot_be_stored_is_refused(opened: Opener, text: str) -> None:
    with opened() as lib:
        with pytest.raises(ArticleError):
            lib.add(article(text))
        with pytest.raises(ArticleError):
            lib.add(dataclasses.replace(numbered(1), title="\ud800"))
        assert lib.articles() == []
        assert lib.add(numbered(1)) is True


@pytest.mark.parametrize(
    "text", ["🙂 " * 300 + ".", "“", "الوزير قال نعم. ثم غادر.", "首相は語った。" * 9, "x" * 9000]
)
def test_odd_texts_are_stored_and_found(opened: Opener, text: str) -> None:
    odd = article(text)
    with opened() as lib:
        lib.add(odd)
        lib.add(numbered(1))
        assert lib.article(odd.id) == odd
        for passage, vector in zip(lib.passages(odd.id), lib.vectors(odd.id), strict=True):
            hit = lib.search_dense(vector, 1)[0]
            assert hit.score == pytest.approx(1, abs=1e-4)
            assert passage.text in odd.text
        lib.remove(odd.id)
        assert contents(lib) == {numbered(1).id: 6}


def test_an_unknown_id_is_refused(opened: Opener) -> None:
    with opened() as lib:
        for call in (lib.article, lib.passages, lib.vectors, lib.remove):
            for bad in ("", "nowhere", "\ud800", "' OR 1=1 --", "x" * 100_000):
                with pytest.raises(UnknownArticle) as caught:
                    call(bad)
                assert len(str(caught.value)) < 200


def test_a_closed_library_says_so(opened: Opener) -> None:
    lib = opened()
    lib.add(numbered(1))
    lib.search_dense("talks", 1)
    lib.close()
    lib.close()
    for call in (
        lib.articles,
        lambda: lib.search_lexical("talks", 1),
        lambda: lib.add(numbered(2)),
    ):
        with pytest.raises(LibraryError, match="has been closed"):
            call()


def test_threads_add_remove_and_search_at_once(opened: Opener) -> None:
    kept = [numbered(number) for number in range(100, 106)]
    failures: list[str] = []
    stop = threading.Event()

    def churn(number: int) -> None:
        for _ in range(3):
            lib.add(numbered(number))
            lib.remove(numbered(number).id)

    def read(number: int) -> None:
        wanted = kept[number % len(kept)]
        question = wanted.text.split(". ")[0]
        while not stop.is_set():
            for scope in (None, [wanted.id]):
                dense = lib.search_dense(question, 3, scope)
                words = lib.search_lexical(question, 3, scope)
                for hits in (dense, words):
                    if not hits or hits[0].passage.article_id != wanted.id:
                        failures.append(f"{wanted.title} not first: {hits}")

    with opened() as lib:
        for one in kept:
            lib.add(one)
        with ThreadPoolExecutor(8) as pool:
            readers = [pool.submit(read, number) for number in range(4)]
            for writer in [pool.submit(churn, number) for number in range(4)]:
                writer.result()
            stop.set()
            for reader in readers:
                reader.result()
        assert failures == []
        assert contents(lib) == {one.id: 6 for one in kept}


def test_a_second_process_is_refused_at_once(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, assistant.library as m, assistant.testing as t, time;"
        "lib = m.Library.open(pathlib.Path(sys.argv[1]), t.HashEmbedder(), embedder_name='hash');"
        "print('open', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LibraryBusy, match=rf"another process \(pid {holder.pid}\)"):
            Library.open(tmp_path, HashEmbedder(), embedder_name="hash")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with Library.open(tmp_path, HashEmbedder(), embedder_name="hash") as lib:
        assert lib.add(numbered(1)) is True
        with pytest.raises(LibraryBusy, match="this same process"):
            Library.open(tmp_path, HashEmbedder(), embedder_name="hash")


def test_no_server_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    spare = ChromaServer(tmp_path)  # never started: nothing listens on its port
    with Library.open(tmp_path, HashEmbedder(), embedder_name="hash", chroma_url=spare.url) as lib:
        with pytest.raises(LibraryError, match="chroma run"):
            lib.add(numbered(1))
        assert lib.articles() == []


def test_a_copied_store_has_a_collection_of_its_own(tmp_path: Path, server: ChromaServer) -> None:
    def opened(store: Path) -> Library:
        return Library.open(store, HashEmbedder(), embedder_name="hash", chroma_url=server.url)

    with opened(tmp_path / "one") as lib:
        lib.add(numbered(1))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        one.add(numbered(2))
        two.add(numbered(3))
        two.remove(numbered(1).id)
        assert contents(one) == {numbered(1).id: 6, numbered(2).id: 6}
        assert contents(two) == {numbered(3).id: 6}
    with opened(tmp_path / "one") as one:
        assert contents(one) == {numbered(1).id: 6, numbered(2).id: 6}
        assert one.notices == ()


def test_a_server_that_hangs_is_not_waited_for(
    tmp_path: Path, server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(chroma, "CONNECT_SECONDS", 0.5)
    with Library.open(tmp_path, HashEmbedder(), embedder_name="hash", chroma_url=server.url) as lib:
        lib.add(numbered(1))
        server.pause(4.0)
        began = time.monotonic()
        for call in (lambda: lib.search_dense("talks", 1), lambda: lib.add(numbered(2))):
            with pytest.raises(LibraryError, match="chroma run"):
                call()
        assert time.monotonic() - began < 3.5
        assert lib.search_dense("talks", 1, [numbered(1).id])
        time.sleep(max(0.0, 4.2 - (time.monotonic() - began)))
        monkeypatch.setattr(chroma, "REQUEST_SECONDS", 10.0)
        assert lib.add(numbered(2)) is True
        assert contents(lib) == {numbered(1).id: 6, numbered(2).id: 6}


def test_a_server_that_lost_its_data_is_filled_again(tmp_path: Path) -> None:
    server = ChromaServer(tmp_path / "first")
    server.start()
    try:
        with Library.open(
            tmp_path, HashEmbedder(), embedder_name="hash", chroma_url=server.url
        ) as lib:
            lib.add(numbered(1))
            contents(lib)
            server.kill()
            with pytest.raises(LibraryError, match="chroma run"):
                lib.add(numbered(2))
            with pytest.raises(LibraryError, match="chroma run"):
                lib.search_dense("talks", 1)
            # Within one article no index is needed, and none is asked.
            assert lib.search_dense("talks", 1, [numbered(1).id])
            assert lib.search_lexical("talks", 1)
            server.folder = tmp_path / "second"
            server.start()
            assert contents(lib) == {numbered(1).id: 6}
            assert "rebuilt" in " ".join(lib.notices)
            lib.add(numbered(2))
            assert contents(lib) == {numbered(1).id: 6, numbered(2).id: 6}
    finally:
        server.kill()
