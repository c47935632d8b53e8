"""Does a claim say who did what to whom as its sentence does?

Where both have one verb between the same two names, who comes first must be the same, or the
voice another: "Acme sued Beta" is not "Beta sued Acme", but "Beta was sued by Acme". Where both
tell the same of one thing, the same must have done it. Not handled: several sentences, and who
is meant by a pronoun or a description.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from assistant.attribution.speech import VERBS
from assistant.contradiction import Contradiction
from assistant.verbs import is_irregular, is_past, lemma
from assistant.wording import STOPWORDS, Same, Word, names, words_of

_SHARED = 0.75
"""Share of a claim's meaningful words that a sentence must have to be what the claim tells."""

_BOTH_WAYS = frozenset(
    "meet marri join fight play face resembl border differ talk speak agree argu share".split()
)
"""Verbs that say the same of both: who met whom is one."""

_DIRECTLY = 3
"""Words between a verb and the name that is its object."""

_PREPOSITIONS = frozenset(
    "in on at to of for from during after before over under into about against as that when while "
    "because since until through within without near".split()
)
_TOGETHER = frozenset("with and or between".split())
_ROMAN = re.compile(r"[ivxl]+")
_JOINING = frozenset("of the and de la von van der al".split())
_BESIDE_VERBS = frozenset("has have had also then later first again finally".split())


def exchanged(claim: str, sentence: str) -> Contradiction | None:
    """Which two names the claim has in each other's place, if it has."""
    ours, theirs = words_of(claim), words_of(sentence)
    said, given = ({w.stem for w in words} - STOPWORDS for words in (ours, theirs))
    if not said or len(said & given) < _SHARED * len(said):
        return None
    mine, other = _places(ours), _places(theirs)
    common = sorted(mine.keys() & other.keys(), key=lambda name: mine[name])
    for first, second in combinations(common, 2):
        a, b = mine[first], mine[second]
        c, d = sorted((other[first], other[second]))
        here, there = _between(ours, a, b), _between(theirs, c, d)
        shared = here.keys() & there.keys() - _BOTH_WAYS
        is_turned = other[first] > other[second]
        if any(is_turned is (here[verb] is there[verb]) for verb in shared):
            one, two = ours[a].text, ours[b].text
            reason = f"the quote has “{one}” and “{two}” the other way round"
            return Contradiction(f"{one} {two}", reason, sentence)
    return None


def done_by_another(claim: str, sentence: str, same: Same) -> Contradiction | None:
    """Of whom the sentence says what the claim says of somebody else, if it does.

    ``same`` tells whether two groups of names can mean one person or country.
    """
    deeds = list(_deeds(words_of(sentence)))
    for doers, verb, thing in _deeds(words_of(claim)):
        others = [who for who, does, what in deeds if (does, what) == (verb, thing)]
        mine = _folded(doers)
        if others and not any(mine & _folded(who) or same(mine, _folded(who)) for who in others):
            there, here = (" ".join(w.text for w in who) for who in (others[0], doers))
            return Contradiction.about(here, there, sentence)
    return None


def _deeds(words: Sequence[Word]) -> Iterator[tuple[Sequence[Word], str, str]]:
    """Names that are the subject of a verb in the active voice, the verb, and what follows it."""
    for i, word in enumerate(words):
        if not is_past(word) or i + 1 == len(words) or word.comma:
            continue
        end = i
        while end and words[end - 1].text.casefold() in _BESIDE_VERBS:
            end -= 1
        start = end
        while start and (_is_capital(words[start - 1]) or _joins(words, start - 1, end)):
            start -= 1
        while start < end and not _is_capital(words[start]):
            start += 1
        led = start and words[start - 1].text.casefold() in _PREPOSITIONS
        thing = next((w.stem for w in words[i + 1 : i + 4] if w.stem not in STOPWORDS), "")
        # "The mayor, Olaf Cole, opened": a name between commas.
        aside = words[end - 1].comma and not (start and words[start - 1].comma)
        if start < end and thing and not (led or aside):
            yield words[start:end], lemma(word), thing


def _is_capital(word: Word) -> bool:
    return word.text[0].isupper() and word.stem not in STOPWORDS


def _joins(words: Sequence[Word], at: int, end: int) -> bool:
    """Whether a small word stands between names that belong together: "William of Orange"."""
    return (
        0 < at < end - 1
        and words[at].text.casefold() in _JOINING
        and (_is_capital(words[at - 1]) or words[at - 1].text.casefold() in _JOINING)
    )


def _folded(words: Sequence[Word]) -> frozenset[str]:
    """The names alone: William II and Harold II have no name in common."""
    found = names(" ".join(f"x {word.text}" for word in words))
    return frozenset(name for name in found if not _ROMAN.fullmatch(name))


def _places(words: Sequence[Word]) -> Mapping[str, int]:
    """Where names stand, of those that stand once."""
    found = [
        (re.sub(r"['’]s$", "", w.text.casefold()), i)
        for i, w in enumerate(words)
        if w.text[0].isupper()
    ]
    counts = Counter(name for name, _ in found)
    plain = {w.text for w in words if w.text[0].islower()}
    return {n: i for n, i in found if counts[n] == 1 and n not in plain and n not in STOPWORDS}


def _between(words: Sequence[Word], start: int, end: int) -> Mapping[str, bool]:
    """The verb between two names of which the second is its object, with whether it is passive.

    "With" and "and" join the two, and in "…, said Ann" she comes first though she stands last.
    """
    part = words[start + 1 : end]
    plain = [word.text.casefold() for word in part]
    if _TOGETHER & set(plain):
        return {}
    found = {}
    if "than" in plain[-_DIRECTLY:]:
        # "Acme is larger than Beta"
        at = len(plain) - 1 - plain[::-1].index("than")
        found[" ".join(plain[max(0, at - 1) : at + 1])] = False
    for i, word in enumerate(part):
        after = plain[i + 1 :]
        is_passive = "by" in after[:2]
        is_object = len(after) <= _DIRECTLY + is_passive and not _PREPOSITIONS & set(after)
        told = plain[i] in VERBS
        inverted = told and words[start + i].comma
        if is_object and (told or is_past(word) or is_irregular(word)) and not inverted:
            found[lemma(word)] = is_passive
    return found
