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
from assistant.settings import Settings

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


def forget_states(article_id: str, settings: Settings) -> None:
    """Delete what models in this process have kept of an article that they have read.

    It is where ``models`` has ``llamacpp`` put it, which takes LangChain to ask.

    Raises:
        LibraryError: a file cannot be deleted.
    """
    for path in (settings.cache / "states").glob(f"{article_id}-*.state"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The article is removed, but what a model has read of it is not: {path} cannot "
                f"be deleted ({error.strerror}). Delete it yourself."
            ) from error


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
