"""The default model in torch, with an adapter to train: it says whether a text answers a question.

The adapter is an activated LoRA: it works from the question of ``prompts/answerable.md`` on, so
what the model makes of the passages before it stays what it was, is read once, and may have been
read ahead. Only the upper layers are changed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import torch.nn.functional as nn
from sklearn.metrics import roc_auc_score
from torch import Tensor
from transformers import AutoTokenizer

from assistant.prompts import render
from assistant.reading import INVOCATION
from benchmarks.answer_pairs import Example

MODEL = "qwen2.5-coder-1.5b"
FIRST = 12
"""The lowest of the 28 layers that is changed."""

RANK = 8
SCALE = 2.0
CHANGED = ("attn_q", "attn_k", "attn_v", "attn_output")
YES, NO = ("yes", "Yes"), ("no", "No")

RATE = 4e-4
WARMING = 12
"""Steps in which the rate rises; then it falls with the time left."""

TOGETHER = 16
"""By how many questions a step's loss is divided."""

Past = list[tuple[Tensor, Tensor]]
"""Keys and values of what was read, a pair for each layer, [1, tokens, shared heads, size]."""


class Qwen:
    """The model of a GGUF file in torch, with an adapter that changes nothing yet.

    Matrices are bfloat16, sums float32.
    """

    def __init__(self, path: Path) -> None:
        reader = gguf.GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}
        self.layers = _number(reader, "qwen2.block_count")
        self.heads = _number(reader, "qwen2.attention.head_count")
        self.shared = _number(reader, "qwen2.attention.head_count_kv")
        self.epsilon = float(_value(reader, "qwen2.attention.layer_norm_rms_epsilon"))
        self.size = _number(reader, "qwen2.embedding_length") // self.heads
        base = float(_value(reader, "qwen2.rope.freq_base"))
        self._turns = base ** -(torch.arange(0, self.size, 2).float() / self.size)
        self._weights = {
            name: self._load(name) for name in self._tensors if name != "output.weight"
        }
        self._words = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        self._called = self.tokens(INVOCATION)
        output = "output.weight" if "output.weight" in self._tensors else "token_embd.weight"
        self._replies = self._load(output, [self.tokens(word)[0] for word in (*YES, *NO)])
        self.down: dict[str, Tensor] = {}
        self.up: dict[str, Tensor] = {}
        for layer in range(FIRST, self.layers):
            for name in CHANGED:
                key = f"blk.{layer}.{name}.weight"
                rows, columns = self._weights[key].shape
                self.down[key] = (torch.randn(RANK, columns) / math.sqrt(columns)).requires_grad_()
                self.up[key] = torch.zeros(rows, RANK).requires_grad_()
        one, other = (self.tokens(_prompt(text, "?")) for text in ("One", "Two"))
        self._opening = one[: _common(one, other)]
        """What every prompt begins with, read once."""
        self._opened: Past = []
        self._opened = self._read([self._opening])

    @property
    def learned(self) -> list[Tensor]:
        """What the adapter is made of."""
        return [*self.down.values(), *self.up.values()]

    def tokens(self, text: str) -> list[int]:
        """A text as the model reads it; the marks of its chat template are tokens of their own."""
        return list(self._words.encode(text, add_special_tokens=False))

    def judged(self, pairs: Sequence[tuple[str, str]], *, adapted: bool = True) -> Tensor:
        """[pairs] the log-odds that the model says yes, a text answers a question.

        Each pair is a text and a question. A text that several have is read once.
        """
        rows = [self.tokens(_prompt(text, question)) for text, question in pairs]
        asked = [_last(row, self._called) for row in rows]
        opening = len(self._opening)
        begins = [tuple(row[opening:at]) for row, at in zip(rows, asked, strict=True)]
        texts = sorted(set(begins))
        of = torch.tensor([texts.index(begin) for begin in begins])
        read, longest = self._read(texts), max(map(len, texts))
        ends = [row[at:] for row, at in zip(rows, asked, strict=True)]
        lengths = torch.tensor([len(begin) for begin in begins])
        unread = torch.arange(longest) >= lengths[:, None]
        padded = _padded(ends)
        mask = torch.zeros(len(rows), 1, padded.shape[1], opening + longest + padded.shape[1])
        mask[..., opening : opening + longest].masked_fill_(unread[:, None, None], -math.inf)
        mask[..., opening + longest :] = _later(padded.shape[1])
        places = opening + lengths[:, None] + torch.arange(padded.shape[1])
        works = torch.full((*padded.shape, 1), SCALE if adapted else 0.0)
        x = self._weights["token_embd.weight"][padded].float()
        for layer in range(self.layers):
            past = _joined(self._opened[layer], (read[layer][0][of], read[layer][1][of]))
            with torch.set_grad_enabled(torch.is_grad_enabled() and layer >= FIRST):
                x, _ = self._layer(x, layer, past, works, places, mask)
        last = x[torch.arange(len(ends)), torch.tensor([len(end) - 1 for end in ends])]
        scores = self._normed(last, "output_norm.weight") @ self._replies.T
        return scores[:, : len(YES)].logsumexp(1) - scores[:, len(YES) :].logsumexp(1)

    @torch.no_grad()
    def _read(self, texts: Sequence[Sequence[int]]) -> Past:
        """Keys and values of texts after the opening, padded to the longest."""
        padded, opening = _padded(texts), len(self._opening) if self._opened else 0
        nothing = torch.zeros(1, 0, self.shared, self.size)
        mask = torch.zeros(padded.shape[1], opening + padded.shape[1])
        mask[:, opening:] = _later(padded.shape[1])
        places = (opening + torch.arange(padded.shape[1]))[None]
        x = self._weights["token_embd.weight"][padded].float()
        past: Past = []
        for layer in range(self.layers):
            before = self._opened[layer] if self._opened else (nothing, nothing)
            x, made = self._layer(x, layer, before, torch.zeros(*padded.shape, 1), places, mask)
            past.append(made)
        return past

    def _layer(
        self,
        x: Tensor,
        at: int,
        past: tuple[Tensor, Tensor],
        works: Tensor,
        places: Tensor,
        mask: Tensor,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One layer: [batch, tokens, size] of it, and the keys and values of these tokens."""
        batch, length, _ = x.shape
        h = self._normed(x, f"blk.{at}.attn_norm.weight")
        q, k, v = (
            self._by(h, at, name, works).view(batch, length, -1, self.size)
            for name in ("attn_q", "attn_k", "attn_v")
        )
        q, k = self._turned(q, places), self._turned(k, places)
        q, keys, values = (part.transpose(1, 2) for part in (q, *_joined(past, (k, v))))
        seen = nn.scaled_dot_product_attention(q, keys, values, attn_mask=mask, enable_gqa=True)
        x = x + self._by(seen.transpose(1, 2).reshape(batch, length, -1), at, "attn_output", works)
        h = self._normed(x, f"blk.{at}.ffn_norm.weight")
        gate = nn.silu(self._by(h, at, "ffn_gate", works)) * self._by(h, at, "ffn_up", works)
        return x + self._by(gate, at, "ffn_down", works), (k, v)

    def _by(self, x: Tensor, layer: int, name: str, works: Tensor) -> Tensor:
        key = f"blk.{layer}.{name}.weight"
        y = nn.linear(x.bfloat16(), self._weights[key]).float()
        bias = self._weights.get(f"blk.{layer}.{name}.bias")
        y = y if bias is None else y + bias
        if key in self.down:
            y = y + works * nn.linear(nn.linear(x, self.down[key]), self.up[key])
        return y

    def _normed(self, x: Tensor, name: str) -> Tensor:
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self._weights[name]

    def _turned(self, x: Tensor, places: Tensor) -> Tensor:
        angles = places[..., None].float() * self._turns
        cos, sin = angles.cos()[:, :, None], angles.sin()[:, :, None]
        low, high = x.chunk(2, -1)
        return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)

    def _load(self, name: str, rows: Sequence[int] | None = None) -> Tensor:
        tensor = self._tensors[name]
        data = tensor.data if rows is None else tensor.data[list(rows)]
        full = gguf.dequantize(data, tensor.tensor_type).astype(np.float32)
        loaded = torch.from_numpy(np.ascontiguousarray(full))
        return loaded.bfloat16() if loaded.ndim == 2 and rows is None else loaded

    def resume(self, path: Path) -> None:
        """Go on from an adapter that was kept."""
        kept = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
        for name in self.down:
            for end, part in (("a", self.down[name]), ("b", self.up[name])):
                data = np.array(kept[f"{name}.lora_{end}"].data, dtype=np.float32)
                part.data.copy_(torch.from_numpy(data))

    def write(self, path: Path) -> None:
        """Keep the adapter as llama.cpp reads it."""
        writer = gguf.GGUFWriter(path, "qwen2")
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", SCALE * RANK)
        writer.add_key_value(
            "adapter.alora.invocation_tokens",
            self._called,
            gguf.GGUFValueType.ARRAY,
            sub_type=gguf.GGUFValueType.UINT32,
        )
        for name, down in self.down.items():
            for end, part in (("a", down), ("b", self.up[name])):
                half = part.detach().numpy().astype(np.float16)
                writer.add_tensor(f"{name}.lora_{end}", half)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def train(
    model: Qwen,
    batches: Sequence[Sequence[Example]],
    seconds: float,
    *,
    rate: float = RATE,
    together: int = 1,
) -> int:
    """Learn from one batch after another until the time is over; how many were read.

    ``together`` batches make a step.
    """
    optimizer = torch.optim.AdamW(model.learned, weight_decay=0.01, betas=(0.9, 0.98))
    begun, steps, losses = time.monotonic(), 0, list[float]()
    for number, batch in enumerate(batches):
        passed = (time.monotonic() - begun) / seconds
        if passed >= 1:
            return number
        odds = model.judged([(text, question) for text, question, _ in batch])
        truth = torch.tensor([float(answered) for *_, answered in batch])
        loss = nn.binary_cross_entropy_with_logits(odds, truth, reduction="sum")
        (loss / TOGETHER).backward()
        losses.append(loss.item() / len(truth))
        if number % together == together - 1:
            rising, falling = (steps + 1) / WARMING, 0.5 * (1 + math.cos(math.pi * passed))
            for part in optimizer.param_groups:
                part["lr"] = rate * min(1.0, rising) * max(0.03, falling)
            torch.nn.utils.clip_grad_norm_(model.learned, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            steps += 1
        if number % 20 == 19:
            print(f"{number + 1} batches: loss {np.mean(losses[-40:]):.3f}", flush=True)
    return len(batches)


@torch.no_grad()
def describe(model: Qwen, examples: Sequence[Example], *, adapted: bool = True) -> str:
    """What the model is worth, with its adapter or as it is."""
    # Those of one length together: less to pad.
    ordered = sorted(examples, key=lambda one: (len(one[0]), one[0]))
    parts = [ordered[i : i + 8] for i in range(0, len(ordered), 8)]
    odds = np.concatenate(
        [model.judged([(t, q) for t, q, _ in part], adapted=adapted).numpy() for part in parts]
    )
    truth = np.array([answered for *_, answered in ordered])
    refused = (odds[~truth] < np.quantile(odds[truth], 0.1)).mean()
    return (
        f"{len(truth)} questions, AUC {roc_auc_score(truth, odds):.3f}, "
        f"{refused:.2f} of the unanswerable refused at 10 % false refusals"
    )


def _prompt(text: str, question: str) -> str:
    """What the model reads, in the marks of its chat template."""
    system, asked = render("system"), render("answerable", passages=text, question=question)
    turns = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{asked}<|im_end|>\n"
    return turns + "<|im_start|>assistant\n"


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return next(i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])


def _later(length: int) -> Tensor:
    """[length, length] what keeps a token from seeing those after it."""
    return torch.full((length, length), -math.inf).triu(1)


def _joined(past: tuple[Tensor, Tensor], new: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Keys and values of what was read before, of one text or of each, and of what comes then."""
    keys, values = (
        torch.cat([old.expand(len(one), -1, -1, -1), one], 1)
        for old, one in zip(past, new, strict=True)
    )
    return keys, values


def _last(row: Sequence[int], part: Sequence[int]) -> int:
    """Where a part stands last."""
    ends = range(len(row) - len(part), -1, -1)
    return next(i for i in ends if list(row[i : i + len(part)]) == list(part))


def _value(reader: gguf.GGUFReader, key: str) -> Any:
    field = reader.fields[key]
    return field.parts[field.data[0]][0]


def _number(reader: gguf.GGUFReader, key: str) -> int:
    return int(_value(reader, key))
