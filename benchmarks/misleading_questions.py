"""Questions that a paragraph only seems to answer, beside questions that it does answer.

SQuAD 2.0's unanswerable questions were written by people beside such a paragraph. Zhu et al.
(2019, "Learning to Ask Unanswerable Questions for Machine Reading Comprehension") list those of
its training set that resemble an answerable one, in the order of the articles and without the
paragraphs: https://github.com/haichao592/UnAnsQ, ``QG/train-unanswerable-questions.txt``. The
paragraphs are SQuAD 1.1's, so each is found by search: the article by what its neighbours in the
list are about, the sentence by meaning and words.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.wording import STOPWORDS
from benchmarks.answer_pairs import Embed, Paragraph

LEAST = 0.6
"""Nearness from which a sentence is taken for the one that a question misleads with."""

LONGEST = 1_000
"""Characters of a paragraph; of longer ones none is taken."""

SHOWN = 2_200
"""Characters of a text."""

FEWEST = 4
"""Answered questions of a paragraph; of others none is taken."""

MISLEADING, ALIKE, UNLIKE = 4, 2, 3
"""At most so many questions that mislead, and of the answered so many most like one of these, and
so many that share fewest words with the paragraph."""

_WORDS = 0.35
"""What the share of a question's words, the rarer the heavier, counts for beside a cosine."""

_SHARPNESS = 12.0
"""By how much a cosine counts for an article among all of them (softmax)."""

_NEIGHBOURS = 10
"""Lines of the list before and after a question that tell which article it is about."""

_FADING = 5.0
"""Lines after which a neighbour tells a third as much."""

_TOKEN = re.compile(r"n't\b|'s\b|\d[\d,.]*\d|\w+?(?=n't\b)|\w+|[^\w\s]")

Vectors = NDArray[np.float32]
Article = Sequence[Paragraph]


@dataclass(frozen=True)
class Group:
    """A text, a sentence a line, and questions with whether it answers them."""

    text: str
    questions: Sequence[tuple[str, bool]]


def read_questions(path: Path) -> list[str]:
    """The questions of a file that has one a line: alone, or ``id``, question, two numbers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] if "\t" in line else line for line in lines if line]


def groups(
    questions: Sequence[str], articles: Sequence[Article], embed: Embed, chance: random.Random
) -> list[Group]:
    """Paragraphs among others of their article, with questions of four kinds, in a random order.

    Such as mislead; as answered ones those that are most like them, and those that share fewest
    words with the paragraph; and one that another paragraph answers.
    """
    written = _writer(articles)
    asked: dict[tuple[int, int], list[str]] = defaultdict(list)
    for question, place in zip(questions, _places(questions, articles, embed), strict=True):
        if place is not None:
            asked[place].append(question)
    made = []
    for (at, number), misleading in asked.items():
        article, paragraph = articles[at], articles[at][number]
        if len(paragraph.text) > LONGEST or len(paragraph.questions) < FEWEST:
            continue
        chosen = chance.sample(misleading, min(MISLEADING, len(misleading)))
        own = [one.question for one in paragraph.questions]
        answered = _likest(chosen[:ALIKE], own)
        text = _stems(paragraph.text)
        left = sorted(set(own) - set(answered), key=lambda one: _covered(_stems(one), text))
        shown = _beside(article, number, chance)
        elsewhere = [
            one.question
            for i, other in enumerate(article)
            if i != number and i not in shown
            for one in other.questions
        ]
        made.append(
            Group(
                "\n".join(_shown(article, number, shown, chance)),
                [(written(one), True) for one in [*answered, *left[:UNLIKE]]]
                + [(written(one), False) for one in chosen]
                + [(written(one), False) for one in elsewhere and [chance.choice(elsewhere)]],
            )
        )
    chance.shuffle(made)
    return made


def _places(
    questions: Sequence[str], articles: Sequence[Article], embed: Embed
) -> Iterator[tuple[int, int] | None]:
    """The article and the paragraph that each question misleads with, where one is near."""
    sentences = [[(p, text) for p, one in enumerate(a) for text in _lines(one)] for a in articles]
    vectors = [embed([text for _, text in own]) for own in sentences]
    asked = embed(list(questions))
    words = [[_stems(text) for _, text in own] for own in sentences]
    rarities = [Counter(word for one in own for word in one) for own in words]
    for row, question, at in zip(asked, questions, _articles(asked, vectors), strict=True):
        own = _stems(question)
        shares = [_share(own, one, rarities[at]) for one in words[at]]
        nearness = vectors[at] @ row + _WORDS * np.array(shares)
        best = int(nearness.argmax())
        yield (at, sentences[at][best][0]) if nearness[best] >= LEAST else None


def _articles(asked: Vectors, vectors: Sequence[Vectors]) -> list[int]:
    """Which article each question is about, by itself and by its neighbours."""
    nearest = np.stack([(asked @ own.T).max(1) for own in vectors], axis=1)
    odds = np.exp(_SHARPNESS * nearest)
    told = np.log(odds / odds.sum(1, keepdims=True) + 1e-4)
    found = []
    for i in range(len(asked)):
        beside = range(max(0, i - _NEIGHBOURS), min(len(asked), i + _NEIGHBOURS + 1))
        weights = np.array([math.exp(-abs(j - i) / _FADING) for j in beside])
        found.append(int(np.argmax(weights @ told[beside.start : beside.stop])))
    return found


def _lines(paragraph: Paragraph) -> list[str]:
    return [" ".join(paragraph.text[a:b].split()) for a, b in paragraph.sentences]


def _beside(article: Article, number: int, chance: random.Random) -> frozenset[int]:
    """Which other paragraphs are shown: two at most, and not much text."""
    others = [i for i in range(len(article)) if i != number]
    chance.shuffle(others)
    room = SHOWN - len(article[number].text)
    chosen = []
    for i in others[: chance.choice((0, 1, 2, 2))]:
        if len(article[i].text) < room:
            chosen.append(i)
            room -= len(article[i].text)
    return frozenset(chosen)


def _shown(
    article: Article, number: int, beside: Iterable[int], chance: random.Random
) -> Iterator[str]:
    """The sentences of a paragraph and all or half of those of others, in the article's order."""
    for i in sorted({number, *beside}):
        lines = _lines(article[i])
        if i != number and chance.random() < 0.4:
            kept = set(chance.sample(range(len(lines)), max(1, len(lines) // 2)))
            lines = [line for k, line in enumerate(lines) if k in kept]
        yield from lines


def _likest(questions: Sequence[str], others: Sequence[str]) -> list[str]:
    """For each question the one of the others that is most like it, none of them twice."""
    left, found = list(others), []
    for own in map(_stems, questions):
        if left:
            best = max(left, key=lambda one: _likeness(own, _stems(one)))
            left.remove(best)
            found.append(best)
    return found


def _covered(words: frozenset[str], text: frozenset[str]) -> float:
    return len(words & text) / max(1, len(words))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _stems(text: str) -> frozenset[str]:
    """The beginnings of a text's words, without those that say nothing."""
    found = re.findall(r"[a-z0-9]{2,}", text.lower())
    return frozenset(word[:5] for word in found if word not in STOPWORDS)


def _share(words: frozenset[str], text: frozenset[str], rarity: Counter[str]) -> float:
    """The share of the words' weight that a text has."""
    weights = {word: math.log((rarity.total() + 1) / (rarity[word] + 0.5)) for word in words}
    return sum(weights[word] for word in words & text) / (sum(weights.values()) or 1.0)


def _writer(articles: Sequence[Article]) -> Callable[[str], str]:
    """Writes questions of either kind in one way, or their spelling would tell which is which.

    The list is in lower case and cut into tokens. So all are, are joined again, and get the
    capitals that the articles give a word.
    """
    seen: Mapping[str, Counter[str]] = defaultdict(Counter)
    for sentence in (line for article in articles for one in article for line in _lines(one)):
        for word in re.findall(r"\w+", sentence)[1:]:
            seen[word.lower()][word] += 1
    usual = {word: counts.most_common(1)[0][0] for word, counts in seen.items()}

    def written(question: str) -> str:
        tokens = [usual.get(one, one) for one in _TOKEN.findall(question.lower())]
        text = re.sub(r"\s+(n't|'s)\b", r"\1", " ".join(tokens))
        text = re.sub(r"\s+([?.,!;:)%])", r"\1", re.sub(r"([($])\s+", r"\1", text))
        text = re.sub(r"(\w) (['-]) (\w)", r"\1\2\3", text).rstrip("?") + "?"
        return text[0].upper() + text[1:]

    return written
