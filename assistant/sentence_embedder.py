"""A sentence-transformers model in a local folder: vectors of texts, and of passages in context.

A passage in context is embedded by reading it once together with its neighbours and averaging
over its own tokens ("late chunking", arXiv 2409.04701). Embedding a text of its own for each
passage and its neighbours reads every sentence three times; docs/performance.md has the figures.
Not handled here: which model it is (``models``), and what becomes of the vectors (``library``).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError
from assistant.half_precision import in_halves, multiplies_halves

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_BATCH = 8
"""Texts a call: so few stay in the processor's cache; 32 at once take 1.4 times as long."""

_WINDOW = 160
"""Tokens read together. ``library.vectors.recipe`` names the number: change both."""

_HEADLINE = 40
"""Tokens of title and section heading at the start of a window, at most."""

_SPECIAL = 2
"""Tokens that the tokenizer puts around a text."""

_WINDOWS = 64
"""Windows whose token vectors (160 × 384 numbers each) are in memory at once."""


class SentenceTransformerEmbedder(Embeddings):
    """A sentence-transformers model in a local folder. Vectors have unit length."""

    def __init__(self, folder: Path, *, halves: bool | None = None) -> None:
        """Load the model.

        Args:
            folder: where its files lie.
            halves: whether to multiply in bfloat16 (cosine to the exact vectors at least 0.9999);
                None where the processor can. Others emulate it, slowly.

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
        self._tokenizer = _whole_texts(self._model.tokenizer) if self._averages_tokens() else None
        self._halves = multiplies_halves() if halves is None else halves

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        with in_halves(self._halves):
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
        if self._tokenizer is None:
            return None
        rows: list[list[float]] = []
        limit = int(self._model.max_seq_length or 512) - _SPECIAL
        windows = list(_windows(passages, headlines, self._tokenizer, limit))
        for start in range(0, len(windows), _WINDOWS):
            chosen = windows[start : start + _WINDOWS]
            with in_halves(self._halves):
                states = self._model.encode(
                    [window.text for window in chosen],
                    batch_size=_BATCH,
                    output_value="token_embeddings",
                    show_progress_bar=False,
                )
            read = self._tokenizer.encode_batch([window.text for window in chosen])
            for window, state, tokens in zip(chosen, states, read, strict=True):
                rows += _means(window, state, tokens.offsets)
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
    passages: Sequence[str], headlines: Sequence[str], tokenizer: Tokenizer, limit: int
) -> Iterator[_Window]:
    """Every passage once, after its headline and the passage before the first."""
    counts = [len(one) for one in tokenizer.encode_batch(passages, add_special_tokens=False)]
    position = 0
    while position < len(passages):
        headline, used = _shortened(tokenizer, headlines[position])
        window = _Window(headline)
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


def _shortened(tokenizer: Tokenizer, text: str) -> tuple[str, int]:
    """The beginning of a text, up to :data:`_HEADLINE` tokens, and how many these are."""
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    if len(offsets) <= _HEADLINE:
        return text, len(offsets)
    return text[: offsets[_HEADLINE - 1][1]], _HEADLINE


def _means(
    window: _Window, states: torch.Tensor, offsets: Sequence[tuple[int, int]]
) -> Iterator[list[float]]:
    """The mean ``[dimension]`` of the token vectors ``[tokens, dimension]`` of each span.

    ``offsets`` are the tokens' places in the text; the model has not read the last of them where
    the text was too long for it.
    """
    read = range(len(states) - 1)  # the last one is a mark of the end
    for start, end in window.spans:
        own = [i for i in read if start <= offsets[i][0] < offsets[i][1] <= end]
        row = states[own].mean(0) if own else states.new_zeros(states.shape[1])
        yield row.tolist()


def _whole_texts(tokenizer: Any) -> Tokenizer:
    """A tokenizer of one's own that cuts nothing off.

    The model's is set anew by every call whose limits differ from the last one's, which another
    thread must not see.
    """
    own: Tokenizer = copy.deepcopy(tokenizer.backend_tokenizer)
    own.no_truncation()
    own.no_padding()
    return own
