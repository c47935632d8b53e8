"""What the library's buttons do: show an article, choose, add, and tell what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from assistant.adding import Outcome
from assistant.errors import AssistantError, UnknownArticle
from assistant.web.article_pane import article_html, empty_html, gone_html
from assistant.web.formatting import plural, shorten
from assistant.web.library_panel import Added, library_html
from assistant.web.workspace import Workspace

_LOG = logging.getLogger(__name__)

_WRONG = "Something went wrong here. Add it again; if it fails again, the log says why."

Step = tuple[str, Callable[[], Iterable[Outcome]]]
"""What is being added, as it is called here, and what adds it: one article or several."""


class Shelf:
    """The library as the page shows it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def panel(self, left_out: Sequence[str]) -> str:
        """The library's list."""
        return library_html(self._workspace.assistant.articles(), left_out)

    def first(self) -> str:
        """The article pane when nobody has asked for an article."""
        ids = self._workspace.assistant.library.article_ids()
        return self.article(ids[0]) if ids else empty_html()

    def has(self, article_id: str) -> bool:
        """Whether an article can be shown, be it in an older version."""
        try:
            self._workspace.assistant.library.article(article_id)
        except UnknownArticle:
            return False
        return True

    def article(self, article_id: str, around: int = 0) -> str:
        """The article pane; for one that was removed it says so."""
        library = self._workspace.assistant.library
        try:
            article = library.article(article_id)
        except UnknownArticle:
            return gone_html(article_id)
        older = library.history.older(article.id)
        sources = library.history.sources_of(article.id)
        return article_html(
            article,
            library.passages(article.id),
            around,
            newer=older.replaced_by if older else "",
            also=[source for source in sources if source.startswith("http")],
        )

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
            except Exception:  # noqa: BLE001
                # A door: whatever it was, the page goes on and the log has the rest.
                _LOG.exception("%s could not be added", name)
                results.append(Added(name, problem=_WRONG))
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


def _plain(notice: str, outcome: Outcome) -> str:
    """A notice without ids, which the page shows nowhere."""
    for similar in outcome.similar:
        notice = notice.replace(f" ({similar})", "")
    if outcome.replaced:
        notice = notice.replace(f"version {outcome.replaced}", "version")
        notice = notice.replace(outcome.replaced, "the version before")
    return notice
