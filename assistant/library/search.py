"""Find passages among the ready articles, by meaning or by words.

By meaning, chosen articles are compared one by one, and the index is asked about all of them.
Not handled here: ranking beyond one retriever's score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.library.embedding import Embedding
from assistant.library.ledger import Entry, Ledger
from assistant.library.spaces import Space
from assistant.library.upkeep import Upkeep
from assistant.library.vectors import Vectors, best
from assistant.schema import RetrievedPassage

EXACT_PASSAGES = 20_000
"""Passages up to which chosen articles are compared one by one, from memory.

Measured at 384 numbers: a third of a millisecond for one article and 5 ms for 20,000 passages,
with nothing missed; Chroma takes 3 ms and 40 ms when it has to leave other articles out, and
1 to 2 ms for a whole library, which is always asked of it.
"""

MAX_RESULTS = 1_000
"""Passages returned at most by one search."""


class Search:
    """The two ways to find passages in one ledger. Thread-safe."""

    def __init__(self, ledger: Ledger, embedding: Embedding, upkeep: Upkeep) -> None:
        self._ledger = ledger
        self._embedding = embedding
        self._upkeep = upkeep

    def dense(
        self, query: str | Vectors, k: int, article_ids: Sequence[str] | None
    ) -> list[RetrievedPassage]:
        """As :meth:`Library.search_dense`."""
        k = min(k, MAX_RESULTS)
        space = self._embedding.space()
        vector = self._embedding.question(query) if isinstance(query, str) else query
        entries = None if article_ids is None else self._ledger.select(article_ids)
        if k < 1 or entries == []:
            return []
        if entries is not None and sum(entry.passages for entry in entries) <= EXACT_PASSAGES:
            return self._ranked(self._compare(vector, k, entries, space), k)
        return self._ask_index(vector, k, self._bounds(entries), space)

    def lexical(
        self, query: str, k: int, article_ids: Sequence[str] | None
    ) -> list[RetrievedPassage]:
        """As :meth:`Library.search_lexical`."""
        entries = None if article_ids is None else self._ledger.select(article_ids)
        k = min(k, MAX_RESULTS)
        return self._ranked(self._ledger.passages.search(query, k, self._bounds(entries)), k)

    def _bounds(self, entries: Sequence[Entry] | None) -> list[int] | None:
        """The numbers of the articles a search is bounded to, or None for all of them."""
        # Naming every article is no restriction, and searching is faster without one.
        if entries is None or len(entries) == self._ledger.count():
            return None
        return [entry.number for entry in entries]

    def _ask_index(
        self, vector: Vectors, k: int, articles: Sequence[int] | None, space: Space
    ) -> list[RetrievedPassage]:
        """Search the index, looking further while the hits belong to articles in the making."""
        wanted = k
        while True:
            hits = self._upkeep.search(vector, wanted, articles, space)
            ranked = self._ranked(hits, k)
            if len(ranked) == k or len(hits) < wanted or wanted > 16 * MAX_RESULTS:
                return ranked
            wanted *= 4

    def _compare(
        self, vector: Vectors, k: int, entries: Sequence[Entry], space: Space
    ) -> list[tuple[int, float]]:
        matrices = [self._embedding.stored(entry, space) for entry in entries]
        scores = np.concatenate([matrix @ vector for matrix in matrices])
        numbers = np.concatenate(
            [np.arange(e.first, e.first + len(m)) for e, m in zip(entries, matrices, strict=True)]
        )
        return [(int(numbers[i]), float(scores[i])) for i in best(scores, k)]

    def _ranked(self, hits: Sequence[tuple[int, float]], k: int) -> list[RetrievedPassage]:
        passages = self._ledger.passages.at([number for number, _ in hits])
        seen = [(passages[number], score) for number, score in hits if number in passages]
        return [
            RetrievedPassage(passage, score, rank)
            for rank, (passage, score) in enumerate(seen[:k], start=1)
        ]
