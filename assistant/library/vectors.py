"""Turn passages and questions into unit vectors, and score passages exactly.

A passage is embedded twice, alone and where it stands, and the two vectors are mixed: the
sentence itself says what it says, its surroundings say who "he" is.
Not handled here: which model embeds (``models``) and where vectors are kept (``spaces``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.passages import context_texts, headline
from assistant.schema import Article, Passage

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Vectors = NDArray[np.float32]


@runtime_checkable
class ContextEmbedder(Protocol):
    """An embedder that may read an article's passages where they stand, all in one go."""

    def embed_in_context(
        self, passages: list[str], headlines: list[str]
    ) -> list[list[float]] | None:
        """A vector a passage, of any length; None, also for no passages, where it cannot."""


def recipe(embedder: Embeddings) -> str:
    """How an embedder's vectors are made: part of the index fingerprint.

    Change it together with :func:`mix`, :func:`embed_passages` and the windows that
    ``sentence_embedder`` reads: vectors of two recipes cannot be compared.
    """
    placed = isinstance(embedder, ContextEmbedder) and embedder.embed_in_context([], []) is not None
    context = "pooled in windows of 160 tokens" if placed else "context"
    return f"0.6 passage + 0.4 {context}, unit length"


def mix(alone: Vectors, in_context: Vectors) -> Vectors:
    """Unit vectors of passages, from their vectors alone and in context; all ``[n, dim]``."""
    weight = 0.6
    return _unit(weight * _unit(alone) + (1 - weight) * _unit(in_context))


def embed_passages(
    embedder: Embeddings, article: Article, passages: Sequence[Passage], dimension: int
) -> Vectors:
    """Unit vectors ``[len(passages), dimension]`` of an article's passages.

    What cannot read passages where they stand embeds each with its surroundings as a text.

    Raises:
        ModelError: when the embedder returns another number or size of vectors, or NaN.
    """
    texts = [passage.text for passage in passages]
    placed = None
    if isinstance(embedder, ContextEmbedder):
        placed = embedder.embed_in_context(texts, [headline(article, p) for p in passages])
    if placed is None:
        rows = embedder.embed_documents([*texts, *context_texts(article, passages)])
    else:
        rows = embedder.embed_documents(texts) + placed
    vectors = _checked(rows, 2 * len(texts))
    if vectors.shape[1] != dimension:
        raise ModelError(
            f"The embedder returned vectors of {vectors.shape[1]} numbers for passages and of "
            f"{dimension} for questions. Use one model for both."
        )
    return mix(vectors[: len(texts)], vectors[len(texts) :])


def embed_question(embedder: Embeddings, text: str) -> Vectors:
    """The unit vector ``[dim]`` of a question. Raises ModelError as for passages."""
    return np.asarray(_unit(_checked([embedder.embed_query(text)], 1))[0], dtype=np.float32)


def best(scores: Vectors, k: int) -> list[int]:
    """Positions of the ``k`` highest scores, best first; equal scores keep their order."""
    if k < len(scores):
        least = np.partition(scores, -k)[-k]
        candidates = np.flatnonzero(scores >= least)
    else:
        candidates = np.arange(len(scores))
    order = np.argsort(-scores[candidates], kind="stable")
    return [int(position) for position in candidates[order][:k]]


def _checked(rows: Sequence[Sequence[float]], expected: int) -> Vectors:
    if len(rows) != expected or len({len(row) for row in rows}) != 1 or len(rows[0]) == 0:
        raise ModelError(
            f"The embedder returned {len(rows)} vectors for {expected} texts, or vectors of "
            "different sizes. Check the embedding model."
        )
    vectors = np.asarray(rows, dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise ModelError("The embedder returned NaN or infinity. Check the embedding model.")
    return vectors


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    # An all-zero vector stays zero: it is like nothing, and nothing is divided by zero.
    return np.asarray(vectors / np.where(norms == 0, 1, norms), dtype=np.float32)


class VectorCache:
    """The vectors of recently used articles, least recently used out first. Thread-safe."""

    def __init__(self, limit: int = 128 * 2**20) -> None:
        """Hold at most ``limit`` bytes, and always the last matrix asked for."""
        self._limit = limit
        self._size = 0
        self._matrices: OrderedDict[int, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, number: int, read: Callable[[int], Vectors]) -> Vectors:
        """The matrix of article ``number``, from memory or from ``read``."""
        with self._lock:
            if (held := self._matrices.get(number)) is not None:
                self._matrices.move_to_end(number)
                return held
        matrix = read(number)
        matrix.flags.writeable = False
        with self._lock:
            if number not in self._matrices:
                self._matrices[number] = matrix
                self._size += matrix.nbytes
            while self._size > self._limit and len(self._matrices) > 1:
                self._size -= self._matrices.popitem(last=False)[1].nbytes
        return matrix

    def forget(self, number: int) -> None:
        """Drop the matrix of article ``number``, if it is held."""
        with self._lock:
            if (held := self._matrices.pop(number, None)) is not None:
                self._size -= held.nbytes
