"""Whom to ask what: which articles a question is put to, and which of its parts to whom.

Not handled: putting the answers side by side (``comparing``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant import overview
from assistant.followups import parts_alone
from assistant.parts import parts_of
from assistant.schema import RetrievedPassage

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
    rf"(?:^|,? )(?:according to|by|in) (?:each|every|all|both)(?: of the)?(?: different)? {_REPORT}"
    rf"\b,?|(?:^|,? )according to (?:the|these) (?:\w+ )?{_REPORTS}\b,?"
    rf"|(?:,? and|[.?!;]) (?:do|did) (?:(?:all|both|the|these|those) )*(?:{_REPORTS}|they) "
    r"(?:all |both )?(?:agree|disagree|differ|compare|\w+ the same(?: \w+)?)\b"
    r"(?: (?:on|about) (?:it|this|that))?(?=\W*$)",
    re.IGNORECASE,
)
"""What only all articles together can answer: each by itself knows nothing of the others."""

_EACH = re.compile(
    r"\b(?:each|every)(?: single)?(?= (?:report|outlet|article|source|story|paper|account)\b)",
    re.IGNORECASE,
)
"""Where one article is asked, "each report" is the report."""

MOST_ASKED = 4
"""Articles that one question is put to; each takes seconds."""

_NEAR = 0.2
"""How far below the best passage another article's best may be for that one to be asked."""

_FAR = 0.25
"""The same for an article that would be asked, from which it is not even read: no article with an
answer was 0.2 below the best, and a third of those without one were (docs/quality.md)."""

Search = Callable[[str], Sequence[RetrievedPassage]]
"""The passages nearest to a question in all of the scope, best first."""


@dataclass(frozen=True, slots=True)
class Route:
    """A question, or one of its parts, with the ids of the articles it is put to, best first.

    ``asked`` is what each of them is asked: it can be understood alone and is not about the
    other articles.
    """

    question: str
    asked: str
    articles: tuple[str, ...]


def routes(
    question: str, scope: Sequence[str], hits: Sequence[RetrievedPassage], search: Search
) -> list[Route]:
    """What to ask whom. ``hits`` are the passages nearest to the question in all of ``scope``.

    A question whose parts are told by different articles is put to each by its part: asked
    all of it, an article that knows one part does not answer. Where one article is near all
    the parts, all articles are asked all of it.
    """
    if len(scope) > 1 and len(parts_of(question)) > 1 and not wants_each(question):
        divided = _by_part(question, search)
        if divided:
            return divided
    keys = worth_asking(question, scope, hits)
    alone = put_to_one(question) if len(keys) > 1 else question
    return [Route(question, alone, tuple(keys))]


def _by_part(question: str, search: Search) -> list[Route]:
    """One route for each part; none where an article is near all, or nothing is near one."""
    parts = parts_alone(question)
    most = max(1, MOST_ASKED // len(parts))
    divided = [Route(part, alone, tuple(_near(search(alone))[:most])) for part, alone in parts]
    everywhere = frozenset.intersection(*(frozenset(one.articles) for one in divided))
    return [] if everywhere or not all(one.articles for one in divided) else divided


def _near(hits: Sequence[RetrievedPassage]) -> list[str]:
    """The ids of the articles with a passage that is about as near as the nearest of all."""
    least = hits[0].score - _NEAR if hits else 0.0
    return list(dict.fromkeys(hit.passage.article_id for hit in hits if hit.score >= least))


def worth_asking(
    question: str, scope: Sequence[str], hits: Sequence[RetrievedPassage]
) -> list[str]:
    """The ids of the articles to ask, best first: all of a few, else those that were found.

    ``hits`` are the passages nearest to the question in all of ``scope``.
    """
    found = list(dict.fromkeys(hit.passage.article_id for hit in hits))
    if len(scope) <= MOST_ASKED:
        return [*found, *(key for key in scope if key not in found)]
    if wants_each(question):
        return found[:MOST_ASKED]
    return _near(hits)[:MOST_ASKED] or list(scope[:1])


def worth_reading(question: str, best: Mapping[str, float]) -> list[str]:
    """The ids of the articles that the model is given to read; it takes seconds each.

    ``best`` are the scores of the articles' nearest passages. Where each is to be heard, all.
    """
    if wants_each(question):
        return list(best)
    least = max(best.values()) - _FAR
    return [key for key, score in best.items() if score >= least]


def wants_each(question: str) -> bool:
    """Whether each article is to be heard: it is compared, or told of as a whole."""
    return is_comparison(question) or overview.asked_for(question) is not None


def is_comparison(question: str) -> bool:
    """Whether a question asks what different articles say."""
    return bool(_COMPARING.search(question))


def put_to_one(question: str) -> str:
    """What to ask one article of several: the question without what it asks of all of them."""
    alone = _EACH.sub("the", _ASKED_OF_ALL.sub("", question)).strip()
    return f"{alone[0].upper()}{alone[1:]}" if re.search(r"\w", alone) else question
