"""A small cross-encoder: how likely it is that a text answers a question.

It reads the two together, which vectors made apart cannot: that a text is about the matter of a
question is not that it answers it. The vocabulary and the lowest layer are those of the MiniLM
that passages are embedded with; the layers above were trained by
``benchmarks/train_cross_encoder.py`` and are in ``cross_encoder.safetensors``, a byte a weight.
Not handled: which texts are read (``retrieval``), and what follows from it (``decision``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError
from assistant.half_precision import in_halves, multiplies_halves

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding

BASE = "all-minilm-l6-v2"
"""The embedder whose vocabulary and lowest layer it needs."""

WEIGHTS = Path(__file__).with_name("cross_encoder.safetensors")

LONGEST = 160
"""Tokens of a question and a text that are read, as in training."""

_BATCH = 8
"""Texts a call: so few stay in the processor's cache."""

_SCALE = ".scale"
"""A matrix of bytes is stored beside a vector of this name: what a row is multiplied with."""


class CrossEncoder:
    """Judges texts by a question. Loads on first use; calls from several threads are safe."""

    def __init__(self, folder: Path, weights: Path = WEIGHTS) -> None:
        """``folder`` holds the files of :data:`BASE`, ``weights`` is what was trained."""
        self._folder = folder
        self._weights = weights
        self._loading = Lock()
        self._loaded: tuple[Any, Any, bool] | None = None

    def log_odds(self, question: str, texts: Sequence[str]) -> list[float]:
        """For each text the log-odds that it answers the question; 0 is as likely as not.

        Raises:
            ModelError: a file of the model is missing or damaged.
        """
        import torch

        model, tokenizer, fast = self._parts()
        odds = [0.0] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # so that little is padded
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            read = tokenizer.encode_batch([(question, texts[i]) for i in batch])
            with torch.inference_mode(), in_halves(fast):
                logits = model(**inputs(read)).logits
            for i, value in zip(batch, logits.float()[:, 0].tolist(), strict=True):
                odds[i] = value
        return odds

    def _parts(self) -> tuple[Any, Any, bool]:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, Any, bool]:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertForSequenceClassification

        try:
            config = BertConfig.from_pretrained(self._folder, num_labels=1)
            below = load_file(self._folder / "model.safetensors")
            trained = expanded(load_file(self._weights))
            tokenizer: Any = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
            model = BertForSequenceClassification(config)
            # Older files hold positions too, which are no weights any more.
            below.pop("embeddings.position_ids", None)
            model.load_state_dict({f"bert.{name}": w for name, w in below.items()} | trained)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"The model that judges passages cannot be loaded: {error}. Its files are "
                f"{self._weights} and those of {BASE} in {self._folder}; install them again."
            ) from error
        tokenizer.enable_truncation(LONGEST)
        tokenizer.enable_padding()
        return model.eval(), tokenizer, multiplies_halves()


def inputs(read: Sequence[Encoding]) -> dict[str, torch.Tensor]:
    """What the model is called with, each ``[texts, tokens]``; the texts are of one length."""
    import torch

    return {
        "input_ids": torch.tensor([one.ids for one in read]),
        "token_type_ids": torch.tensor([one.type_ids for one in read]),
        "attention_mask": torch.tensor([one.attention_mask for one in read]),
    }


def compact(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Matrices as bytes with a scale for each row, and everything else in 16 bits."""
    import torch

    small: dict[str, torch.Tensor] = {}
    for name, value in weights.items():
        if value.ndim != 2:
            small[name] = value.to(torch.float16)
            continue
        scale = value.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        small[name] = (value / scale).round().to(torch.int8)
        small[name + _SCALE] = scale[:, 0].to(torch.float32)
    return small


def expanded(small: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What :func:`compact` was given, to within half a step of each row's scale."""
    return {
        name: value.float() * small[name + _SCALE][:, None]
        if name + _SCALE in small
        else value.float()
        for name, value in small.items()
        if not name.endswith(_SCALE)
    }
