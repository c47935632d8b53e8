"""``add``, ``list`` and ``remove``: the articles of the library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.cli import options
from assistant.errors import ArticleError, FetchError

if TYPE_CHECKING:
    from assistant.articles import Loader
    from assistant.cli.waiting import Waiting
    from assistant.library import Library
    from assistant.schema import Article

_SHOWN = 20
"""Articles that get a line each when several are added; of more only the failures do."""

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source. ``reason`` says why it failed."""

    source: str
    state: Literal["added", "unchanged", "failed"]
    id: str = ""
    title: str = ""
    reason: str = ""
    notices: tuple[str, ...] = ()


def add(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Files, folders, patterns, URLs, feeds or sitemaps; '-' is standard input.",
        ),
    ],
    title: Annotated[
        str | None, typer.Option(help="Title of a single article, instead of the one found.")
    ] = None,
    store: options.Store = None,
    chroma_url: options.ChromaUrl = None,
    offline: options.Offline = None,
    as_json: options.AsJson = False,
) -> int:
    """Add articles to the library. What is there already stays as it is."""
    from assistant.articles import Loader
    from assistant.cli.printing import print_json
    from assistant.cli.waiting import Waiting
    from assistant.opening import open_library
    from assistant.settings import Settings

    settings = Settings.load(store=store, chroma_url=chroma_url, offline=offline)
    outcomes: list[Outcome] = []
    stopped = False
    with (
        Waiting("Reading …") as waiting,
        open_library(settings, progress=waiting.downloaded, tell=waiting.say) as library,
        Loader(offline=settings.offline) as loader,
    ):
        try:
            for outcome in _adding(sources, title, loader, library, waiting):
                outcomes.append(outcome)
        except KeyboardInterrupt:
            stopped = True
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        _print_outcomes(outcomes, stopped=stopped)
    if stopped:
        return INTERRUPTED
    return int(any(outcome.state == "failed" for outcome in outcomes))


def list_articles(
    store: options.Store = None,
    as_json: options.AsJson = False,
) -> None:
    """List the articles of the library."""
    from assistant.cli.printing import console, print_json, say
    from assistant.opening import open_library
    from assistant.settings import Settings

    settings = Settings.load(store=store)
    with open_library(settings) as library:
        articles = library.articles()
    if as_json:
        print_json([_row(article) for article in articles])
        return
    screen = console()
    for article in articles:
        _print_article(article)
    if not articles:
        say(screen, f"No articles in {settings.store}. Add one: assistant add FILE_OR_URL")


def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids from 'assistant list'.")],
    store: options.Store = None,
    chroma_url: options.ChromaUrl = None,
) -> None:
    """Remove articles from the library."""
    from assistant.cli.printing import console, say
    from assistant.opening import open_library
    from assistant.printable import one_line
    from assistant.settings import Settings

    settings = Settings.load(store=store, chroma_url=chroma_url)
    with open_library(settings) as library:
        # All of them are looked up first: a wrong id removes nothing.
        articles = [library.article(article_id) for article_id in dict.fromkeys(ids)]
        for article in articles:
            library.remove(article.id)
            say(console(), f"{article.id}  {one_line(article.title)}", lead="removed    ")


def _adding(
    sources: Sequence[str],
    title: str | None,
    loader: Loader,
    library: Library,
    waiting: Waiting,
) -> Iterator[Outcome]:
    """Add one source after the other; one that fails does not stop the rest."""
    singles: list[str] = []
    for source in sources:
        try:
            singles += loader.expand(source)
        except (ArticleError, FetchError) as error:
            yield Outcome(source, "failed", reason=str(error))
    for number, single in enumerate(singles):
        waiting.say(f"Adding {single}")
        if len(singles) > 1:
            waiting.counted(number, len(singles))
        try:
            article = loader.load(single, title=title)
            state = library.add(article)
        except (ArticleError, FetchError) as error:
            yield Outcome(single, "failed", reason=str(error))
            continue
        yield Outcome(
            single,
            "added" if state else "unchanged",
            article.id,
            article.title,
            notices=article.notices,
        )


def _print_outcomes(outcomes: Sequence[Outcome], *, stopped: bool) -> None:
    from assistant.cli.printing import console, print_error, say
    from assistant.printable import one_line

    screen = console()
    for outcome in outcomes:
        if outcome.state == "failed":
            print_error(outcome.reason)
        elif len(outcomes) <= _SHOWN:
            say(screen, f"{outcome.id}  {one_line(outcome.title)}", lead=f"{outcome.state:<11}")
            for notice in outcome.notices:
                say(screen, one_line(notice), lead="           ", style="yellow")
    if len(outcomes) > 1 or stopped:
        states = [outcome.state for outcome in outcomes]
        counts = [f"{states.count(state):,} {state}" for state in ("added", "unchanged", "failed")]
        say(screen, ", ".join(counts) + ".", style="bold")
    if stopped:
        say(screen, "Stopped. What was added is safe; the same command goes on from here.")


def _print_article(article: Article) -> None:
    from assistant.cli.printing import console, say
    from assistant.printable import one_line

    screen = console()
    known = (article.outlet, article.published, f"{len(article.text):,} characters", article.source)
    say(screen, one_line(article.title), lead=f"{article.id}  ")
    details = " · ".join(one_line(part) for part in known if part)
    say(screen, details, lead=" " * (len(article.id) + 2), style="dim")


def _row(article: Article) -> dict[str, Any]:
    row = asdict(article)
    row["characters"] = len(row.pop("text"))
    return row
