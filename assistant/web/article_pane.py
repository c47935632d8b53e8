"""An article as HTML, each of its passages an element that a citation can point at.

The pane is written once when an article is opened. Highlighting is left to the page's script,
which knows every passage by its offsets: evidence shows without a new article being sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import Article, Passage
from assistant.web.formatting import attributes, facts, origin, text, web_address

MAX_CHARS = 300_000
"""Characters shown at once; a longer article is shown around the passage asked for."""

_HEADING_CHARS = 140


def article_html(
    article: Article,
    passages: Sequence[Passage],
    around: int = 0,
    *,
    newer: str = "",
    also: Sequence[str] = (),
) -> str:
    """The pane's content; ``around`` is an offset into the article that has to be in it.

    ``newer`` is the id of the version that has taken this one's place; ``also`` are addresses
    that gave the same text.
    """
    start, end = _window(len(article.text), around)
    shown = [p for p in passages if p.start >= start and p.end <= end]
    parts = [
        f"<article{attributes(class_='article', data_article=article.id, data_start=start)}>",
        _header(article, newer, also),
        _cut(article, start, "earlier") if start else "",
        '<div class="article-text">',
        *_paragraphs(article, shown, start, end),
        "</div>",
        _cut(article, end, "later") if end < len(article.text) else "",
        "</article>",
    ]
    return "".join(parts)


def empty_html() -> str:
    """What the pane says when the library has no article."""
    return (
        '<div class="nothing"><h2>No article yet</h2><p>Add one in the library: an address, '
        "pasted text, or a file. It stays on this computer.</p></div>"
    )


def gone_html(article_id: str) -> str:
    """What the pane says of an article that an answer quotes and the library has no more."""
    frame = attributes(class_="nothing gone", data_article=article_id, role="status")
    return (
        f"<div{frame}><h2>This article was removed</h2>"
        "<p>Its quote stays in the answer. To read on, choose an article in the library.</p></div>"
    )


def problem_html(problem: str) -> str:
    """What the pane says when an article cannot be shown."""
    return f'<div class="nothing"><p class="problem" role="status">{text(problem)}</p></div>'


def waiting_html() -> str:
    """The pane while the library is being opened."""
    lines = "".join(f'<span style="width:{width}%"></span>' for width in (96, 88, 93, 61, 90, 72))
    return f'<div class="skeleton" role="status" aria-label="Opening the library">{lines}</div>'


def _header(article: Article, newer: str, also: Sequence[str]) -> str:
    known = facts(article)
    address = web_address(article)
    source = (
        f"<a{attributes(href=address, target='_blank', rel='noopener noreferrer')}>Original</a>"
        if address
        else text(origin(article))
    )
    meta = " · ".join(part for part in (known, source) if part)
    notices = "".join(f"<li>{text(notice)}</li>" for notice in article.notices)
    others = [name for name in also if name not in (address, article.source)]
    same = "".join(f'<p class="facts">Also at {text(name)}</p>' for name in others)
    return (
        f'<header><h2>{text(article.title)}</h2><p class="facts">{meta}</p>{same}'
        + (_replaced(newer) if newer else "")
        + (f'<ul class="notices">{notices}</ul>' if notices else "")
        + "</header>"
    )


def _replaced(newer: str) -> str:
    button = attributes(type="button", data_do="open", data_article=newer)
    return (
        '<p class="older">An older version, kept for the answers that quote it. '
        f"<button{button}>Show the newer one</button></p>"
    )


def _paragraphs(article: Article, passages: Sequence[Passage], start: int, end: int) -> list[str]:
    """Passages in paragraphs as the text has them; what lies between is kept, as headings."""
    parts: list[str] = []
    inside = False
    last = start
    for passage in passages:
        between = article.text[last : passage.start]
        if inside and "\n" in between:
            parts.append("</p>")
            inside = False
        if between.strip():
            if inside:
                parts.append("</p>")
                inside = False
            parts.append(_between(between))
        if not inside:
            parts.append("<p>")
            inside = True
        where = attributes(data_s=passage.start, data_e=passage.end)
        parts.append(f'<span class="s"{where}>{text(passage.text)}</span> ')
        last = passage.end
    if inside:
        parts.append("</p>")
    rest = article.text[last:end]
    if rest.strip():
        parts.append(_between(rest))
    return parts


def _between(value: str) -> str:
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    return "".join(
        f"<h3>{text(line.lstrip('# '))}</h3>"
        if len(line) <= _HEADING_CHARS
        else f"<p>{text(line)}</p>"
        for line in lines
    )


def _window(length: int, around: int) -> tuple[int, int]:
    if length <= MAX_CHARS:
        return 0, length
    start = max(0, min(around - MAX_CHARS // 3, length - MAX_CHARS))
    return start, start + MAX_CHARS


def _cut(article: Article, at: int, which: str) -> str:
    step = attributes(data_do="open", data_article=article.id, data_at=at)
    return f'<p class="cut"><button type="button"{step}>Show the {which} part</button></p>'
