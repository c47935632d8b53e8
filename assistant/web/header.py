"""The line at the top of the page: its name, and what answers or is waited for."""

from __future__ import annotations

from assistant.web.formatting import text

TITLE = "Ask the article"


def header_html(state: str) -> str:
    """The top line; screen readers read ``state`` out when it changes."""
    return f'<header class="top"><h1>{TITLE}</h1><p role="status">{text(state)}</p></header>'
