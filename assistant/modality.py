"""Is what a claim tells as done only planned, possible, refused or alleged in its quote? English.

"May close" is no "closed", "refused to resign" no "resigned", and who is accused of bribing has
not bribed. Not handled: conditions ("if the vote fails"), and what is put in other words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.attribution.speech import VERBS
from assistant.contradiction import Contradiction
from assistant.denial import DENYING
from assistant.verbs import is_past, lemma
from assistant.wording import STOPWORDS, Word, words_of

_REFUSED, _POSSIBLE, _PLANNED, _DONE = range(4)
"""How much is said of a verb, from least to most; what is alleged is possible."""

_FORCE = {
    **dict.fromkeys("will shall should must would".split(), _PLANNED),
    **dict.fromkeys("may might could can".split(), _POSSIBLE),
}
_FORCE_TO = {
    **dict.fromkeys(
        "plan hope want intend aim promis pledg vow agre offer propos prepar expect like set due "
        "going threaten tri attempt seek struggl decid is are was were".split(),
        _PLANNED,
    ),
    **dict.fromkeys("refus fail declin neglect unabl unwil forget".split(), _REFUSED),
    **dict.fromkeys("alleg suspect rumour rumor believ report".split(), _POSSIBLE),
}
_FORCE_DOING = dict.fromkeys(
    "consid propos suggest discuss mull weigh avoid resist deni threaten risk "
    "accus suspect charg guilti".split(),
    _POSSIBLE,
)
_DENYING_THAT = frozenset("deni doubt disput reject refut question".split())
_ASKING = frozenset("ask urg call order tell press pressur invit advis recommend requir".split())
_ALLEGEDLY = frozenset("allegedly reportedly purportedly supposedly apparently".split())

_BETWEEN = frozenset("be been being have has had not also never then still only even soon".split())
"""May stand between a verb and what tells that it was not done; so may adverbs in "-ly"."""

_LINKS = frozenset("of with against about".split())
_OBJECT = 6
"""Words within which it is said who is asked to do something."""

_FAR = 6
"""Words before and after a verb in which two sentences that tell of one thing share another."""

_CLAUSE = 12
"""Words in which a "that" stands before the verb of its clause."""

_NEAR = 3
"""Words before a verb in which a "not" denies it."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What stands before a verb, how much that lets it say, and the word that follows it."""

    by: str
    force: int
    then: str = ""


def overstated(claim: str, quote: str) -> Contradiction | None:
    """What the claim says more of than its quote, if anything.

    Only of verbs that the quote has, too, and that it tells with less wherever it has them.
    """
    for word, said, held in _told_of(claim, quote):
        there, told = max(held, key=lambda one: one[1].force)
        if _says_more(word, said, told):
            instead = f"“{said.by} {word.text}”" if said.by else "that it is so"
            reason = f"the quote says “{told.by} {there.text}”, not {instead}"
            return Contradiction(f"{said.by} {word.text}", reason)
    return None


def foretold(claim: str, quote: str) -> Contradiction | None:
    """What the claim foretells and the quote tells as done, if anything."""
    for word, said, held in _told_of(claim, quote):
        if said.by.casefold().startswith("will") and all(_is_done(*one) for one in held):
            return Contradiction.between(f"{said.by} {word.text}", held[0][0].text)
    return None


def _told_of(claim: str, quote: str) -> Iterator[tuple[Word, _Told, Sequence[tuple[Word, _Told]]]]:
    """How the claim tells its words, each with how the quote tells the same of the same."""
    ours, theirs = words_of(claim), words_of(quote)
    given: dict[str, list[tuple[Word, _Told, frozenset[str]]]] = defaultdict(list)
    for i, word in enumerate(theirs):
        given[lemma(word)].append((word, _told(theirs, i), _around(theirs, i)))
    for i, word in enumerate(ours):
        near = _around(ours, i)
        held = [(w, told) for w, told, around in given.get(lemma(word), ()) if near & around]
        if held and not _is_denied(ours, i):
            yield word, _told(ours, i), held


def _says_more(word: Word, said: _Told, told: _Told) -> bool:
    if said.force == _DONE and told.force < _DONE:
        # "Causes cancer" where the quote has "may cause cancer"; "causes" alone may be a noun.
        stated = said.by == "" and told.force == _POSSIBLE and said.then == told.then != ""
        return is_past(word) or stated
    return told.force < said.force < _DONE


def _around(words: Sequence[Word], i: int) -> frozenset[str]:
    """What the verb at ``i`` is said of: the meaningful words near it, by their stems."""
    near = (*words[max(0, i - _FAR) : i], *words[i + 1 : i + 1 + _FAR])
    return frozenset(word.stem for word in near) - STOPWORDS


def _is_done(word: Word, told: _Told) -> bool:
    """Whether a verb is told as done, if only by hearsay: "reportedly laid off"."""
    return is_past(word) and (told.force == _DONE or told.by.casefold() in _ALLEGEDLY)


def _denied_that(words: Sequence[Word], before: Sequence[str]) -> int | None:
    """Where somebody denies what a clause before a verb says: "denied that he had …"."""
    for at in range(len(before) - 1, max(0, len(before) - _CLAUSE), -1):
        if words[at].comma:
            return None
        if before[at] == "that":
            return at - 1 if lemma(words[at - 1]) in _DENYING_THAT else None
    return None


def _is_denied(words: Sequence[Word], i: int) -> bool:
    return any(word.text.casefold() in DENYING for word in words[max(0, i - _NEAR) : i])


def _told(words: Sequence[Word], i: int) -> _Told:
    """How the verb at ``i`` is told; what no word stands before is told as done."""
    start, force = _marked(words, i)
    then = words[i + 1].stem if i + 1 < len(words) and not words[i].comma else ""
    return _Told(" ".join(word.text for word in words[start:i]), force, then)


def _marked(words: Sequence[Word], i: int) -> tuple[int, int]:
    """Where it begins what tells that the verb at ``i`` was not done, and how much it lets it say.

    ``i`` itself and all where nothing does.
    """
    plain = [word.text.casefold() for word in words[:i]]
    at = i - 1
    while at >= 0 and (plain[at] in _BETWEEN or plain[at].endswith("ly")):
        if plain[at] in _ALLEGEDLY:
            return at, _POSSIBLE
        at -= 1
    if at < 0 or words[at].comma:
        return i, _DONE
    if (start := _denied_that(words, plain)) is not None:
        return start, _REFUSED
    before = plain[at]
    if before == "would" and not VERBS & set(plain[:at]):
        # In a tale of the past "he would become" is "he became".
        return i, _DONE
    if before in _FORCE:
        return at, _FORCE[before]
    if before == "to" and at:
        return _marked_by_infinitive(words, at) or (at, _DONE)
    if words[i].text.endswith("ing"):
        start = at - 1 if at and before in _LINKS else at
        return start, _FORCE_DOING.get(lemma(words[start]), _DONE)
    return i, _DONE


def _marked_by_infinitive(words: Sequence[Word], to: int) -> tuple[int, int] | None:
    """The same for a verb after the "to" at ``to``: "plans to", "asked the court to"."""
    before = words[to - 1]
    force = _FORCE_TO.get(lemma(before), _FORCE_TO.get(before.text.casefold()))
    if force is not None:
        return to - 1, force
    for at in range(to - 1, max(-1, to - 1 - _OBJECT), -1):
        if words[at].comma:
            return None
        if lemma(words[at]) in _ASKING:
            return at, _PLANNED
    return None
