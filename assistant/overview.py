"""Questions about a whole article: its summary, who is quoted, which countries it names.

Top passages cannot answer these. Who speaks and which countries are named is known to code,
so code answers; a summary is written by the model over the whole article, or over its most
central sentences when it is long, and each sentence of it is cited like any other. Lists of
anything else are written by the model over the whole article. Not handled: counting what a
list would hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assistant.aliases import countries
from assistant.attribution import SpeakerIndex, Statement
from assistant.citations import cite
from assistant.grounding import Grounded, quote
from assistant.schema import Article, Citation, Passage, Sentence
from assistant.wording import abbreviations

Kind = Literal["summary", "speakers", "countries", "list"]

_ARTICLE = r"(?:article|story|report|text|piece|news)"
_SUMMARY = re.compile(
    rf"^\W*(?:please |can you |could you )*(?:summari[sz]e\b|sum up\b|give (?:me )?(?:a |the )?"
    rf"(?:short |brief )?(?:summary|overview|gist)\b|tl;?dr\b)"
    rf"|\bwhat(?:'s|’s| is| was)? (?:the|this) {_ARTICLE} (?:mainly |mostly )?about\b"
    rf"|\bwhat does (?:the|this) {_ARTICLE} say\W*$"
    rf"|\b(?:main|key|most important) (?:points?|takeaways?|messages?|facts?|ideas?)\b"
    rf"|\b(?:summary|overview|gist) of (?:the|this) {_ARTICLE}\b",
    re.IGNORECASE,
)
_PEOPLE = r"(?:everyone|everybody|all (?:the )?(?:people|persons|speakers|sources)|people|speakers)"
_SPEAKERS = re.compile(
    rf"\b(?:who|whom)(?:'s| is| are| was| were| all| else is)*\s*(?:all\s*)?(?:being )?quoted\b"
    rf"|\b{_PEOPLE} (?:who |that )?(?:is|are|was|were)?\s*(?:being )?quoted\b"
    rf"|\bwho (?:speaks|spoke|says anything|said anything)(?: in (?:the|this) {_ARTICLE})?\W*$"
    rf"|\bhow many (?:different )?(?:people|persons|speakers|sources) (?:are|is|were|does)\b.*"
    rf"\b(?:quoted?|speak|spoke)\b"
    rf"|\bwhich (?:people|persons|speakers|sources) (?:are|were|does)\b.*\bquoted?\b",
    re.IGNORECASE,
)
_COUNTRIES = re.compile(
    r"\b(?:which|what|how many|list (?:all |every |the |all the )?|name (?:all |every |the )*)"
    r"\s*(?:different )?countr(?:y|ies)\b.*\b(?:mention|name|appear|refer|list|article|story|text)",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^\W*(?:please )?(?:list|enumerate|name) (?:all|every|each|everything|the)\b"
    r"|\bwhat are all\b|\bgive (?:me )?a list of\b",
    re.IGNORECASE,
)
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("summary", _SUMMARY),
    ("speakers", _SPEAKERS),
    ("countries", _COUNTRIES),
    ("list", _LIST),
)
_SUMMARISED = 14
"""Sentences of a long article that a summary is written from."""

_LISTED = 40
"""Most speakers or countries in one answer; that there are more is said."""

_TOLD = 4
"""Sentences of a summary without a language model."""


def asked_for(question: str) -> Kind | None:
    """What a question wants to know of the whole article, or None when it is about a detail."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(question)), None)


def speakers(index: SpeakerIndex, passages: Sequence[Passage], article: Article) -> Grounded | None:
    """Everyone who is quoted or reported, by first statement, each with that statement."""
    first: dict[str, Statement] = {}
    for statement in index.statements:
        known = first.get(statement.speaker.name)
        # Their own words show better that they are quoted than a report of them.
        if known is None or (statement.direct and not known.direct):
            first[statement.speaker.name] = statement
    by_id = {passage.id: passage for passage in passages}
    told = [one for one in _distinct(first.values()) if one.passage_id in by_id]
    rows = [(one.speaker.label, by_id[one.passage_id]) for one in told]
    return _listing(f"{_count(len(told), 'speaker')} in this article", rows, article)


def named_countries(passages: Sequence[Passage], article: Article) -> Grounded | None:
    """Every country the article names, by whatever name, each with its first mention."""
    first: dict[str, Passage] = {}
    for passage in passages:
        for country in sorted(countries(passage.text)):
            first.setdefault(country, passage)
    names = [(name.partition(" (")[0], passage) for name, passage in first.items()]
    verb = "is" if len(names) == 1 else "are"
    many = "country" if len(names) == 1 else "countries"
    return _listing(f"{len(names)} {many} {verb} named", names, article)


def central(
    passages: Sequence[Passage], vectors: NDArray[np.float32], fits: Callable[[int], bool]
) -> list[Passage]:
    """The passages to summarise, in order: all when they fit, else the lead and the most central.

    ``vectors`` are unit vectors ``[len(passages), dimension]``; central is what is near to
    their mean. ``fits`` tells whether so many characters can be read.
    """
    if fits(sum(len(passage.text) + 1 for passage in passages)):
        return list(passages)
    return _most_central(passages, vectors, _SUMMARISED, leading=2)


def gist(
    passages: Sequence[Passage], vectors: NDArray[np.float32], article: Article
) -> Grounded | None:
    """A summary without a language model: the first sentence and the most central ones."""
    if not passages:
        return None
    return quote(_most_central(passages, vectors, _TOLD, leading=1), {article.id: article})


def _most_central(
    passages: Sequence[Passage], vectors: NDArray[np.float32], most: int, *, leading: int
) -> list[Passage]:
    nearness = vectors @ vectors.mean(axis=0)
    nearness[:leading] = np.inf
    best = sorted(np.argsort(-nearness, kind="stable")[:most])
    return [passages[i] for i in best]


def _distinct(statements: Iterable[Statement]) -> list[Statement]:
    """Without speakers that another one's initials stand for: the EU, the European Union."""
    kept = list(statements)
    bodies = [one.speaker.name for one in kept if one.speaker.kind == "body"]
    full = {short for name in bodies for short in abbreviations(name)}
    return [one for one in kept if one.speaker.name.replace(".", "").casefold() not in full]


def _listing(
    lead_in: str, rows: Sequence[tuple[str, Passage]], article: Article
) -> Grounded | None:
    if not rows:
        return None
    titles = {article.id: (article.title, article.source)}
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    for name, passage in rows[:_LISTED]:
        cited = cite([passage], titles, citations)
        citations += [one for one in cited if one not in citations]
        sentences.append(Sentence(f"{name}.", "supported", cited))
    more = f", of which the first {_LISTED}" if len(rows) > _LISTED else ""
    first = f"{lead_in}{more}: {sentences[0].text}"
    sentences[0] = Sentence(first, "supported", sentences[0].citations)
    return Grounded(tuple(sentences), tuple(citations), 1.0, declined=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
