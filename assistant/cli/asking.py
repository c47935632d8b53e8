"""``ask``, ``chat`` and ``search``: questions in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli import options
from assistant.errors import UserInputError

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.schema import Article, RetrievedPassage


def ask(
    question: Annotated[str, typer.Argument(help="The question; '-' reads standard input.")],
    article: options.Sources = None,
    only: options.Only = None,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep what --article adds in the library.")
    ] = True,
    store: options.Store = None,
    model: options.Model = None,
    endpoint: options.Endpoint = None,
    caution: options.Caution = None,
    extractive: options.Extractive = False,
    offline: options.Offline = None,
    timings: options.Timings = False,
    as_json: options.AsJson = False,
) -> None:
    """Answer a question, each sentence with the quote it rests on.

    Without --article the whole library is asked.
    """
    from assistant.cli.opening import load_all, opened_assistant
    from assistant.cli.printing import console, print_answer, print_json
    from assistant.cli.streaming import answered
    from assistant.cli.waiting import Waiting

    settings = options.given(
        store=store,
        model=options.chosen_model(model, extractive),
        endpoint=endpoint,
        caution=caution,
        offline=offline,
    )
    if not keep and (only or not article):
        raise UserInputError(
            "--no-keep asks what --article names and nothing of the library. Name an article, or "
            "leave --no-keep out."
        )
    asked = sys.stdin.read() if question == "-" else question
    # Read before the models are loaded: a wrong path is told at once.
    articles = load_all(article or (), settings)
    screen = console()
    with (
        Waiting("Loading the model …") as waiting,
        opened_assistant(settings, waiting, keep=keep, warm=True) as assistant,
    ):
        scope = [*(only or ()), *_stored(articles, assistant)]
        answer = answered(
            assistant, asked, scope or None, screen=None if as_json else screen, waiting=waiting
        )
        if as_json:
            print_json(answer.to_dict())
        else:
            shown = _articles(_ids(answer.related), assistant)
            print_answer(answer, screen, shown, timings=timings)


def chat(
    article: options.Sources = None,
    store: options.Store = None,
    model: options.Model = None,
    endpoint: options.Endpoint = None,
    caution: options.Caution = None,
    extractive: options.Extractive = False,
    offline: options.Offline = None,
    timings: options.Timings = False,
) -> int:
    """Ask one question after the other; follow-ups like "And Germany's?" are understood.

    Ctrl-C stops a running answer; Ctrl-D or /quit ends the conversation.
    """
    from assistant.cli.conversation import Conversation
    from assistant.cli.opening import load_all, opened_assistant
    from assistant.cli.waiting import Waiting

    settings = options.given(
        store=store,
        model=options.chosen_model(model, extractive),
        endpoint=endpoint,
        caution=caution,
        offline=offline,
    )
    articles = load_all(article or (), settings)
    with (
        Waiting("Loading the model …") as waiting,
        opened_assistant(settings, waiting, warm=True) as assistant,
    ):
        scope = _stored(articles, assistant)
        waiting.stop()
        return Conversation(assistant, scope or None, timings=timings).run()


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 8,
    only: options.Only = None,
    store: options.Store = None,
    offline: options.Offline = None,
    timings: options.Timings = False,
    as_json: options.AsJson = False,
) -> None:
    """Print the passages nearest to a query, best first; no language model is involved."""
    from assistant.cli.opening import opened_assistant
    from assistant.cli.printing import console, print_hits, print_json
    from assistant.cli.waiting import Waiting

    settings = options.given(
        store=store, model=options.chosen_model(None, extractive=True), offline=offline
    )
    with Waiting("Searching …") as waiting, opened_assistant(settings, waiting) as assistant:
        hits = assistant.search(query, k=k, articles=only)
        waiting.stop()
        articles = _articles(_ids(hits), assistant)
        if as_json:
            print_json([_row(hit, articles[hit.passage.article_id]) for hit in hits])
        else:
            print_hits(hits, console(), articles)


def _stored(articles: Mapping[str, Article], assistant: Assistant) -> list[str]:
    """Put articles into the library, those that are there already too; returns their ids."""
    from assistant.adding import keep

    library = assistant.library
    return [keep(article, library, source=source).id for source, article in articles.items()]


def _ids(hits: Sequence[RetrievedPassage]) -> list[str]:
    return [hit.passage.article_id for hit in hits]


def _articles(ids: Sequence[str], assistant: Assistant) -> dict[str, Article]:
    return {key: assistant.library.article(key) for key in dict.fromkeys(ids)}


def _row(hit: RetrievedPassage, article: Article) -> dict[str, Any]:
    passage = hit.passage
    return {
        "rank": hit.rank,
        "score": hit.score,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "article_id": article.id,
        "title": article.title,
        "source": article.source,
    }
