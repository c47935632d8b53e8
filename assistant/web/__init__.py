"""The web chat: question articles in a browser, and the same by API and MCP.

Widgets and formatting only: what is asked, found and answered is :class:`Assistant`'s.
Gradio is imported when the page is built, so importing this package stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.web.app import build_app
    from assistant.web.server import run

__all__ = ["build_app", "run"]


def __getattr__(name: str) -> Any:
    if name == "build_app":
        from assistant.web.app import build_app

        return build_app
    if name == "run":
        from assistant.web.server import run

        return run
    raise AttributeError(f"module 'assistant.web' has no attribute {name!r}")
