"""Add what people name to a library: tell new from known, changed from reprinted, and go on.

A source that gives another text than before is a new version: it takes the place of the old
one, which stays readable for the answers that quote it. A file that has not changed since it was
read is not read again. Not handled here: showing it (``cli``, ``web``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urldefrag

from assistant.articles import ListedError, Loader
from assistant.articles.assembling import GIVEN
from assistant.articles.identity import (
    NEAR_DUPLICATE,
    Change,
    changed_sentences,
    resemblance,
    sketch,
)
from assistant.articles.loading import STANDARD_INPUT
from assistant.articles.text import storable
from assistant.errors import ArticleError, FetchError, UserInputError
from assistant.fetching import is_url
from assistant.library import Library, Origin
from assistant.schema import Article

State = Literal["added", "unchanged", "updated", "failed"]

_READING = "1"
"""Part of every stamp: raise it when the same file would be read differently."""

_LISTS_IN_LISTS = 2
"""How deep lists are followed that only show what they are when they are read."""

_NAMED = 3
"""Near-duplicates that a notice names at most."""

_LEAST_SHARED = 0.4
"""Share of a sketch that a near-duplicate has at the very least: bounds what is compared."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source.

    ``reason`` says why it failed. ``changes`` are the sentences in which an updated article
    differs from ``replaced``, the id of its older version. ``similar`` are ids of articles that
    are nearly the same.
    """

    source: str
    state: State
    id: str = ""
    title: str = ""
    reason: str = ""
    notices: tuple[str, ...] = ()
    replaced: str = ""
    changes: tuple[Change, ...] = ()
    similar: tuple[str, ...] = ()


def add_all(
    sources: Sequence[str],
    loader: Loader,
    library: Library,
    *,
    title: str | None = None,
    tell: Callable[[str, int, int], None] | None = None,
) -> Iterator[Outcome]:
    """Add everything that the sources stand for, one after the other; see :meth:`Loader.expand`.

    One that fails does not stop the rest, and what is added is safe when the caller stops.
    ``title`` is for one article. ``tell`` is called before each single source: what it is, how
    many are done, and of how many.

    Raises:
        UserInputError: one title for several articles; nothing has been added.
        ModelError, LibraryError: nothing more can be added.
    """
    waiting: deque[tuple[str, int]] = deque()
    for source in sources:
        try:
            waiting += [(single, 0) for single in loader.expand(source)]
        except (ArticleError, FetchError) as error:
            yield Outcome(source, "failed", reason=str(error))
    if title and len(waiting) > 1:
        raise UserInputError(
            f"One title cannot serve {len(waiting):,} articles. Add one at a time, or leave the "
            "title out."
        )
    done = 0
    while waiting:
        source, depth = waiting.popleft()
        if tell is not None:
            tell(source, done, done + 1 + len(waiting))
        try:
            yield add_one(source, loader, library, title=title)
        except ListedError as error:
            if depth < _LISTS_IN_LISTS and not title:
                waiting.extendleft((link, depth + 1) for link in reversed(error.links))
                continue
            alone = "; leave the title out, which is for one article" if title else ""
            yield Outcome(source, "failed", reason=f"{error}{alone}")
        except (ArticleError, FetchError) as error:
            yield Outcome(source, "failed", reason=str(error))
        done += 1


def add_one(source: str, loader: Loader, library: Library, *, title: str | None = None) -> Outcome:
    """Add a file, a URL or standard input.

    Raises:
        ArticleError, FetchError, ModelError, LibraryError: nothing has been changed.
    """
    where, stamp = place(source), _stamp(source)
    known = library.history.origin(where) if where else None
    if known is not None and stamp and known.stamp == stamp and not title:
        return Outcome(source, "unchanged", known.article_id, library.title(known.article_id))
    return keep(loader.load(source, title=title), library, source=source, stamp=stamp)


def keep(article: Article, library: Library, *, source: str, stamp: str = "") -> Outcome:
    """Add an article that is loaded already, or give the one that is there the title given.

    ``source`` is what gave it: a URL or a file, of which it is the newest version, or ``""`` for
    a text that came from no place that can be asked again.

    Raises:
        ArticleError, ModelError, LibraryError: nothing has been changed.
    """
    where = place(source)
    known = library.history.origin(where) if where else None
    new = library.add(article)
    similar = _similar(article, library) if new else ()
    notices, replaced = list(article.notices), ""
    if not new:
        notices += _retitle(article, library)
    changes: tuple[Change, ...] = ()
    if known is not None and known.article_id != article.id:
        replaced = known.article_id
        changes = _changes(library, replaced, article.id)
        similar = tuple(other for other in similar if other != replaced)
        notices += _take_place(where, library, replaced, article.id)
    elif where and not new and known is None:
        notices += _same_text(where, library, article.id)
    if where:
        library.history.remember(Origin(where, article.id, stamp))
    notices += _alike(similar, library)
    state: State = "updated" if replaced else "added" if new else "unchanged"
    title = library.title(article.id)
    return Outcome(source, state, article.id, title, "", tuple(notices), replaced, changes, similar)


def place(source: str) -> str:
    """What a source is known by: a URL, or the full path of a file; ``""`` for anything else."""
    try:
        if is_url(source):
            return storable(urldefrag(source.strip())[0])
        path = Path(source)
        if source in ("", STANDARD_INPUT) or not path.is_file():
            return ""
        return storable(str(path.absolute()))
    except (OSError, ValueError):  # a text, and no path at all; or what only looks like a URL
        return ""


def _stamp(source: str) -> str:
    """What shows that a file has changed; ``""`` for what has to be read to know."""
    if source == STANDARD_INPUT or is_url(source):
        return ""
    try:
        status = Path(source).stat()
    except (OSError, ValueError):  # reading it will say why
        return ""
    return f"{_READING} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _retitle(article: Article, library: Library) -> list[str]:
    """Give the article that is there the title that a person gave this one."""
    before = library.title(article.id)
    if dict(article.origins).get("title") != GIVEN or article.title == before:
        return []
    library.rename(article.id, article.title)
    return [f"It was called “{before}”."]


def _changes(library: Library, old: str, new: str) -> tuple[Change, ...]:
    before, after = ([p.text for p in library.passages(which)] for which in (old, new))
    return tuple(changed_sentences(before, after))


def _take_place(place: str, library: Library, old: str, new: str) -> list[str]:
    """Replace the older version, unless another source still gives it."""
    others = [source for source in library.history.sources_of(old) if source != place]
    if others:
        return [f"The older version {old} stays: {others[0]} has it."]
    library.replace(old, new)
    return [f"It replaces {old}, which is kept for the answers that quote it."]


def _same_text(place: str, library: Library, article_id: str) -> list[str]:
    known = library.history.sources_of(article_id)
    first = known[0] if known else library.article(article_id).source
    return [] if first == place else [f"The same text as {first}: one article with both sources."]


def _similar(article: Article, library: Library) -> tuple[str, ...]:
    """Ids of other articles that are nearly the same, the most alike first."""
    history, own = library.history, sketch(article.text)
    history.put_sketch(article.id, own)
    for article_id in history.unsketched():  # those that came by another door
        history.put_sketch(article_id, sketch(library.article(article_id).text))
    sharing = history.sharing(own, max(1, int(_LEAST_SHARED * len(own))))
    likeness = {other: resemblance(own, theirs) for other, theirs in sharing.items()}
    likeness.pop(article.id, None)
    near = [other for other, share in likeness.items() if share >= NEAR_DUPLICATE]
    return tuple(sorted(near, key=lambda other: -likeness[other]))


def _alike(similar: Sequence[str], library: Library) -> list[str]:
    named = [f"“{library.title(other)}” ({other})" for other in similar[:_NAMED]]
    if not named:
        return []
    more = len(similar) - len(named)
    listed = ", ".join(named) + (f" and {more} more" if more else "")
    return [f"Nearly the same as {listed}; both are kept. Remove one if it is a reprint."]
