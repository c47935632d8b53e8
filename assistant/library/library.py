"""The articles someone has added, and the two ways to find passages in them.

The ledger is the truth and the index follows it: an article is written to the ledger, then to
the index, and only then seen; it is hidden in the ledger, then taken from the index, and only
then deleted. A process may die at any point. One process has a library open at a time.
Not handled here: where articles come from, and ranking beyond one retriever's score.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from assistant.errors import ArticleError
from assistant.library import lock
from assistant.library.embedding import Embedding
from assistant.library.history import History
from assistant.library.ledger import Entry, Ledger, details_of
from assistant.library.spaces import Space
from assistant.library.upkeep import Upkeep
from assistant.library.vectors import Vectors, best
from assistant.passages import SPLITTER_VERSION, split_article
from assistant.schema import Article, Passage, RetrievedPassage

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

EXACT_PASSAGES = 20_000
"""Passages up to which chosen articles are compared one by one, from memory.

Measured at 384 numbers: a third of a millisecond for one article and 5 ms for 20,000 passages,
with nothing missed; Chroma takes 3 ms and 40 ms when it has to leave other articles out, and
1 to 2 ms for a whole library, which is always asked of it.
"""

MAX_RESULTS = 1_000
"""Passages returned at most by one search."""


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
        self._progress = progress or (lambda sentence: None)
        self._notices: list[str] = []
        self._writing = threading.RLock()
        with ExitStack() as opened:
            opened.callback(lock.acquire(store).release)
            self._ledger = Ledger(store / "ledger.sqlite3")
            opened.callback(self._ledger.close)
            tell = self._notices.append
            self._embedding = Embedding(self._ledger, embedder, embedder_name, self._writing, tell)
            self._upkeep = Upkeep(self._ledger, store / "chroma", chroma_url, self._writing, tell)
            opened.callback(self._upkeep.close)
            self._finish_what_was_begun()
            self._opened = opened.pop_all()

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
            self._opened.close()

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

    @property
    def history(self) -> History:
        """Where the articles came from, and the versions that were replaced."""
        return self._ledger.history

    def article_ids(self) -> list[str]:
        """The id of every article, in the order of adding, without reading any text."""
        return self._ledger.ready()

    def articles(self) -> list[Article]:
        """Every article, in the order of adding."""
        return self._ledger.articles()

    def article(self, article_id: str) -> Article:
        """One article, or an older version of one. Raises UnknownArticle."""
        older = self._ledger.older(article_id)
        return older or self._ledger.article(self._entry(article_id).number)

    def title(self, article_id: str) -> str:
        """The title of an article, without reading its text. Raises UnknownArticle."""
        return self._ledger.title(self._entry(article_id).number)

    def passages(self, article_id: str) -> list[Passage]:
        """The passages of an article or an older version, in reading order.

        Raises:
            UnknownArticle: when it is not in the library.
        """
        if (older := self._ledger.older(article_id)) is not None:
            return split_article(older)
        return self._ledger.passages(self._entry(article_id).number)

    def vectors(self, article_id: str) -> Vectors:
        """Unit vectors of an article's passages, ``[passages, dimension]``, read-only.

        Raises:
            UnknownArticle: when it is not in the library.
        """
        return self._embedding.stored(self._entry(article_id), self._space())

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
            details_of(article)
            passages = split_article(article)
            if not passages:
                raise ArticleError(f"“{article.title[:80]}” has no sentence to answer from.")
            space = self._space()
            vectors = self._embedding.article(article, passages, space)
            index = self._upkeep.opened(space)
            number = self._ledger.insert(article, passages, space, vectors)
            entry = Entry(number, article.id, "indexing", space.splitter, len(passages))
            try:
                self._upkeep.unseal()
                index.put(number, entry.first, vectors)
                self._ledger.publish(number)
            except BaseException:
                self._discard(entry)
                raise
            self._upkeep.seal()
            return True

    def rename(self, article_id: str, title: str) -> Article:
        """Give an article another title; its id, text and place stay.

        Vectors made with the old title stay too: it is a small part of what they say.

        Raises:
            UnknownArticle: when it is not in the library.
            ArticleError: when the title is empty or cannot be stored.
        """
        title = " ".join(title.split())
        if not title:
            raise ArticleError("A title needs at least one letter.")
        with self._writing:
            article = replace(self.article(article_id), title=title)
            self._ledger.redescribe(article)
        return article

    def remove(self, article_id: str) -> None:
        """Delete an article, its passages, its vectors and the versions it replaced.

        The id of an older version deletes that version alone.

        Raises:
            UnknownArticle: when it is not in the library.
            LibraryError: when the index cannot be reached; nothing is removed then.
        """
        with self._writing:
            if self._ledger.older(article_id) is not None:
                self.history.forget(article_id)
            else:
                self._take_out(self._entry(article_id))

    def replace(self, old_id: str, new_id: str) -> None:
        """Make one article an older version of another.

        It is not found or listed any more, and stays readable by its id: answers that quoted
        it keep their text. Its sources are the newer article's from now on.

        Raises:
            UnknownArticle: when one of them is not in the library, or both are the same.
            LibraryError: when the index cannot be reached; nothing is changed then.
        """
        with self._writing:
            old, new = self._ledger.select([old_id, new_id])
            self._take_out(old, successor=new)

    def warm_up(self) -> None:
        """Load embedder and index now, so that the first question does not wait for them."""
        self._upkeep.opened(self._space())

    def embed_query(self, text: str) -> Vectors:
        """The unit vector ``[dimension]`` of a question, for :meth:`search_dense`."""
        return self._embedding.question(text)

    def search_dense(
        self, query: str | Vectors, k: int, article_ids: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages nearest in meaning to a question or its vector; score = cosine.

        ``article_ids`` bounds the search to these articles; ``None`` searches all.

        Raises:
            UnknownArticle: when one of the articles is not in the library.
        """
        k = min(k, MAX_RESULTS)
        space = self._space()
        vector = self.embed_query(query) if isinstance(query, str) else query
        entries = None if article_ids is None else self._ledger.select(article_ids)
        if k < 1 or entries == []:
            return []
        if entries is not None and sum(entry.passages for entry in entries) <= EXACT_PASSAGES:
            return self._ranked(self._compare(vector, k, entries, space), k)
        # Naming every article is no restriction, and the index is faster without one.
        whole = entries is None or len(entries) == self._ledger.count()
        numbers = None if whole or entries is None else [entry.number for entry in entries]
        return self._ask_index(vector, k, numbers, space)

    def search_lexical(
        self, query: str, k: int, article_ids: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages that share the rarest words with a question; score = BM25.

        ``article_ids`` bounds the search to these articles; ``None`` searches all.

        Raises:
            UnknownArticle: when one of the articles is not in the library.
        """
        entries = None if article_ids is None else self._ledger.select(article_ids)
        whole = entries is None or len(entries) == self._ledger.count()
        numbers = None if whole or entries is None else [entry.number for entry in entries]
        k = min(k, MAX_RESULTS)
        return self._ranked(self._ledger.search_words(query, k, numbers), k)

    # Searching.

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
        passages = self._ledger.passages_at([number for number, _ in hits])
        seen = [(passages[number], score) for number, score in hits if number in passages]
        return [
            RetrievedPassage(passage, score, rank)
            for rank, (passage, score) in enumerate(seen[:k], start=1)
        ]

    def _entry(self, article_id: str) -> Entry:
        return self._ledger.select([article_id])[0]

    def _space(self) -> Space:
        return self._embedding.space(self._progress)

    def _take_out(self, entry: Entry, successor: Entry | None = None) -> None:
        """Delete a ready article everywhere, or keep it as an older version."""
        if (space := self._embedding.last_space()) is not None:
            self._upkeep.opened(space)
        self._upkeep.unseal()
        self._discard(entry, successor)
        self._upkeep.seal()

    def _discard(self, entry: Entry, successor: Entry | None = None) -> None:
        """Delete an article everywhere. The index must be unsealed."""
        self._ledger.retract(entry.number, successor.number if successor else None)
        self._embedding.forget(entry)
        self._upkeep.remove(entry)
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
