"""Open the library of some settings without waking a model: to list, to remove, to examine.

LangChain and an embedding model take seconds to import and load. What only looks at articles
need not wait for them, and needs no model files.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, cast

from assistant.errors import LibraryError
from assistant.library import Library
from assistant.library.vectors import ContextEmbedder
from assistant.settings import Settings
from assistant.states import states_of

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from assistant import weights


def open_library(
    settings: Settings,
    *,
    progress: Callable[[weights.Progress], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Library:
    """The library of the settings, to be closed. The embedder is fetched when text is embedded.

    Args:
        progress: called while the embedder's files download.
        tell: told in a sentence about work that can take long.

    Raises:
        LibraryBusy, LibraryError.
    """
    # Not an Embeddings by inheritance: the base class alone takes LangChain's import to have.
    embedder = cast("Embeddings", _OnDemand(settings, progress))
    return Library.open(
        settings.store,
        embedder,
        embedder_name=settings.embedder,
        chroma_url=settings.chroma_url,
        progress=tell,
    )


def remove_article(article_id: str, library: Library, settings: Settings) -> list[str]:
    """Remove an article, its older versions, and what models have kept of any of them.

    Models of earlier runs may have kept some, whatever answers now: no model is asked, which
    would take LangChain. Returns the ids that are gone.

    Raises:
        UnknownArticle: there is none with this id.
        LibraryError: the index cannot be reached, and nothing is removed; or a file that a model
            has kept cannot be deleted.
    """
    gone = [article_id, *(older.id for older in library.history.versions(article_id))]
    library.remove(article_id)
    for path in (path for key in gone for path in states_of(key, settings.states)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The article is removed, but what a model has read of it is not: {path} cannot "
                f"be deleted ({error.strerror}). Delete it yourself."
            ) from error
    return gone


class _OnDemand:
    """The embedder of the settings, made when the first text is embedded."""

    def __init__(
        self, settings: Settings, progress: Callable[[weights.Progress], None] | None
    ) -> None:
        self._settings = settings
        self._progress = progress

    @cached_property
    def _embedder(self) -> Embeddings:
        from assistant import models

        return models.embedder(self._settings, self._progress)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed_query(text)

    def embed_in_context(
        self, passages: list[str], headlines: list[str]
    ) -> list[list[float]] | None:
        inner = self._embedder
        if isinstance(inner, ContextEmbedder):
            return inner.embed_in_context(passages, headlines)
        return None
