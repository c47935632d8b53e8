"""Single passages with questions that they answer, or only seem to, as the program finds them.

The passages that it finds for a question are what it quotes. Those that hold the answer answer it,
and the nearest of the others do not. Questions that nothing answers are those that people wrote to
mislead, and questions of SQuAD 1.1 in which one thing was changed. Some texts are two passages, as
some answers have two quotes.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import retrieval
from assistant.cross_encoder import CrossEncoder
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.inquiry import Inquiry
from assistant.library import Library
from assistant.schema import Article
from benchmarks.answer_pairs import Example, Paragraph, changing

ARTICLES, ASKED = 70, 14
"""Articles of SQuAD 1.1 that are learned from, and questions about each."""

READ = 6
"""Passages found for a question that are looked at."""

BATCH = 14
"""Questions at least that make a step; those about one text are read together."""

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


Holds = Callable[[str], bool]
"""Whether a passage has something."""


@dataclass(frozen=True)
class Finder:
    """Finds passages as the program does; without an ``encoder`` they are not read again."""

    library: Library
    encoder: CrossEncoder | None

    def found(self, question: str, article: str, answers: Holds, tells: Holds) -> list[Found]:
        """The best passages of an article, by its id."""
        hits = retrieval.candidates(
            self.library, question, k=retrieval.RERANKED, article_ids=[article]
        )
        if self.encoder is not None:
            hits = retrieval.rerank(self.library, self.encoder, question, hits)
        task = Inquiry(question, question, [article], hits, self.library)
        return [
            Found(
                task.text([hit.passage]),
                hit.passage.start,
                answers(hit.passage.text),
                tells(hit.passage.text),
            )
            for hit in hits[:READ]
        ]


def fitting(
    questions: Path, articles: Path, finder: Finder, chance: random.Random
) -> Iterator[tuple[str, Example]]:
    """Examples of the questions kept for fitting, each with the name of its article."""
    asked = load_question_set(questions, articles)
    for article in asked.articles.values():
        finder.library.add(article)
    for one in asked.questions:
        name = one.scope[0]
        quotes = [gold.quote for gold in one.evidence]
        words = [word for group in one.answers for word in group]
        found = finder.found(
            one.question, asked.articles[name].id, _holds_one(quotes), _has_one(words)
        )
        if one.answerable:
            examples = answered(one.question, found, NEAR, chance)
        else:
            examples = misleading(one.question, found, chance)
        yield from ((name, example) for example in examples)


def made(
    articles: Sequence[Sequence[Paragraph]], finder: Finder, chance: random.Random
) -> Iterator[Example]:
    """Examples of questions of SQuAD 1.1, as they are and changed."""
    for number in chance.sample(range(len(articles)), min(ARTICLES, len(articles))):
        paragraphs = articles[number]
        article = Article(f"squad{number}", "", "\n\n".join(p.text for p in paragraphs), "")
        finder.library.add(article)
        changed = changing(paragraphs, chance)
        asked = [(p, one) for p, own in enumerate(paragraphs) for one in own.questions]
        for p, one in chance.sample(asked, min(ASKED, len(asked))):
            text, places = paragraphs[p].text, paragraphs[p].sentences
            own = [text[a:b] for a, b in places if a <= one.start < b]
            found = finder.found(one.question, article.id, _is_one(own), _has_one([one.answer]))
            yield from answered(one.question, found, 1.0, chance)
            right = next((passage for passage in found if passage.answers), None)
            if right and chance.random() < CHANGED and (other := changed(one.question, p)):
                yield right.text, other, False


def answered(
    question: str, found: Sequence[Found], near: float, chance: random.Random
) -> Iterator[Example]:
    """What holds the answer of a question, and, so often as ``near``, the best that does not."""
    right = next((passage for passage in found if passage.answers), None)
    if right is None:
        return
    yield _shown(right, found[:4], chance), question, True
    wrong = [one for one in found[:4] if not one.answers and not one.tells]
    if wrong and chance.random() < near:
        yield _shown(wrong[0], wrong, chance), question, False


def misleading(question: str, found: Sequence[Found], chance: random.Random) -> Iterator[Example]:
    """What a question without an answer misleads with."""
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


def batches(examples: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Examples about one text, and texts of about one length, together; else in a random order."""
    by_text: dict[str, list[Example]] = defaultdict(list)
    for example in dict.fromkeys(examples):
        by_text[example[0]].append(example)
    groups = list(by_text.values())
    chance.shuffle(groups)
    made: list[list[Example]] = []
    for i in range(0, len(groups), 40):
        batch: list[Example] = []
        for group in sorted(groups[i : i + 40], key=lambda one: len(one[0][0])):
            batch += group
            if len(batch) >= BATCH:
                made.append(batch)
                batch = []
        if batch:
            made.append(batch)
    chance.shuffle(made)
    return made


def _holds_one(quotes: Iterable[str]) -> Holds:
    return lambda text: any(passage_holds(text, quote) for quote in quotes)


def _has_one(words: Iterable[str]) -> Holds:
    return lambda text: any(word.lower() in text.lower() for word in words)


def _is_one(sentences: Iterable[str]) -> Holds:
    return lambda text: any(text.split() == sentence.split() for sentence in sentences)
