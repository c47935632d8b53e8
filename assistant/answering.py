"""Ask articles questions: retrieve, read, ground, decide.

``Assistant`` holds a library and the models; ``ask`` is the one-shot form. The conversation
is an argument: nothing is remembered between questions.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, suppress
from contextvars import copy_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from assistant import models, retrieval
from assistant.adding import Outcome, add_all, keep
from assistant.articles import Loader, load_article
from assistant.articles.text import is_blank
from assistant.cross_encoder import CrossEncoder
from assistant.decision import Decision
from assistant.errors import EmptyLibrary, ModelError, UserInputError, WeightsError
from assistant.finding import Finder
from assistant.inquiry import whole_text
from assistant.library import Library
from assistant.library.records import encodable
from assistant.llamacpp import LlamaCppChat
from assistant.opening import remove_article
from assistant.pipeline import Pipeline
from assistant.readahead import ReadAhead
from assistant.reading import Halt, Reader, never
from assistant.routing import MOST_ASKED
from assistant.schema import (
    Answer,
    Article,
    RetrievedPassage,
    StreamEvent,
    Turn,
)
from assistant.settings import Settings
from assistant.tracing import span

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

MAX_QUESTION_CHARS = 4_000


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
        cross_encoder: CrossEncoder | None = None,
        notices: Sequence[str] = (),
    ) -> None:
        self.settings = settings
        self._library = library
        self._model = chat_model
        reader = None if chat_model is None else _reader(chat_model, settings)
        self._ahead = None if reader is None else _read_ahead(reader)
        name = _name(chat_model, settings)
        finder = Finder(
            reader,
            self._ahead,
            Decision.of(name),
            caution=settings.caution,
            evidence=settings.evidence,
        )
        self._encoder = cross_encoder
        self._pipeline = Pipeline(
            settings, library, chat_model, name, finder, cross_encoder, tuple(notices)
        )

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        model: str | BaseChatModel | None = None,
        embedder: str | Embeddings | None = None,
        progress: models.Progress | None = None,
        warm: bool = False,
        temporary: bool = False,
        **settings: Any,
    ) -> Self:
        """Open a library and its models, downloading model files that are missing.

        Args:
            store: folder of the library; made when it does not exist.
            model, embedder: a name (see ``assistant models list``), or a LangChain object.
            progress: called while model files download.
            warm: load the language model behind everything else that opening does, for a
                question that is sure to come.
            temporary: the library is deleted after use: its index is kept in ``store``,
                whatever ``chroma_url`` says, or else a collection would stay on that server.
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
        if temporary:
            loaded = loaded.model_copy(update={"chroma_url": None})
        with span("open"):
            chat, notices = _chat_model(loaded, model, progress)
            if warm:
                _load_behind(chat)
            encoder = None
            if embedder is None or isinstance(embedder, str):
                embeddings, name = models.embedder(loaded, progress), loaded.embedder
                encoder = models.cross_encoder(loaded)
            else:
                embeddings, name = embedder, type(embedder).__name__
            library = Library.open(
                loaded.store, embeddings, embedder_name=name, chroma_url=loaded.chroma_url
            )
            return cls(
                loaded,
                library=library,
                chat_model=chat,
                cross_encoder=encoder,
                notices=notices,
            )

    def close(self) -> None:
        """Close the library and free the model."""
        if self._ahead is not None:
            self._ahead.close()
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
        return self._pipeline.model_name

    @property
    def notices(self) -> Sequence[str]:
        """What every answer tells its reader, such as why there is no language model."""
        return self._pipeline.notices

    @property
    def chat_model(self) -> BaseChatModel | None:
        """What writes the answers; None when answers are extractive."""
        return self._model

    @property
    def library(self) -> Library:
        """The articles behind this assistant."""
        return self._library

    def warm_up(self) -> None:
        """Load the models now, so that the first question does not wait for them."""
        _load_behind(self._model)
        self._library.embed_query("Ready?")
        if self._encoder is not None:
            self._encoder.log_odds("Ready?", ["Ready."])
        load = getattr(self._model, "load", None)
        if load:
            load()

    def read_ahead(self, articles: Sequence[str] | None = None) -> None:
        """Let a model in this process read articles (ids; all when None) while nobody asks.

        Returns at once, and reads no more articles than one question is put to. A question
        about an article that was read is answered several times faster. Models elsewhere and
        articles beyond the model's window are left alone.

        Raises:
            EmptyLibrary, UnknownArticle.
        """
        scope = self._scope(articles)
        if self._ahead is not None:
            texts = {key: whole_text(self._library, key) for key in scope[:MOST_ASKED]}
            self._ahead.begin(texts)

    def add(
        self, source: str | Path | None = None, *, text: str | None = None, title: str | None = None
    ) -> Article:
        """Add an article from a path or URL, or from text; the same text again is no other one.

        A path or URL whose text has changed gets a new version; the old one stays readable. A
        text given is nobody's version, whatever ``source`` says it came from. A title given
        holds for an article that is there already, too.

        Raises:
            ArticleError, FetchError, ModelError, LibraryError: nothing has been added.
        """
        offline = self.settings.offline
        article = load_article(source, text=text, title=title, offline=offline)
        keep(article, self._library, source="" if text is not None else str(source))
        return self._library.article(article.id)

    def add_all(self, sources: str | Path | Iterable[str | Path]) -> list[Outcome]:
        """Add everything that sources stand for, and tell what became of each article.

        A folder stands for the readable files in it, a pattern such as ``reports/*.pdf`` for its
        matches, a feed or a sitemap for what it lists; a file or a URL for itself. One that
        fails does not stop the rest: its outcome has the state ``failed`` and the reason. To
        see each as it is done, iterate over :func:`assistant.adding.add_all`.

        Raises:
            ModelError, LibraryError: no more could be added. What was added until then is there.
        """
        several = [sources] if isinstance(sources, str | Path) else sources
        with Loader(offline=self.settings.offline) as loader:
            return list(add_all([str(one) for one in several], loader, self._library))

    def articles(self) -> list[Article]:
        """Every article of the library, in the order of adding."""
        return self._library.articles()

    def remove(self, article_id: str) -> None:
        """Remove an article, its older versions, and what a model has kept of any of them.

        Raises:
            UnknownArticle: there is none with this id.
            LibraryError: the index cannot be reached; nothing is removed then.
        """
        gone = remove_article(article_id, self._library, self.settings)
        if self._ahead is not None:
            # Where the folder of states cannot be written, the model has some of its own.
            for key in gone:
                self._ahead.forget(key)

    def search(
        self, query: str, *, k: int = 8, articles: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        """The ``k`` passages nearest to a query, best first, without any language model.

        Raises:
            UserInputError, EmptyLibrary, UnknownArticle.
        """
        _check_count(k)
        asked, scope = _checked(query), self._scope(articles)
        with span("search", articles=len(scope)):
            return retrieval.search(self._library, asked, k=k, article_ids=scope)

    def ask(
        self,
        question: str,
        *,
        articles: Sequence[str] | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Answer a question from the given articles (ids; all when None).

        Raises:
            UserInputError: an empty or overlong question, or an empty list of articles.
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
        stopped: Halt = never,
    ) -> Generator[StreamEvent, None, None]:
        """Like :meth:`ask`, as it happens: one Evidence, Deltas as they are written, the Answer.

        Deltas are unchecked; the Answer replaces them. Closing the generator stops the model;
        between two events only ``stopped`` can, which is asked now and then: once it says
        True, Stopped is raised within the reading of one batch, about a second.
        """
        # Checked before the first event is asked for, so that a mistake is raised here.
        return self._pipeline.events(
            _checked(question), self._scope(articles), tuple(map(_whole, history)), stopped
        )

    def as_runnable(self) -> Runnable[Any, Any]:
        """A LangChain Runnable from a question, or a dict with question, articles and history.

        ``invoke`` and ``batch`` give Answers; ``stream`` gives the events of :meth:`stream`.
        """
        from assistant.runnable import ArticleRunnable

        return ArticleRunnable(self)

    def as_retriever(self, *, k: int = 8, articles: Sequence[str] | None = None) -> BaseRetriever:
        """A LangChain retriever of the ``k`` passages nearest to a query, best first.

        ``page_content`` is a sentence; ``metadata`` says where it stands in which article, and
        its score. With None for ``articles`` it searches all that are there when it is asked.

        Raises:
            UserInputError, EmptyLibrary, UnknownArticle.
        """
        _check_count(k)
        scope = None if articles is None else self._scope(articles)
        return retrieval.ArticleRetriever(library=self._library, k=k, article_ids=scope)

    def _scope(self, articles: Sequence[str] | None) -> list[str]:
        if isinstance(articles, str):
            raise UserInputError(f"articles takes a list of ids: articles=[{articles[:40]!r}]")
        if articles is not None and not articles:
            raise UserInputError(
                "The list of articles to ask is empty. Name one by its id, or leave the list out "
                "(None) to ask them all."
            )
        if articles is not None:
            return self._library.select(articles)
        scope = self._library.article_ids()
        if not scope:
            raise EmptyLibrary(
                "There are no articles to ask. Add one first: assistant add FILE_OR_URL"
            )
        return scope


def ask(
    question: str,
    source: str | Path | None = None,
    *,
    text: str | None = None,
    **settings: Any,
) -> Answer:
    """Answer one question about one article: a path, a URL, or its text.

    Keyword arguments are :class:`Settings` fields. Nothing is kept: the article lives in a
    temporary library, and its index is not on a Chroma server.

    Raises:
        AssistantError: any of this package's errors.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="assistant-"))
        assistant = stack.enter_context(Assistant.open(store=folder, temporary=True, **settings))
        article = assistant.add(source, text=text)
        return assistant.ask(question, articles=[article.id])


def _chat_model(
    settings: Settings, given: str | BaseChatModel | None, progress: models.Progress | None
) -> tuple[BaseChatModel | None, list[str]]:
    if given is not None and not isinstance(given, str):
        return given, []
    try:
        return models.chat_model(settings, progress), []
    except WeightsError as error:
        return None, [f"No language model: {error} Answers are the article's own sentences."]


def _reader(model: BaseChatModel, settings: Settings) -> Reader:
    return Reader(model, settings.context_tokens, settings.max_tokens, settings.prompts)


def _read_ahead(reader: Reader) -> ReadAhead | None:
    return ReadAhead(reader.model, reader) if isinstance(reader.model, LlamaCppChat) else None


def _load_behind(model: BaseChatModel | None) -> None:
    """Load a model's weights in a thread. It fails silently: the first call fails loudly."""
    load = getattr(model, "load", None)
    if load is None:
        return

    def quietly() -> None:
        with suppress(ModelError):
            load()

    told = copy_context()  # its time counts where it was asked for
    threading.Thread(target=told.run, args=(quietly,), name="load the model", daemon=True).start()


def _name(model: BaseChatModel | None, settings: Settings) -> str:
    if model is None:
        return models.EXTRACTIVE
    return settings.model if model.__class__.__module__ != "assistant.testing" else "scripted"


def _whole(turn: Turn) -> Turn:
    """The exchange with lone surrogates replaced, as in the question itself."""
    answer = encodable(turn.answer) if isinstance(turn.answer, str) else turn.answer
    return Turn(encodable(turn.question), answer)


def _check_count(k: int) -> None:
    if k < 1:
        raise UserInputError(f"k is how many passages to return, 1 or more; {k} is not.")


def _checked(question: str) -> str:
    if not isinstance(question, str):
        raise UserInputError(f"A question is text, not {type(question).__name__}.")
    cleaned = " ".join(encodable(question).split())
    if is_blank(cleaned):
        raise UserInputError("The question is empty. Ask something about the article.")
    if len(cleaned) > MAX_QUESTION_CHARS:
        raise UserInputError(
            f"The question has {len(cleaned):,} characters; at most {MAX_QUESTION_CHARS:,} are "
            "read. Ask a shorter one, or add the text as an article."
        )
    return cleaned
