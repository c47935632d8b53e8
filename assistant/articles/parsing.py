"""The parsers of untrusted files, behind two functions for the sandbox to serve."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assistant.articles.parsed import Parsed
from assistant.errors import ArticleError


def parse(data: bytes, *, kind: str, url: str | None, charset: str | None) -> dict[str, Any]:
    """:class:`Parsed` as JSON carries it; for a feed or sitemap, its ``links`` instead.

    ``url`` is where the data came from, ``charset`` what the server declared.

    Raises:
        ArticleError: the file is damaged, protected, or has no text.
    """
    # Each parser imports a library of its own, and most files need only one of them.
    if kind == "feed":
        from assistant.articles.feeds import feed_links

        return {"links": feed_links(data, url=url), "nested": False}
    if kind == "sitemap":
        from assistant.articles.feeds import sitemap_links

        links, nested = sitemap_links(data, url=url)
        return {"links": links, "nested": nested}
    return asdict(_document(data, kind=kind, url=url, charset=charset))


def _document(data: bytes, *, kind: str, url: str | None, charset: str | None) -> Parsed:
    match kind:
        case "html":
            from assistant.articles.html import parse_html

            return parse_html(data, url=url, charset=charset)
        case "mhtml":
            from assistant.articles.mhtml import parse_mhtml

            return parse_mhtml(data)
        case "pdf":
            from assistant.articles.pdf import parse_pdf

            return parse_pdf(data)
        case "docx":
            from assistant.articles.word import parse_docx

            return parse_docx(data)
        case "epub":
            from assistant.articles.epub import parse_epub

            return parse_epub(data)
        case _:
            raise ArticleError(f"there is no parser for {kind} files")
