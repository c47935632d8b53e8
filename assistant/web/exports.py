"""A conversation as a file: Markdown to read, JSON whose quotes can be checked for ever.

The JSON carries the text of every cited article, so ``text[start:end] == quote`` holds without
this program and after the article has left the library. Of an article that has left it before,
only the quotes are there; both files say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from assistant.errors import UnknownArticle
from assistant.footnotes import markdown_text, paragraphs
from assistant.library import Library
from assistant.schema import Article
from assistant.web.conversation import Conversation, Exchange

FORMAT = "ask-the-article/conversation"


def to_json(conversation: Conversation, articles: Iterable[Article]) -> str:
    """The conversation as JSON; ``docs/web.md`` describes the format.

    ``articles`` are those of :func:`cited_articles`; others are left out.
    """
    cited, there = _cited_in(conversation), list(articles)
    return json.dumps(
        {
            "format": FORMAT,
            "version": 1,
            "exported": datetime.now(UTC).isoformat(timespec="seconds"),
            "articles": [_described(article) for article in there if article.id in cited],
            "removed": _removed(conversation, there),
            "exchanges": [
                {
                    "question": exchange.question,
                    "answer": exchange.answer.to_dict() if exchange.answer else None,
                    "note": exchange.note,
                    "rating": exchange.rating,
                }
                for exchange in conversation.exchanges
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def cited_articles(conversation: Conversation, library: Library) -> list[Article]:
    """What a conversation cites, as far as the library has it, in older versions too."""
    found = []
    for article_id in sorted(_cited_in(conversation)):
        with suppress(UnknownArticle):
            found.append(library.article(article_id))
    return found


def to_markdown(conversation: Conversation, articles: Iterable[Article]) -> str:
    """The conversation: doubts beside the words, and a footnote for every quote.

    ``articles`` are those of :func:`cited_articles`; what is quoted of others is said to be all
    that is left.
    """
    parts = ["# Questions and answers"]
    for number, exchange in enumerate(conversation.exchanges, start=1):
        parts.append(f"## {markdown_text(exchange.question)}")
        if exchange.answer:
            # Footnotes are numbered through the whole file: each carries its question's number.
            parts += paragraphs(exchange.answer, f"{number}-")
        else:
            parts.append(f"*{markdown_text(exchange.note)}*")
    for gone in _removed(conversation, list(articles)):
        parts.append(
            f"*“{markdown_text(gone['title'])}” was removed from the library: its quotes are kept "
            "here, its text is not.*"
        )
    return "\n\n".join(parts) + "\n"


def _removed(conversation: Conversation, articles: Sequence[Article]) -> list[dict[str, str]]:
    """The articles that are quoted and not there any more, as far as their quotes name them."""
    there = {article.id for article in articles}
    citations = [
        citation
        for exchange in conversation.exchanges
        for citation in (exchange.answer.citations if exchange.answer else ())
    ]
    gone = {c.article_id: c for c in citations if c.article_id not in there}
    return [{"id": key, "title": c.title, "source": c.source} for key, c in gone.items()]


def _cited_in(conversation: Conversation) -> set[str]:
    return {key for exchange in conversation.exchanges for key in _cited(exchange)}


def _cited(exchange: Exchange) -> set[str]:
    answer = exchange.answer
    if answer is None:
        return set()
    hits = (*answer.related, *answer.retrieved)
    return {c.article_id for c in answer.citations} | {hit.passage.article_id for hit in hits}


def _described(article: Article) -> dict[str, str | None]:
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "url": article.url,
        "outlet": article.outlet,
        "byline": article.byline,
        "published": article.published,
        "text": article.text,
    }
