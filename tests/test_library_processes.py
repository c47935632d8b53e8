"""Many processes want one store, and very many passages come at once."""

from __future__ import annotations

import resource
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from assistant.errors import LibraryBusy
from assistant.library import Library
from assistant.testing import HashEmbedder
from tests.sample_articles import article, numbered
from tests.test_crash import everything_told, started

RIVALS = 8
PATIENCE = 900.0
"""Seconds in which each of the eight gets its turn: a few, but the machine may be busy."""

REFUSED_WITHIN = 10.0
"""Seconds. It takes half a second, but eight processes on two busy cores wait for each other."""

GROWTH = 1_500_000_000
"""Bytes of memory that the largest article may cost."""


def rival(store: Path, number: int, told: Connection) -> None:
    """Try to open the store until it works, add an article of one's own, and let go."""
    end = time.monotonic() + PATIENCE
    slowest = 0.0
    while time.monotonic() < end:
        start = time.monotonic()
        try:
            lib = Library.open(store, HashEmbedder(32), embedder_name="hash")
        except LibraryBusy as error:
            slowest = max(slowest, time.monotonic() - start)
            told.send(("busy", str(error), number))
            time.sleep(0.02 * number)
            continue
        with lib:
            lib.add(numbered(number))
        told.send(("done", f"{slowest}", number))
        return


def race(store: Path, trial: int) -> float:
    """Let eight processes fight for a store; returns the longest time to a refusal."""
    first = trial * RIVALS
    rivals = [started(rival, store, first + number) for number in range(RIVALS)]
    slowest = 0.0
    refusals = 0
    for process, hears in rivals:
        told = everything_told(hears)
        process.join()
        assert process.exitcode == 0
        refusals += len(told) - 1
        for kind, message, _ in told[:-1]:
            assert kind == "busy"
            assert "--store" in message
            assert "--chroma-url" not in message  # most commands have no such option
            assert "another process" in message
        kind, seconds, _ = told[-1]
        assert kind == "done", "it never got its turn"
        slowest = max(slowest, float(seconds))
    assert refusals, "nobody was ever refused: they did not meet"
    with Library.open(store, HashEmbedder(32), embedder_name="hash") as lib:
        wanted = {numbered(first + number).id for number in range(RIVALS)}
        assert wanted <= set(lib.article_ids())
        assert lib.notices == ()
        for article_id in wanted:
            for vector in lib.vectors(article_id):
                assert lib.search_dense(vector, 1)[0].score > 0.999
    return slowest


def test_processes_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    assert race(tmp_path, 0) < REFUSED_WITHIN


class NumberedEmbedder(Embeddings):
    """Sixteen numbers a text, in a moment: what is tested is the library."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        rows = [np.random.default_rng(abs(hash(text))).normal(size=16) for text in texts]
        return [[float(value) for value in row / np.linalg.norm(row)] for row in rows]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def add_large(store: Path, passages: int) -> int:
    """Add an article of so many sentences in one call; returns how many passages it has."""
    text = "\n\n".join(f"In round {n} the minister spoke of plan p{n}q." for n in range(passages))
    large = article(text, "Very long")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Library.open(store, NumberedEmbedder(), embedder_name="numbered") as lib:
        assert lib.add(large) is True
        assert lib.article(large.id).text == text
        found = lib.passages(large.id)
        assert len(found) == passages
        for number in (0, passages // 2, passages - 1):
            assert lib.search_lexical(f"p{number}q", 1)[0].passage.text.endswith(f"p{number}q.")
            vector = lib.vectors(large.id)[number]
            assert lib.search_dense(vector, 1)[0].score > 0.999
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown * 1024 < GROWTH
        lib.remove(large.id)
        assert lib.article_ids() == []
        return len(found)


@pytest.mark.timeout(600)
def test_an_article_of_twenty_thousand_passages(tmp_path: Path) -> None:
    assert add_large(tmp_path, 20_001) == 20_001
