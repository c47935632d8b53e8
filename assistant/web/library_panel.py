"""The library as HTML: what is there, what the next question covers, how adding went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.articles.identity import Change
from assistant.schema import Article
from assistant.web.formatting import attributes, facts, origin, plural, shorten, text

CHANGES_SHOWN = 30
"""Changed sentences listed; an article that was written anew has hundreds."""


@dataclass(frozen=True, slots=True)
class Added:
    """How adding one thing went: ``problem`` says why it failed, and what to try.

    ``told`` is what its reader should know; ``changes`` are its sentences that are not as they
    were.
    """

    name: str
    problem: str = ""
    note: str = ""
    told: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


def library_html(articles: Sequence[Article], left_out: Sequence[str]) -> str:
    """The list, with a checkbox for every article."""
    if not articles:
        return '<p class="library-empty">No articles yet. Add the first one below.</p>'
    chosen = sum(article.id not in left_out for article in articles)
    rows = "".join(_row(article, article.id not in left_out) for article in articles)
    every = attributes(data_do="choose", data_all="none" if chosen == len(articles) else "all")
    change = "None" if chosen == len(articles) else "All"
    several = f'<button type="button"{every}>{change}</button>' if len(articles) > 1 else ""
    return (
        f'<div class="library-head"><span>{chosen} of {plural(len(articles), "article")} '
        f'chosen</span>{several}</div><ul class="library-list">{rows}</ul>'
    )


def added_html(results: Sequence[Added], working: str = "") -> str:
    """A line for every thing added or refused, and for the one being read."""
    rows = [_added(item) for item in results]
    if working:
        rows.append(f'<li class="working"><span class="spinner"></span>{text(working)}</li>')
    return f'<ul class="added" role="status">{"".join(rows)}</ul>' if rows else ""


def _added(item: Added) -> str:
    if item.problem:
        return f'<li class="failed"><strong>{text(item.name)}</strong> {text(item.problem)}</li>'
    told = "".join(f"<p>{text(notice)}</p>" for notice in item.told)
    return (
        f'<li class="done"><strong>{text(item.name)}</strong> {text(item.note)}{told}'
        f"{_changes(item.changes)}</li>"
    )


def _changes(changes: Sequence[Change]) -> str:
    if not changes:
        return ""
    rows = "".join(
        (f"<p><del>{text(shorten(change.old))}</del></p>" if change.old else "")
        + (f"<p><ins>{text(shorten(change.new))}</ins></p>" if change.new else "")
        for change in changes[:CHANGES_SHOWN]
    )
    left = len(changes) - CHANGES_SHOWN
    more = f"<p>and {plural(left, 'more sentence')}</p>" if left > 0 else ""
    return (
        f'<details class="changes"><summary>{plural(len(changes), "sentence")} changed</summary>'
        f"{rows}{more}</details>"
    )


def _row(article: Article, chosen: bool) -> str:
    box = attributes(
        type="checkbox",
        id=f"ask-{article.id}",
        data_do="choose",
        data_article=article.id,
        checked="" if chosen else None,
    )
    about = {"data_article": article.id, "data_title": article.title}
    open_ = attributes(data_do="open", class_="open", **about)
    rename = attributes(data_do="rename", aria_label=f"Rename “{article.title}”", **about)
    remove = attributes(data_do="remove", aria_label=f"Remove “{article.title}”", **about)
    known = facts(article) or text(origin(article))
    return (
        f"<li><input{box}{attributes(aria_label=f'Ask “{article.title}”')}>"
        f'<div><button type="button"{open_}>{text(article.title)}</button>'
        f'<p class="facts">{known}</p>'
        f'<p class="tools"><button type="button"{rename}>Rename</button>'
        f'<button type="button"{remove}>Remove</button></p></div></li>'
    )
