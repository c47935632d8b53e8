"""One question from its words to its Answer: make it stand alone, search, ask, put together.

Not handled: what may be asked and of which articles (``answering``), and how one article is
read (``finding``).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from assistant import overview, retrieval
from assistant.articles.places import days_meant, pages_of
from assistant.comparing import article_names, borne_out, side_by_side, silent, worth_telling
from assistant.cross_encoder import CrossEncoder
from assistant.finding import Finder
from assistant.followups import standalone
from assistant.grounding import Grounded
from assistant.inquiry import Inquiry
from assistant.judging import Finding, refusal
from assistant.library import Library
from assistant.llamacpp import LlamaCppChat
from assistant.reading import Halt
from assistant.replies import Reply
from assistant.routing import Route, routes, worth_reading
from assistant.schema import (
    NOT_IN_ARTICLE,
    Answer,
    Article,
    Citation,
    Delta,
    Evidence,
    Place,
    RetrievedPassage,
    Sentence,
    Status,
    StreamEvent,
    Turn,
)
from assistant.settings import Settings
from assistant.stopwatch import Stopwatch
from assistant.tracing import Span, Value

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_MORE_FOUND = 4
"""Passages found beyond those read, for a model that has read the whole article."""

_RELATED = 3
"""Nearest passages shown when the article does not say."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a route: the inquiries and what they found, both by article id."""

    route: Route
    tasks: Mapping[str, Inquiry]
    findings: Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What every question of one assistant goes through. ``notices`` stand in every answer."""

    settings: Settings
    library: Library
    chat_model: BaseChatModel | None
    model_name: str
    finder: Finder
    encoder: CrossEncoder | None
    notices: Sequence[str]

    def events(
        self, question: str, scope: Sequence[str], history: Sequence[Turn], stopped: Halt
    ) -> Generator[StreamEvent, None, None]:
        """One Evidence, Deltas as they are written, the Answer. ``scope`` are article ids.

        Raises:
            ModelError, EndpointError: the model failed.
            Stopped: ``stopped`` said so.
        """
        with _asking(self.chat_model):
            asking = Span("ask")
            asking.set(articles=len(scope), gen_ai__request__model=self.model_name)
            try:
                yield from self._events(question, scope, history, stopped, asking)
            except BaseException as error:
                asking.end(error)
                raise

    def _events(
        self,
        question: str,
        scope: Sequence[str],
        history: Sequence[Turn],
        stopped: Halt,
        asking: Span,
    ) -> Generator[StreamEvent, None, None]:
        clock = Stopwatch(asking)
        asked = standalone(question, history, self.chat_model, self.settings.prompts, stopped)
        if history:
            clock.lap("rewrite")
        found = self._search(asked, scope)
        clock.lap("retrieve")
        clock.mark("evidence")
        yield Evidence(asked, tuple(found[: self._shown]))
        hits = self._reranked(asked, found)
        if self.encoder is not None:
            clock.lap("retrieve")
        reply = Reply()
        outcomes = yield from self._run(question, asked, scope, hits, reply, clock, stopped)
        answer = self._answer(question, asked, outcomes, hits, reply, clock)
        asking.set(**_told(answer)).end()  # before whoever asked does something with the answer
        yield answer

    def _run(
        self,
        question: str,
        asked: str,
        scope: Sequence[str],
        hits: Sequence[RetrievedPassage],
        reply: Reply,
        clock: Stopwatch,
        stopped: Halt,
    ) -> Generator[Delta, None, list[_Outcome]]:
        """Put the question, or each part of it, to the articles that are worth asking."""
        plan = routes(
            asked, scope, hits, lambda part: self._reranked(part, self._search(part, scope))
        )
        keys = [key for route in plan for key in route.articles]
        labels = {}
        if len(keys) > 1:
            names = article_names([self.library.article(key) for key in dict.fromkeys(keys)])
            labels = {key: f"{name}: " for key, name in names.items()}
        outcomes = []
        for route in plan:
            # A rewritten follow-up may say more than was asked; a part of it says less.
            said = question if len(plan) == 1 else route.question
            tasks = {
                key: self._inquiry(said, route.asked, key, hits, len(keys))
                for key in route.articles
            }
            if labels:
                clock.lap("retrieve")
            # What is not read does not answer, and is silent like what was read.
            findings = dict.fromkeys(tasks, refusal(0.0))
            best = {key: task.nearest for key, task in tasks.items()}
            for key in worth_reading(route.question, best):
                reply.text = ""
                found = self._find(tasks[key], reply, clock, stopped)
                findings[key] = yield from _labelled(labels.get(key, ""), found)
            outcomes.append(_Outcome(route, tasks, borne_out(findings)))
        return outcomes

    def _inquiry(
        self, question: str, asked: str, key: str, hits: Sequence[RetrievedPassage], among: int
    ) -> Inquiry:
        """The question put to one article, with what that article by itself has on it."""
        # Hits of several articles, or of a question to several, are not what this one has on it.
        if among > 1 or any(hit.passage.article_id != key for hit in hits):
            hits = self._reranked(asked, self._search(asked, [key]))
        return Inquiry(
            question, asked, [key], hits, self.library, encoder=self.encoder, among=among
        )

    @property
    def _shown(self) -> int:
        """Passages that a question goes on with."""
        return self.settings.evidence + _MORE_FOUND

    def _search(self, asked: str, scope: Sequence[str]) -> list[RetrievedPassage]:
        if self.encoder is None:
            return retrieval.search(self.library, asked, k=self._shown, article_ids=scope)
        k = max(self._shown, retrieval.RERANKED)
        return retrieval.candidates(self.library, asked, k=k, article_ids=scope)

    def _reranked(self, asked: str, found: Sequence[RetrievedPassage]) -> list[RetrievedPassage]:
        """The best of what was found, by the cross-encoder where there is one."""
        if self.encoder is None:
            return list(found)
        return retrieval.rerank(self.library, self.encoder, asked, found)[: self._shown]

    def _find(
        self, task: Inquiry, reply: Reply, clock: Stopwatch, stopped: Halt
    ) -> Generator[Delta, None, Finding]:
        kind = overview.asked_for(task.asked)
        if kind is None:
            return self.finder.find(task, reply, clock, stopped)
        return self.finder.survey(kind, task, reply, clock, stopped)

    def _answer(
        self,
        question: str,
        asked: str,
        outcomes: Sequence[_Outcome],
        hits: Sequence[RetrievedPassage],
        reply: Reply,
        clock: Stopwatch,
    ) -> Answer:
        tasks = [task for outcome in outcomes for task in outcome.tasks.values()]
        articles = {key: one for task in tasks for key, one in task.articles.items()}
        answers = [
            (one.route.question, worth_telling(one.route.question, one.findings))
            for one in outcomes
        ]
        grounded, agreement = side_by_side(answers, articles)
        sure = _confidence([found for _, found in answers if found], outcomes)
        sentences = grounded.sentences if grounded else (Sentence(NOT_IN_ARTICLE, "supported"),)
        notices = [*self.library.notices, *self.notices, *agreement]
        notices += [notice for task in tasks for notice in task.notices]
        for part, found in answers:
            notices += silent(part, articles, found)
        left_open = [part for part, found in answers if not found] if grounded else []
        left_open += [part for _, found in answers for part in _left_open(found.values())]
        notices += [f"The article does not say: {part}" for part in left_open]
        if reply.cut and grounded:
            notices.append(reply.cut)
        return Answer(
            question=question,
            text=" ".join(sentence.text for sentence in sentences),
            sentences=sentences,
            citations=grounded.citations if grounded else (),
            status=_status(grounded, left_open),
            confidence=round(sure, 4),
            related=() if grounded else tuple(hits[:_RELATED]),
            retrieved=tuple(hits),
            standalone=asked,
            signals=_surest(outcomes).decided_by,
            notices=tuple(dict.fromkeys(notices)),
            timings=clock.timings(
                reply.prompt_tokens, reply.cached_tokens, reply.completion_tokens
            ),
            model=self.model_name,
            places=_places(grounded.citations, articles) if grounded else (),
        )


def _surest(outcomes: Sequence[_Outcome]) -> Inquiry:
    """The inquiry to the article that is likeliest to answer."""
    asked = [
        (outcome.findings[key].probability, task)
        for outcome in outcomes
        for key, task in outcome.tasks.items()
    ]
    return max(asked, key=lambda pair: pair[0])[1]


def _confidence(shown: Sequence[Mapping[str, Finding]], outcomes: Sequence[_Outcome]) -> float:
    """How sure an answer is: in each of its parts as the best of the articles shown.

    A refusal is as sure as that none of the articles asked answers after all.
    """
    if shown:
        return min(max(one.confidence for one in found.values()) for found in shown)
    return min(one.confidence for outcome in outcomes for one in outcome.findings.values())


def _asking(model: BaseChatModel | None) -> AbstractContextManager[None]:
    """Holds back what the model may read while nobody asks, from the first word to the last."""
    return model.turns.asking() if isinstance(model, LlamaCppChat) else nullcontext()


def _told(answer: Answer) -> dict[str, Value]:
    """What a span says of an answer."""
    tokens = {
        "gen_ai__usage__input_tokens": answer.timings.prompt_tokens,
        "gen_ai__usage__output_tokens": answer.timings.completion_tokens,
    }
    known: dict[str, Value] = {name: n for name, n in tokens.items() if n is not None}
    return {**known, "status": answer.status, "confidence": answer.confidence}


def _places(citations: Sequence[Citation], articles: Mapping[str, Article]) -> tuple[Place, ...]:
    """The pages and days of those citations that have any."""
    found = []
    for c in citations:
        article = articles[c.article_id]
        days = tuple(days_meant(article, c.start, c.end))
        found.append(Place(c.marker, pages_of(article, c.start, c.end), days))
    return tuple(one for one in found if one.pages or one.days)


def _left_open(findings: Iterable[Finding]) -> list[str]:
    """The parts of a question that none of the articles with an answer has an answer to."""
    open_in = [one.left_open for one in findings if one.grounded is not None]
    return [part for part in open_in[0] if all(part in one for one in open_in)] if open_in else []


def _status(grounded: Grounded | None, left_open: Sequence[str]) -> Status:
    if grounded is None:
        return "not_in_article"
    return "partly" if left_open else "answered"


def _labelled(
    label: str, events: Generator[Delta, None, Finding]
) -> Generator[Delta, None, Finding]:
    """The events with a label before the first piece of text."""
    try:
        piece = next(events)
        yield Delta(f"{label}{piece.text}")
        finding = yield from events
    except StopIteration as end:
        return cast(Finding, end.value)
    return finding
