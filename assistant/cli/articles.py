"""``add``, ``list`` and ``remove``: the articles of the library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli import options
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.adding import Outcome
    from assistant.library import Library
    from assistant.schema import Article

_SHOWN = 20
"""Articles that get a line each when several are added; of more only what is remarkable does."""

_CHANGES_SHOWN = 10
"""Changed sentences of an article that are printed; ``--json`` has them all."""

_STATES = ("added", "unchanged", "updated", "failed")


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
    allow_private: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="A host that may have a private address and any port (repeatable).",
        ),
    ] = None,
    timings: options.Timings = False,
    as_json: options.AsJson = False,
) -> int:
    """Add articles to the library, or the new version of what has changed.

    The same command goes on where it was stopped; files that have not changed are not read again.
    """
    from assistant.adding import add_all
    from assistant.articles import Loader
    from assistant.cli.waiting import Waiting
    from assistant.opening import open_library
    from assistant.settings import Settings

    settings = Settings.load(store=store, chroma_url=chroma_url, offline=offline)
    outcomes: list[Outcome] = []
    stopped: KeyboardInterrupt | AssistantError | None = None
    with (
        Waiting("Reading …") as waiting,
        open_library(settings, progress=waiting.downloaded, tell=waiting.say) as library,
        Loader(offline=settings.offline, allow_private=allow_private or ()) as loader,
    ):
        try:
            for outcome in add_all(sources, loader, library, title=title, tell=waiting.adding):
                outcomes.append(outcome)
        except (KeyboardInterrupt, AssistantError) as error:
            stopped = error
    _report(outcomes, stopped=stopped is not None, as_json=as_json)
    if stopped is not None:
        raise stopped
    return int(any(outcome.state == "failed" for outcome in outcomes))


def list_articles(
    store: options.Store = None,
    timings: options.Timings = False,
    as_json: options.AsJson = False,
) -> None:
    """List the articles of the library."""
    from assistant.cli.printing import console, print_json, say
    from assistant.opening import open_library
    from assistant.settings import Settings

    settings = Settings.load(store=store)
    with open_library(settings) as library:
        articles, sources = library.articles(), library.history.sources()
        origins = {a.id: _history(a, sources.get(a.id, []), library) for a in articles}
    if as_json:
        print_json([_row(article) | origins[article.id] for article in articles])
        return
    screen = console()
    for article in articles:
        _print_article(article, **origins[article.id])
    if not articles:
        say(screen, f"No articles in {settings.store}. Add one: assistant add FILE_OR_URL")


def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids from 'assistant list'.")],
    store: options.Store = None,
    chroma_url: options.ChromaUrl = None,
    timings: options.Timings = False,
) -> None:
    """Remove articles from the library."""
    from assistant.cli.printing import console, say
    from assistant.opening import open_library, remove_article
    from assistant.printable import one_line
    from assistant.settings import Settings

    settings = Settings.load(store=store, chroma_url=chroma_url)
    with open_library(settings) as library:
        # All of them are looked up first: a wrong id removes nothing.
        articles = [library.article(article_id) for article_id in dict.fromkeys(ids)]
        # Older versions before the article that would take them along.
        articles.sort(key=lambda article: library.history.older(article.id) is None)
        for article in articles:
            remove_article(article.id, library, settings)
            say(console(), f"{article.id}  {one_line(article.title)}", lead="removed    ")


def _report(outcomes: Sequence[Outcome], *, stopped: bool, as_json: bool) -> None:
    from assistant.cli.printing import console, print_json, say

    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
        return
    few = len(outcomes) <= _SHOWN
    for outcome in outcomes:
        _print_outcome(outcome, few=few)
    screen = console()
    if len(outcomes) > 1 or stopped:
        counts = Counter[str](outcome.state for outcome in outcomes)
        for state in _STATES:
            say(screen, f"{counts[state]:>7,}", lead=f"{state:<11}", style="bold")
    if stopped:
        say(screen, "Stopped. What was added is safe; the same command goes on from here.")


def _print_outcome(outcome: Outcome, *, few: bool) -> None:
    from assistant.cli.printing import console, print_error, say
    from assistant.printable import one_line

    if outcome.state == "failed":
        print_error(outcome.reason)
        return
    remarkable = outcome.state == "updated" or bool(outcome.similar)
    if not few and not remarkable:
        return
    screen, margin = console(), " " * 11
    say(screen, f"{outcome.id}  {one_line(outcome.title)}", lead=f"{outcome.state:<11}")
    for notice in outcome.notices:
        say(screen, one_line(notice), lead=margin, style="yellow")
    if not few:
        return
    for change in outcome.changes[:_CHANGES_SHOWN]:
        for sign, sentence in (("-", change.old), ("+", change.new)):
            if sentence is not None:
                say(screen, one_line(sentence), lead=f"{margin}{sign} ")
    if (left := len(outcome.changes) - _CHANGES_SHOWN) > 0:
        say(screen, f"… and {left:,} more changed sentences; --json has them all.", lead=margin)


def _history(article: Article, known: list[str], library: Library) -> dict[str, list[str]]:
    """The sources of an article besides the first, and the ids of its older versions."""
    first = (article.source, str(Path(article.source).absolute()))
    return {
        "other_sources": [source for source in known if source not in first],
        "older_versions": [older.id for older in library.history.versions(article.id)],
    }


def _print_article(article: Article, other_sources: list[str], older_versions: list[str]) -> None:
    from assistant.cli.printing import console, say
    from assistant.printable import one_line

    screen, margin = console(), " " * (len(article.id) + 2)
    known = (article.outlet, article.published, f"{len(article.text):,} characters", article.source)
    say(screen, one_line(article.title), lead=f"{article.id}  ")
    details = " · ".join(one_line(part) for part in known if part)
    say(screen, details, lead=margin, style="dim")
    for source in other_sources:
        say(screen, one_line(source), lead=f"{margin}also ", style="dim")
    if older_versions:
        say(screen, f"replaces {', '.join(older_versions)}", lead=margin, style="dim")


def _row(article: Article) -> dict[str, Any]:
    row = asdict(article)
    row["characters"] = len(row.pop("text"))
    return row
