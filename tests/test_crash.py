"""Killed at any moment: nothing acknowledged is lost, nothing half done is seen.

CRASH_CYCLES in the environment says how many random kills there are (500 for the long run).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import LibraryError
from assistant.library import Library, index, ledger, spaces, upkeep
from assistant.testing import HashEmbedder
from tests.chroma_server import ChromaServer
from tests.sample_articles import numbered

CYCLES = int(os.environ.get("CRASH_CYCLES", "8"))
NUMBERS = range(12)
SENTENCES = 20

Acknowledged = tuple[str, str, int]
"""``begun`` or ``done``, ``add`` or ``remove``, and the article's number."""


def opened(store: Path, dimensions: int = 32, url: str | None = None) -> Library:
    embedder = HashEmbedder(dimensions)
    return Library.open(store, embedder, embedder_name="hash", chroma_url=url)


def work(store: Path, seed: int, dimensions: int, told: Connection) -> None:
    """Add and remove articles until killed, telling before and after each."""
    save_early()
    choose = random.Random(seed)
    told.send(("begun", "open", 0))
    with opened(store, dimensions) as lib:
        lib.warm_up()
        while True:
            number = choose.choice(NUMBERS)
            there = numbered(number, SENTENCES).id in lib.article_ids()
            act = "remove" if there else "add"
            told.send(("begun", act, number))
            one = numbered(number, SENTENCES)
            lib.remove(one.id) if there else lib.add(one)
            told.send(("done", act, number))


def save_early() -> None:
    """Let Chroma write its files after a few vectors: that is what a kill can damage."""
    index._HNSW = {**index._HNSW, "sync_threshold": 40, "batch_size": 20}


def started(target: Callable[..., None], *values: Any) -> tuple[Any, Connection]:
    """``target`` in a process of its own, forked from one that has imported what is slow."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "langchain_core.embeddings", __name__])
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*values, tells), daemon=True)
    process.start()
    tells.close()
    return process, hears


def everything_told(hears: Connection) -> list[Acknowledged]:
    told = []
    try:
        while True:
            told.append(hears.recv())
    except (EOFError, ConnectionResetError):
        return told


def replay(present: set[int], told: list[Acknowledged]) -> tuple[set[int], set[int]]:
    """The articles that must be there, and those that may be either way."""
    present, uncertain = set(present), set()
    for phase, act, number in told:
        if act == "open":
            continue
        if phase == "begun":
            uncertain = {number}
        else:
            uncertain = set()
            (present.add if act == "add" else present.discard)(number)
    return present - uncertain, uncertain


def assert_whole(lib: Library, certain: set[int], uncertain: set[int]) -> set[int]:
    """Check every passage in every way it can be found; returns the articles that are there."""
    ids = {numbered(number, SENTENCES).id: number for number in NUMBERS}
    present = {ids[article_id] for article_id in lib.article_ids()}
    assert certain <= present <= certain | uncertain
    for number in present:
        one = numbered(number, SENTENCES)
        assert lib.article(one.id) == one
        assert len(lib.passages(one.id)) == SENTENCES
        for vector in lib.vectors(one.id):
            assert lib.search_dense(vector, 1)[0].score > 0.999
        assert lib.search_lexical(f"n{number}s{SENTENCES - 1}", 1)[0].passage.article_id == one.id
    for number in set(NUMBERS) - present:
        assert not lib.search_lexical(f"n{number}s1", 1)
    assert len(lib.search_dense("minister", 1000)) == len(present) * SENTENCES
    return present


def kill_once(store: Path, cycle: int, present: set[int]) -> tuple[set[int], int]:
    """Kill a process at work on a store that holds ``present``, and check what it left.

    Returns the articles that are there now, and how many acts had been acknowledged.
    """
    choose = random.Random(f"kill {cycle}")
    # Every third time the embedder changes, so that re-embedding is killed too.
    dimensions = 32 + cycle // 3 % 2
    process, hears = started(work, store, cycle, dimensions)
    # So many messages, and then some moment in what comes next: a slow machine is killed at
    # the same steps as a fast one.
    told = [hears.recv() for _ in range(choose.randrange(1, 16))]
    time.sleep(choose.choice((0.0, 0.003, 0.03, 0.1)) * choose.random())
    process.kill()
    process.join()
    told += everything_told(hears)
    certain, uncertain = replay(present, told)
    with opened(store, dimensions) as lib:
        return assert_whole(lib, certain, uncertain), sum(row[0] == "done" for row in told)


def test_random_kills_lose_nothing(tmp_path: Path) -> None:
    present: set[int] = set()
    acknowledged = 0
    for cycle in range(CYCLES):
        present, done = kill_once(tmp_path, cycle, present)
        acknowledged += done
    assert acknowledged > CYCLES


STEPS: dict[str, tuple[type, str]] = {
    "written to the ledger": (ledger.Ledger, "insert"),
    "index about to change": (upkeep.Upkeep, "unseal"),
    "written to the index": (index.Index, "put"),
    "made ready": (ledger.Ledger, "publish"),
    "sealed": (upkeep.Upkeep, "seal"),
    "hidden": (ledger.Ledger, "retract"),
    "taken from the index": (index.Index, "remove"),
    "deleted": (ledger.Ledger, "erase"),
    "embedded again": (spaces.Spaces, "put"),
    "old index thrown away": (upkeep.Upkeep, "_discard"),
    "damaged index moved away": (upkeep.Upkeep, "_set_aside"),
}


def die_at(store: Path, step: str, when: str, dimensions: int, told: Connection) -> None:
    """Do a bit of everything, and be killed right before or after ``step``."""
    save_early()
    owner, name = STEPS[step]
    method = getattr(owner, name)

    def dying(self: Any, *values: Any, **named: Any) -> Any:
        result = None if when == "before" else method(self, *values, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)
    with opened(store, dimensions) as lib:
        lib.warm_up()
        for number, act in ((5, lib.add), (0, lib.remove)):
            one = numbered(number, SENTENCES)
            told.send(("begun", act.__name__, number))
            act(one if act == lib.add else one.id)  # type: ignore[arg-type]
            told.send(("done", act.__name__, number))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_is_made_good(tmp_path: Path, step: str, when: str) -> None:
    dimensions = 32
    with opened(tmp_path) as lib:
        for number in range(3):
            lib.add(numbered(number, SENTENCES))
        if step == "old index thrown away":
            lib._upkeep.unseal()
    if step == "embedded again":
        dimensions = 33
    if step == "damaged index moved away":
        (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"")
    process, hears = started(die_at, tmp_path, step, when, dimensions)
    told = everything_told(hears)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    certain, uncertain = replay({0, 1, 2}, told)
    for _ in range(2):
        with opened(tmp_path, dimensions) as lib:
            certain, uncertain = assert_whole(lib, certain, uncertain), set()
    with opened(tmp_path, dimensions) as lib:
        assert lib.notices == ()
        for number in (7, 8):
            lib.add(numbered(number, SENTENCES))
            lib.remove(numbered(number - 7, SENTENCES).id) if number - 7 in certain else None
        assert_whole(lib, certain - {0, 1} | {7, 8}, set())


@contextmanager
def killed_after(seconds: float, server: ChromaServer) -> Iterator[None]:
    timer = threading.Timer(seconds, server.kill)
    timer.start()
    yield
    timer.join()


def test_a_server_killed_while_adding_loses_nothing(tmp_path: Path) -> None:
    server = ChromaServer(tmp_path / "server")
    server.start()
    choose = random.Random(7)
    present: set[int] = set()
    try:
        with opened(tmp_path / "store", url=server.url) as lib:
            for cycle in range(max(2, CYCLES // 4)):
                with killed_after(choose.uniform(0, 0.5), server):
                    for number in range(cycle % 2, len(NUMBERS), 2):
                        one = numbered(number, SENTENCES)
                        try:
                            lib.remove(one.id) if number in present else lib.add(one)
                        except LibraryError as error:
                            assert "chroma run" in str(error)  # noqa: PT017
                            break
                        present ^= {number}
                server.start()
                present = assert_whole(lib, present, set())
        with opened(tmp_path / "store", url=server.url) as lib:
            assert_whole(lib, present, set())
    finally:
        server.kill()
