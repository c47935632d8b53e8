"""Train the adapter with which the default model says whether quotes alone answer a question.

    pip install gguf
    python benchmarks/train_quote_adapter.py train-v1.1.json
        --fit ../shared/questions/squad2_fit.jsonl --articles ../shared/articles
        --hold squad-normans squad-imperialism squad-huguenot squad-packet_switching
        --out FILE [--from FILE] [--minutes N]

It (``benchmarks/adapted_model.py``) learns from the passages that the program itself finds for a
question. Those that hold its answer answer it, and the nearest of the others do not. Questions
that nothing answers are those that people wrote to mislead, among the ones kept for fitting, and
questions of SQuAD 1.1 in which one thing was changed (``benchmarks/answer_pairs.py``). Some texts
are two passages, as some answers have two quotes. It is judged by the questions about the articles
held out. ``--from`` names the adapter it begins as. Who trains another fits the decision anew
(``benchmarks/fit_decision.py fit --quotes``).
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from assistant import retrieval, weights
from assistant.cross_encoder import BASE, CrossEncoder
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.inquiry import Inquiry
from assistant.library import Library
from assistant.schema import Article
from assistant.sentence_embedder import SentenceTransformerEmbedder
from assistant.settings import Settings
from benchmarks.adapted_model import MODEL, Example, Qwen, describe, train
from benchmarks.answer_pairs import Paragraph, changing, read

ARTICLES, ASKED = 70, 14
"""Articles of SQuAD 1.1 that are learned from, and questions about each."""

READ = 6
"""Passages found for a question that are looked at."""

BATCH = 14
"""Questions at least that make a step; those about one text are read together."""

RATE = 2e-4
SHARE = 0.35
"""Of what is learned, the share that is SQuAD 1.1's."""

TWO, SECOND, NEAR, CHANGED = 0.15, 0.25, 0.3, 0.6
"""How often two passages are shown; a misleading question is put to the second-best passage, too;
an answered one to a passage that does not answer; and a question is changed."""


@dataclass(frozen=True)
class Found:
    """A passage as the model reads it: does it answer, and does it have the answer's words?"""

    text: str
    start: int
    answers: bool
    tells: bool


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
        search = _searching(library, CrossEncoder(folder))
        fitting = list(_fitting(args.fit, args.articles, library, search, chance))
        made = list(_made(read(args.squad), library, search, chance))
    learned = [one for name, one in fitting if name not in args.hold]
    judged = [one for name, one in fitting if name in args.hold]
    chance.shuffle(made)
    learned += made[: int(len(learned) * SHARE / (1 - SHARE))]
    model = Qwen(weights.ensure(MODEL, settings))
    model.resume(args.begin or weights.catalogue()[MODEL].adapters["passages"])
    batches = [*_batches(learned, chance), *_batches(learned, chance)]
    print(f"{len(learned):,} questions to learn from, twice at most")
    print(f"read {train(model, batches, args.minutes * 60, rate=RATE)} of {len(batches)} batches")
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


Search = Callable[[str, str, Callable[[str], bool], Callable[[str], bool]], list[Found]]


def _searching(library: Library, encoder: CrossEncoder) -> Search:
    """Finds passages of an article for a question as the program does."""

    def search(
        question: str, article: str, answers: Callable[[str], bool], tells: Callable[[str], bool]
    ) -> list[Found]:
        near = retrieval.candidates(library, question, k=retrieval.RERANKED, article_ids=[article])
        hits = retrieval.rerank(library, encoder, question, near)
        task = Inquiry(question, question, [article], hits, library)
        return [
            Found(
                task.text([hit.passage]),
                hit.passage.start,
                answers(hit.passage.text),
                tells(hit.passage.text),
            )
            for hit in hits[:READ]
        ]

    return search


def _fitting(
    questions: Path, articles: Path, library: Library, search: Search, chance: random.Random
) -> Iterator[tuple[str, Example]]:
    """Examples of the questions kept for fitting, each with the name of its article."""
    asked = load_question_set(questions, articles)
    for article in asked.articles.values():
        library.add(article)
    for one in asked.questions:
        name = one.scope[0]
        quotes = [gold.quote for gold in one.evidence]
        words = [word for group in one.answers for word in group]
        found = search(one.question, asked.articles[name].id, _holds_one(quotes), _has_one(words))
        if one.answerable:
            examples = _answered(one.question, found, NEAR, chance)
        else:
            examples = _misleading(one.question, found, chance)
        yield from ((name, example) for example in examples)


def _made(
    articles: Sequence[Sequence[Paragraph]],
    library: Library,
    search: Search,
    chance: random.Random,
) -> Iterator[Example]:
    """Examples of questions of SQuAD 1.1, as they are and changed."""
    for number in chance.sample(range(len(articles)), ARTICLES):
        paragraphs = articles[number]
        article = Article(f"squad{number}", "", "\n\n".join(p.text for p in paragraphs), "")
        library.add(article)
        changed = changing(paragraphs, chance)
        asked = [(p, one) for p, own in enumerate(paragraphs) for one in own.questions]
        for p, one in chance.sample(asked, min(ASKED, len(asked))):
            text, places = paragraphs[p].text, paragraphs[p].sentences
            own = [text[a:b] for a, b in places if a <= one.start < b]
            found = search(one.question, article.id, _is_one(own), _has_one([one.answer]))
            yield from _answered(one.question, found, 1.0, chance)
            right = next((passage for passage in found if passage.answers), None)
            if right and chance.random() < CHANGED and (other := changed(one.question, p)):
                yield right.text, other, False


def _answered(
    question: str, found: Sequence[Found], near: float, chance: random.Random
) -> Iterator[Example]:
    right = next((passage for passage in found if passage.answers), None)
    if right is None:
        return
    yield _shown(right, found[:4], chance), question, True
    wrong = [one for one in found[:4] if not one.answers and not one.tells]
    if wrong and chance.random() < near:
        yield _shown(wrong[0], wrong, chance), question, False


def _misleading(question: str, found: Sequence[Found], chance: random.Random) -> Iterator[Example]:
    yield _shown(found[0], found[:3], chance), question, False
    if len(found) > 1 and chance.random() < SECOND:
        yield found[1].text, question, False


def _shown(passage: Found, near: Sequence[Found], chance: random.Random) -> str:
    """A passage, now and then beside another, in the article's order."""
    others = [one for one in near if one != passage]
    if not others or chance.random() >= TWO:
        return passage.text
    pair = sorted((passage, chance.choice(others)), key=lambda one: one.start)
    return "\n".join(one.text for one in pair)


def _batches(examples: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Examples about one text, and texts of about one length, together; else in a random order."""
    by_text: dict[str, list[Example]] = defaultdict(list)
    for example in dict.fromkeys(examples):
        by_text[example[0]].append(example)
    groups = list(by_text.values())
    chance.shuffle(groups)
    batches: list[list[Example]] = []
    for i in range(0, len(groups), 40):
        batch: list[Example] = []
        for group in sorted(groups[i : i + 40], key=lambda one: len(one[0][0])):
            batch += group
            if len(batch) >= BATCH:
                batches.append(batch)
                batch = []
        if batch:
            batches.append(batch)
    chance.shuffle(batches)
    return batches


def _holds_one(quotes: Iterable[str]) -> Callable[[str], bool]:
    return lambda text: any(passage_holds(text, quote) for quote in quotes)


def _has_one(words: Iterable[str]) -> Callable[[str], bool]:
    return lambda text: any(word.lower() in text.lower() for word in words)


def _is_one(sentences: Iterable[str]) -> Callable[[str], bool]:
    return lambda text: any(text.split() == sentence.split() for sentence in sentences)


if __name__ == "__main__":
    main()
