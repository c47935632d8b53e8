"""One embedder at work on one ledger: its space, the vectors of articles, questions as vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.library.ledger import Entry, Ledger
from assistant.library.spaces import Space
from assistant.library.vectors import (
    VectorCache,
    Vectors,
    embed_passages,
    embed_question,
    recipe,
)
from assistant.passages import SPLITTER_VERSION
from assistant.schema import Article, Passage

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

_PROBE = "The minister said on Tuesday that the talks would go on for another week."
_FACT = "space"


class Embedding:
    """Vectors of one embedder. Thread-safe; the embedder is first used when it is needed."""

    def __init__(
        self,
        ledger: Ledger,
        embedder: Embeddings,
        name: str,
        lock: threading.RLock,
        tell: Callable[[str], None],
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """``name`` says which model it is; ``tell`` hears about work that was done again.

        ``progress`` hears how far such work is. ``lock`` is the library's: no article comes
        or goes while missing vectors are made.
        """
        self._ledger = ledger
        self._embedder = embedder
        self._name = name
        self._tell = tell
        self._progress = progress or (lambda sentence: None)
        self._lock = lock
        self._space: Space | None = None
        self._cache = VectorCache()

    def space(self) -> Space:
        """The space of this embedder; every article of the ledger has vectors in it.

        The first call embeds what has none, one article a transaction, so that it goes on
        where it stopped.
        """
        if self._space is None:
            with self._lock:
                if self._space is None:
                    probe = self.question(_PROBE)
                    space = self._ledger.spaces.find_or_add(
                        self._name, SPLITTER_VERSION, recipe(self._embedder), probe
                    )
                    self._embed_missing(space)
                    if self._ledger.facts.get(_FACT) != str(space.number):
                        self._ledger.facts.set(_FACT, str(space.number))
                    self._space = space
        return self._space

    def last_space(self) -> Space | None:
        """The space the index was last used with; found without waking the embedder."""
        return self._space or self._ledger.spaces.get(int(self._ledger.facts.get(_FACT) or 0))

    def question(self, text: str) -> Vectors:
        """The unit vector ``[dimension]`` of a question."""
        return embed_question(self._embedder, text)

    def article(self, article: Article, passages: Sequence[Passage], space: Space) -> Vectors:
        """Unit vectors ``[passages, dimension]`` of an article. Raises ModelError."""
        return embed_passages(self._embedder, article, passages, space.dimension)

    def stored(self, entry: Entry, space: Space) -> Vectors:
        """Vectors of an article in the ledger, read-only, from memory where possible."""
        return self._cache.get(entry.number, lambda n: self._ledger.spaces.vectors(n, space))

    def forget(self, entry: Entry) -> None:
        """Drop an article's vectors from memory."""
        self._cache.forget(entry.number)

    def _embed_missing(self, space: Space) -> None:
        missing = self._ledger.spaces.missing(space)
        for count, number in enumerate(missing, start=1):
            self._progress(f"Embedding article {count} of {len(missing)} for {space.embedder}.")
            article, passages = self._ledger.article(number), self._ledger.passages.of(number)
            self._ledger.spaces.put(number, space, self.article(article, passages, space))
        if missing:
            self._tell(f"Embedder or splitter changed: embedded again {len(missing)} article(s).")
