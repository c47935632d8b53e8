"""Is this sentence supported by what it cites? Code compares; no model is trusted.

A sentence whose number, date, name or negation is not its quote's is ``unsupported``,
however well the rest agrees; so is one that says of somebody what its quote says of another, or
as done what is only planned. Not handled: what is put in other words throughout.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant import quantities
from assistant.citations import Alignment
from assistant.contradiction import Contradiction
from assistant.denial import DENYING, contradicts
from assistant.exchange import done_by_another, exchanged
from assistant.modality import foretold, overstated
from assistant.naming import names_nothing
from assistant.schema import Passage, Support
from assistant.substitution import difference
from assistant.verbs import lemma
from assistant.voices import (
    Indexes,
    held_by_another,
    may_be_one,
    meant_by_pronoun,
    meant_in,
    misattributed,
    people_of,
)
from assistant.wording import (
    STOPWORDS,
    abbreviations,
    content_words,
    dates,
    full_names,
    is_spelt_like,
    names,
    numbers,
    stem,
    words_of,
)

SUPPORTED = 0.55
"""Share of a sentence's weight its passages must hold for it to be supported."""

WEAK = 0.3
"""Below this share nothing is left that a citation could stand for."""

_QUOTED_RUN = 5
"""Content words in a row that are taken over from the article and not met by chance."""

_QUOTED = 0.75
"""Share of a sentence's content words in such rows that makes it a quotation of the article."""

_POINTS = re.compile(r"\W*(?:(?:However|But|And|Then|Later|Today|Now),? )?(?:It|They|This|These)\b")
"""Opens a sentence about something that was named before."""

_REACH = 300
"""Characters before a sentence within which it is named what its "it" means."""

_ADJOINING = 3
"""Characters, blanks and the like, between a sentence and the next."""

_QUOTATION = re.compile(r"[“\"]([^“”\"]{8,})[”\"]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well a sentence is supported, and in words why not better (``""`` when it is).

    ``instead`` is a passage that says with less what an unsupported sentence says too much of;
    ``misled`` tells that it repeats from the question what the article has otherwise.
    """

    support: Support
    reason: str = ""
    instead: Passage | None = None
    misled: bool = False


def check(
    sentence: str,
    alignment: Alignment,
    context: Sequence[Passage],
    question: str,
    indexes: Indexes,
) -> Verdict:
    """Judge one sentence of an answer against the passages it was aligned to.

    ``context`` is everything the model was shown: its names tell names from ordinary words
    that merely start a sentence. ``indexes`` tell who speaks in the passages, and whom their
    pronouns mean.
    """
    if not alignment.passages or alignment.coverage < WEAK:
        return Verdict("unsupported", "nothing in the article says this")
    if unnamed := names_nothing(sentence):
        return Verdict("unsupported", f"“{unnamed}” is no name")
    quote = " ".join(passage.text for passage in alignment.passages)
    if reason := misattributed(sentence, alignment.passages, indexes, question):
        return Verdict("unsupported", reason)
    found = (
        held_by_another(sentence, alignment.passages, indexes)
        or _put_for_another(sentence, alignment.passages, context, question, indexes)
        or foretold(sentence, quote)
    )
    if found is not None:
        told = _meaningful(found.claimed)
        # The question has it so, and the sentence does not speak of it.
        misled = (
            bool(told) and told <= _meaningful(question) and not told <= _meaningful(found.sentence)
        )
        return Verdict("unsupported", found.reason, misled=misled)
    if found := overstated(sentence, quote):
        weaker = (p for p in alignment.passages if overstated(sentence, p.text))
        return Verdict("unsupported", found.reason, next(weaker, alignment.passages[0]))
    quote = f"{quote} {meant_in(alignment.passages, indexes)}"
    if reason := mismatch(sentence, quote, context, question):
        return Verdict("unsupported", reason)
    if other := _meant_elsewhere(sentence, alignment.passages[0], context, question):
        return Verdict("unsupported", f"the quote does not speak of {_listed(other)}")
    if unknown := _strangers(sentence, quote, context, question):
        return Verdict("weak", f"the article does not speak of {_listed(unknown)}")
    if alignment.coverage < SUPPORTED:
        return Verdict("weak", "only a part of this stands in the quote")
    return Verdict("quoted" if _is_quotation(sentence, quote) else "supported")


def mismatch(claim: str, quote: str, context: Sequence[Passage], question: str = "") -> str:
    """What the claim states and its quote does not, in words; ``""`` when nothing.

    Compared are quotations, numbers, dates, names (countries by any of their names) and
    negation. What the question brought in is excused: an answer repeats the question.
    """
    for quotation in _QUOTATION.findall(claim):
        if not _holds(quote, quotation):
            return f"the words “{_short(quotation)}” are not in the quote"
    if extra := numbers(claim) - numbers(quote) - numbers(question):
        return f"the number {_listed(extra)} is not in the quote"
    if extra := dates(claim) - dates(quote) - dates(question):
        return f"{_listed(extra)} is not in the quote"
    if found := quantities.difference(claim, quote):
        return found.reason
    asked = _words(question)
    if missing := _missing_names(claim, quote, context, question) - asked:
        return f"{_listed(missing)} is not in the quote"
    if contradicts(claim, quote):
        return "the quote says the opposite: one of them is negated"
    return ""


def _put_for_another(
    claim: str,
    passages: Sequence[Passage],
    context: Sequence[Passage],
    question: str,
    indexes: Indexes,
) -> Contradiction | None:
    """What a claim that repeats a passage has in the place of something else."""

    def same(ours: Collection[str], theirs: Collection[str]) -> bool:
        spelt = any(is_spelt_like(name, theirs) for name in ours)
        return spelt or may_be_one(ours, theirs, indexes)

    known = names(" ".join(passage.text for passage in context))
    known |= names(question) | people_of(indexes)
    meant = {passage.text: meant_by_pronoun(passage, indexes) for passage in passages}
    if found := difference(claim, meant, known, same):
        return found
    told = f"{' '.join(meant)} {meant_in(passages, indexes)}"
    # Where those whom the claim names are not in what it cites, another may be beside it.
    strange = _missing_names(claim, told, context, question)
    for text in [passage.text for passage in context] if strange else meant:
        if found := exchanged(claim, text) or done_by_another(claim, text, same):
            return found
    return None


def _meaningful(text: str) -> frozenset[str]:
    """What a text says something by: its words without their endings, "not" among them."""
    return frozenset(
        lemma(word)
        for word in words_of(text)
        if word.stem not in STOPWORDS or word.text.casefold() in DENYING
    )


def _missing_names(claim: str, quote: str, context: Sequence[Passage], question: str) -> set[str]:
    """Names of the claim that the quote has not: not as a word, a country, or a full name."""
    shown = " ".join(passage.text for passage in context)
    known = names(shown)
    standing = names(quote, known) | _words(quote) | abbreviations(quote)
    for last, parts in full_names(shown).items():
        if last in standing:
            standing |= parts
    return {
        name
        for name in names(claim, known | names(question))
        if name not in standing
        and stem(name) not in standing
        # Only a name that nothing shown has: a model spells as it has learnt to.
        and not (name not in known and is_spelt_like(name, standing))
    }


def _strangers(claim: str, quote: str, context: Sequence[Passage], question: str) -> set[str]:
    """Names of the claim that nothing shown has, so that they came from the question."""
    missing = _missing_names(claim, quote, context, question)
    shown = _words(" ".join(passage.text for passage in context)) if missing else frozenset()
    return {name for name in missing if name not in shown and stem(name) not in shown}


def _meant_elsewhere(
    claim: str, passage: Passage, context: Sequence[Passage], question: str
) -> set[str]:
    """Names of the question that the claim takes a passage's "it" for and that it cannot mean.

    None of them stands in the passage, nor shortly before it, where what stands there was shown.
    """
    if not _POINTS.match(passage.text):
        return set()
    missing = _missing_names(claim, passage.text, context, question) & _words(question)
    before = [
        one
        for one in context
        if one.article_id == passage.article_id
        and one.start < passage.start
        and passage.start - one.end < _REACH
    ]
    if not missing or not any(passage.start - one.end <= _ADJOINING for one in before):
        return set()
    near = " ".join(one.text for one in (*before, passage))
    return missing if missing <= _missing_names(claim, near, context, question) else set()


def _words(text: str) -> frozenset[str]:
    """Every word of a text as it is, as its stem, and every country it names."""
    capitalised = " ".join(f"x {word[:1].upper()}{word[1:]}" for word in text.split())
    return names(text) | names(capitalised) | frozenset(content_words(text))


def _is_quotation(sentence: str, quote: str) -> bool:
    words = content_words(sentence)
    run = min(_QUOTED_RUN, len(words))
    given = f" {' '.join(content_words(quote))} "
    taken: set[int] = set()
    for start in range(len(words) - run + 1):
        if f" {' '.join(words[start : start + run])} " in given:
            taken.update(range(start, start + run))
    return bool(words) and len(taken) >= _QUOTED * len(words)


def _holds(quote: str, quotation: str) -> bool:
    words = " ".join(content_words(quotation))
    return f" {words} " in f" {' '.join(content_words(quote))} "


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _listed(values: set[str] | frozenset[str]) -> str:
    return ", ".join(f"“{value}”" for value in sorted(values))
