"""MHTML, the single file in which browsers save a page: the page is taken out and read as HTML.

Runs on untrusted bytes: call it in the sandbox.
"""

from __future__ import annotations

import email
import email.policy

from assistant.articles.html import parse_html
from assistant.articles.parsed import Parsed
from assistant.errors import ArticleError


def parse_mhtml(data: bytes) -> Parsed:
    """As :func:`parse_html`, of the first HTML part.

    Raises:
        ArticleError: it holds no HTML.
    """
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            if isinstance(page, bytes):
                url = message.get("Snapshot-Content-Location") or part.get("Content-Location")
                return parse_html(page, url=url, charset=part.get_content_charset())
    raise ArticleError("the saved page holds no HTML; save it again")
