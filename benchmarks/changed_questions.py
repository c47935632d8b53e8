"""Questions in which one thing is changed, so that the text that answered them does so no more.

What people ask for that is not there is seldom far from what is: another name, number or time,
an opposite, the parts the other way round, a detail that the text does not have, a place where
it has only a day. Not handled: whether the text happens to answer the changed question, too;
a few in a hundred do.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.wording import STOPWORDS

Embed = Callable[[list[str]], NDArray[np.float32]]
"""Texts to vectors of length one, ``[texts, dimensions]``."""

Swap = Callable[[str, "Surroundings"], str | None]

_COMMON = 8
"""Questions that have a word for it to be put in another's place."""

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

_ADJECTIVE = re.compile(r"\b[A-Z][a-z]+(?:an|ish|ese|ic|ch)\b")
_NOUN_FOLLOWS = re.compile(r"\b(?:the|what|What|which|Which|a) (?=[a-z]{4,}\b)")
_ASKED = re.compile(
    r"(When|Where|Why|How|What|In what year|In which year|What year)(?= (?:did|was|were|is|are"
    r"|does|do|has|have|had|can|could)\b)"
)
_COUNTABLE = re.compile(r"\b(?:what|which) (?=[a-z]{4,}s\b)", re.IGNORECASE)
_OF_TIME = re.compile(r"(?:when|in wh|what year|which year|what date|how long)", re.IGNORECASE)
_LISTED = re.compile(r",? ?(?:and|or|,)? ?")
_TELLS = {
    "When": re.compile(
        r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november"
        r"|december|century|year|day|month|week|morning|night|after|before|during|since|until"
        r"|when|while|era|period|spring|summer|autumn|winter|decade|age|time|later|early|ago"
        r"|then)s?\b",
        re.IGNORECASE,
    ),
    "Why": re.compile(
        r"\b(?:because|due|since|so|to|for|cause[sd]?|reasons?|result|thus|therefore|led|order"
        r"|as)\b",
        re.IGNORECASE,
    ),
    "Where": re.compile(
        r"\b(?:in|at|near|from|to|of|across|within|on|around|city|country|north|south|east|west)\b"
    ),
    "How many": re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred"
        r"|thousand|million|billion|half|third|quarter|several|few|many|all|some|most|none|no"
        r"|single|both|twice|once|double|majority)\b",
        re.IGNORECASE,
    ),
}
"""Without any of these words a text says nothing to such a question."""


class Neighbours:
    """Words of questions by their nearness in meaning."""

    def __init__(self, questions: Iterable[str], embed: Embed) -> None:
        counts = Counter(
            word
            for question in questions
            for word in set(_PLAIN.findall(question))
            if word not in STOPWORDS
        )
        self._words = [word for word, n in counts.items() if n >= _COMMON]
        self._at = {word: i for i, word in enumerate(self._words)}
        self._vectors = embed(self._words)

    def beside(self, word: str) -> list[str]:
        """Words of the same field that mean something else, none where it is a rare one."""
        return self._within(word, 0.3, 0.6)[:15]

    def alike(self, word: str) -> list[str]:
        """Words that mean nearly the same."""
        return self._within(word, 0.72, 1.0)[:3]

    def _within(self, word: str, least: float, most: float) -> list[str]:
        if word not in self._at:
            return []
        nearness = self._vectors @ self._vectors[self._at[word]]
        order = np.argsort(-nearness)[1:60]
        return [
            other
            for other, near in ((self._words[i], nearness[i]) for i in order)
            # The same form ("-ed", "-s"), and not the same word in another form.
            if least < near < most and other[-1] == word[-1] and other[:4] != word[:4]
        ]


@dataclass(frozen=True)
class Surroundings:
    """What is around a question: ``text`` answers it, and the rest may take something's place.

    ``near`` are names of its paragraph, ``far`` of its article, ``adjectives`` of peoples;
    ``words`` are those of the article's questions, by their last two letters.
    """

    text: str
    near: Sequence[str]
    far: Sequence[str]
    adjectives: Sequence[str]
    words: Mapping[str, Sequence[str]]
    numbers: Sequence[str]
    neighbours: Neighbours
    chance: random.Random


def changed(question: str, around: Surroundings) -> str | None:
    """The question with one thing changed, so that its text no longer answers it."""
    swaps = [*_KINDS]
    around.chance.shuffle(swaps)
    made = (swap(question, around) for swap in swaps)
    return next((one for one in made if one and one != question), None)


def reworded(question: str, around: Surroundings) -> str:
    """The question with one word in place of another of nearly the same meaning, if it has any."""
    found = [word for word in _PLAIN.finditer(question) if word[0] not in _OPPOSITE]
    around.chance.shuffle(found)
    for match in found:
        if others := around.neighbours.alike(match[0]):
            return _replaced(question, match, around.chance.choice(others))
    return question


def names_in(text: str) -> list[str]:
    """Capitalised words, those that belong together as one; not the first of a sentence."""
    return _CAPITALISED.findall(text)


def numbers_in(text: str) -> list[str]:
    """Numbers in digits."""
    return _NUMBER.findall(text)


def adjectives_in(text: str) -> list[str]:
    """Capitalised words that end as adjectives of peoples and places do."""
    return _ADJECTIVE.findall(text)


def plain_words_in(text: str) -> list[str]:
    """Words in small letters that mean something."""
    return [word for word in _PLAIN.findall(text) if word not in STOPWORDS]


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


def _beside(question: str, around: Surroundings) -> str | None:
    """A word of the same field, "valley" for "river"."""
    found = [word for word in _PLAIN.finditer(question) if word[0] not in _OPPOSITE]
    around.chance.shuffle(found)
    for match in found:
        others = [
            word
            for word in around.neighbours.beside(match[0])
            if word not in question and (word not in around.text or around.chance.random() < 0.5)
        ]
        if others:
            return _replaced(question, match, around.chance.choice(others))
    return None


def _exchanged(question: str, around: Surroundings) -> str | None:
    """Two names in each other's place, unless they are listed."""
    found = list(_CAPITALISED.finditer(question))
    if len(found) < 2:
        return None
    first, second = sorted(around.chance.sample(found, 2), key=lambda match: match.start())
    between = question[first.end() : second.start()]
    if first[0] == second[0] or _LISTED.fullmatch(between):
        return None
    return f"{question[: first.start()]}{second[0]}{between}{first[0]}{question[second.end() :]}"


def _narrowed(question: str, around: Surroundings) -> str | None:
    """A people or a year that the text does not speak of."""
    chance = around.chance
    nouns = list(_NOUN_FOLLOWS.finditer(question))
    peoples = [
        word
        for word in around.adjectives
        if word not in question and (word not in around.text or chance.random() < 0.6)
    ]
    if nouns and peoples and chance.random() < 0.5:
        at = chance.choice(nouns).end()
        return f"{question[:at]}{chance.choice(peoples)} {question[at:]}"
    years = [n for n in around.numbers if _YEAR.fullmatch(n) and n not in around.text]
    if not years or _OF_TIME.match(question) or any(map(_YEAR.fullmatch, numbers_in(question))):
        return None
    return f"{question.rstrip('?').rstrip()} in {chance.choice(years)}?"


def _asked_otherwise(question: str, around: Surroundings) -> str | None:
    """When, where, why or how many, of a text that has nothing of the kind."""
    silent = [kind for kind, told in _TELLS.items() if not told.search(around.text)]
    if match := _ASKED.match(question):
        own = "When" if "year" in match[0] else match[0]
        others = [kind for kind in silent if kind not in (own, "How many")]
        # What a thing is can stand where no place is named.
        others = [kind for kind in others if own != "What" or kind == "When"]
        return _replaced(question, match, around.chance.choice(others)) if others else None
    match = _COUNTABLE.search(question)
    if match is None or "How many" not in silent:
        return None
    return _replaced(question, match, "how many " if match.start() else "How many ")


def _replaced(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


_KINDS: tuple[Swap, ...] = (
    *(_asked_otherwise, _exchanged, _narrowed, _beside, _beside),
    *(_name, _number, _opposite, _denied, _word),
)
