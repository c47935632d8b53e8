"""Train the adapter with which the default model says whether quotes alone answer a question.

    pip install gguf
    python benchmarks/train_quote_adapter.py train-v1.1.json
        --fit ../shared/questions/squad2_fit.jsonl --articles ../shared/articles
        --hold squad-normans squad-imperialism squad-huguenot squad-packet_switching
        --out FILE [--from FILE] [--minutes N]

It (``benchmarks/adapted_model.py``) learns from the passages that the program itself finds for a
question (``benchmarks/quote_examples.py``): of those kept for fitting, and of some of SQuAD 1.1. It
is judged by the questions about the articles held out. ``--from`` names the adapter it begins as.
The one in the package was made so by an earlier form of this script, in half an hour. Who trains
another fits the decision anew (``benchmarks/fit_decision.py fit --adapted``).
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from assistant import weights
from assistant.cross_encoder import BASE, CrossEncoder
from assistant.library import Library
from assistant.sentence_embedder import SentenceTransformerEmbedder
from assistant.settings import Settings
from benchmarks.adapted_model import MODEL, Qwen, describe, train
from benchmarks.answer_pairs import read
from benchmarks.quote_examples import Finder, batches, fitting, made

RATE = 2e-4
SHARE = 0.35
"""Of what is learned, the share that is SQuAD 1.1's."""


def main() -> None:
    args = _arguments()
    torch.manual_seed(0)
    chance = random.Random(5)
    settings = Settings.load()
    folder = weights.ensure(BASE, settings)
    embedder = SentenceTransformerEmbedder(folder)
    with (
        TemporaryDirectory() as store,
        Library.open(Path(store), embedder, embedder_name=BASE) as library,
    ):
        finder = Finder(library, CrossEncoder(folder))
        kept = list(fitting(args.fit, args.articles, finder, chance))
        more = list(made(read(args.squad), finder, chance))
    learned = [one for name, one in kept if name not in args.hold]
    judged = [one for name, one in kept if name in args.hold]
    chance.shuffle(more)
    learned += more[: int(len(learned) * SHARE / (1 - SHARE))]
    model = Qwen(weights.ensure(MODEL, settings))
    model.resume(args.begin or weights.catalogue()[MODEL].adapters["passages"])
    steps = [*batches(learned, chance), *batches(learned, chance)]
    print(f"{len(learned):,} questions to learn from, twice at most")
    print(f"read {train(model, steps, args.minutes * 60, rate=RATE)} of {len(steps)} batches")
    model.write(args.out)
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.1f} MB)")
    if judged:
        print(describe(model, judged))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("squad", type=Path)
    parser.add_argument("--fit", type=Path, required=True)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--hold", nargs="*", default=[])
    parser.add_argument("--from", dest="begin", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
