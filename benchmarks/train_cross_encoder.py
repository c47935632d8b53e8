"""Train ``assistant/cross_encoder.safetensors``: does a text answer a question?

    python benchmarks/train_cross_encoder.py train-v1.1.json [--pairs N] [--out FILE]
    python benchmarks/train_cross_encoder.py --from FILE --fit ../shared/questions/squad2_fit.jsonl
        --articles ../shared/articles [--hold ARTICLE …] [--out FILE]

The first command trains on pairs made from SQuAD 1.1 (``benchmarks/answer_pairs.py``), an hour on
two cores. The second goes on from there with questions kept for fitting, whose unanswerable ones
were written by people to mislead, mixed with as many pairs of the first kind where
``train-v1.1.json`` is named too; the questions of articles that are held out are then judged. What
is written is as small as what the package holds, so that what is measured is what is used.

The file in the package was made by an earlier form of this script, with other random choices: 2,000
of 3,000 steps of the first command, then the second with ``--hold squad-normans squad-imperialism
squad-huguenot squad-packet_switching``.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from tokenizers import Encoding, Tokenizer
from torch.nn import Linear
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import BertConfig, BertForSequenceClassification

from assistant import retrieval, weights
from assistant.cross_encoder import (
    BASE,
    LONGEST,
    WEIGHTS,
    CrossEncoder,
    compact,
    expanded,
    inputs,
)
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.half_precision import in_halves, multiplies_halves
from assistant.passages import split_article
from assistant.schema import Passage, Question
from assistant.settings import Settings
from benchmarks.answer_pairs import Embed, Pair, embedding, pairs, read

BATCH = 32
FROZEN = 1
"""Layers from below that stay as the embedder has them, and so need not be stored."""

SPAN = 0.25
"""What finding the answer's place counts for beside knowing that there is one."""

WARMING = 0.05
"""Share of the steps in which the rate of learning rises; then it falls to nearly nothing."""

_AFAR = 3
"""Passages between the evidence and a text of its article that is taken for no answer."""

Judged = tuple[Question, list[Passage], frozenset[str]]
"""A question held out, its article's passages, and the ids of those nearest to it in meaning."""


def main() -> None:
    args = _arguments()
    folder = weights.ensure(BASE, Settings.load())
    embed = embedding(folder)
    chance = random.Random(7)
    model = _untrained(folder)
    made = _squad_pairs(args.squad, embed, chance) if args.squad else []
    if args.start:
        _take(model, args.start)
    else:
        _train(model, folder, made[: args.pairs], rate=1e-4)
    judged: list[Judged] = []
    if args.fit:
        fitting, judged = _fitting(args.fit, args.articles, args.hold, embed, chance)
        again = chance.sample(made, min(len(made), len(fitting)))
        for _ in range(args.epochs):
            _train(
                model, folder, chance.sample([*fitting, *again], len(fitting) + len(again)), 5e-5
            )
    _save(model, args.out, args)
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.1f} MB)")
    if judged:
        _judge(CrossEncoder(folder, args.out), judged)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("squad", type=Path, nargs="?")
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--fit", type=Path)
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--hold", nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    if not args.squad and not args.start:
        parser.error("name train-v1.1.json, or weights to begin --from")
    return args


def _untrained(folder: Path) -> Any:
    config = BertConfig.from_pretrained(
        folder, num_labels=1, attention_probs_dropout_prob=0.0, classifier_dropout=0.1
    )
    model = BertForSequenceClassification.from_pretrained(folder, config=config)
    below = [model.bert.embeddings, *model.bert.encoder.layer[:FROZEN]]
    for parameter in (one for module in below for one in module.parameters()):
        parameter.requires_grad = False
    return model


def _squad_pairs(path: Path, embed: Embed, chance: random.Random) -> list[Pair]:
    made: list[Pair] = []
    for number, article in enumerate(read(path)):
        made += pairs(article, embed, chance, share=0.62)
        if number % 50 == 0:
            print(f"article {number}: {len(made):,} pairs", flush=True)
    chance.shuffle(made)
    return made


def _fitting(
    path: Path, articles: Path, held: Sequence[str], embed: Embed, chance: random.Random
) -> tuple[list[Pair], list[Judged]]:
    """Pairs of a set's questions, and those about held-out articles."""
    questions = load_question_set(path, articles)
    made: list[Pair] = []
    judged: list[Judged] = []
    for name, article in questions.articles.items():
        passages = split_article(article)
        own = [one for one in questions.questions if one.scope[0] == name]
        texts = embed([passage.text for passage in passages])
        for one, row in zip(own, embed([q.question for q in own]) @ texts.T, strict=True):
            order = np.argsort(-row).tolist()
            if name in held:
                nearest = frozenset(passages[i].id for i in order[: retrieval.RERANKED])
                judged.append((one, passages, nearest))
            else:
                made += _of_question(one, passages, order, chance)
    return made, judged


def _of_question(
    question: Question, passages: Sequence[Passage], order: Sequence[int], chance: random.Random
) -> Iterator[Pair]:
    def around(at: int, before: int | None = None, after: int | None = None) -> str:
        first = max(0, at - (chance.choice((0, 1, 1, 2)) if before is None else before))
        last = at + (chance.choice((0, 1, 1, 2)) if after is None else after)
        return " ".join(passage.text for passage in passages[first : last + 1])

    if not question.answerable:
        nearest = order[0]
        other = next((i for i in order if abs(i - nearest) > 1), nearest)
        yield from (Pair(question.question, around(i)) for i in {nearest, other})
        return
    evidence = [
        i
        for i, one in enumerate(passages)
        if any(passage_holds(one.text, proof.quote) for proof in question.evidence)
    ]
    if not evidence:
        return
    yield Pair(question.question, around(evidence[0]), 0, 0)
    answers = [text.lower() for group in question.answers for text in group]
    for i in order[:6]:
        wide = around(i, 2, 2)
        if min(abs(i - e) for e in evidence) > _AFAR and not any(
            a in wide.lower() for a in answers
        ):
            yield Pair(question.question, wide)
            return


def _train(model: Any, folder: Path, data: Sequence[Pair], rate: float) -> None:
    """One pass over the pairs, of like length in a batch."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST, strategy="only_second")
    tokenizer.no_padding()
    tokens = tokenizer.encode_batch([(pair.question, pair.text) for pair in data])
    places = Linear(model.config.hidden_size, 2)
    trained = [p for p in (*model.parameters(), *places.parameters()) if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, weight_decay=0.01)
    batches = _batches([len(one.ids) for one in tokens])
    started, lost, halves = time.perf_counter(), 0.0, multiplies_halves()
    model.train()
    for step, chosen in enumerate(batches):
        share = step / len(batches)
        for group in optimizer.param_groups:
            group["lr"] = rate * min((share + 1e-3) / WARMING, 1 - 0.98 * share)
        loss = _loss(model, places, [data[i] for i in chosen], [tokens[i] for i in chosen], halves)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        lost += loss.item()
        if step % 100 == 99:
            passed = time.perf_counter() - started
            print(
                f"{step + 1} of {len(batches)}: loss {lost / 100:.3f}, {passed:.0f} s", flush=True
            )
            lost = 0.0
    model.eval()


def _loss(
    model: Any, places: Linear, batch: Sequence[Pair], tokens: Sequence[Encoding], halves: bool
) -> torch.Tensor:
    """How far from right the model is about a batch: whether there is an answer, and where."""
    spans = torch.tensor([_span(pair, read_) for pair, read_ in zip(batch, tokens, strict=True)])
    longest = max(len(one.ids) for one in tokens)
    for one in tokens:
        one.pad(longest)
    given = inputs(tokens)
    with in_halves(halves):
        out = model.bert(**given)
    answers = model.classifier(model.dropout(out.pooler_output.float()))[:, 0]
    wanted = torch.tensor([float(pair.answered) for pair in batch])
    loss = binary_cross_entropy_with_logits(answers, wanted)
    # Where there is no answer its place is the mark before the question.
    at = places(out.last_hidden_state.float()) - 1e4 * (1 - given["attention_mask"])[..., None]
    known = [k for k, pair in enumerate(batch) if not pair.answered or pair.end > 0]
    if known:
        start, end = at[known, :, 0], at[known, :, 1]
        loss += SPAN * (cross_entropy(start, spans[known, 0]) + cross_entropy(end, spans[known, 1]))
    return loss


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    chance = random.Random(1)
    batches: list[list[int]] = []
    for start in range(0, len(lengths), BATCH * 40):
        order = sorted(range(start, min(start + BATCH * 40, len(lengths))), key=lengths.__getitem__)
        part = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        chance.shuffle(part)
        batches += part
    return batches


def _span(pair: Pair, read_: Encoding) -> tuple[int, int]:
    """The first and the last token of the answer; 0 and 0 where there is none or it was cut off."""
    first = last = 0
    if pair.answered:
        for i, ((start, end), kind) in enumerate(zip(read_.offsets, read_.type_ids, strict=True)):
            if kind == 1 and start <= pair.start < end:
                first = i
            if kind == 1 and start < pair.end <= end:
                last = i
    return (first, last) if first and last else (0, 0)


def _trained_layers(model: Any) -> dict[str, torch.Tensor]:
    kept = ("bert.embeddings.", *(f"bert.encoder.layer.{i}." for i in range(FROZEN)))
    return {n: w.detach() for n, w in model.state_dict().items() if not n.startswith(kept)}


def _save(model: Any, path: Path, args: argparse.Namespace) -> None:
    told = {name: str(value) for name, value in vars(args).items() if value}
    save_file(compact(_trained_layers(model)), path, metadata=told)


def _take(model: Any, path: Path) -> None:
    model.load_state_dict(expanded(load_file(path)), strict=False)


def _judge(encoder: CrossEncoder, judged: Sequence[Judged]) -> None:
    """How well answerable questions are told apart by the surest of the nearest passages."""
    odds = np.array(
        [
            max(retrieval.answering(encoder, one.question, passages, nearest).values())
            for one, passages, nearest in judged
        ]
    )
    truth = np.array([one.answerable for one, *_ in judged])
    refused = (odds[~truth] < np.quantile(odds[truth], 0.1)).mean()
    print(
        f"{len(judged)} questions held out: AUC {roc_auc_score(truth, odds):.3f}, "
        f"{refused:.2f} of the unanswerable refused at 10 % false refusals"
    )


if __name__ == "__main__":
    main()
