"""Named endpoints for programs: the same answers as JSON, and as tools by MCP.

They are plain functions over the workspace; ``docs/web.md`` lists them. The docstrings are
what MCP clients show to a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.events import api as endpoint

from assistant.errors import AssistantError, UserInputError
from assistant.schema import Answer, Article, Delta, StreamEvent, Turn
from assistant.web.workspace import Workspace

MAX_RESULTS = 50
MAX_TURNS = 20
MAX_TEXT = 5_000_000


class Endpoints:
    """What programs can call. Errors come back as their sentence."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def ask_article(
        self,
        question: str,
        articles: list[str] | None = None,
        history: list[list[str]] | None = None,
    ) -> dict[str, Any]:
        """Answer a question from the articles in the library, with verbatim quotes.

        Every sentence of the answer carries the quotes it rests on, with the article's id and
        character offsets. When the articles do not answer the question, status is
        "not_in_article" and related passages are given instead.

        Args:
            question: the question, in a sentence.
            articles: ids of the articles to ask, as list_articles gives them; all when left out.
            history: earlier [question, answer] pairs that the question may refer to.
        """
        with _spoken():
            for event in self._events(question, articles, history):
                if isinstance(event, Answer):
                    return event.to_dict()
            raise AssertionError("a stream ends with an Answer")

    def stream(
        self,
        question: str,
        articles: list[str] | None = None,
        history: list[list[str]] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Answer a question as it happens: evidence, pieces of text, then the checked answer."""
        with _spoken():
            for event in self._events(question, articles, history):
                if isinstance(event, Answer):
                    yield {"event": "answer", **event.to_dict()}
                elif isinstance(event, Delta):
                    yield {"event": "delta", "text": event.text}
                else:
                    yield {"event": "evidence", **asdict(event)}

    def _events(
        self,
        question: str,
        articles: list[str] | None,
        history: list[list[str]] | None,
    ) -> Iterator[StreamEvent]:
        with self._workspace.at_work() as closing:
            yield from self._workspace.assistant.stream(
                question, articles=articles or None, history=_turns(history), stopped=closing
            )

    def add_article(self, url: str = "", text: str = "", title: str = "") -> dict[str, Any]:
        """Add an article to the library, from its web address or from its text.

        Args:
            url: http(s) address of the article; private addresses are refused.
            text: the article's text, when there is no url.
            title: a title, if the one found should not be used.
        """
        with _spoken():
            given = text[:MAX_TEXT] if text else None
            article, new = self._workspace.add(None if text else url, text=given, title=title)
            return {**_described(article), "new": new}

    def list_articles(self) -> list[dict[str, Any]]:
        """List the articles in the library: id, title, source, outlet, byline and date."""
        with _spoken():
            return [_described(article) for article in self._workspace.assistant.articles()]

    def remove(self, article_id: str) -> dict[str, Any]:
        """Remove an article from the library."""
        with _spoken():
            self._workspace.assistant.remove(article_id)
            return {"removed": article_id}

    def search_passages(
        self, query: str, k: int = 8, articles: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Find the passages nearest to a query, best first, without any language model.

        Args:
            query: words or a question.
            k: how many passages, at most 50.
            articles: ids of the articles to search; all when left out.
        """
        with _spoken():
            count = max(1, min(int(k), MAX_RESULTS))
            hits = self._workspace.assistant.search(query, k=count, articles=articles or None)
            return [asdict(hit) for hit in hits]


def publish(workspace: Workspace, *, concurrent: int) -> None:
    """Register the endpoints on the page being built; ``concurrent`` questions at once."""
    api = Endpoints(workspace)
    asking: dict[str, Any] = {"concurrency_limit": concurrent, "concurrency_id": "ask"}
    endpoint(api.ask_article, api_name="ask", **asking)
    endpoint(api.stream, api_name="stream", api_visibility="undocumented", **asking)
    endpoint(api.add_article, api_name="add", concurrency_limit=2, concurrency_id="add")
    endpoint(api.list_articles, api_name="articles")
    endpoint(api.search_passages, api_name="search")
    # Not a tool: what a program may delete is not for a model to decide.
    endpoint(api.remove, api_name="remove", api_visibility="undocumented")


@contextmanager
def _spoken() -> Iterator[None]:
    """Gradio hides the text of every error but its own."""
    try:
        yield
    except AssistantError as error:
        raise gr.Error(str(error), print_exception=False) from None


def _turns(history: Sequence[Sequence[str]] | None) -> tuple[Turn, ...]:
    pairs = list(history or ())[-MAX_TURNS:]
    if any(len(pair) != 2 for pair in pairs):
        raise UserInputError("history is a list of [question, answer] pairs.")
    return tuple(Turn(str(question), str(answer)) for question, answer in pairs)


def _described(article: Article) -> dict[str, Any]:
    known = asdict(article)
    del known["text"], known["captions"], known["pages"], known["origins"]
    return {**known, "characters": len(article.text)}
