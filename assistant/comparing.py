"""One question to several articles: ask each by itself, and put the answers side by side.

Answers are never merged: each keeps its article's name and its own quotes, and whether their
figures agree is said. Not handled: finding the answers (``finding``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.decision import outweighs
from assistant.expectation import is_met
from assistant.grounding import Grounded
from assistant.judging import Finding, refusal
from assistant.schema import Article, Citation, RetrievedPassage, Sentence
from assistant.wording import content_words, dates, numbers

_REPORTS = r"(?:reports|outlets|articles|sources|stories|papers|accounts)"
_REPORT = r"(?:reports?|outlets?|articles?|sources?|stories|story|papers?|accounts?)"
_COMPARING = re.compile(
    rf"\b(?:each|both|all|different|other|every)\b.{{0,20}}\b{_REPORT}\b"
    rf"|\b{_REPORTS} (?:say|give|report|put|describe|compare)\b"
    rf"|\b(?:compare|according to)\b.{{0,20}}\b{_REPORTS}\b"
    rf"|\b(?:{_REPORTS}|they|these|two)\b.{{0,20}}\b(?:agree|disagree)\b"
    r"|\b(?:differs?|contradicts?)\b|\baccording to each\b",
    re.IGNORECASE,
)
_ASKED_OF_ALL = re.compile(
    rf"(?:^|,? )according to (?:(?:each|every|all|both)(?: of the)?(?: different)? {_REPORT}"
    rf"|the (?:\w+ )?{_REPORTS})\b,?"
    rf"|(?:,? and|[.?!;]) (?:do|did) (?:(?:all|both|the|these|those) )*(?:{_REPORTS}|they) "
    r"(?:all |both )?(?:agree|disagree|differ|say the same|tell the same|compare)\b"
    r"(?: (?:on|about) (?:it|this|that))?(?=\W*$)",
    re.IGNORECASE,
)
"""What only all articles together can answer: each by itself knows nothing of the others."""

MOST_ASKED = 4
"""Articles that one question is put to; each takes seconds."""

_NEAR = 0.2
"""How far below the best passage another article's best may be for that one to be asked."""

_AS_GOOD = 0.15
"""How much less probable than the best one another article's answer may be to be shown too."""

_MAGNITUDES = frozenset({"100", "1000", "1000000", "1000000000", "1000000000000"})
"""What "hundred" to "trillion" count as: not a figure that two articles may share or not."""

_ALIKE = 0.5
"""Share of the shorter answer's words in the longer one that makes two answers say the same."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What one article tells, in words and figures that the question did not bring in."""

    words: frozenset[str]
    figures: frozenset[str]


def worth_asking(
    question: str, scope: Sequence[str], hits: Sequence[RetrievedPassage]
) -> list[str]:
    """The ids of the articles to ask, best first: all of a few, else those that were found.

    ``hits`` are the passages nearest to the question in all of ``scope``.
    """
    found = list(dict.fromkeys(hit.passage.article_id for hit in hits))
    if len(scope) <= MOST_ASKED:
        return [*found, *(key for key in scope if key not in found)]
    if is_comparison(question):
        return found[:MOST_ASKED]
    least = hits[0].score - _NEAR if hits else 0.0
    near = {hit.passage.article_id for hit in hits if hit.score >= least}
    return [key for key in found if key in near][:MOST_ASKED] or list(scope[:1])


def is_comparison(question: str) -> bool:
    """Whether a question asks what different articles say."""
    return bool(_COMPARING.search(question))


def put_to_one(question: str) -> str:
    """What to ask one article of several: the question without what it asks of all of them."""
    alone = _ASKED_OF_ALL.sub("", question).strip()
    return f"{alone[0].upper()}{alone[1:]}" if re.search(r"\w", alone) else question


def borne_out(findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """The same findings, and refusals in place of answers that too few articles bear out.

    A question without an answer has as many chances to seem answered as articles are asked, so
    the odds of each answer must be as many times those that one article needs. Articles that
    have an answer, too, vouch for it; they tell the same story and are no independent
    witnesses, so they count by the root of their number. How much this tells: docs/quality.md.
    """
    answering = sum(finding.grounded is not None for finding in findings.values())
    times = len(findings) / math.sqrt(max(1, answering))
    return {
        key: finding
        if finding.grounded is None or outweighs(finding.probability, finding.needed, times)
        else refusal(finding.probability)
        for key, finding in findings.items()
    }


def side_by_side(
    question: str, findings: Mapping[str, Finding], articles: Mapping[str, Article]
) -> tuple[Grounded | None, tuple[str, ...]]:
    """One answer of the articles' own, and what to say of their agreement.

    ``findings`` are by article id, in the order in which they are to be shown. Unless the
    question compares, an article whose answer is much less sure than the best is left out; so
    is one without the number or the time asked for, or with nothing that its quotes bear out,
    where another has it.
    """
    found = {key: finding for key, finding in findings.items() if finding.grounded is not None}
    if not found:
        return None, ()
    if not is_comparison(question):
        found = _nearly_as_sure(found)
    found = {key: one for key, one in found.items() if _brings(question, one)} or found
    found = {
        key: one for key, one in found.items() if one.grounded and not one.grounded.stands_in
    } or found
    confirmed = [
        f.probability for f in found.values() if f.grounded and f.grounded.partly_confirmed
    ]
    found = {
        key: one
        for key, one in found.items()
        if (one.grounded and one.grounded.partly_confirmed)
        or one.probability > max(confirmed, default=0.0)
    }
    if len(found) == 1:
        [finding] = found.values()
        return finding.grounded, ()
    names = article_names([articles[key] for key in found])
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    told: list[_Told] = []
    for key, finding in found.items():
        assert finding.grounded is not None
        # Read by itself, an article says nothing of the others: "the reports agree" is made up.
        sure = finding.grounded.only(lambda one: one.support not in ("weak", "unsupported"))
        own = sure.numbered(after=len(citations))
        citations += own.citations
        first, *others = own.sentences
        sentences += [replace(first, text=f"{names[key]}: {first.text}"), *others]
        told.append(_told(question, own))
    merged = Grounded(tuple(sentences), tuple(citations), 1.0, declined=False)
    return merged, _agreement(told)


def _nearly_as_sure(found: Mapping[str, Finding]) -> dict[str, Finding]:
    """Without what is much less sure than the best, if it answers no part that those leave open."""
    least = max(finding.probability for finding in found.values()) - _AS_GOOD
    sure = [one for one in found.values() if one.probability >= least]
    missed = set(sure[0].left_open).intersection(*(one.left_open for one in sure))
    return {
        key: one
        for key, one in found.items()
        if one.probability >= least or missed - set(one.left_open)
    }


def _brings(question: str, finding: Finding) -> bool:
    """Whether an answer has the number or the time that is asked for."""
    return finding.grounded is not None and is_met(question, finding.grounded.text)


def article_names(articles: Sequence[Article]) -> dict[str, str]:
    """By article id, a short name that tells these articles apart: outlet and date, or title."""
    names = {}
    for article in articles:
        day = (article.published or "")[:10]
        outlet = ", ".join(part for part in (article.outlet, day) if part) if article.outlet else ""
        names[article.id] = outlet or f"“{_short(article.title)}”"
    shared = {name for name in names.values() if list(names.values()).count(name) > 1}
    for article in articles:
        if names[article.id] in shared:
            names[article.id] = f"“{_short(article.title)}”"
    return names


def _told(question: str, grounded: Grounded) -> _Told:
    text = grounded.text
    figures = (numbers(text) | dates(text)) - numbers(question) - dates(question)
    words = frozenset(content_words(text)) - frozenset(content_words(question))
    return _Told(words, figures - _MAGNITUDES)


def _agreement(told: Sequence[_Told]) -> tuple[str, ...]:
    """A sentence on whether the articles' figures, or else their words, are the same."""
    if all(one.figures for one in told):
        if all(one.figures == told[0].figures for one in told):
            return ("The articles give the same figures.",)
        if not frozenset.intersection(*(one.figures for one in told)):
            return ("The articles give different figures; each is shown with its own quote.",)
        return ("The articles agree in part; each is shown with its own quote.",)
    if all(_alike(one.words, told[0].words) for one in told):
        return ("The articles say the same.",)
    return ()


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * max(1, min(len(one), len(other)))


def _short(title: str) -> str:
    return title if len(title) <= 60 else title[:59].rstrip() + "…"
