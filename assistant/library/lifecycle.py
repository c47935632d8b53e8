"""How an article enters the library and leaves it: step by step, so that any may be the last.

An article is written to the ledger, then to the index, and only then seen; it is hidden in the
ledger, then taken from the index, and only then deleted. A process may die at any point: what
it had begun is finished, or undone, when the library is next opened.
"""

from __future__ import annotations

from assistant.errors import ArticleError
from assistant.library.embedding import Embedding
from assistant.library.ledger import Entry, Ledger
from assistant.library.records import details_of
from assistant.library.upkeep import Upkeep
from assistant.passages import SPLITTER_VERSION, split_article
from assistant.schema import Article
from assistant.tracing import span


class Lifecycle:
    """Brings articles in and takes them out; whoever calls holds the library's lock."""

    def __init__(self, ledger: Ledger, embedding: Embedding, upkeep: Upkeep) -> None:
        self._ledger = ledger
        self._embedding = embedding
        self._upkeep = upkeep

    def bring_in(self, article: Article) -> bool:
        """As :meth:`Library.add`."""
        entry = self._ledger.find(article.id)
        if entry is not None and entry.state == "ready":
            return False
        if entry is not None:
            self._upkeep.unseal()
            self._discard(entry)
        details_of(article)  # refused before anything is embedded
        with span("split"):
            passages = split_article(article)
        if not passages:
            raise ArticleError(f"“{article.title[:80]}” has no sentence to answer from.")
        with span("embed", passages=len(passages)):
            space = self._embedding.space()
            vectors = self._embedding.article(article, passages, space)
        index = self._upkeep.opened(space)
        with span("store", passages=len(passages)):
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

    def take_out(self, entry: Entry, successor: Entry | None = None) -> None:
        """Delete a ready article everywhere, or keep it as an older version of another.

        Raises:
            LibraryError: when the index cannot be reached; nothing is changed then.
        """
        if (space := self._embedding.last_space()) is not None:
            self._upkeep.opened(space)
        self._upkeep.unseal()
        self._discard(entry, successor)
        self._upkeep.seal()

    def finish_what_was_begun(self) -> None:
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

    def _discard(self, entry: Entry, successor: Entry | None = None) -> None:
        """Delete an article everywhere. The index must be unsealed."""
        self._ledger.retract(entry.number, successor.number if successor else None)
        self._embedding.forget(entry)
        self._upkeep.remove(entry)
        self._ledger.erase(entry.number)
