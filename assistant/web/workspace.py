"""What the page works with: an assistant that may still be opening, in the reader's variants.

The library is one for everybody; the model and the cautious–bold setting are each reader's.
Not handled here: anything a person sees.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from assistant import models, seeds
from assistant.answering import Assistant
from assistant.articles import Loader, load_article
from assistant.errors import ArticleError, UserInputError
from assistant.fetching import is_url
from assistant.reading import Halt
from assistant.schema import Article
from assistant.settings import Settings
from assistant.web.feedback import Feedback

SEED_SOURCE = "seeds/g7-gaza-blinken.txt"
SEED_TITLE = "Blinken calls on the G7 to speak with one voice on Gaza"

PATIENCE = 5.0
"""Seconds that closing waits for questions and additions under way."""

MODELS_KEPT = 2
"""Chat models held in memory at once, the configured one not counted."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose: ``model`` empty means the configured one; ``caution`` 0 to 1."""

    model: str = ""
    caution: float | None = None
    endpoint: str | None = None
    api_key: str = ""


class Workspace:
    """The assistant behind the page. Thread-safe.

    ``opening`` completes when the assistant is open; until then every method that needs it
    waits. ``loader`` reads what readers add; ``embedder`` is for libraries of evaluations;
    ``endpoints`` lets readers name model servers.
    """

    def __init__(
        self,
        opening: Future[Assistant],
        settings: Settings,
        *,
        loader: Loader | None = None,
        embedder: Embeddings | None = None,
        endpoints: bool = True,
    ) -> None:
        self.opening = opening
        self.settings = settings
        self.endpoints = endpoints
        self._embedder = embedder
        self.feedback = Feedback(settings.store)
        self._loader = loader or Loader(offline=settings.offline)
        self._working = 0
        self._rest = threading.Condition()
        self._closing = threading.Event()
        self._adding = threading.Lock()
        self._choosing = threading.Lock()
        self._models: OrderedDict[tuple[str, str | None, str], BaseChatModel | None] = OrderedDict()

    @property
    def assistant(self) -> Assistant:
        """The assistant as configured. Waits while it is opening; raises what stopped it."""
        return self.opening.result()

    def assistant_for(self, choice: Choice) -> Assistant:
        """The assistant with the reader's model and caution, over the same library.

        Raises:
            SettingsError, ModelError, WeightsError: the choice cannot be had.
        """
        base = self.assistant
        changes = {"caution": choice.caution, **self._model_settings(choice)}
        given = {key: value for key, value in changes.items() if value is not None}
        if not given or all(getattr(base.settings, key) == given[key] for key in given):
            return base
        kept = base.settings.model_dump(exclude_unset=False)
        settings = Settings.load(**{**kept, **given})
        model = self._chat_model(settings, base)
        return Assistant(settings, library=base.library, chat_model=model)

    def prepare(self, choice: Choice, progress: models.Progress | None = None) -> str:
        """Get a chosen model ready, downloading it if need be; its name as answers carry it."""
        base = self.assistant
        settings = Settings.load(**{**base.settings.model_dump(), **self._model_settings(choice)})
        model = self._chat_model(settings, base, progress)
        load = getattr(model, "load", None)
        if load:
            load()
        return self.assistant_for(choice).model_name

    def add(
        self, source: str | Path | None = None, *, text: str | None = None, title: str = ""
    ) -> tuple[Article, bool]:
        """Add an article from an address, an uploaded file or text; whether it is new.

        Raises:
            UserInputError: an address that is none. A person at the page names no local path.
            ArticleError, FetchError, LibraryError: nothing has been added.
        """
        if isinstance(source, str) and not is_url(source):
            raise UserInputError(f"“{source[:80]}” is no address; it should begin with https://")
        library = self.assistant.library
        with self.at_work():
            with self._adding:
                article = self._loader.load(source, text=text, title=title or None)
            if isinstance(source, Path):
                # The path of the upload is of no use to anybody, and nobody's business.
                article = replace(article, source=source.name)
            new = library.add(article)
            return library.article(article.id), new

    def embedder(self) -> Embeddings:
        """An embedding model for another library than this one.

        Raises:
            ModelError, WeightsError: it cannot be had.
        """
        return self._embedder or models.embedder(self.settings)

    def raise_failure(self) -> None:
        """Raise what stopped the assistant from opening, if anything did."""
        if self.opening.done():
            self.opening.result()

    @property
    def busy(self) -> bool:
        """Whether questions or additions are under way."""
        return self._working > 0

    @contextmanager
    def at_work(self) -> Iterator[Halt]:
        """While this lasts the library stays open; gives what says that it has to end soon."""
        with self._rest:
            self._working += 1
        try:
            yield self._closing.is_set
        finally:
            with self._rest:
                self._working -= 1
                self._rest.notify_all()

    def close(self, *, with_assistant: bool) -> None:
        """Free what was opened here, and the assistant where it is this workspace's.

        What is under way is told to stop. If it does not, everything stays open: to close a
        library under somebody's hands brings the process down.
        """
        self._closing.set()
        with self._rest:
            if not self._rest.wait_for(lambda: not self.busy, PATIENCE):
                return
        self._loader.close()
        with self._choosing:
            for model in self._models.values():
                _free(model)
            self._models.clear()
        if with_assistant and self.opening.done() and not self.opening.exception():
            self.assistant.close()

    def _model_settings(self, choice: Choice) -> dict[str, object]:
        if not choice.model:
            return {}
        if choice.endpoint and not self.endpoints:
            raise UserInputError("This server does not let readers name model servers.")
        return {
            "model": choice.model,
            "endpoint": choice.endpoint,
            "api_key": SecretStr(choice.api_key) if choice.api_key else None,
        }

    def _chat_model(
        self, settings: Settings, base: Assistant, progress: models.Progress | None = None
    ) -> BaseChatModel | None:
        if (settings.model, settings.endpoint) == (base.settings.model, base.settings.endpoint):
            return base.chat_model
        secret = settings.api_key.get_secret_value() if settings.api_key else ""
        key = (settings.model, settings.endpoint, secret)
        with self._choosing:
            if key not in self._models:
                self._models[key] = models.chat_model(settings, progress)
                if len(self._models) > MODELS_KEPT:
                    _, oldest = self._models.popitem(last=False)
                    _free(oldest)
            self._models.move_to_end(key)
            return self._models[key]


def opened(assistant: Assistant) -> Future[Assistant]:
    """An opening that is over."""
    future: Future[Assistant] = Future()
    future.set_result(assistant)
    return future


def seed_library(assistant: Assistant) -> None:
    """Add the sample article to a library that has none, so that there is something to ask."""
    if not assistant.library.article_ids():
        try:
            article = load_article(seeds.article(), title=SEED_TITLE)
        except (ArticleError, UserInputError):
            return  # an installation without samples is still a good one
        assistant.library.add(replace(article, source=SEED_SOURCE))


def open_in_background(opener: Callable[[], Assistant]) -> Future[Assistant]:
    """Start opening an assistant in a thread of its own."""
    future: Future[Assistant] = Future()
    # A page that is closed while it waits must not cancel the opening for everybody.
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            assistant = opener()
            seed_library(assistant)
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            future.set_exception(error)
        else:
            future.set_result(assistant)

    threading.Thread(target=work, name="opening", daemon=True).start()
    return future


def _free(model: BaseChatModel | None) -> None:
    close = getattr(model, "close", None)
    if close:
        close()
