"""How fast texts are embedded, and whether as much is found: the product beside the defaults.

    python benchmarks/embedding.py [--texts N] [--backends defaults product int8 openvino]

``defaults`` is ``SentenceTransformer(folder).encode(texts)``; ``product`` is what the library
calls; ``int8`` is the same model with linear layers in eight bits (torch), ``openvino`` as a
graph of that engine, where it is installed. Texts are those that adding embeds: every passage
alone and in its context. What is found is measured on the questions of ``../shared``.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant import models, weights
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.library.vectors import Vectors, best, mix
from assistant.passages import context_texts, split_article
from assistant.schema import Passage, QuestionSet
from assistant.settings import Settings

QUESTIONS = Path("../shared/questions/news.jsonl")
K = 10
ROUNDS = 3

Encode = Callable[[list[str]], Vectors]


def defaults(folder: Path) -> Encode:
    """sentence-transformers with nothing set."""
    model = _model(folder)
    return lambda texts: np.asarray(model.encode(texts))


def product(folder: Path) -> Encode:
    """The embedder of the library."""
    embedder = models.SentenceTransformerEmbedder(folder)
    return lambda texts: np.asarray(embedder.embed_documents(texts), dtype=np.float32)


def int8(folder: Path) -> Encode:
    """Weights of linear layers as eight-bit numbers, sums in 32 bits."""
    import torch

    quantize: Any = torch.ao.quantization.quantize_dynamic
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        model = quantize(copy.deepcopy(_model(folder)), {torch.nn.Linear}, dtype=torch.qint8)
    return lambda texts: np.asarray(model.encode(texts))


def openvino(folder: Path) -> Encode:
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

    return encode


BACKENDS: dict[str, Callable[[Path], Encode]] = {
    "defaults": defaults,
    "product": product,
    "int8": int8,
    "openvino": openvino,
}


def _model(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def recall(encode: Encode, questions: QuestionSet) -> float:
    """Share of gold evidence among the ten passages nearest to a question, over all articles."""
    passages: list[Passage] = []
    contexts: list[str] = []
    for article in questions.articles.values():
        own = split_article(article)
        passages += own
        contexts += context_texts(article, own)
    vectors = mix(encode([p.text for p in passages]), encode(contexts))
    asked = [q for q in questions.questions if q.evidence and not q.history]
    shares = []
    for question, vector in zip(asked, encode([q.question for q in asked]), strict=True):
        near = [passages[i].text for i in best(vectors @ vector, K)]
        held = [any(passage_holds(text, gold.quote) for text in near) for gold in question.evidence]
        shares.append(sum(held) / len(held))
    return float(np.mean(shares))


def embedded_texts(questions: QuestionSet, count: int) -> list[str]:
    """What adding these articles embeds, in a fixed random order."""
    texts: list[str] = []
    for article in questions.articles.values():
        own = split_article(article)
        texts += [p.text for p in own] + context_texts(article, own)
    random.Random(1).shuffle(texts)
    return (texts * (count // len(texts) + 1))[:count]


def measure(names: Sequence[str], questions: QuestionSet, count: int) -> None:
    """Take turns, so that what else the machine does hits all of them; the best turn counts."""
    folder = weights.ensure(
        Settings.model_fields["embedder"].default, Settings.load(offline=True), None
    )
    texts = embedded_texts(questions, count)
    encoders = {name: BACKENDS[name](folder) for name in names}
    wall: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    for encode in encoders.values():
        encode(texts[:8])
    for _ in range(ROUNDS):
        for name, encode in encoders.items():
            start, spent = time.perf_counter(), time.process_time()
            encode(texts)
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - spent)
    base = min(wall[names[0]]), min(processor[names[0]])
    print(f"{count:,} texts; ratios to {names[0]}")
    print("backend       texts/s  ratio  texts/processor second  ratio  recall@10")
    for name, encode in encoders.items():
        seconds, spent = min(wall[name]), min(processor[name])
        print(
            f"{name:<12}{count / seconds:>9.1f}{base[0] / seconds:>7.2f}"
            f"{count / spent:>24.1f}{base[1] / spent:>7.2f}{recall(encode, questions):>11.4f}",
            flush=True,
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--texts", type=int, default=2_000, metavar="N")
    arguments.add_argument("--questions", type=Path, default=QUESTIONS, metavar="FILE")
    arguments.add_argument(
        "--backends", nargs="+", choices=BACKENDS, default=["defaults", "product"]
    )
    options = arguments.parse_args()
    if not options.questions.is_file():
        raise SystemExit(f"{options.questions} is not there; name a question file")
    measure(options.backends, load_question_set(options.questions), options.texts)


if __name__ == "__main__":
    main()
