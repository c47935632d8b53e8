"""How fast articles are embedded, and whether as much is found: the product beside the defaults.

    python benchmarks/embedding.py [--passages N] [--backends defaults product exact …]

``defaults`` is ``SentenceTransformer(folder).encode(texts)`` over every passage alone and once
more between its neighbours; ``product`` is what the library calls, which reads the neighbours
once; ``exact`` is the same without bfloat16, which ``product`` uses where the processor can.
``int8`` is the texts of ``defaults`` with linear layers in eight bits (torch), ``openvino`` as a
graph of that engine, where it is installed. What is found is measured on the questions of
``../shared``.
"""

from __future__ import annotations

import argparse
import copy
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant import weights
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.library.vectors import Vectors, best, embed_passages, mix
from assistant.passages import context_texts, split_article
from assistant.schema import Article, Passage, QuestionSet
from assistant.sentence_embedder import SentenceTransformerEmbedder
from assistant.settings import Settings

QUESTIONS = Path("../shared/questions/news.jsonl")
K = 10
ROUNDS = 3

Encode = Callable[[list[str]], Vectors]
Embed = Callable[[Article, Sequence[Passage]], Vectors]
Split = list[tuple[Article, list[Passage]]]


def defaults(folder: Path) -> Embed:
    """sentence-transformers with nothing set."""
    model = _model(folder)
    return _as_texts(lambda texts: np.asarray(model.encode(texts)))


def product(folder: Path) -> Embed:
    """The embedder of the library, as the library calls it."""
    return _as_library(SentenceTransformerEmbedder(folder))


def exact(folder: Path) -> Embed:
    """The same in float32 throughout."""
    return _as_library(SentenceTransformerEmbedder(folder, halves=False))


def int8(folder: Path) -> Embed:
    """Weights of linear layers as eight-bit numbers, sums in 32 bits."""
    import torch

    quantize: Any = torch.ao.quantization.quantize_dynamic
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        model = quantize(copy.deepcopy(_model(folder)), {torch.nn.Linear}, dtype=torch.qint8)
    return _as_texts(lambda texts: np.asarray(model.encode(texts)))


def openvino(folder: Path) -> Embed:
    """The encoder converted by OpenVINO, 32 texts of like length at a time."""
    import openvino as ov  # type: ignore[import-not-found]
    import torch

    model = _model(folder)
    encoder, tokenizer = model[0].auto_model, model.tokenizer
    example = dict(tokenizer(["A first text.", "Another."], padding=True, return_tensors="pt"))
    with torch.no_grad():
        compiled = ov.compile_model(ov.convert_model(encoder, example_input=example), "CPU")

    def encode(texts: list[str]) -> Vectors:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows = np.empty((len(texts), model.get_sentence_embedding_dimension()), np.float32)
        for start in range(0, len(order), 32):
            chosen = order[start : start + 32]
            batch = [texts[i] for i in chosen]
            inputs = tokenizer(batch, padding=True, truncation=True, max_length=256)
            mask = np.asarray(inputs["attention_mask"])[..., None]
            states = compiled({name: np.asarray(value) for name, value in inputs.items()})[0]
            rows[chosen] = (states * mask).sum(1) / mask.sum(1)
        return rows

    return _as_texts(encode)


BACKENDS: dict[str, Callable[[Path], Embed]] = {
    "defaults": defaults,
    "product": product,
    "exact": exact,
    "int8": int8,
    "openvino": openvino,
}


def _model(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _as_library(embedder: SentenceTransformerEmbedder) -> Embed:
    dimension = len(embedder.embed_query("dimension"))
    return lambda article, passages: embed_passages(embedder, article, passages, dimension)


def _as_texts(encode: Encode) -> Embed:
    """Every passage twice: alone, and as a text between its neighbours."""

    def embed(article: Article, passages: Sequence[Passage]) -> Vectors:
        vectors = encode([p.text for p in passages] + context_texts(article, passages))
        return mix(vectors[: len(passages)], vectors[len(passages) :])

    return embed


def recall(embed: Embed, ask: Encode, questions: QuestionSet, articles: Split) -> float:
    """Share of gold evidence among the ten passages nearest to a question, over all articles."""
    vectors = np.concatenate([embed(article, passages) for article, passages in articles])
    texts = [passage.text for _, passages in articles for passage in passages]
    asked = [q for q in questions.questions if q.evidence and not q.history]
    shares = []
    for question, vector in zip(asked, ask([q.question for q in asked]), strict=True):
        near = [texts[i] for i in best(vectors @ vector, K)]
        held = [any(passage_holds(text, gold.quote) for text in near) for gold in question.evidence]
        shares.append(sum(held) / len(held))
    return float(np.mean(shares))


def measure(names: Sequence[str], questions: QuestionSet, count: int) -> None:
    """Take turns, so that what else the machine does hits all of them; the best turn counts."""
    folder = weights.ensure(
        Settings.model_fields["embedder"].default, Settings.load(offline=True), None
    )
    articles = [(article, split_article(article)) for article in questions.articles.values()]
    timed: Split = []
    while sum(len(passages) for _, passages in timed) < count:
        timed.append(articles[len(timed) % len(articles)])
    total = sum(len(passages) for _, passages in timed)
    backends = {name: BACKENDS[name](folder) for name in names}
    wall: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    for embed in backends.values():
        embed(articles[0][0], articles[0][1][:4])
    for _ in range(ROUNDS):
        for name, embed in backends.items():
            start, spent = time.perf_counter(), time.process_time()
            for article, passages in timed:
                embed(article, passages)
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - spent)
    base = min(wall[names[0]]), min(processor[names[0]])
    model = _model(folder)
    print(f"{total:,} passages of {len(timed)} articles; ratios to {names[0]}")
    print("backend    passages/s  ratio  passages/processor second  ratio  recall@10")
    for name, embed in backends.items():
        seconds, spent = min(wall[name]), min(processor[name])
        found = recall(embed, lambda texts: np.asarray(model.encode(texts)), questions, articles)
        print(
            f"{name:<12}{total / seconds:>9.1f}{base[0] / seconds:>7.2f}"
            f"{total / spent:>27.1f}{base[1] / spent:>7.2f}{found:>11.4f}",
            flush=True,
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--passages", type=int, default=1_000, metavar="N")
    arguments.add_argument("--questions", type=Path, default=QUESTIONS, metavar="FILE")
    arguments.add_argument(
        "--backends", nargs="+", choices=BACKENDS, default=["defaults", "product"]
    )
    options = arguments.parse_args()
    if not options.questions.is_file():
        raise SystemExit(f"{options.questions} is not there; name a question file")
    measure(options.backends, load_question_set(options.questions), options.passages)


if __name__ == "__main__":
    main()
