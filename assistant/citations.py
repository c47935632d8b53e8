"""Find the article sentences that a sentence of an answer rests on.

A pure function of texts: no model, no store. What is found is a passage of the article, so a
quote is verbatim by construction. Not handled: whether the passage really supports the
sentence, which is ``support``'s.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.schema import Citation, Passage
from assistant.wording import content_words, dates, names, numbers, words_of

MAX_PASSAGES = 3
"""A sentence rests on one to three sentences of the article."""

_FAMILIAR = 0.5
"""Weight of a word that the question already says: repeating it is no news."""

_WORTHWHILE = 0.22
"""Share of the sentence's weight that a second or third passage must add."""

_OF_THE_SAME = 3
"""Words besides a number that a passage must share to be where the number comes from."""

_PAIR = 0.35
"""Weight of two words standing together in both, relative to the words themselves."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The passages a sentence rests on, best first, and the share of its weight they hold.

    ``coverage`` is 0 to 1: idf-weighted content words of the sentence found in the passages.
    ``missing`` are the stems that none of them has.
    """

    passages: tuple[Passage, ...]
    coverage: float
    missing: frozenset[str]


def align(
    sentence: str,
    question: str,
    context: Sequence[Passage],
    nearness: Mapping[str, float] | None = None,
) -> Alignment:
    """Choose the passages of ``context`` that ``sentence`` rests on.

    ``nearness`` maps passage ids to their retrieval score for the question; between equal
    word overlaps the nearer passage wins. Returns no passages when no word is shared.
    """
    claim = content_words(sentence)
    words = {passage.id: content_words(passage.text) for passage in context}
    weights = _weights(claim, content_words(question), words.values())
    total = sum(weights.values())
    if not total:
        return Alignment((), 0.0, frozenset())
    nearness = nearness or {}
    chosen: list[Passage] = []
    covered: set[str] = set()
    while len(chosen) < MAX_PASSAGES:
        gains = [
            (_gain(claim, words[p.id], weights, covered), nearness.get(p.id, 0.0), p)
            for p in context
            if p not in chosen
        ]
        if not gains:
            break
        best = max(gains, key=lambda gain: gain[0] / total + 0.15 * gain[1])
        new = {word for word in weights if word in words[best[2].id]} - covered
        share = sum(weights[word] for word in new) / total
        if not new or (chosen and share < _WORTHWHILE):
            break
        chosen.append(best[2])
        covered |= new
    for number in sorted(numbers(sentence) - numbers(question)):
        if len(chosen) < MAX_PASSAGES and not any(number in numbers(p.text) for p in chosen):
            chosen += _holding(number, claim, words, [p for p in context if p not in chosen])
    covered = {word for word in weights if any(word in words[p.id] for p in chosen)}
    coverage = sum(weights[word] for word in covered) / total
    return Alignment(tuple(chosen), coverage, frozenset(weights) - covered)


def _holding(
    number: str, claim: Sequence[str], words: Mapping[str, Sequence[str]], others: list[Passage]
) -> list[Passage]:
    """The passage that has a number of the claim and enough of its other words, if any."""
    told = set(claim) - {number}
    shared = {p.id: len(told & set(words[p.id])) for p in others if number in numbers(p.text)}
    best = max(shared.values(), default=0)
    return [p for p in others if best >= _OF_THE_SAME and shared.get(p.id) == best][:1]


def cite(
    passages: Sequence[Passage], titles: Mapping[str, tuple[str, str]], known: Sequence[Citation]
) -> tuple[Citation, ...]:
    """Citations of the passages; one that is in ``known`` keeps its marker.

    ``titles`` maps an article's id to its title and source.
    """
    markers = {(c.article_id, c.start, c.end): c for c in known}
    following = max((c.marker for c in known), default=0) + 1
    citations = []
    for passage in passages:
        place = (passage.article_id, passage.start, passage.end)
        if place not in markers:
            title, source = titles[passage.article_id]
            markers[place] = Citation(
                following, passage.article_id, title, source, passage.text, *place[1:]
            )
            following += 1
        citations.append(markers[place])
    return tuple(citations)


def telling(sentence: str, question: str, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """The citations of a sentence without further ones that tell nothing of it.

    What a passage brings beyond those before it may be only a name, or words that the question
    has: then it is about the same people or place, and says something else, unless it has more
    of the sentence than those before. Whom the first passage means by "he" is told by what
    stands around it, where it is highlighted.
    """
    claim, called = set(content_words(sentence)), _name_words(sentence)
    known = called | set(content_words(question))
    told: set[str] = set()
    most = -1
    kept = []
    for citation in citations:
        shared = claim & set(content_words(citation.quote))
        plain = len(shared - called)
        if plain > most or shared - told - known:
            kept.append(citation)
            told |= shared
            most = max(most, plain)
    return tuple(kept)


def _name_words(sentence: str) -> set[str]:
    """The stems of a sentence's names, and of whatever else is written as one within it.

    The number in "the Scotland Act 1998" belongs to the name, the one in "May 1998" does not.
    """
    within = {
        word.stem
        for before, word in itertools.pairwise(words_of(sentence))
        if word.text[0].isupper()
        or (word.text.isdigit() and before.text[0].isupper() and not dates(before.text))
    }
    return within | set(content_words(" ".join(names(sentence))))


def _weights(
    claim: Sequence[str], question: Sequence[str], texts: Iterable[Sequence[str]]
) -> dict[str, float]:
    """Weight of each distinct word of the claim: rarer in the context is heavier."""
    documents = [set(words) for words in texts]
    frequency = Counter(word for words in documents for word in words)
    known = set(question)
    return {
        word: math.log(1 + (len(documents) + 1) / (frequency[word] + 0.5))
        * (_FAMILIAR if word in known else 1.0)
        for word in dict.fromkeys(claim)
    }


def _gain(
    claim: Sequence[str], words: Sequence[str], weights: Mapping[str, float], covered: set[str]
) -> float:
    shared = set(words) & weights.keys() - covered
    pairs = set(itertools.pairwise(words))
    together = sum(
        (weights[a] + weights[b]) / 2
        for a, b in set(itertools.pairwise(claim))
        if (a, b) in pairs and (a in shared or b in shared)
    )
    # A long passage holds many words by chance.
    length = 1.0 / (1.0 + 0.01 * max(0, len(words) - 25))
    return (sum(weights[word] for word in shared) + _PAIR * together) * length
