"""One question to one article, with all that was found for it.

Not handled: asking the model, deciding (``finding``), and several articles (``comparing``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from assistant import decision, retrieval
from assistant.asked_words import AskedWords
from assistant.attribution import (
    SpeakerIndex,
    Statement,
    asks_who,
    speaker_index,
)
from assistant.contrary import is_contrary
from assistant.cross_encoder import CrossEncoder
from assistant.decision import AskedAgain, Signals
from assistant.expectation import explains, is_met, is_search, novelty
from assistant.grounding import Grounded, quote, quote_statements
from assistant.library import Library, Vectors
from assistant.overview import central, gist
from assistant.parts import parts_of
from assistant.reading import Reader, passages_text
from assistant.schema import Article, Citation, Passage, RetrievedPassage
from assistant.voices import Indexes, unnamed_speakers
from assistant.wording import (
    content_words,
    figures,
    names,
    numbers,
    vocabulary,
)

_STATED = 3
"""How many of someone's statements, the nearest to the question, are read and looked through."""

_NEIGHBOURED = 3
"""How many of the best passages bring the sentences around them."""

_WIDELY = 6
"""The same where reading costs nothing."""

_OUTSHONE = 3.0
"""How much lower than another's the cross-encoder's log-odds of a sentence's quotes are when it is
left out."""

AnswerOdds = Callable[[Sequence[Passage]], float | None]
"""The log-odds that passages answer the question; None where it cannot be told."""


def whole_text(library: Library, article_id: str) -> str:
    """All of an article as the model reads it, of which :meth:`Inquiry.context_for` picks lines."""
    article, passages = library.article(article_id), library.passages(article_id)
    voices = {article_id: _speakers(article, tuple(passages))}
    return _as_read(passages, {article_id: article}, voices)


def _as_read(passages: Sequence[Passage], articles: Mapping[str, Article], voices: Indexes) -> str:
    speakers = {key: person.name for key, person in unnamed_speakers(voices).items()}
    return passages_text(passages, articles, speakers)


@lru_cache(maxsize=16)  # it takes 10 ms and more, and every question needs it
def _speakers(article: Article, passages: tuple[Passage, ...]) -> SpeakerIndex:
    return speaker_index(article, passages)


class Inquiry:
    """One question to one article, with what was found for it.

    ``articles`` and ``voices`` hold that one article, in the form that checks of an answer take.
    """

    def __init__(
        self,
        question: str,
        asked: str,
        scope: Sequence[str],
        hits: Sequence[RetrievedPassage],
        library: Library,
        *,
        encoder: CrossEncoder | None = None,
        among: int = 1,
    ) -> None:
        """``scope`` is the id of the article, ``hits`` are its passages, nearest first.

        ``encoder`` judges them; ``among`` is how many articles the question is put to.
        """
        [article_id] = scope
        self.among = among
        self.question = question
        self.asked = asked
        self.hits = list(hits)
        self._found = len(self.hits)
        self.notices: list[str] = []
        self.decided_by: dict[str, float] = {}
        self._library = library
        self._encoder = encoder
        self._odds = {hit.passage.id: hit.answers for hit in hits if hit.answers is not None}
        self._article = library.article(article_id)
        self.articles: Mapping[str, Article] = {article_id: self._article}
        if self.hits:
            self._add_statements()

    def context_for(self, reader: Reader, most: int | None) -> tuple[list[Passage], str]:
        """Passages and text for the model; the lowest-ranked go when they do not fit.

        ``most`` passages of those found by searching, with what stands around the best; None
        when the model has read the whole article, so that more of it costs nothing.
        """
        hits = list(self.hits) if most is None else self.hits[:most] + self.hits[self._found :]
        neighboured = _WIDELY if most is None else _NEIGHBOURED
        left_out = 0
        while True:
            context = retrieval.with_neighbours(self._library, hits, neighboured)
            text = self.text(context)
            if reader.fits(text, self.asked) or len(hits) <= 1:
                break
            hits.pop()
            left_out += 1
        if left_out:
            self.notices.append(f"{left_out} passages were left out: the model reads no more.")
        return context, text

    def passages(self, article_id: str) -> list[Passage]:
        """All passages of an article, in order."""
        return self._library.passages(article_id)

    @cached_property
    def _passages(self) -> list[Passage]:
        return self._library.passages(self._article.id)

    @cached_property
    def _index(self) -> SpeakerIndex:
        return _speakers(self._article, tuple(self._passages))

    @property
    def voices(self) -> Mapping[str, SpeakerIndex]:
        """Who speaks in the article, by its id."""
        return {self._article.id: self._index}

    def central(self, fits: Callable[[int], bool]) -> list[Passage]:
        """What a summary of the article is written from."""
        return central(self._passages, self._library.vectors(self._article.id), fits)

    def gist(self) -> Grounded | None:
        """What the article is about in a few of its own sentences."""
        return gist(self._passages, self._library.vectors(self._article.id), self._article)

    def text(self, passages: Sequence[Passage]) -> str:
        """Passages as the model reads them."""
        return _as_read(passages, self.articles, self.voices)

    def in_its_words(self, passages: Sequence[Passage], known: Sequence[Citation] = ()) -> Grounded:
        """Passages as an answer, each after the person who speaks in it if it does not say.

        Markers go on from ``known``. A report that speaks on is "the report" without being named.
        """
        speakers = unnamed_speakers(self.voices)
        people = {key: one for key, one in speakers.items() if one.kind == "person"}
        return quote(passages, self.articles, known, people)

    def cited(self, citations: Sequence[Citation]) -> list[Passage]:
        """The passages behind citations, in the order of these."""
        return [self._by_start[one.start] for one in citations if one.start in self._by_start]

    @cached_property
    def _by_start(self) -> Mapping[int, Passage]:
        return {passage.start: passage for passage in self._passages}

    @cached_property
    def _asked_words(self) -> AskedWords:
        """What the question wants to hear from somebody."""

        def nearness(text: str) -> Vectors:
            library = self._library
            return library.vectors(self._article.id) @ library.embed_query(text)

        return AskedWords(self.asked, self._article, self._passages, self._index, nearness)

    def _add_statements(self) -> None:
        """Let the statements asked for be read too, where searching by words missed them."""
        found = {hit.passage.id for hit in self.hits}
        wanted = {one.passage_id for one in self._asked_words.statements[:_STATED]} - found
        for passage in self._passages if wanted else ():
            if passage.id in wanted:
                least, rank = self.hits[-1].score, len(self.hits) + 1
                self.hits.append(RetrievedPassage(passage, least, rank))

    def with_statements(self, grounded: Grounded) -> Grounded:
        """Bring in what the person asked about said, where the passages found have it.

        Instead of an answer that has nothing to stand on, and beside one that left out another
        statement on the very topic ("What did he say about X?" asks for all of them).
        """
        found = {hit.passage.id: hit.passage for hit in self.hits}
        asked = [one for one in self._asked_words.statements if one.passage_id in found]
        if not grounded.backed:
            return self._stand_in(grounded, asked)
        if not asked:
            return grounded
        unnamed = asks_who(self.asked) and not _names_speaker(grounded, asked[0])
        if unnamed or not self._asked_words.are_theirs(self._quoted(grounded)):
            told = quote_statements(asked[:1], found, self.articles)
            return replace(told, coverage=grounded.coverage)
        cited = {citation.start for citation in grounded.citations}
        topic = _topic(self.asked)
        missing = [
            statement
            for statement in asked[:_STATED]
            if topic
            and topic <= set(content_words(statement.text))
            and found[statement.passage_id].start not in cited
        ]
        more = quote_statements(missing[:1], found, self.articles, grounded.citations)
        return replace(
            grounded,
            sentences=grounded.sentences + more.sentences,
            citations=grounded.citations + more.citations,
        )

    def _stand_in(self, grounded: Grounded, asked: Sequence[Statement]) -> Grounded:
        """The article's own words in place of an answer that no sentence of it supports.

        Whether they are shown is decided like everything else, and the failure counts.
        """
        found = {hit.passage.id: hit.passage for hit in self.hits}
        if grounded.declined or not self.hits:
            return grounded
        if asked:
            instead = quote_statements(asked[:1], found, self.articles)
        else:
            instead = self.in_its_words([self.hits[0].passage])
        return replace(instead, coverage=grounded.coverage, stands_in=True, misled=grounded.misled)

    @property
    def nearest(self) -> float:
        """The score of the nearest passage; 0 where none was found."""
        return self.hits[0].score if self.hits else 0.0

    @property
    def wants_words(self) -> bool:
        """Whether it asks for the words of somebody who says something in the article."""
        return bool(self._asked_words.statements)

    def signals(
        self,
        yes: float | None,
        grounded: Grounded | None = None,
        again: AskedAgain = AskedAgain(),  # noqa: B008 - it is frozen
    ) -> Signals:
        """What speaks for an answer being in the article; see :class:`Signals`."""
        words = set(content_words(self.asked))
        shares = [
            len(words & set(content_words(hit.passage.text))) / max(1, len(words))
            for hit in self.hits
        ]
        found = {word for hit in self.hits for word in content_words(hit.passage.text)}
        signals = Signals(
            yes=yes,
            nearest=self.nearest,
            asked=len(words & found) / max(1, len(words)),
            together=max(shares, default=0.0),
            strangers=len(self._strangers()),
            unsaid=self._asked_words.unsaid,
            answers=self._answers([hit.passage for hit in self.hits]),
        )
        if grounded is not None:
            failed = [sentence.support == "unsupported" for sentence in grounded.sentences]
            answer = grounded.text
            signals = replace(
                signals,
                coverage=grounded.coverage,
                unsupported=1.0 if grounded.stands_in else sum(failed) / max(1, len(failed)),
                unmet=not is_met(self.asked, answer),
                novelty=novelty(self.asked, answer),
                again=again,
                quotes_answer=self._answers(self.cited(grounded.citations)),
                said=self._asked_words.are_said(self._quoted(grounded)),
            )
        self.decided_by = decision.features(signals)
        return signals

    def _answers(self, passages: Sequence[Passage]) -> float | None:
        """The highest log-odds that one of the passages answers; None if nothing tells it."""
        if self._encoder is None or not passages:
            return None
        new = {passage.id for passage in passages} - self._odds.keys()
        if new:
            self._odds |= retrieval.answering(self._encoder, self.asked, self._passages, new)
        return max(self._odds[passage.id] for passage in passages)

    def without_outshone(
        self, grounded: Grounded, odds_of: AnswerOdds | None = None, gap: float = _OUTSHONE
    ) -> Grounded:
        """The same without sentences whose quotes answer far less likely than another's.

        By ``odds_of``, else by the cross-encoder; far less is ``gap`` lower, in log-odds.
        Where one thing is asked: what wants an explanation, and what is typed as into a search
        engine, is told more than what answers it.
        """
        if explains(self.asked) or is_search(self.question) or len(parts_of(self.asked)) > 1:
            return grounded
        cited = dict.fromkeys(one.citations for one in grounded.sentences if one.citations)
        if len(cited) < 2:
            return grounded
        told = odds_of or self._answers
        odds = {
            citations: chance
            for citations in cited
            if (chance := told(self.cited(citations))) is not None
        }
        if not odds:
            return grounded
        limit = max(odds.values()) - gap
        return grounded.only(lambda sentence: odds.get(sentence.citations, limit) >= limit)

    def is_beside(self, grounded: Grounded) -> bool:
        """Whether an answer is about something else than the question, by what code can tell.

        The question states a year or a large number, and none of the quotes has it, nor what
        stands around them; or it asks what someone said who says nothing, nothing on that, or is
        not named; or for a number, a time or a name, and the answer has none; or the quotes tell
        the contrary of what it asks for; or the answer repeats from the question what the article
        has otherwise. How often each was right: docs/quality.md.
        """
        around = self._around(grounded)
        # As the person put it: a rewritten follow-up may bring in what nobody asked.
        strange = figures(self.question) - numbers(f"{self._article.title} {around}")
        words = self._asked_words
        theirs = words.are_theirs(self._quoted(grounded))
        if strange or words.unsaid or words.is_anothers_topic or not theirs:
            return True
        if len(parts_of(self.asked)) > 1:
            # What leaves out one part of several may still answer another.
            return False
        quotes = " ".join(passage.text for passage in self.cited(grounded.citations))
        contrary = is_contrary(self.question, quotes, around)
        return contrary or grounded.misled or not is_met(self.asked, grounded.text)

    def _quoted(self, grounded: Grounded) -> frozenset[str]:
        """Ids of the passages that an answer quotes."""
        return frozenset(passage.id for passage in self.cited(grounded.citations))

    def _around(self, grounded: Grounded) -> str:
        """The quotes with the sentences before and after them, and their headings."""
        cited = self._quoted(grounded)
        near = [
            " ".join(
                [passage.heading, *(one.text for one in self._passages[max(0, i - 1) : i + 2])]
            )
            for i, passage in enumerate(self._passages)
            if passage.id in cited
        ]
        return " ".join(near)

    def _strangers(self) -> frozenset[str]:
        """Names and numbers of the question that the article does not have."""
        asked = names(f"x {self.asked}") | numbers(self.asked)
        if not asked:
            return asked
        return asked - vocabulary(self._article.text) - set(content_words(self._article.title))


def _names_speaker(grounded: Grounded, statement: Statement) -> bool:
    """Whether an answer names who said a statement, by any word of the name."""
    said = {word for one in grounded.sentences for word in content_words(one.text)}
    return bool(said & set(content_words(statement.speaker.name)))


def _topic(question: str) -> frozenset[str]:
    """The content words of what a question asks about, after "about", "on" or the like."""
    about = re.search(r"\b(?:about|on|regarding|concerning|over)\s+(.+)$", question)
    return frozenset(content_words(about[1])) if about else frozenset()
