"""The articles someone has added, and the two ways to find passages in them.

The ledger is the truth and the index follows it: an article is written to the ledger, then to
the index, and only then seen; it is hidden in the ledger, then taken from the index, and only
then deleted. A process may die at any point. One process has a library open at a time.
Not handled here: where articles come from, and ranking beyond one retriever's score.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from assistant.errors import ArticleError, LibraryError
from assistant.library import lock
from assistant.library.index import Index
from assistant.library.ledger import Entry, Ledger
from assistant.library.spaces import Space
from assistant.library.upkeep import Upkeep
from assistant.library.vectors import (
    RECIPE,
    VectorCache,
    Vectors,
    best,
    embed_passages,
    embed_question,
)
from assistant.passages import SPLITTER_VERSION, context_texts, split_article
from assistant.schema import Article, Passage, RetrievedPassage

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

EXACT_PASSAGES = 20_000
"""Passages up to which chosen articles are compared exactly, in memory; see docs."""

MAX_RESULTS = 1_000
"""Passages returned at most by one search."""

_PROBE = "The minister said on Tuesday that the talks would go on for another week."
_SPACE = "space"


class Library:
    """The library of one store folder. Thread-safe; use as a context manager, or close it."""

    def __init__(
        self,
        store: Path,
        embedder: Embeddings,
        *,
        embedder_name: str,
        chroma_url: str | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """As :meth:`open`."""
        self._embedder = embedder
        self._embedder_name = embedder_name
        self._progress = progress or (lambda sentence: None)
        self._notices: list[str] = []
        self._cache = VectorCache()
        self._writing = threading.RLock()
        self._space: Space | None = None
        self._index: Index | None = None
        self._lock = lock.acquire(store)
        try:
            self._ledger = Ledger(store / "ledger.sqlite3")
            self._upkeep = Upkeep(self._ledger, store / "chroma", chroma_url, self._notices.append)
            self._finish_what_was_begun()
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def open(
        cls,
        store: Path,
        embedder: Embeddings,
        *,
        embedder_name: str,
        chroma_url: str | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Self:
        """Open the library in folder ``store``, creating it when there is none.

        Takes milliseconds: the embedder and Chroma are first touched when they are needed.

        Args:
            embedder: turns texts into vectors; ``embedder_name`` says which model that is.
            chroma_url: http(s) URL of a Chroma server that keeps the index.
            progress: told in a sentence about work that can take long.

        Raises:
            LibraryBusy: when another process, or this one, has it open.
            LibraryError: when the folder or its ledger cannot be used.
        """
        return cls(
            store,
            embedder,
            embedder_name=embedder_name,
            chroma_url=chroma_url,
            progress=progress,
        )

    def close(self) -> None:
        """Release files and lock. Idempotent; the library cannot be used afterwards."""
        with self._writing:
            try:
                if self._index is not None:
                    self._index.close()
                    self._index = None
            finally:
                self._ledger.close()
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def notices(self) -> tuple[str, ...]:
        """What had to be repaired or redone since opening, in plain sentences."""
        return tuple(self._notices)

    def __len__(self) -> int:
        """How many articles there are."""
        return sum(entry.state == "ready" for entry in self._ledger.entries())

    def articles(self) -> list[Article]:
        """Every article, in the order of adding."""
        return self._ledger.articles()

    def article(self, article_id: str) -> Article:
        """One article. Raises UnknownArticle."""
        return self._ledger.article(self._entry(article_id).number)

    def passages(self, article_id: str) -> list[Passage]:
        """The passages of an article, in reading order. Raises UnknownArticle."""
        return self._ledger.passages(self._entry(article_id).number)

    def vectors(self, article_id: str) -> Vectors:
        """Unit vectors of an article's passages, ``[passages, dimension]``, read-only.

        Raises:
            UnknownArticle: when it is not in the library.
        """
        return self._vectors(self._entry(article_id), self._prepared())

    def add(self, article: Article) -> bool:
        """Store, split, embed and index an article; when this returns, it survives any crash.

        Returns False when an article with its id is there already: nothing is changed.

        Raises:
            ArticleError: when it has no sentence, or text that cannot be stored.
            ModelError: when the embedder fails. LibraryError: when the store fails. In either
                case the library is as it was before.
        """
        with self._writing:
            entry = self._ledger.find(article.id)
            if entry is not None and entry.state == "ready":
                return False
            if entry is not None:
                self._upkeep.unseal()
                self._discard(entry)
            passages = split_article(article)
            if not passages:
                raise ArticleError(f"“{article.title[:80]}” has no sentence to answer from.")
            space = self._prepared()
            vectors = self._embed(article, passages, space.dimension)
            index = self._opened(space)
            number = self._ledger.insert(article, passages, space, vectors)
            entry = Entry(number, article.id, "indexing", space.splitter, len(passages))
            try:
                self._upkeep.unseal()
                index.put(number, entry.first, vectors)
                self._ledger.publish(number)
            except BaseException:
                self._discard(entry)
                raise
            self._upkeep.seal(index)
            return True

    def remove(self, article_id: str) -> None:
        """Delete an article, its passages and its vectors.

        Raises:
            UnknownArticle: when it is not in the library.
            LibraryError: when the index cannot be reached; nothing is removed then.
        """
        with self._writing:
            entry = self._entry(article_id)
            space = self._space or self._ledger.spaces.get(int(self._ledger.fact(_SPACE) or 0))
            index = None if space is None else self._opened(space)
            self._upkeep.unseal()
            self._ledger.retract(entry.number)
            self._discard(entry)
            if index is not None and index is self._index:
                self._upkeep.seal(index)

    def embed_query(self, text: str) -> Vectors:
        """The unit vector ``[dimension]`` of a question, for :meth:`search_dense`."""
        return embed_question(self._embedder, text)

    def search_dense(
        self, query: str | Vectors, k: int, article_ids: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages nearest in meaning to a question or its vector; score = cosine.

        ``article_ids`` bounds the search to these articles; ``None`` searches all.

        Raises:
            UnknownArticle: when one of the articles is not in the library.
        """
        k = min(k, MAX_RESULTS)
        space = self._prepared()
        vector = self.embed_query(query) if isinstance(query, str) else query
        entries = None if article_ids is None else self._ledger.select(article_ids)
        if k < 1 or entries == []:
            return []
        if entries is not None and sum(entry.passages for entry in entries) <= EXACT_PASSAGES:
            return self._ranked(self._compare(vector, k, entries, space), k)
        numbers = None if entries is None else [entry.number for entry in entries]
        return self._ask_index(vector, k, numbers, space)

    def search_lexical(
        self, query: str, k: int, article_ids: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages that share the rarest words with a question; score = BM25.

        ``article_ids`` bounds the search to these articles; ``None`` searches all.

        Raises:
            UnknownArticle: when one of the articles is not in the library.
        """
        numbers = None
        if article_ids is not None:
            numbers = [entry.number for entry in self._ledger.select(article_ids)]
        k = min(k, MAX_RESULTS)
        return self._ranked(self._ledger.search_words(query, k, numbers), k)

    # Searching.

    def _ask_index(
        self, vector: Vectors, k: int, articles: Sequence[int] | None, space: Space
    ) -> list[RetrievedPassage]:
        """Search the index, looking further while the hits belong to articles in the making."""
        wanted = k
        while True:
            hits = self._search_index(vector, wanted, articles, space)
            ranked = self._ranked(hits, k)
            if len(ranked) == k or len(hits) < wanted or wanted > 16 * MAX_RESULTS:
                return ranked
            wanted *= 4

    def _search_index(
        self, vector: Vectors, k: int, articles: Sequence[int] | None, space: Space
    ) -> list[tuple[int, float]]:
        """Search the index; one that fails is opened again, which repairs it, and asked again."""
        index = self._opened(space)
        try:
            return index.search(vector, k, articles)
        except LibraryError:
            with self._writing:
                if self._index is index:
                    self._upkeep.unseal()
                    self._let_go_of_index()
            return self._opened(space).search(vector, k, articles)

    def _compare(
        self, vector: Vectors, k: int, entries: Sequence[Entry], space: Space
    ) -> list[tuple[int, float]]:
        matrices = [self._vectors(entry, space) for entry in entries]
        scores = np.concatenate([matrix @ vector for matrix in matrices])
        numbers = np.concatenate(
            [np.arange(e.first, e.first + len(m)) for e, m in zip(entries, matrices, strict=True)]
        )
        return [(int(numbers[i]), float(scores[i])) for i in best(scores, k)]

    def _ranked(self, hits: Sequence[tuple[int, float]], k: int) -> list[RetrievedPassage]:
        passages = self._ledger.passages_at([number for number, _ in hits])
        seen = [(passages[number], score) for number, score in hits if number in passages]
        return [
            RetrievedPassage(passage, score, rank)
            for rank, (passage, score) in enumerate(seen[:k], start=1)
        ]

    def _vectors(self, entry: Entry, space: Space) -> Vectors:
        return self._cache.get(entry.number, lambda n: self._ledger.spaces.vectors(n, space))

    # Keeping ledger, vectors and index together.

    def _entry(self, article_id: str) -> Entry:
        return self._ledger.select([article_id])[0]

    def _prepared(self) -> Space:
        """The space of this embedder, with every article embedded in it."""
        if self._space is None:
            with self._writing:
                if self._space is None:
                    probe = self.embed_query(_PROBE)
                    space = self._ledger.spaces.find_or_add(
                        self._embedder_name, SPLITTER_VERSION, RECIPE, probe
                    )
                    self._embed_missing(space)
                    if self._ledger.fact(_SPACE) != str(space.number):
                        self._ledger.set_fact(_SPACE, str(space.number))
                    self._space = space
        return self._space

    def _embed_missing(self, space: Space) -> None:
        missing = self._ledger.spaces.missing(space)
        for count, number in enumerate(missing, start=1):
            self._progress(f"Embedding article {count} of {len(missing)} for {space.embedder}.")
            article, passages = self._ledger.article(number), self._ledger.passages(number)
            vectors = self._embed(article, passages, space.dimension)
            self._ledger.spaces.put(number, space, vectors)
        if missing:
            self._notices.append(
                f"{len(missing)} articles were embedded again: embedder or splitter changed."
            )

    def _embed(self, article: Article, passages: Sequence[Passage], dimension: int) -> Vectors:
        texts = [passage.text for passage in passages]
        contexts = context_texts(article, passages)
        return embed_passages(self._embedder, texts, contexts, dimension)

    def _opened(self, space: Space) -> Index:
        """The index of ``space``, checked against the ledger when it is opened."""
        index = self._index
        if index is not None and index.space == space:
            return index
        with self._writing:
            if self._index is None or self._index.space != space:
                self._let_go_of_index()
                self._index = self._upkeep.open(space)
            return self._index

    def _let_go_of_index(self) -> None:
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def _discard(self, entry: Entry) -> None:
        """Delete an article from ledger and index. The index must be unsealed."""
        self._ledger.retract(entry.number)
        self._cache.forget(entry.number)
        if self._index is not None:
            try:
                self._index.remove(range(entry.first, entry.first + entry.passages))
            except LibraryError:
                # Opening it again finds what is left over and removes it.
                self._let_go_of_index()
        self._ledger.erase(entry.number)

    def _finish_what_was_begun(self) -> None:
        """After a crash, and after a change of the splitter, before anything else is done."""
        for entry in self._ledger.entries():
            if entry.state != "ready":
                self._upkeep.unseal()
            if entry.state == "deleting":
                self._ledger.erase(entry.number)
                continue
            self._ledger.publish(entry.number)
            if entry.splitter != SPLITTER_VERSION:
                passages = split_article(self._ledger.article(entry.number))
                self._ledger.split_again(entry.number, passages, SPLITTER_VERSION)
