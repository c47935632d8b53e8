"""A claim laid beside the sentence it repeats: what stands in another thing's place?

Where most of a claim's words follow each other as in the article, a name, number or day put
for another one, a word for its opposite, or a "not" put in or left out, is seen at its place,
though the same name may stand elsewhere in the quote; so is whom a claim opens with, where the
sentence says the rest of another. Not handled: free paraphrases, which are no copies.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from assistant.attribution.speech import VERBS
from assistant.contradiction import Contradiction
from assistant.denial import ASSERTING, DENYING
from assistant.opposites import opposed, turned
from assistant.verbs import is_verb_like
from assistant.wording import STOPWORDS, Same, Word, dates, names, numbers, words_of

_COPY = 0.6
"""Share of a claim's words, in order, that makes it a copy."""

_COPIED = 0.75
"""The same share, of the words after those that a claim opens with in another's place."""

_PRONOUNS = frozenset("he she it they him her them".split())

_LONGEST = 6
"""Words that may stand for others and still be seen as one thing put for another."""

_LONGEST_DOER = 12
"""Words with which a claim may open and still name whom it is about."""

_LEADING = frozenset(
    "in on at after before by as while when since during however but although though because "
    "following despite with within from for to under over until upon if amid and so thus "
    "according".split()
)
_UNCOUNTED = frozenset(
    "police staff management demand trade business traffic fire rain snow water oil gas coal food "
    "inflation unemployment growth research evidence data information work production output "
    "parliament congress government one another each none most nothing nobody everyone everybody "
    "everything someone somebody something anyone anybody people women men children".split()
)
_DETERMINERS = frozenset("the a an this that these those his her its their our some".split())


@dataclass(frozen=True, slots=True)
class _Swap:
    """Neighbouring words of the claim, and those that stand in their place in the quote."""

    claimed: Sequence[Word]
    given: Sequence[Word]
    opens: bool = False
    closes: bool = False


def difference(
    claim: str,
    sentences: Mapping[str, frozenset[str]],
    known: frozenset[str],
    same: Same,
) -> Contradiction | None:
    """What the claim puts in another thing's place, if anything.

    ``sentences`` are those the claim rests on, each with the names of whom its first pronoun
    means, as far as that is known; the claim is laid beside the one it repeats most of.
    ``known`` are words that are names though they may open a sentence; ``same`` tells whether
    two groups of names can mean one person or country.
    """
    words = words_of(claim)
    copies = [_beside(words, words_of(sentence)) for sentence in sentences]
    share, swaps, sentence = max(
        ((share, swaps, s) for (share, swaps), s in zip(copies, sentences, strict=True)),
        key=lambda copy: copy[0],
        default=(0.0, [], ""),
    )
    named = names(claim, known | _bare_name(words)), names(sentence, known)
    opening = next((swap for swap in swaps if swap.opens), None)
    # Of the words after those, how many the sentence has, too.
    if opening and share * len(words) >= _COPIED * (len(words) - len(opening.claimed)):
        doer = _another_doer(opening, named, same)
        if doer:
            return Contradiction.about(_text(opening.claimed), _text(doer), sentence)
    if share < _COPY:
        return None
    for swap in map(_facing, swaps):
        if not (0 < len(swap.claimed) <= _LONGEST and 0 < len(swap.given) <= _LONGEST):
            continue
        claimed, given = _text(swap.claimed), _text(swap.given)
        ours, theirs = (names(f"x {t}") & n for t, n in zip((claimed, given), named, strict=True))
        if meant := sentences[sentence] if _points(swap.given) else frozenset():
            theirs |= meant
        one = (_points(swap.given) and not meant) or _abbreviated(swap) or same(ours, theirs)
        other = ours and theirs and not one
        told = any(
            of(claimed) and of(given) and not of(claimed) & of(given) for of in (numbers, dates)
        )
        if other or told or opposed(claimed, given) or turned(claimed, given):
            return Contradiction.between(claimed, given, sentence)
    if _denies(swaps):
        denying = [w.text for swap in swaps for w in swap.claimed if w.text.casefold() in DENYING]
        reason = "the quote says the opposite: one of them is negated"
        return Contradiction(" ".join(denying), reason, sentence)
    return None


def _bare_name(words: Sequence[Word]) -> frozenset[str]:
    """The one word a claim opens with before its verb, if only a name can stand there so.

    Other things have an article, or are many, or cannot be counted.
    """
    if len(words) < 2 or words[0].text.casefold() in _UNCOUNTED or words[0].stem in STOPWORDS:
        return frozenset()
    opener, verb = words[0].text, words[1]
    is_one = opener[0].isupper() and not opener.endswith(("s", "ing", "ly"))
    if is_one and is_verb_like(verb):
        return names(f"x {opener}")
    return frozenset()


def _beside(claim: Sequence[Word], sentence: Sequence[Word]) -> tuple[float, list[_Swap]]:
    """The share of the claim's words that the sentence has in order, and all that differs."""
    keys = [word.stem for word in claim], [word.stem for word in sentence]
    codes = SequenceMatcher(None, *keys, autojunk=False).get_opcodes()
    equal = sum(end - start for tag, start, end, _, _ in codes if tag == "equal")
    swaps = [
        _Swap(claim[a:b], sentence[c:d], opens=a == c == 0, closes=b == len(claim))
        for tag, a, b, c, d in codes
        if tag != "equal"
    ]
    return equal / max(1, len(claim)), swaps


def _another_doer(
    swap: _Swap, named: tuple[frozenset[str], frozenset[str]], same: Same
) -> Sequence[Word]:
    """Whom the sentence says it of, where the claim opens with somebody it does not name."""
    if max(len(swap.claimed), len(swap.given)) <= _LONGEST:
        # Neighbours, which are compared like any others.
        return []
    doer = _doer(swap.given)
    reported = any(word.text.casefold() in VERBS for word in swap.given)
    if not doer or _describes(doer) or reported or len(swap.claimed) > _LONGEST_DOER:
        return []
    ours, theirs = (
        names(f"x {_text(words)}") & n
        for words, n in zip((swap.claimed, swap.given), named, strict=True)
    )
    if not ours or not theirs or ours & named[1] or same(ours, theirs):
        return []
    return doer[:_LONGEST]


def _doer(given: Sequence[Word]) -> Sequence[Word]:
    """How a sentence goes on after the phrases that say when, where or why."""
    while given:
        comma = next((i for i, word in enumerate(given) if word.comma), len(given))
        rest = given[comma + 1 :]
        # "A decade after the crisis, Honda …": no description of who does it.
        beside = _describes(given) and rest and rest[0].text[0].isupper()
        if given[0].text.casefold() not in _LEADING and not beside:
            return given
        given = rest
    return given


def _describes(words: Sequence[Word]) -> bool:
    """Whether somebody is meant by a pronoun or a description: "he", "the company"."""
    first, second = (words[0].text, words[1].text if len(words) > 1 else "")
    if first.casefold() in _PRONOUNS:
        return True
    return first.casefold() in _DETERMINERS and not second[:1].isupper()


def _facing(swap: _Swap) -> _Swap:
    """The same with only so much of a longer sentence as stands where the claim ends."""
    if swap.closes and 0 < len(swap.claimed) <= _LONGEST < len(swap.given):
        return replace(swap, given=swap.given[: len(swap.claimed)])
    return swap


def _points(words: Sequence[Word]) -> bool:
    """Whether a pronoun is among the words: it may well mean what the claim names."""
    return any(word.text.casefold() in _PRONOUNS for word in words)


def _abbreviated(swap: _Swap) -> bool:
    """Whether one side is the initials of the other: the G7 is the Group of Seven."""
    sides = [[word.text for word in side] for side in (swap.claimed, swap.given)]
    short = ["".join(side).casefold() for side in sides]
    initials = ["".join(map(_initial, side)).casefold() for side in sides]
    return short[0] == initials[1] or short[1] == initials[0]


def _initial(word: str) -> str:
    if not word[0].isupper():
        return ""
    return next(iter(numbers(word)), word[0])


def _denies(swaps: Sequence[_Swap]) -> bool:
    """Whether a negation alone was put in or left out, and does not stand elsewhere instead."""
    sides = [[_negations(side) for side in (swap.claimed, swap.given)] for swap in swaps]
    for i, (swap, (ours, theirs)) in enumerate(zip(swaps, sides, strict=True)):
        if ours % 2 == theirs % 2 or any(_contents(swap)):
            continue
        other = 1 if ours else 0
        if not any(counts[other] for j, counts in enumerate(sides) if j != i):
            return True
    return False


def _negations(words: Sequence[Word]) -> int:
    plain = [word.text.casefold() for word in words]
    return sum(
        word in DENYING and after not in ASSERTING
        for word, after in itertools.zip_longest(plain, plain[1:])
    )


def _contents(swap: _Swap) -> Iterator[str]:
    for word in (*swap.claimed, *swap.given):
        if word.stem not in STOPWORDS and word.text.casefold() not in DENYING:
            yield word.stem


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
