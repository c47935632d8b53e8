"""The parsers of untrusted files, behind one function for the sandbox to serve."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assistant.articles.parsed import Parsed
from assistant.errors import ArticleError


def parse(data: bytes, *, kind: str, url: str | None, charset: str | None) -> dict[str, Any]:
    """:class:`Parsed` as JSON carries it, for a ``kind`` that needs the sandbox.

    Raises:
        ArticleError: the file is damaged, protected, or has no text.
    """
    return asdict(_parsed(data, kind=kind, url=url, charset=charset))


def _parsed(data: bytes, *, kind: str, url: str | None, charset: str | None) -> Parsed:
    # Each parser imports a library of its own, and most files need only one of them.
    match kind:
        case "html":
            from assistant.articles.html import parse_html

            return parse_html(data, url=url, charset=charset)
        case _:
            raise ArticleError(f"there is no parser for {kind} files")
