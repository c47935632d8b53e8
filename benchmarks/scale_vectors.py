"""Very many vectors that lie as real ones do: real ones with noise, made again when needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from news_length import SHARED

from assistant import models
from assistant.articles import load_article
from assistant.library.vectors import Vectors, best, embed_passages
from assistant.passages import split_article
from assistant.settings import Settings

BLOCK = 500
"""Vectors made at once, each block from a seed of its own; the size of the index's batches."""

_NOISE = 0.6
"""Length of the noise beside a unit vector: neighbours then have a cosine of about 0.74, as the
nearest other sentence of a news article has."""

_QUERY_NOISE = 0.9
"""A question is further from its passage than passages are from their neighbours."""


class Synthetic:
    """Unit vectors by number: the same number always has the same vector. Nothing is kept."""

    def __init__(self, real: Vectors) -> None:
        self._real = real
        self.dimension = real.shape[1]

    def rows(self, first: int, end: int) -> Iterator[tuple[int, Vectors]]:
        """Vectors ``first`` to ``end``, in blocks, each with the number of its first."""
        for start in range(first - first % BLOCK, end, BLOCK):
            block = self._noisy(np.random.default_rng([7, start]), BLOCK, _NOISE)
            low, high = max(first, start), min(end, start + BLOCK)
            yield low, block[low - start : high - start]

    def queries(self, count: int) -> Vectors:
        """Vectors of questions, which are none of the passages."""
        return self._noisy(np.random.default_rng(11), count, _QUERY_NOISE)

    def nearest(self, queries: Vectors, size: int, k: int) -> list[list[int]]:
        """The ``k`` nearest of the first ``size`` vectors to each query, by comparing all."""
        scores = np.empty((len(queries), 0), dtype=np.float32)
        keys = np.empty((len(queries), 0), dtype=np.int64)
        for first, rows in self.rows(0, size):
            numbers = np.broadcast_to(
                np.arange(first, first + len(rows)), (len(queries), len(rows))
            )
            scores = np.hstack([scores, queries @ rows.T])
            keys = np.hstack([keys, numbers])
            if scores.shape[1] > 20 * BLOCK or first + len(rows) == size:
                top = np.array([best(row, k) for row in scores])
                scores = np.take_along_axis(scores, top, axis=1)
                keys = np.take_along_axis(keys, top, axis=1)
        return [[int(key) for key in row] for row in keys]

    def _noisy(self, chance: np.random.Generator, count: int, noise: float) -> Vectors:
        chosen = self._real[chance.integers(len(self._real), size=count)]
        spread = chance.standard_normal((count, self.dimension), dtype=np.float32)
        spread *= noise / np.sqrt(self.dimension)
        rows = chosen + spread
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows, dtype=np.float32)


def real_vectors(count: int, cache: Path) -> Vectors:
    """Vectors of the passages of ``../shared/articles`` as the library makes them."""
    if cache.exists() and len(kept := np.load(cache)) >= count:
        return np.asarray(kept[:count], dtype=np.float32)
    embedder = models.embedder(Settings.load(offline=True))
    dimension = len(embedder.embed_query("dimension"))
    parts: list[Vectors] = []
    for file in sorted(SHARED.glob("*.json")):
        row = json.loads(file.read_text(encoding="utf-8"))
        article = load_article(text=row["text"], title=row.get("title"))
        passages = split_article(article)
        parts.append(embed_passages(embedder, article, passages, dimension))
        if sum(map(len, parts)) >= count:
            break
    if not parts:
        raise SystemExit(f"{SHARED} holds no articles to make vectors from")
    vectors = np.concatenate(parts)[:count]
    np.save(cache, vectors)
    return vectors
