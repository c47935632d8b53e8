"""The index: one Chroma collection that finds near vectors among very many. Rebuildable.

The same code runs on a folder and on a server (see ``chroma``). Chroma is given keys, vectors
and the article each belongs to, never texts; a key is a passage's number in the ledger.
Not handled here: whether the index agrees with the ledger (see ``upkeep``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import LibraryError
from assistant.library.chroma import Chroma
from assistant.library.spaces import Space
from assistant.library.vectors import Vectors

if TYPE_CHECKING:
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

BATCH = 500
"""Vectors a call: 5,000 at once are indexed at half the speed, and 5,462 are refused."""

PAGE = 10_000
"""Keys a call when all of them are listed."""

_HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    # Saved to disk every so many vectors. Never saving survives a kill too, but then opening
    # costs 0.35 s for each 1,000 vectors, against 0.04 s in all; see `upkeep` for the kill.
    "sync_threshold": 1000,
    # Of the 10 nearest among 20,000 vectors of 384 numbers these find 99.95 % in 1.7 ms;
    # Chroma's own (100, 100, 16) find 98.05 % in 1.1 ms, and are built 1.7 times as fast.
    "ef_construction": 200,
    "ef_search": 200,
    "max_neighbors": 24,
}


def collection_name(library: str, space: Space) -> str:
    """The collection of ``space`` in the library with this id."""
    return f"{library}-{space.fingerprint}"


class Index:
    """An open collection of unit vectors. Thread-safe as far as Chroma is."""

    def __init__(self, chroma: Chroma, library: str, space: Space) -> None:
        """Open or create the collection of ``space`` for the library with this id.

        Collections of other spaces of the same library are dropped: the ledger keeps their
        vectors, and a collection nobody updates would go stale. Closes ``chroma`` in the end.
        """
        self.space = space
        self._chroma = chroma
        name = collection_name(library, space)
        try:
            with chroma.explained():
                for other in chroma.client.list_collections():
                    if other.name.startswith(f"{library}-") and other.name != name:
                        chroma.client.delete_collection(other.name)
                self._collection = self._create(name)
        except LibraryError:
            chroma.close()
            raise

    def close(self) -> None:
        """Release the files or connections. Idempotent."""
        self._chroma.close()

    def count(self) -> int:
        """How many vectors there are, as far as Chroma knows: damage does not show here."""
        with self._chroma.explained():
            return self._collection.count()

    def keys(self) -> set[int]:
        """The key of every vector."""
        found: set[int] = set()
        with self._chroma.explained():
            while page := self._collection.get(include=[], limit=PAGE, offset=len(found))["ids"]:
                found.update(int(key) for key in page)
        return found

    def put(self, article: int, first: int, vectors: Vectors) -> None:
        """Store an article's vectors under the keys ``first``, ``first + 1``, … (again)."""
        for start in range(0, len(vectors), BATCH):
            rows = vectors[start : start + BATCH]
            with self._chroma.explained():
                self._collection.upsert(
                    ids=[str(first + start + i) for i in range(len(rows))],
                    embeddings=rows,
                    metadatas=[{"article": article}] * len(rows),
                )

    def remove(self, keys: Sequence[int]) -> None:
        """Delete vectors; keys that are not there are ignored."""
        for start in range(0, len(keys), BATCH):
            with self._chroma.explained():
                self._collection.delete(ids=[str(key) for key in keys[start : start + BATCH]])

    def clear(self) -> None:
        """Delete everything, by starting the collection afresh."""
        with self._chroma.explained():
            self._chroma.client.delete_collection(self._collection.name)
            self._collection = self._create(self._collection.name)

    def search(
        self, vector: Vectors, k: int, articles: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Keys and cosines of the nearest vectors, best first, at most ``k``.

        ``articles`` bounds the search to these article numbers; ``None`` searches all.
        """
        where: Any = None if articles is None else {"article": {"$in": list(articles)}}
        return self._nearest(vector[None], k, where)[0]

    def finds(self, vectors: Vectors) -> int:
        """How many of these vectors, which should be in the index, it finds."""
        if not len(vectors):
            return 0
        return sum(bool(hits) and hits[0][1] > 0.999 for hits in self._nearest(vectors, 1, None))

    def _nearest(self, vectors: Vectors, k: int, where: Any) -> list[list[tuple[int, float]]]:
        with self._chroma.explained():
            found = self._collection.query(
                query_embeddings=vectors, n_results=k, where=where, include=["distances"]
            )
        distances = found["distances"] or []
        return [
            [(int(key), 1.0 - float(distance)) for key, distance in zip(*row, strict=True)]
            for row in zip(found["ids"], distances, strict=True)
        ]

    def _create(self, name: str) -> Collection:
        space = self.space
        return self._chroma.client.get_or_create_collection(
            name,
            # Never Chroma's own: it would download a model, or let a server choose one.
            embedding_function=None,
            configuration={"hnsw": _HNSW},
            metadata={
                "embedder": space.embedder,
                "dimension": space.dimension,
                "splitter": space.splitter,
                "recipe": space.recipe,
            },
        )
