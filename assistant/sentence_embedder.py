"""A sentence-transformers model in a local folder: vectors of texts, and of passages in context.

A passage in context is embedded by reading it once together with its neighbours and averaging
over its own tokens ("late chunking", arXiv 2409.04701). Embedding a text of its own for each
passage and its neighbours reads every sentence three times; docs/performance.md has the figures.
Not handled here: which model it is (``models``), and what becomes of the vectors (``library``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_BATCH = 8
"""Texts a call: so few stay in the processor's cache; 32 at once take 1.4 times as long."""

_WINDOW = 160
"""Tokens read together: twice as many cost more than they find."""

_HEADLINE = 40
"""Tokens of title and section heading at the start of a window, at most."""

_SPECIAL = 2
"""Tokens that the tokenizer puts around a text."""

_WINDOWS = 64
"""Windows whose token vectors (160 × 384 numbers each) are in memory at once."""


class SentenceTransformerEmbedder(Embeddings):
    """A sentence-transformers model in a local folder. Vectors have unit length."""

    def __init__(self, folder: Path) -> None:
        """Load the model.

        Raises:
            ModelError: the folder holds no model that can be loaded.
        """
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        try:
            self._model: SentenceTransformer = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The embedding model in {folder} cannot be loaded: {error}"
            ) from error

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors = self._model.encode(
            texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        rows: list[list[float]] = vectors.tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_in_context(
        self, passages: list[str], headlines: list[str]
    ) -> list[list[float]] | None:
        """The passages of one article, in their order, each read where it stands.

        Args:
            passages: texts of an article's passages.
            headlines: for each passage, what stands over it.

        Returns:
            A vector a passage, of any length; zero for one without a token. None where the model
            does not make a text's vector as the mean of its tokens' vectors: there a passage
            cannot be taken out of a window.
        """
        if not self._averages_tokens():
            return None
        rows: list[list[float]] = []
        if not passages:
            return rows
        windows = list(_windows(passages, headlines, self._model.tokenizer, self._limit()))
        for start in range(0, len(windows), _WINDOWS):
            chosen = windows[start : start + _WINDOWS]
            states = self._model.encode(
                [window.text for window in chosen],
                batch_size=_BATCH,
                output_value="token_embeddings",
                show_progress_bar=False,
            )
            for window, state in zip(chosen, states, strict=True):
                rows += self._means(window, state)
        return rows

    def _averages_tokens(self) -> bool:
        """Whether a vector is the mean of a text's tokens and of nothing else."""
        kinds = [type(module).__name__ for module in self._model]
        modes = [getattr(module, "pooling_mode", None) for module in self._model]
        return (
            kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
            and modes[1] == "mean"
            and self._model.default_prompt_name is None
            and bool(getattr(self._model.tokenizer, "is_fast", False))
        )

    def _limit(self) -> int:
        """Tokens of a text that the model reads, without those put around it."""
        return int(self._model.max_seq_length or 512) - _SPECIAL

    def _means(self, window: _Window, states: torch.Tensor) -> list[list[float]]:
        """The mean ``[dimension]`` of the token vectors ``[tokens, dimension]`` of each span."""
        offsets = self._model.tokenizer(
            window.text,
            return_offsets_mapping=True,
            truncation=True,
            max_length=self._limit() + _SPECIAL,
        )["offset_mapping"]
        means = []
        for start, end in window.spans:
            own = [i for i, (a, b) in enumerate(offsets) if start <= a < b <= end]
            row = states[own].mean(0) if own else states.new_zeros(states.shape[1])
            means.append(row.tolist())
        return means


@dataclass
class _Window:
    """A text of neighbouring passages, and where in it stand those that it is read for."""

    text: str
    spans: list[tuple[int, int]] = field(default_factory=list)

    def append(self, text: str) -> tuple[int, int]:
        if self.text:
            self.text += " "
        start = len(self.text)
        self.text += text
        return start, len(self.text)


def _windows(
    passages: Sequence[str], headlines: Sequence[str], tokenizer: Any, limit: int
) -> Iterator[_Window]:
    """Every passage once, after its headline and the passage before the first."""
    counts = [len(ids) for ids in _tokens(tokenizer, passages)]
    position = 0
    while position < len(passages):
        headline = _shortened(tokenizer, headlines[position])
        window = _Window(headline)
        used = len(_tokens(tokenizer, [headline])[0])
        before = position - 1
        # What is read for a passage must not push the passage itself out of the window.
        if before >= 0 and used + counts[before] + counts[position] <= limit:
            window.append(passages[before])
            used += counts[before]
        while True:
            window.spans.append(window.append(passages[position]))
            used += counts[position]
            position += 1
            if position == len(passages) or used + counts[position] > min(_WINDOW, limit):
                break
        yield window


def _tokens(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(
        list(texts), add_special_tokens=False, truncation=False, verbose=False
    )["input_ids"]
    return ids


def _shortened(tokenizer: Any, text: str) -> str:
    """The beginning of a text, up to :data:`_HEADLINE` tokens."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
        "offset_mapping"
    ]
    return text if len(offsets) <= _HEADLINE else text[: offsets[_HEADLINE - 1][1]]
