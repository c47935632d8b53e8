"""What the library's buttons do: show an article, choose, add, and tell what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from assistant.adding import Outcome
from assistant.errors import AssistantError, UnknownArticle
from assistant.library import Library
from assistant.schema import Article
from assistant.web.article_pane import article_html, empty_html
from assistant.web.conversation import Conversation
from assistant.web.formatting import plural, shorten
from assistant.web.library_panel import Added, library_html
from assistant.web.workspace import Workspace

Step = tuple[str, Callable[[], Iterable[Outcome]]]
"""What is being added, as it is called here, and what adds it: one article or several."""


class Shelf:
    """The library as the page shows it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def panel(self, conversation: Conversation) -> str:
        """The library's list."""
        return library_html(self._workspace.assistant.articles(), conversation.left_out)

    def article(self, article_id: str = "", around: int = 0) -> str:
        """The article pane; without an id, or with an unknown one, the first article."""
        library = self._workspace.assistant.library
        article = _article(library, article_id)
        if article is None:
            return empty_html()
        older = library.history.older(article.id)
        sources = library.history.sources_of(article.id)
        return article_html(
            article,
            library.passages(article.id),
            around,
            newer=older.replaced_by if older else "",
            also=[source for source in sources if source.startswith("http")],
        )

    def choose(self, conversation: Conversation, given: dict[str, Any]) -> Conversation:
        """Put an article, or all of them, in or out of what is asked."""
        ids = self._workspace.assistant.library.article_ids()
        out = [key for key in conversation.left_out if key in ids]
        if every := given.get("all"):
            out = list(ids) if every == "none" else []
        elif given.get("checked"):
            out = [key for key in out if key != given.get("article")]
        elif given.get("article") in ids:
            out.append(str(given["article"]))
        return replace(conversation, left_out=tuple(dict.fromkeys(out)))

    def add(self, steps: Sequence[Step], most: int) -> Iterator[tuple[list[Added], str, str]]:
        """Take ``most`` steps: results so far, what is being read, the last article's id."""
        results: list[Added] = []
        last = ""
        for name, outcomes in islice(steps, most):
            yield results, f"Reading {name} …", last
            try:
                for outcome in outcomes():
                    results.append(self._added(outcome))
                    last = outcome.id or last
                    yield results, f"Reading {name} …", last
            except AssistantError as error:
                results.append(Added(name, problem=str(error)))
        if len(steps) > most:
            results.append(Added("The rest", problem=f"was left out: add {most} at a time."))
        yield results, "", last

    def _added(self, outcome: Outcome) -> Added:
        if outcome.state == "failed":
            return Added(shorten(outcome.source, 80), problem=outcome.reason)
        library = self._workspace.assistant.library
        words = plural(len(library.article(outcome.id).text.split()), "word")
        note = {"added": words, "updated": f"new version, {words}"}.get(outcome.state, "")
        return Added(
            shorten(outcome.title, 80),
            note=note or "was there already",
            told=tuple(_plain(notice, outcome) for notice in outcome.notices),
            changes=outcome.changes,
        )


def _article(library: Library, article_id: str) -> Article | None:
    ids = library.article_ids()
    try:
        return library.article(article_id)
    except UnknownArticle:
        return library.article(ids[0]) if ids else None


def _plain(notice: str, outcome: Outcome) -> str:
    """A notice without ids, which the page shows nowhere."""
    for similar in outcome.similar:
        notice = notice.replace(f" ({similar})", "")
    if outcome.replaced:
        notice = notice.replace(f"version {outcome.replaced}", "version")
        notice = notice.replace(outcome.replaced, "the version before")
    return notice
