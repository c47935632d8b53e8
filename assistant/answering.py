"""Ask articles questions: retrieve, read, ground, decide.

``Assistant`` holds a library and the models; ``ask`` is the one-shot form. The conversation
is an argument: nothing is remembered between questions.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from assistant import decision, models, retrieval
from assistant.articles import load_article
from assistant.attribution import SpeakerIndex, asked_statement, speaker_index
from assistant.decision import Signals
from assistant.errors import EmptyLibrary, UserInputError, WeightsError
from assistant.followups import standalone
from assistant.grounding import Grounded, ground, quote, quote_statements
from assistant.library import Library
from assistant.reading import Reader, Reply, clean, passages_text
from assistant.schema import (
    NOT_IN_ARTICLE,
    Answer,
    Article,
    Delta,
    Evidence,
    Passage,
    RetrievedPassage,
    Sentence,
    StreamEvent,
    Timings,
    Turn,
)
from assistant.settings import Settings
from assistant.voices import unnamed_speakers
from assistant.wording import content_words, names, numbers

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

MAX_QUESTION_CHARS = 4_000
RELATED = 3
"""Nearest passages shown when the article does not say."""

_HOPELESS = 0.5
"""Share of the threshold below which the model is not even asked for an answer."""

_STATED = 3
"""How far down someone's statements another one on the topic is looked for."""

_QUOTED = 2
"""Passages an answer without a language model consists of."""


class Assistant:
    """Answers questions about the articles of one library. Thread-safe.

    Use :meth:`open`; the constructor takes ready-made parts.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        library: Library,
        chat_model: BaseChatModel | None,
        notices: Sequence[str] = (),
    ) -> None:
        self.settings = settings
        self._library = library
        self._model = chat_model
        self._notices = tuple(notices)

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        model: str | BaseChatModel | None = None,
        embedder: str | Embeddings | None = None,
        progress: models.Progress | None = None,
        **settings: Any,
    ) -> Self:
        """Open a library and its models, downloading model files that are missing.

        Args:
            store: folder of the library; made when it does not exist.
            model, embedder: a name (see ``assistant models list``), or a LangChain object.
            progress: called while model files download.
            **settings: any field of :class:`Settings`.

        Without a language model's file and without a way to get it, answers are extractive
        and say so.

        Raises:
            SettingsError, LibraryBusy, LibraryError, ModelError, WeightsError.
        """
        loaded = Settings.load(
            store=store,
            model=model if isinstance(model, str) else None,
            embedder=embedder if isinstance(embedder, str) else None,
            **settings,
        )
        chat, notices = _chat_model(loaded, model, progress)
        if embedder is None or isinstance(embedder, str):
            embeddings, name = models.embedder(loaded, progress), loaded.embedder
        else:
            embeddings, name = embedder, type(embedder).__name__
        library = Library.open(
            loaded.store, embeddings, embedder_name=name, chroma_url=loaded.chroma_url
        )
        return cls(loaded, library=library, chat_model=chat, notices=notices)

    def close(self) -> None:
        """Close the library and free the model."""
        self._library.close()
        close = getattr(self._model, "close", None)
        if close:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def model_name(self) -> str:
        """What answers: a model's name, or ``extractive``."""
        return _name(self._model, self.settings)

    @property
    def library(self) -> Library:
        """The articles behind this assistant."""
        return self._library

    def warm_up(self) -> None:
        """Load the models now, so that the first question does not wait for them."""
        self._library.embed_query("Ready?")
        load = getattr(self._model, "load", None)
        if load:
            load()

    def add(
        self, source: str | Path | None = None, *, text: str | None = None, title: str | None = None
    ) -> Article:
        """Add an article from a path or URL, or from text; the same text again is a no-op.

        Raises:
            ArticleError, FetchError, LibraryError: nothing has been added.
        """
        article = load_article(source, text=text, title=title)
        self._library.add(article)
        return self._library.article(article.id)

    def articles(self) -> list[Article]:
        """Every article of the library, in the order of adding."""
        return self._library.articles()

    def remove(self, article_id: str) -> None:
        """Remove an article. Raises UnknownArticle."""
        self._library.remove(article_id)

    def search(
        self, query: str, *, k: int = 8, articles: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages nearest to a query, best first, without any language model.

        Raises:
            UserInputError, EmptyLibrary, UnknownArticle.
        """
        return retrieval.search(
            self._library, _checked(query), k=k, article_ids=self._scope(articles)
        )

    def ask(
        self,
        question: str,
        *,
        articles: Sequence[str] | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Answer a question from the given articles (ids; all when None).

        Raises:
            UserInputError: an empty or overlong question.
            EmptyLibrary, UnknownArticle: nothing to ask, or an id that is not there.
            ModelError, EndpointError: the language model failed.
        """
        for event in self.stream(question, articles=articles, history=history):
            if isinstance(event, Answer):
                return event
        raise AssertionError("a stream ends with an Answer")

    async def aask(
        self,
        question: str,
        *,
        articles: Sequence[str] | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """:meth:`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, articles=articles, history=history)

    def stream(
        self,
        question: str,
        *,
        articles: Sequence[str] | None = None,
        history: Sequence[Turn] = (),
    ) -> Generator[StreamEvent, None, None]:
        """Like :meth:`ask`, as it happens: one Evidence, Deltas as they are written, the Answer.

        Deltas are unchecked; the Answer replaces them. Closing the generator stops the model.
        """
        # Checked before the first event is asked for, so that a mistake is raised here.
        return self._events(_checked(question), self._scope(articles), tuple(history))

    def as_runnable(self) -> Runnable[Any, Any]:
        """A LangChain Runnable from a question, or a dict with question, articles and history.

        ``invoke`` and ``batch`` give Answers; ``stream`` gives the events of :meth:`stream`.
        """
        from assistant.runnable import ArticleRunnable

        return ArticleRunnable(self)

    def _scope(self, articles: Sequence[str] | None) -> list[str]:
        if articles is not None:
            return [self._library.article(article_id).id for article_id in dict.fromkeys(articles)]
        scope = [article.id for article in self._library.articles()]
        if not scope:
            raise EmptyLibrary(
                "There are no articles to ask. Add one first: assistant add FILE_OR_URL"
            )
        return scope

    def _events(
        self, question: str, scope: Sequence[str], history: Sequence[Turn]
    ) -> Generator[StreamEvent, None, None]:
        clock = _Clock()
        asked = standalone(question, history, self._model, self.settings.prompts)
        if history:
            clock.lap("rewrite")
        hits = retrieval.search(self._library, asked, k=self.settings.evidence, article_ids=scope)
        clock.lap("retrieve")
        clock.mark("evidence")
        yield Evidence(asked, tuple(hits))
        task = _Task(question, asked, scope, hits, self._library)
        reply = Reply()
        if self._model is None:
            grounded, probability = self._extract(task)
        else:
            reader = Reader(
                self._model,
                self.settings.context_tokens,
                self.settings.max_tokens,
                self.settings.prompts,
            )
            grounded, probability = yield from self._read(task, reader, reply, clock)
        clock.lap("check")
        yield self._answer(task, grounded, probability, reply, clock)

    def _read(
        self, task: _Task, reader: Reader, reply: Reply, clock: _Clock
    ) -> Generator[StreamEvent, None, tuple[Grounded | None, float]]:
        """Let the model answer; None when it should not be shown."""
        context, text = task.context_for(reader)
        yes = reader.answerable(text, task.asked)
        limit = decision.threshold(self.settings.caution)
        probability = decision.probability(task.signals(yes))
        if probability < limit * _HOPELESS:
            clock.lap("generate")
            return None, probability
        for piece in reader.stream(text, task.asked, reply):
            clock.mark("first_token")
            yield Delta(piece)
        clock.lap("generate")
        grounded = ground(
            clean(reply.text), task.asked, context, task.hits, task.articles, task.voices
        )
        grounded = task.with_statements(grounded)
        probability = decision.probability(task.signals(yes, grounded))
        if grounded.declined or not grounded.backed or probability < limit:
            return None, min(probability, limit)
        return grounded, probability

    def _extract(self, task: _Task) -> tuple[Grounded | None, float]:
        probability = decision.probability(task.signals(None))
        if probability < decision.threshold(self.settings.caution):
            return None, probability
        best = [hit.passage for hit in task.hits[:_QUOTED]]
        return quote(best, task.articles), probability

    def _answer(
        self,
        task: _Task,
        grounded: Grounded | None,
        probability: float,
        reply: Reply,
        clock: _Clock,
    ) -> Answer:
        refused = grounded is None
        sentences = grounded.sentences if grounded else (Sentence(NOT_IN_ARTICLE, "supported"),)
        notices = [*self._library.notices, *self._notices, *task.notices]
        if reply.cut and not refused:
            notices.append(reply.cut)
        return Answer(
            question=task.question,
            text=" ".join(sentence.text for sentence in sentences),
            sentences=sentences,
            citations=grounded.citations if grounded else (),
            status="not_in_article" if refused else "answered",
            confidence=round(1 - probability if refused else probability, 4),
            related=tuple(task.hits[:RELATED]) if refused else (),
            retrieved=tuple(task.hits),
            standalone=task.asked,
            signals=task.decided_by,
            notices=tuple(notices),
            timings=clock.timings(reply),
            model=self.model_name,
        )


class _Task:
    """One question with what was found for it."""

    def __init__(
        self,
        question: str,
        asked: str,
        scope: Sequence[str],
        hits: Sequence[RetrievedPassage],
        library: Library,
    ) -> None:
        self.question = question
        self.asked = asked
        self.hits = list(hits)
        self.notices: list[str] = []
        self.decided_by: dict[str, float] = {}
        self._library = library
        self._scope = scope
        ids = dict.fromkeys(hit.passage.article_id for hit in hits)
        self.articles: Mapping[str, Article] = {key: library.article(key) for key in ids}

    def context_for(self, reader: Reader) -> tuple[list[Passage], str]:
        """Passages and text for the model; the lowest-ranked go when they do not fit."""
        hits = list(self.hits)
        while True:
            context = retrieval.with_neighbours(self._library, hits)
            text = passages_text(context, self.articles, hits, unnamed_speakers(self.voices))
            if reader.fits(text, self.asked) or len(hits) <= 1:
                break
            hits.pop()
        if left_out := len(self.hits) - len(hits):
            self.notices.append(f"{left_out} passages were left out: the model reads no more.")
        return context, text

    @cached_property
    def voices(self) -> Mapping[str, SpeakerIndex]:
        """Who speaks in the articles found, by article id."""
        return {
            key: speaker_index(article, self._library.passages(key))
            for key, article in self.articles.items()
        }

    def with_statements(self, grounded: Grounded) -> Grounded:
        """Bring in what the person asked about said, where the passages found have it.

        Instead of an answer that has nothing to stand on, and beside one that left out another
        statement on the very topic ("What did he say about X?" asks for all of them).
        """
        found = {hit.passage.id: hit.passage for hit in self.hits}
        asked = [
            statement
            for index in self.voices.values()
            for statement in asked_statement(self.asked, index.people, index.statements)
            if statement.passage_id in found
        ]
        if not asked:
            return grounded
        if not grounded.backed:
            return quote_statements(asked[:1], found, self.articles)
        cited = {(citation.article_id, citation.start) for citation in grounded.citations}
        topic = _topic(self.asked)
        missing = [
            statement
            for statement in asked[:_STATED]
            if topic
            and topic <= set(content_words(statement.text))
            and (statement.article_id, found[statement.passage_id].start) not in cited
        ]
        more = quote_statements(missing[:1], found, self.articles, grounded.citations)
        return replace(
            grounded,
            sentences=grounded.sentences + more.sentences,
            citations=grounded.citations + more.citations,
        )

    def signals(self, yes: float | None, grounded: Grounded | None = None) -> Signals:
        """What speaks for an answer being in the articles."""
        found = {word for hit in self.hits for word in content_words(hit.passage.text)}
        words = set(content_words(self.asked))
        backed = [
            sentence.support == "unsupported"
            for sentence in (grounded.sentences if grounded else ())
        ]
        signals = Signals(
            yes=yes,
            nearest=self.hits[0].score if self.hits else 0.0,
            asked=len(words & found) / len(words) if words else 0.0,
            strangers=len(self._strangers()),
            coverage=grounded.coverage if grounded else None,
            unsupported=(sum(backed) / len(backed) if backed else 1.0) if grounded else None,
        )
        self.decided_by = decision.features(signals)
        return signals

    def _strangers(self) -> set[str]:
        """Names and numbers of the question that no article in reach has."""
        asked = names(f"x {self.asked}") | numbers(self.asked)
        if not asked:
            return set()
        known: set[str] = set()
        for article in self.articles.values():
            words = set(content_words(article.text)) | names(article.text) | numbers(article.text)
            known |= words | set(content_words(article.title))
        return {name for name in asked if name not in known}


class _Clock:
    """Seconds since the question, by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}
        self._marks: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._laps[stage] = round(now - self._last, 4)
        self._last = now

    def mark(self, moment: str) -> None:
        self._marks.setdefault(moment, round(time.perf_counter() - self._start, 4))

    def timings(self, reply: Reply) -> Timings:
        return Timings(
            **self._laps,
            **self._marks,
            total=round(time.perf_counter() - self._start, 4),
            prompt_tokens=reply.prompt_tokens,
            cached_tokens=reply.cached_tokens,
            completion_tokens=reply.completion_tokens,
        )


def ask(
    question: str,
    source: str | Path | None = None,
    *,
    text: str | None = None,
    **settings: Any,
) -> Answer:
    """Answer one question about one article: a path, a URL, or its text.

    Keyword arguments are :class:`Settings` fields. Nothing is kept: the article lives in a
    temporary library.

    Raises:
        AssistantError: any of this package's errors.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="assistant-"))
        assistant = stack.enter_context(Assistant.open(store=folder, **settings))
        article = assistant.add(source, text=text)
        return assistant.ask(question, articles=[article.id])


def _topic(question: str) -> frozenset[str]:
    """The content words of what a question asks about, after "about", "on" or the like."""
    about = re.search(r"\b(?:about|on|regarding|concerning|over)\s+(.+)$", question)
    return frozenset(content_words(about[1])) if about else frozenset()


def _chat_model(
    settings: Settings, given: str | BaseChatModel | None, progress: models.Progress | None
) -> tuple[BaseChatModel | None, list[str]]:
    if given is not None and not isinstance(given, str):
        return given, []
    try:
        return models.chat_model(settings, progress), []
    except WeightsError as error:
        return None, [f"No language model: {error} Answers are the article's own sentences."]


def _name(model: BaseChatModel | None, settings: Settings) -> str:
    if model is None:
        return models.EXTRACTIVE
    return settings.model if model.__class__.__module__ != "assistant.testing" else "scripted"


def _checked(question: str) -> str:
    if not isinstance(question, str):
        raise UserInputError(f"A question is text, not {type(question).__name__}.")
    cleaned = " ".join(question.split())
    if not cleaned:
        raise UserInputError("The question is empty. Ask something about the article.")
    if len(cleaned) > MAX_QUESTION_CHARS:
        raise UserInputError(
            f"The question has {len(cleaned):,} characters; at most {MAX_QUESTION_CHARS:,} are "
            "read. Ask a shorter one, or add the text as an article."
        )
    return cleaned
