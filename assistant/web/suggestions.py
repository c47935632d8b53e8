"""Questions to begin with, that an article is known to answer.

Those for the sample article are chosen by hand, and a test holds that it answers them. For any
other they are made of what code found in it: who says something about what, who is quoted, which
countries are named. Each is asked before it is offered, of the same library without a language
model, and has to bring the very sentence it was made of. Where none does, none is offered.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import islice

from assistant.aliases import countries
from assistant.answering import Assistant
from assistant.attribution import (
    SpeakerIndex,
    Statement,
    asked_statement,
    find_person,
    speaker_index,
)
from assistant.attribution.names import candidates
from assistant.attribution.tokens import tokens
from assistant.errors import AssistantError
from assistant.schema import Answer, Article, Passage
from assistant.web.workspace import SEED_SOURCE

SUGGESTIONS = (
    "What was the UK's position?",
    "What did Germany's foreign minister say about Israel?",
    "What did Kishida say about G7 unity?",
)
"""For the sample article."""

MOST = 3
"""Questions offered."""

ABOUT_SPEAKERS = 2
"""Of them, those about what somebody said: the rest are about the whole article."""

QUOTED = "Who is quoted?"
COUNTRIES = "Which countries does the article mention?"

_LOOKED_AT = 3
"""Articles that are tried for questions, the last one added first."""

_TRIED = 8
"""Questions of one article that are tried."""

_LONGEST = 2_000
"""Passages of an article up to which it is read for questions."""

_TOPIC_WORDS = 4

_GOES_ON = re.compile(r"(?: (?:of|for|and|de|la)(?: the)? |[-’'&])[A-Z]")
_BEGUN = re.compile(r"[A-Z]\w*(?: (?:of|for|de|la)(?: the)? |[-’'&])$")


class Suggestions:
    """Questions by article. Thread-safe; what was found is kept, as an article never changes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def known(self, assistant: Assistant, article_ids: Sequence[str]) -> tuple[str, ...] | None:
        """What is offered for these articles; None when that has to be found out first."""
        for article_id in _newest(article_ids):
            found = self._at_once(assistant, article_id)
            if found is None or found:
                return found
        return ()

    def find(self, assistant: Assistant, article_ids: Sequence[str]) -> tuple[str, ...]:
        """Up to three questions about the one of these articles that was added last and has any.

        Takes up to a second for an article that was not looked at before.
        """
        for article_id in _newest(article_ids):
            found = self._at_once(assistant, article_id)
            if found is None:
                with self._lock:
                    found = self._known.setdefault(article_id, _found(assistant, article_id))
            if found:
                return found
        return ()

    def _at_once(self, assistant: Assistant, article_id: str) -> tuple[str, ...] | None:
        if article_id in self._known:
            return self._known[article_id]
        try:
            sample = assistant.library.article(article_id).source == SEED_SOURCE
        except AssistantError:  # removed meanwhile
            return ()
        return SUGGESTIONS if sample else None


def _newest(article_ids: Sequence[str]) -> list[str]:
    return list(article_ids)[: -_LOOKED_AT - 1 : -1]


def _found(assistant: Assistant, article_id: str) -> tuple[str, ...]:
    try:
        article = assistant.library.article(article_id)
        passages = assistant.library.passages(article_id)
        if len(passages) > _LONGEST:
            return ()
        alone = Assistant(assistant.settings, library=assistant.library, chat_model=None)
        index = speaker_index(article, passages)
        by_id = {passage.id: passage for passage in passages}
        said = (
            question
            for question, statement in islice(_about_statements(article, index), _TRIED)
            if _cites(alone.ask(question, articles=[article_id]), by_id[statement.passage_id])
        )
        whole = (
            question
            for question in _about_the_whole(index, passages)
            if alone.ask(question, articles=[article_id]).status == "answered"
        )
        found = [*islice(said, ABOUT_SPEAKERS), *whole]
    except AssistantError:  # a page without suggestions is still a good one
        return ()
    return tuple(found[:MOST])


def _about_statements(article: Article, index: SpeakerIndex) -> Iterator[tuple[str, Statement]]:
    """What somebody says about something, one question for each speaker, with its statement."""
    asked: set[str] = set()
    for statement in index.statements:
        name = statement.speaker.name
        # "Officials" and "one user" are not to be told from others.
        named = statement.speaker.kind == "person" and name[:1].isupper()
        if name in asked or not (named and statement.direct and statement.explicit):
            continue
        for topic in _topics(article, statement):
            question = f"What did {name} say about {topic}?"
            best = asked_statement(question, index.people, index.statements)[:1]
            meant = find_person(question, index.people)
            if best == (statement,) and meant == statement.speaker:
                asked.add(name)
                yield question, statement
                break


def _topics(article: Article, statement: Statement) -> Iterator[str]:
    """Names inside the quoted words, other than the speaker's own."""
    own = {word.casefold() for word in statement.speaker.label.split()}
    words = tokens(article.text, statement.start, statement.end)
    for candidate in candidates(article.text, words):
        start, end = candidate.run
        name = article.text[start:end]
        parts = name.split()
        # A capital that opens a sentence says nothing, nor do capitals throughout.
        if (candidate.opening or name.isupper()) and not countries(name):
            continue
        if len(parts) > _TOPIC_WORDS or not name.replace(" ", "").isalpha():
            continue
        if own & {part.casefold() for part in parts} or _cut_off(article.text, start, end):
            continue
        led = article.text[:start].casefold().endswith(" the ")
        yield f"the {name}" if led else name


def _cut_off(text: str, start: int, end: int) -> bool:
    """Whether a name is but a part of one, as in "Court of Justice"."""
    return bool(_GOES_ON.match(text, end) or _BEGUN.search(text[max(0, start - 40) : start]))


def _about_the_whole(index: SpeakerIndex, passages: Sequence[Passage]) -> Iterator[str]:
    """What code answers from the whole article, where there is more than one to name."""
    if len({statement.speaker.name for statement in index.statements if statement.direct}) > 1:
        yield QUOTED
    if len({country for passage in passages for country in countries(passage.text)}) > 1:
        yield COUNTRIES


def _cites(answer: Answer, passage: Passage) -> bool:
    quoted = {(citation.start, citation.end) for citation in answer.citations}
    return answer.status == "answered" and (passage.start, passage.end) in quoted
