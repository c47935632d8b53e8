"""The library as HTML: what is there, what the next question covers, how adding went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.schema import Article
from assistant.web.formatting import attributes, facts, origin, plural, text


@dataclass(frozen=True, slots=True)
class Added:
    """How adding one thing went: ``problem`` says why it failed, and what to try."""

    name: str
    problem: str = ""
    note: str = ""


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
    rows = [
        f'<li class="failed"><strong>{text(item.name)}</strong> {text(item.problem)}</li>'
        if item.problem
        else f'<li class="done"><strong>{text(item.name)}</strong> {text(item.note)}</li>'
        for item in results
    ]
    if working:
        rows.append(f'<li class="working"><span class="spinner"></span>{text(working)}</li>')
    return f'<ul class="added" role="status">{"".join(rows)}</ul>' if rows else ""


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
