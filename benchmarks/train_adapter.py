"""Train the adapter with which the default model says whether passages answer a question.

    pip install gguf
    python benchmarks/train_adapter.py train-v1.1.json train-unanswerable-questions.txt
        --judge ../shared/questions/squad2_fit.jsonl --articles ../shared/articles
        --out FILE [--minutes N] [--on FILE --skip N]

It is an activated LoRA: it works from the question of ``prompts/answerable.md`` on, so what the
model makes of the passages before it stays what it was, is read once, and may have been read
ahead. Only the upper layers are changed. It learns from paragraphs of SQuAD 1.1 with questions
that they answer and questions written to mislead (``benchmarks/misleading_questions.py``), so
many as the time allows, and is judged by questions about other articles, each with the paragraph
nearest to it. With ``--on`` an adapter learns on, from the paragraphs after those it has read.
The one in the package was made by an earlier form of this script, in several runs:
``docs/quality.md``. Who trains another fits the decision anew with it
(``benchmarks/fit_decision.py``).
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections import defaultdict
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

from assistant import weights
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.passages import split_article
from assistant.prompts import render
from assistant.reading import INVOCATION
from assistant.settings import Settings
from benchmarks.answer_pairs import Embed, embedding, read
from benchmarks.misleading_questions import Group, groups, read_questions

MODEL = "qwen2.5-coder-1.5b"
FIRST = 12
"""The lowest of the 28 layers that is changed."""

RANK = 8
SCALE = 2.0
CHANGED = ("attn_q", "attn_k", "attn_v", "attn_output")
RATE = 4e-4
WARMING = 12
"""Steps, of two paragraphs each, in which the rate rises; then it falls with the time left."""

YES, NO = ("yes", "Yes"), ("no", "No")

Past = list[tuple[Tensor, Tensor]]
"""Keys and values of what was read, a pair for each layer, [1, tokens, shared heads, size]."""


class Qwen:
    """The model of a GGUF file in torch, with an adapter that changes nothing yet.

    Matrices are bfloat16, sums float32. A text is read once, then several questions about it.
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

    @property
    def learned(self) -> list[Tensor]:
        """What the adapter is made of."""
        return [*self.down.values(), *self.up.values()]

    def tokens(self, text: str) -> list[int]:
        """A text as the model reads it; the marks of its chat template are tokens of their own."""
        return list(self._words.encode(text, add_special_tokens=False))

    def judged(self, text: str, questions: Sequence[str], *, adapted: bool = True) -> Tensor:
        """[questions] the log-odds that the model says yes, the text answers the question."""
        rows = [self.tokens(_prompt(text, question)) for question in questions]
        begin = _common(rows, min(_last(row, self._called) for row in rows))
        past = self._read(rows[0][:begin])
        ends = [row[begin:] for row in rows]
        longest = max(map(len, ends))
        padded = torch.tensor([end + [0] * (longest - len(end)) for end in ends])
        works = torch.zeros(*padded.shape, 1)
        if adapted:
            for i, end in enumerate(ends):
                works[i, _last(end, self._called) :] = SCALE
        x = self._weights["token_embd.weight"][padded].float()
        for layer in range(self.layers):
            with torch.set_grad_enabled(torch.is_grad_enabled() and layer >= FIRST):
                x, _ = self._layer(x, layer, past[layer], works)
        last = x[torch.arange(len(ends)), torch.tensor([len(end) - 1 for end in ends])]
        scores = self._normed(last, "output_norm.weight") @ self._replies.T
        return scores[:, : len(YES)].logsumexp(1) - scores[:, len(YES) :].logsumexp(1)

    @torch.no_grad()
    def _read(self, tokens: Sequence[int]) -> Past:
        """Keys and values of the beginning of a prompt."""
        x = self._weights["token_embd.weight"][torch.tensor([list(tokens)])].float()
        nothing = torch.zeros(1, 0, self.shared, self.size)
        past: Past = []
        for layer in range(self.layers):
            x, made = self._layer(x, layer, (nothing, nothing), torch.zeros(1, len(tokens), 1))
            past.append(made)
        return past

    def _layer(
        self, x: Tensor, at: int, past: tuple[Tensor, Tensor], works: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One layer: [batch, tokens, size] of it, and the keys and values of these tokens."""
        batch, length, _ = x.shape
        before = past[0].shape[1]
        places = torch.arange(before, before + length)[None]
        mask = torch.full((length, before + length), -math.inf).triu(before + 1)
        h = self._normed(x, f"blk.{at}.attn_norm.weight")
        q, k, v = (
            self._by(h, at, name, works).view(batch, length, -1, self.size)
            for name in ("attn_q", "attn_k", "attn_v")
        )
        q, k = self._turned(q, places), self._turned(k, places)
        keys, values = (
            torch.cat([old.expand(batch, -1, -1, -1), new], 1)
            for old, new in zip(past, (k, v), strict=True)
        )
        q, keys, values = (part.transpose(1, 2) for part in (q, keys, values))
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


def main() -> None:
    args = _arguments()
    torch.manual_seed(0)
    settings = Settings.load()
    embed = embedding(weights.ensure("all-minilm-l6-v2", settings))
    model = Qwen(weights.ensure(MODEL, settings))
    judged = _judged(args.judge, args.articles, embed)[: args.paragraphs]
    chance = random.Random(3)
    learned = groups(read_questions(args.misleading), read(args.squad), embed, chance)
    if args.on is not None:
        model.resume(args.on)
    print(f"{len(learned[args.skip :]):,} paragraphs to learn from")
    _train(model, learned[args.skip :], args.minutes * 60)
    model.write(args.out)
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.1f} MB)")
    _describe(model, judged)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("squad", type=Path)
    parser.add_argument("misleading", type=Path)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--paragraphs", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=55.0)
    parser.add_argument("--on", type=Path, help="an adapter that is to learn on")
    parser.add_argument("--skip", type=int, default=0, help="paragraphs that it has read")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def _train(model: Qwen, learned: Sequence[Group], seconds: float) -> None:
    """Learn from one paragraph after another until the time is over."""
    optimizer = torch.optim.AdamW(model.learned, weight_decay=0.01, betas=(0.9, 0.98))
    begun, steps, losses = time.monotonic(), 0, list[float]()
    for number, group in enumerate(learned):
        passed = (time.monotonic() - begun) / seconds
        if passed >= 1:
            print(f"{number} paragraphs read")
            return
        odds = model.judged(group.text, [question for question, _ in group.questions])
        truth = torch.tensor([float(answered) for _, answered in group.questions])
        loss = nn.binary_cross_entropy_with_logits(odds, truth, reduction="sum")
        (loss / 16).backward()
        losses.append(loss.item() / len(truth))
        if number % 2:
            rising, falling = (steps + 1) / WARMING, 0.5 * (1 + math.cos(math.pi * passed))
            for part in optimizer.param_groups:
                part["lr"] = RATE * min(1.0, rising) * max(0.03, falling)
            torch.nn.utils.clip_grad_norm_(model.learned, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            steps += 1
        if number % 20 == 19:
            print(f"{number + 1} paragraphs: loss {np.mean(losses[-40:]):.3f}", flush=True)


def _judged(questions: Path, articles: Path, embed: Embed) -> list[Group]:
    """Paragraphs with the questions that are nearest to one of their sentences, shuffled.

    An answerable question whose paragraph is another is left out.
    """
    asked = load_question_set(questions, articles)
    found: list[Group] = []
    for name, article in asked.articles.items():
        own = [one for one in asked.questions if one.scope[0] == name]
        passages = split_article(article)
        nearness = embed([one.question for one in own]) @ embed([p.text for p in passages]).T
        paragraphs: dict[int, list[tuple[str, bool]]] = defaultdict(list)
        parts = [article.text.count("\n\n", 0, passage.start) for passage in passages]
        texts = {
            part: "\n".join(
                " ".join(p.text.split())
                for p, of in zip(passages, parts, strict=True)
                if of == part
            )
            for part in set(parts)
        }
        for one, row in zip(own, nearness, strict=True):
            part = parts[int(row.argmax())]
            if not one.answerable or any(passage_holds(texts[part], e.quote) for e in one.evidence):
                paragraphs[part].append((one.question, one.answerable))
        found += [Group(texts[part], rows) for part, rows in paragraphs.items() if len(rows) > 3]
    random.Random(3).shuffle(found)
    return found


def _describe(model: Qwen, judged: Sequence[Group]) -> None:
    """Print what the adapter and the model without it are worth."""
    truth = np.array([answered for group in judged for _, answered in group.questions])
    for name, adapted in (("adapted", True), ("as it is", False)):
        with torch.no_grad():
            odds = np.concatenate(
                [
                    model.judged(one.text, [q for q, _ in one.questions], adapted=adapted).numpy()
                    for one in judged
                ]
            )
        refused = (odds[~truth] < np.quantile(odds[truth], 0.1)).mean()
        print(
            f"{name}, {len(truth)} questions: AUC {roc_auc_score(truth, odds):.3f}, "
            f"{refused:.2f} of the unanswerable refused at 10 % false refusals"
        )


def _prompt(text: str, question: str) -> str:
    """What the model reads, in the marks of its chat template."""
    system, asked = render("system"), render("answerable", passages=text, question=question)
    turns = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{asked}<|im_end|>\n"
    return turns + "<|im_start|>assistant\n"


def _common(rows: Sequence[Sequence[int]], most: int) -> int:
    """How many tokens all begin with, ``most`` at most."""
    return next((i for i in range(most) if len({row[i] for row in rows}) > 1), most)


def _last(row: Sequence[int], part: Sequence[int]) -> int:
    """Where a part stands last."""
    ends = range(len(row) - len(part), -1, -1)
    return next(i for i in ends if list(row[i : i + len(part)]) == list(part))


def _value(reader: gguf.GGUFReader, key: str) -> Any:
    field = reader.fields[key]
    return field.parts[field.data[0]][0]


def _number(reader: gguf.GGUFReader, key: str) -> int:
    return int(_value(reader, key))


if __name__ == "__main__":
    main()
