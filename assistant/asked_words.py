"""Whose words does a question want, about what, and are those that were found theirs?

"What did X say about Y?" is answered by what X says, and by nothing that X says about something
else: a small model hands over whatever stands near Y, or near X. Not handled: who said what
(``attribution``), and what becomes of an answer (``inquiry``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from assistant.aliases import expansions
from assistant.attribution import (
    SPEAKING,
    SpeakerIndex,
    Statement,
    asked_name,
    asked_names,
    asked_statement,
    asked_topic,
    find_person,
)
from assistant.library import Vectors
from assistant.parts import parts_of
from assistant.schema import Article, Passage
from assistant.wording import (
    abbreviations,
    content_words,
    is_spelt_like,
    names,
    stem,
    vocabulary,
)

_ASKS_REACTION = re.compile(r"\b(?:react|respond|response)")
_ASKS_WORDS = re.compile(rf"\b(?:sa(?:y|id)|tell|told|position)|{_ASKS_REACTION.pattern}")

_TELLS = re.compile(rf"[“”\"]|\baccording to\b|\b(?:{'|'.join(sorted(SPEAKING))})\b", re.IGNORECASE)
"""What tells somebody's words, or that they spoke."""

_ON_TOPIC = 0.35
"""Cosine of a topic and a statement from which it may be about it in other words."""

_OFTEN = 0.2
"""Share of an article's sentences that have a word of what it is about."""

_FEWEST = 3
"""Sentences that have such a word at least."""


class AskedWords:
    """What a question wants to hear from somebody, in one article."""

    def __init__(
        self,
        question: str,
        article: Article,
        passages: Sequence[Passage],
        index: SpeakerIndex,
        nearness: Callable[[str], Vectors],
    ) -> None:
        """``nearness`` gives the cosine of a text and each of the passages."""
        self._question = question
        self._article = article
        self._passages = passages
        self._index = index
        self._nearness = nearness

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What the person asked about said, the nearest to the question first."""
        return asked_statement(
            self._question,
            self._index.people,
            self._index.statements,
            lambda one: self._nearest[one.passage_id],
        )

    @cached_property
    def topic(self) -> str:
        """What their words are wanted about, as the question says it; ``""`` of several parts."""
        alone = self.statements and len(parts_of(self._question)) == 1
        return asked_topic(self._question) if alone else ""

    @cached_property
    def unsaid(self) -> bool:
        """Whether the question asks what someone said who says nothing, or is not even named.

        A body that is named says nothing where no sentence that names it tells what anybody says.
        """
        if self.statements or not _ASKS_WORDS.search(self._question):
            return False
        if find_person(self._question, self._index.people) is not None:
            # Who is there may have reacted by what they did.
            return not _ASKS_REACTION.search(self._question)
        asked = asked_names(self._question)
        if asked and not self._has_any(asked):
            return True
        name = asked_name(self._question)
        return bool(name) and not _ASKS_REACTION.search(self._question) and self._is_silent(name)

    def are_theirs(self, quoted: Collection[str]) -> bool:
        """Whether a quote is a statement asked for, stands beside one, or names who made it.

        ``quoted`` are ids of passages. True where nobody's words about something are wanted.
        """
        if not self.topic:
            return True
        _, beside = self._places
        name = set(content_words(self.statements[0].speaker.name))
        return any(
            passage.id in quoted and (i in beside or name & set(content_words(passage.text)))
            for i, passage in enumerate(self._passages)
        )

    def are_said(self, quoted: Collection[str]) -> bool:
        """Whether a quote is a statement asked for that has a word of the topic, if there is one.

        ``quoted`` are ids of passages. False where nobody's words are wanted. What the whole
        article is about is no word of a topic, unless there is no other.
        """
        words = self._topic_words - self._everywhere or self._topic_words
        return any(
            one.passage_id in quoted and (not words or words & _own_words(one))
            for one in self.statements
        )

    @cached_property
    def is_anothers_topic(self) -> bool:
        """Whether they say nothing about the topic, and the article does elsewhere.

        None of their statements has a word of it or is near it, and a sentence elsewhere has most
        of its words. A topic that no sentence names may be theirs in other words.
        """
        if not self.topic:
            return False
        if any(self._topic_words & _own_words(one) for one in self.statements):
            return False
        own, beside = self._places
        words = frozenset(content_words(self.topic)) - self._everywhere
        elsewhere = (p for i, p in enumerate(self._passages) if i not in beside)
        most = max((len(words & set(content_words(p.text))) for p in elsewhere), default=0)
        if most <= len(words) / 2:
            return False
        return max(self._nearest[self._passages[i].id] for i in own) < _ON_TOPIC

    @cached_property
    def _nearest(self) -> Mapping[str, float]:
        """The cosine of each passage, by its id, and what words are wanted about."""
        near = self._nearness(asked_topic(self._question) or self._question)
        return {one.id: float(cosine) for one, cosine in zip(self._passages, near, strict=True)}

    @cached_property
    def _topic_words(self) -> frozenset[str]:
        """Content words of the topic, and the other names of the countries in it."""
        return frozenset(content_words(" ".join([self.topic, *expansions(self.topic)])))

    @cached_property
    def _places(self) -> tuple[list[int], frozenset[int]]:
        """Which passages are the statements asked for, and which are these or stand beside one."""
        theirs = {one.passage_id for one in self.statements}
        own = [i for i, passage in enumerate(self._passages) if passage.id in theirs]
        return own, frozenset(j for i in own for j in (i - 1, i, i + 1))

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        """What the whole article is about: words of its title, and of many of its sentences."""
        counts = Counter(
            word for passage in self._passages for word in set(content_words(passage.text))
        )
        many = max(_OFTEN * len(self._passages), _FEWEST)
        often = {word for word, count in counts.items() if count >= many}
        return frozenset(content_words(self._article.title)) | often

    def _is_silent(self, name: str) -> bool:
        """Whether no sentence that has this name tells what anybody says."""
        named = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        near = [passage.text for passage in self._passages if named.search(passage.text)]
        if not near and asked_names(self._question):
            return False  # it is there in another spelling
        return not any(_TELLS.search(text) for text in near)

    def _has_any(self, asked: frozenset[str]) -> bool:
        """Whether the article or its title has one of some names, also misspelt or as initials."""
        title, text = self._article.title, self._article.text
        known = vocabulary(text) | frozenset(content_words(title)) | names(title)
        known |= abbreviations(title) | abbreviations(text)
        return any(
            name in known or stem(name) in known or is_spelt_like(name, known) for name in asked
        )


def _own_words(statement: Statement) -> frozenset[str]:
    """The content words of a statement without those that tell who made it."""
    told = set(content_words(statement.speaker.label))
    return frozenset(content_words(statement.text)) - told
