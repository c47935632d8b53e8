"""Who said what in an article: its speakers, their statements, and whom a question means.

Rules over the article's sentences, without a model; milliseconds for a news article.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.attribution.people import Person
from assistant.attribution.questions import (
    asked_name,
    asked_names,
    asked_statement,
    asked_topic,
    asks_who,
    find_person,
)
from assistant.attribution.speech import VERBS as SPEAKING
from assistant.attribution.statements import SpeakerIndex, Statement, speaker_index
from assistant.schema import Article, Passage

__all__ = [
    "SPEAKING",
    "Person",
    "SpeakerIndex",
    "Statement",
    "antecedents",
    "asked_name",
    "asked_names",
    "asked_statement",
    "asked_topic",
    "asks_who",
    "find_person",
    "people",
    "speaker_index",
    "statements",
]


def people(article: Article, passages: Sequence[Passage]) -> tuple[Person, ...]:
    """The persons of an article and the bodies that speak in it, by first mention."""
    return speaker_index(article, passages).people


def statements(article: Article, passages: Sequence[Passage]) -> tuple[Statement, ...]:
    """Every attributed statement, in reading order."""
    return speaker_index(article, passages).statements


def antecedents(article: Article, passages: Sequence[Passage]) -> Mapping[str, Person]:
    """By passage id, whom its first he, she, they, his or her means."""
    return speaker_index(article, passages).antecedents
