"""The answers of several articles side by side.

Answers are never merged: each keeps its article's name and its own quotes, and whether their
figures agree is said. Not handled: whom to ask (``routing``), and finding the answers
(``finding``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.decision import outweighs
from assistant.expectation import is_met
from assistant.grounding import Grounded
from assistant.judging import Finding, refusal
from assistant.routing import wants_each
from assistant.schema import Article, Citation, Sentence
from assistant.wording import content_words, dates, numbers

_AS_GOOD = 0.15
"""How much less probable than the best one another article's answer may be to be shown too."""

_MAGNITUDES = frozenset({"100", "1000", "1000000", "1000000000", "1000000000000"})
"""What "hundred" to "trillion" count as: not a figure that two articles may share or not."""

_ALIKE = 0.5
"""Share of the shorter answer's words in the longer one that makes two answers say the same."""


@dataclass(frozen=True, slots=True)
class _Content:
    """What one article tells, in words and figures that the question did not bring in."""

    words: frozenset[str]
    figures: frozenset[str]


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


def worth_telling(question: str, findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """What is shown of the articles' answers to one question; nothing if none answers.

    ``findings`` are by article id, and :func:`borne_out`. Unless each article is to be heard,
    one whose answer is much less sure than the best confirmed one is left out; so is one
    without the number or the time asked for where another has it, one whose own words stand in
    for an answer where another has an answer, and one with nothing that its quotes bear out
    where another is as sure.
    """
    found = {key: one for key, one in findings.items() if one.grounded is not None}
    if not found:
        return {}
    if not wants_each(question):
        found = _nearly_as_sure(found)
    found = {key: one for key, one in found.items() if _brings(question, one)} or found
    found = {key: one for key, one in found.items() if not _stands_in(one)} or found
    least = max((one.probability for one in found.values() if _is_confirmed(one)), default=0.0)
    return {key: one for key, one in found.items() if _is_confirmed(one) or one.probability > least}


def side_by_side(
    answers: Sequence[tuple[str, Mapping[str, Finding]]], articles: Mapping[str, Article]
) -> tuple[Grounded | None, tuple[str, ...]]:
    """One answer of the articles' own, and what to say of their agreement.

    ``answers`` are questions, or the parts of one, each with what is :func:`worth_telling`, in
    the order in which it is shown; ``articles`` are all that were asked, by id.
    """
    shown = [(question, key, one) for question, found in answers for key, one in found.items()]
    if len(shown) <= 1:
        return (shown[0][2].grounded if shown else None), ()
    names = article_names(list(articles.values()))
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    by_question: dict[str, list[_Content]] = {}
    for question, key, finding in shown:
        assert finding.grounded is not None
        # Read by itself, an article says nothing of the others: "the reports agree" is made up.
        sure = finding.grounded.only(lambda one: one.support not in ("weak", "unsupported"))
        own = sure.numbered(after=len(citations))
        citations += own.citations
        first, *others = own.sentences
        sentences += [replace(first, text=f"{names[key]}: {first.text}"), *others]
        by_question.setdefault(question, []).append(_content(question, own))
    merged = Grounded(tuple(sentences), tuple(citations), 1.0, declined=False)
    agreement = [_agreement(several) for several in by_question.values() if len(several) > 1]
    return merged, tuple(notice for notices in agreement for notice in notices)


def silent(
    question: str, asked: Mapping[str, Article], shown: Mapping[str, Finding]
) -> tuple[str, ...]:
    """What to say of the articles that do not tell, where each was to be heard.

    ``asked`` are the articles by id, ``shown`` those of them that tell, some at least.
    """
    if not wants_each(question):
        return ()
    names = article_names(list(asked.values()))
    missing = [name for key, name in names.items() if key not in shown]
    return (f"No answer was found in: {'; '.join(missing)}.",) if missing and shown else ()


def _nearly_as_sure(found: Mapping[str, Finding]) -> dict[str, Finding]:
    """Without what is much less sure than the best, if it answers no part that those leave open.

    A doubtful answer is no best one beside another that its quotes bear out.
    """
    confirmed = [one for one in found.values() if _is_confirmed(one)] or list(found.values())
    least = max(finding.probability for finding in confirmed) - _AS_GOOD
    sure = [one for one in found.values() if one.probability >= least]
    missed = set(sure[0].left_open).intersection(*(one.left_open for one in sure))
    return {
        key: one
        for key, one in found.items()
        if one.probability >= least or missed - set(one.left_open)
    }


def _stands_in(finding: Finding) -> bool:
    return finding.grounded is not None and finding.grounded.stands_in


def _is_confirmed(finding: Finding) -> bool:
    """Whether the quotes bear a part of the answer out."""
    return finding.grounded is not None and finding.grounded.partly_confirmed


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


def _content(question: str, grounded: Grounded) -> _Content:
    text = grounded.text
    figures = (numbers(text) | dates(text)) - numbers(question) - dates(question)
    words = frozenset(content_words(text)) - frozenset(content_words(question))
    return _Content(words, figures - _MAGNITUDES)


def _agreement(told: Sequence[_Content]) -> tuple[str, ...]:
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
