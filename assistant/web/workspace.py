"""What the page works with: an assistant that may still be opening, and what readers add to it.

The library is one for everybody; the model and the cautious–bold setting are each reader's
(``variants``). Not handled here: anything a person sees.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from langchain_core.embeddings import Embeddings

from assistant import models, seeds
from assistant.adding import Outcome, add_all, keep
from assistant.answering import Assistant
from assistant.articles import Loader, load_article
from assistant.errors import ArticleError, AssistantError, UserInputError
from assistant.fetching import is_url
from assistant.reading import Halt
from assistant.schema import StreamEvent, Turn
from assistant.settings import Settings
from assistant.web.ahead import Ahead, wish_for
from assistant.web.downloads import Downloads, in_background
from assistant.web.feedback import Feedback
from assistant.web.variants import Choice, Variants

SEED_SOURCE = "seeds/g7-gaza-blinken.txt"
SEED_TITLE = "Blinken calls on the G7 to speak with one voice on Gaza"

PATIENCE = 5.0
"""Seconds that closing waits for questions and additions under way."""


class Workspace:
    """The assistant behind the page. Thread-safe.

    ``opening`` completes when the assistant is open; until then every method that needs it
    waits, and ``downloads`` tells what it waits for. ``loader`` reads what readers add;
    ``embedder`` is for libraries of evaluations; ``endpoints`` lets readers name model servers.
    """

    def __init__(
        self,
        opening: Future[Assistant],
        settings: Settings,
        *,
        loader: Loader | None = None,
        embedder: Embeddings | None = None,
        endpoints: bool = True,
        downloads: Downloads | None = None,
    ) -> None:
        self.opening = opening
        self.settings = settings
        self.endpoints = endpoints
        self.downloads = downloads or Downloads()
        self.variants = Variants(opening, settings, endpoints=endpoints)
        self.feedback = Feedback(settings.store)
        self.ahead = Ahead()
        self._embedder = embedder
        self._loader = loader or Loader(offline=settings.offline)
        self._working = 0
        self._rest = threading.Condition()
        self._closing = threading.Event()
        self._adding = threading.Lock()

    @property
    def assistant(self) -> Assistant:
        """The assistant as configured. Waits while it is opening; raises what stopped it."""
        return self.opening.result()

    def read_ahead(self, choice: Choice, article_ids: Sequence[str]) -> None:
        """Let the reader's model read articles, the first ones first, while nobody asks.

        Returns soon, and takes the place of what was wished for before. Never fails: what cannot
        be read ahead is read when it is asked about.
        """
        with suppress(AssistantError):
            if not self.variants.at_hand(choice):
                return
            if wish := wish_for(self.variants.assistant(choice), article_ids):
                self.ahead.wish(wish)

    def stream(
        self,
        assistant: Assistant,
        question: str,
        *,
        articles: Sequence[str] | None,
        history: Sequence[Turn],
        stopped: Halt,
    ) -> Generator[StreamEvent, None, None]:
        """:meth:`Assistant.stream` for a reader; closing the workspace ends it.

        Raises:
            Stopped: ``stopped`` said so, or the workspace is being closed.
            AssistantError: as the assistant.
        """
        with self.at_work() as closing:
            yield from assistant.stream(
                question,
                articles=articles,
                history=history,
                stopped=lambda: stopped() or closing(),
            )

    def add(
        self, source: str | Path | None = None, *, text: str | None = None, title: str = ""
    ) -> Outcome:
        """Add an article from an address, an uploaded file or text; what became of it.

        Raises:
            UserInputError: an address that is none. A person at the page names no local path.
            ArticleError, FetchError, ModelError, LibraryError: nothing has been added.
        """
        address = _address(source) if isinstance(source, str) else ""
        with self.at_work(), self._adding:
            article = self._loader.load(source, text=text, title=title or None)
            if isinstance(source, Path):
                # The path of the upload is of no use to anybody, and nobody's business.
                article = replace(article, source=source.name)
            # Only what can be fetched again has versions: an upload's name may be anybody's.
            return keep(article, self.assistant.library, source=address)

    def add_listed(self, address: str, most: int) -> Iterator[Outcome]:
        """Add an address, or what the feed or sitemap there lists; at most so many articles.

        Raises:
            UserInputError: an address that is none.
            ModelError, LibraryError: nothing more can be added.
        """
        listed = 0

        def count(_: str, done: int, of: int) -> None:
            nonlocal listed
            listed = of

        with self.at_work() as closing:
            added = add_all([_address(address)], self._loader, self.assistant.library, tell=count)
            for _ in range(most):
                with self._adding:
                    outcome = next(added, None)
                if outcome is None or closing():
                    return
                yield outcome
        if listed > most:
            left = f"{listed - most:,} more that it lists were left out: {most} are taken at once."
            yield Outcome(address, "failed", reason=f"{left} “assistant add” takes them all.")

    def remove(self, article_id: str) -> None:
        """Remove an article. Raises UnknownArticle."""
        self.ahead.wish(None)
        self.assistant.remove(article_id)

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
        """While this lasts the library stays open, and nothing is read ahead.

        Gives what says that it has to end soon.
        """
        with ExitStack() as stack:
            with self._rest:
                self._working += 1
            stack.callback(self._finished)
            stack.enter_context(self.ahead.paused())
            yield self._closing.is_set

    def _finished(self) -> None:
        with self._rest:
            self._working -= 1
            self._rest.notify_all()

    def close(self, *, with_assistant: bool) -> None:
        """Free what was opened here, and the assistant where it is this workspace's.

        What is under way is told to stop. If it does not, everything stays open: to close a
        library under somebody's hands brings the process down.
        """
        self._closing.set()
        self.ahead.wish(None)
        with self._rest:
            if not self._rest.wait_for(lambda: not self.busy, PATIENCE):
                return
        self._loader.close()
        self.variants.close()
        if with_assistant and self.opening.done() and not self.opening.exception():
            self.assistant.close()


def _address(given: str) -> str:
    """Raises UserInputError for what is no address."""
    if not is_url(given):
        raise UserInputError(f"“{given[:80]}” is no address; it should begin with https://")
    return given


def opened(assistant: Assistant) -> Future[Assistant]:
    """An opening that is over."""
    future: Future[Assistant] = Future()
    future.set_result(assistant)
    return future


def seed_library(assistant: Assistant) -> None:
    """Add the sample article to a library that has none, so that there is something to ask.

    One that was added by its file's path is called like that file; it gets its title.
    """
    library = assistant.library
    known = library.article_ids()
    try:
        path = seeds.article()
        article = load_article(path, title=SEED_TITLE)
    except (ArticleError, UserInputError):
        return  # an installation without samples is still a good one
    if not known:
        # Known by its own path, so that adding the file again adds nothing.
        keep(replace(article, source=SEED_SOURCE), library, source=str(path))
    elif article.id in known and library.title(article.id) == path.stem:
        library.rename(article.id, SEED_TITLE)


def open_in_background(opener: Callable[[], Assistant]) -> Future[Assistant]:
    """Start opening an assistant in a thread of its own."""

    def work() -> Assistant:
        assistant = opener()
        seed_library(assistant)
        return assistant

    return in_background(work, "opening")
