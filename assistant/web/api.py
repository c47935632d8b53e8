"""Named endpoints for programs: the same answers as JSON.

They are plain functions over the workspace; ``docs/web.md`` lists them. ``tools`` offers the
same to language models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from gradio.events import api as endpoint
from pydantic import ValidationError, validate_call

from assistant.errors import AssistantError, Stopped, UserInputError
from assistant.reading import Halt, never
from assistant.schema import Answer, Article, Delta, StreamEvent, Turn
from assistant.web.workspace import Workspace

MAX_RESULTS = 50
MAX_TURNS = 20
MAX_TEXT = 5_000_000

P = ParamSpec("P")
R = TypeVar("R")


def _typed(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with arguments of another type than it declares refused by name."""
    called, names = validate_call(function), list(signature(function).parameters)

    @wraps(function)
    def typed(*given: P.args, **named: P.kwargs) -> R:
        try:
            return called(*given, **named)
        except ValidationError as error:
            wrong = []
            for row in error.errors(include_url=False):
                first, *rest = row["loc"]
                place = (names[first] if isinstance(first, int) else first, *rest)
                wrong.append(f"{'.'.join(map(str, place))}: {row['msg']}")
            raise UserInputError("; ".join(wrong)) from None

    return typed


class Endpoints:
    """What programs can do with the library. Everything given back is plain JSON."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def ask_article(
        self,
        question: str,
        articles: list[str] | None = None,
        history: list[list[str]] | None = None,
    ) -> dict[str, Any]:
        """Answer a question from the articles in the library, with verbatim quotes."""
        return self.answer(question, articles, history)

    def answer(
        self,
        question: str,
        articles: Sequence[str] | None,
        history: Sequence[Sequence[str]] | None,
        stopped: Halt = never,
    ) -> dict[str, Any]:
        """:meth:`ask_article`, until ``stopped`` says so; then Stopped is raised."""
        for event in self._events(question, articles, history, stopped):
            if isinstance(event, Answer):
                return event.to_dict()
            if stopped():
                break
        raise Stopped("Nobody waits for this answer any more.")

    def stream(
        self,
        question: str,
        articles: list[str] | None = None,
        history: list[list[str]] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Answer a question as it happens: evidence, pieces of text, then the checked answer."""
        with _spoken():
            for event in self._events(question, articles, history, never):
                if isinstance(event, Answer):
                    yield {"event": "answer", **event.to_dict()}
                elif isinstance(event, Delta):
                    yield {"event": "delta", "text": event.text}
                else:
                    yield {"event": "evidence", **asdict(event)}

    @_typed
    def _events(
        self,
        question: str,
        articles: Sequence[str] | None,
        history: Sequence[Sequence[str]] | None,
        stopped: Halt,
    ) -> Iterator[StreamEvent]:
        return self._workspace.stream(
            self._workspace.assistant,
            question,
            articles=articles or None,
            history=_turns(history),
            stopped=stopped,
        )

    @_typed
    def add_article(self, url: str = "", text: str = "", title: str = "") -> dict[str, Any]:
        """Add an article to the library, from its web address or from its text."""
        given = text[:MAX_TEXT] if text else None
        added = self._workspace.add(None if text else url, text=given, title=title)
        return {
            **_described(self._workspace.assistant.library.article(added.id)),
            "new": added.state != "unchanged",
            "state": added.state,
            "replaced": added.replaced or None,
            "changes": [asdict(change) for change in added.changes],
            "similar": list(added.similar),
            "notices": list(added.notices),
        }

    def list_articles(self) -> list[dict[str, Any]]:
        """List the articles in the library: id, title, source, outlet, byline and date."""
        return [_described(article) for article in self._workspace.assistant.articles()]

    @_typed
    def remove(self, article_id: str) -> dict[str, Any]:
        """Remove an article from the library."""
        self._workspace.remove(article_id)
        return {"removed": article_id}

    @_typed
    def search_passages(
        self, query: str, k: int = 8, articles: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Find the passages nearest to a query, best first, without any language model."""
        count = max(1, min(k, MAX_RESULTS))
        hits = self._workspace.assistant.search(query, k=count, articles=articles or None)
        return [asdict(hit) for hit in hits]


def publish(workspace: Workspace, *, concurrent: int) -> None:
    """Register the endpoints on the page being built; ``concurrent`` questions at once."""
    api = Endpoints(workspace)
    asking: dict[str, Any] = {"concurrency_limit": concurrent, "concurrency_id": "ask"}
    endpoint(_out_loud(api.ask_article), api_name="ask", **asking)
    endpoint(api.stream, api_name="stream", api_visibility="undocumented", **asking)
    endpoint(_out_loud(api.add_article), api_name="add", concurrency_limit=2, concurrency_id="add")
    endpoint(_out_loud(api.list_articles), api_name="articles")
    endpoint(_out_loud(api.search_passages), api_name="search")
    # It works, and is not offered: what a program deletes is for people to decide.
    endpoint(_out_loud(api.remove), api_name="remove", api_visibility="undocumented")


def _out_loud(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with errors that Gradio passes on."""

    @wraps(function)
    def spoken(*given: Any, **named: Any) -> Any:
        with _spoken():
            return function(*given, **named)

    return spoken


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
    return tuple(Turn(question, answer) for question, answer in pairs)


def _described(article: Article) -> dict[str, Any]:
    known = asdict(article)
    del known["text"], known["captions"], known["pages"], known["origins"]
    return {**known, "characters": len(article.text)}
