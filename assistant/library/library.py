"""The articles someone has added, and everything that can be done with them.

The ledger is the truth and the index follows it. One process has a library open at a time.
Not handled here: where articles come from, and what is made of the passages found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from assistant.errors import ArticleError, UnknownArticle
from assistant.library import lock
from assistant.library.embedding import Embedding
from assistant.library.history import History
from assistant.library.ledger import Entry, Ledger
from assistant.library.lifecycle import Lifecycle
from assistant.library.search import Search
from assistant.library.upkeep import Upkeep
from assistant.library.vectors import Vectors
from assistant.passages import split_article
from assistant.schema import Article, Passage, RetrievedPassage
from assistant.tracing import span

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


class Library:
    """The library of one store folder. Thread-safe; use as a context manager, or close it."""

    def __init__(
        self,
        ledger: Ledger,
        embedding: Embedding,
        upkeep: Upkeep,
        notices: Sequence[str],
        writing: threading.RLock,
        opened: ExitStack,
    ) -> None:
        """Put together by :meth:`open`."""
        self._ledger = ledger
        self._embedding = embedding
        self._upkeep = upkeep
        self._search = Search(ledger, embedding, upkeep)
        self._lifecycle = Lifecycle(ledger, embedding, upkeep)
        self._notices = notices
        self._writing = writing
        self._opened = opened

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
        notices: list[str] = []
        writing, tell = threading.RLock(), notices.append
        with ExitStack() as opened:
            opened.callback(lock.acquire(store).release)
            ledger = Ledger(store / "ledger.sqlite3")
            opened.callback(ledger.close)
            embedding = Embedding(ledger, embedder, embedder_name, writing, tell, progress)
            upkeep = Upkeep(ledger, store / "chroma", chroma_url, writing, tell)
            opened.callback(upkeep.close)
            Lifecycle(ledger, embedding, upkeep).finish_what_was_begun()
            return cls(ledger, embedding, upkeep, notices, writing, opened.pop_all())

    def close(self) -> None:
        """Release files and lock. Idempotent; the library cannot be used afterwards."""
        with self._writing:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
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

    def select(self, article_ids: Sequence[str]) -> list[str]:
        """These ids, each once, without reading any text.

        Raises:
            UnknownArticle: when one of them is not in the library, or an older version.
        """
        return [entry.id for entry in self._ledger.select(article_ids)]

    def articles(self) -> list[Article]:
        """Every article, in the order of adding."""
        return self._ledger.articles()

    def article(self, article_id: str) -> Article:
        """One article, or an older version of one. Raises UnknownArticle."""
        older = self.history.replaced(article_id)
        return older or self._ledger.article(self._entry(article_id).number)

    def title(self, article_id: str) -> str:
        """The title of an article, without reading its text. Raises UnknownArticle."""
        return self._ledger.title(self._entry(article_id).number)

    def passages(self, article_id: str) -> list[Passage]:
        """The passages of an article or an older version, in reading order.

        Raises:
            UnknownArticle: when it is not in the library.
        """
        if (older := self.history.replaced(article_id)) is not None:
            return split_article(older)
        return self._ledger.passages.of(self._entry(article_id).number)

    def vectors(self, article_id: str) -> Vectors:
        """Unit vectors of an article's passages, ``[passages, dimension]``, read-only.

        Raises:
            UnknownArticle: when it is not in the library.
        """
        return self._embedding.stored(self._entry(article_id), self._embedding.space())

    def add(self, article: Article) -> bool:
        """Store, split, embed and index an article; when this returns, it survives any crash.

        Returns False when an article with its id is there already: nothing is changed.

        Raises:
            ArticleError: when it has no sentence, or text that cannot be stored.
            ModelError: when the embedder fails. LibraryError: when the store fails. In either
                case the library is as it was before.
        """
        with self._writing, span("add"):
            return self._lifecycle.bring_in(article)

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
            article = self.article(article_id)
            origins = dict(article.origins) | {"title": "given"}
            article = replace(article, title=title, origins=tuple(sorted(origins.items())))
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
            if self.history.replaced(article_id) is not None:
                self.history.forget(article_id)
            else:
                self._lifecycle.take_out(self._entry(article_id))

    def replace(self, old_id: str, new_id: str) -> None:
        """Make one article an older version of another.

        It is not found or listed any more, and stays readable by its id: answers that quoted
        it keep their text. Its sources are the newer article's from now on.

        Raises:
            UnknownArticle: when one of them is not in the library, or both are the same.
            LibraryError: when the index cannot be reached; nothing is changed then.
        """
        with self._writing:
            old, *others = self._ledger.select([old_id, new_id])
            if not others:
                raise UnknownArticle(f"Article {old_id} cannot be an older version of itself.")
            [new] = others
            self._lifecycle.take_out(old, successor=new)

    def warm_up(self) -> None:
        """Load embedder and index now, so that the first question does not wait for them."""
        self._upkeep.opened(self._embedding.space())

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
        return self._search.dense(query, k, article_ids)

    def search_lexical(
        self, query: str, k: int, article_ids: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages that share the rarest words with a question; score = BM25.

        ``article_ids`` bounds the search to these articles; ``None`` searches all.

        Raises:
            UnknownArticle: when one of the articles is not in the library.
        """
        return self._search.lexical(query, k, article_ids)

    def _entry(self, article_id: str) -> Entry:
        return self._ledger.select([article_id])[0]
