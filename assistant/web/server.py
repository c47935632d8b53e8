"""Put the page on a port, safely by default: this computer only, nothing shared, no analytics.

The page is up before the models are: the assistant opens in a thread, and the page says so.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assistant.settings import Settings
from assistant.web.binding import (
    LOOPBACK,
    Accounts,
    allowed_hosts,
    bind,
    check_binding,
    parse_auth,
)
from assistant.web.security import WRONG_FIELDS, Guard, is_loopback, wrong_fields

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from gradio import Blocks

    from assistant.answering import Assistant
    from assistant.web.tools import ToolServer
    from assistant.web.workspace import Workspace

MAX_FILE = 25_000_000
"""Bytes of one uploaded file."""

_SESSIONS = 200


def run(
    assistant_or_settings: Assistant | Settings,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    auth: str | Accounts | None = None,
    insecure: bool = False,
    mcp: bool = False,
    root_path: str = "",
    open_browser: bool = False,
) -> None:
    """Serve the web chat until it is interrupted.

    Args:
        assistant_or_settings: an open assistant, or the settings to open one with while the
            page is up already. What is opened here is closed here.
        host: address to bind; anything but this computer's own needs ``auth``.
        port: the port; by default 7860 or the next free one.
        auth: ``"user:password"`` (several: one a line), or pairs. A login page asks for them.
        insecure: allow a wider ``host`` without ``auth``.
        mcp: also serve the tools of :mod:`assistant.web.tools`.
        root_path: where a reverse proxy puts the page: a path, or its whole public URL.
        open_browser: open the page when it is there.

    Raises:
        UserInputError: options that do not go together, or a port that is taken.
        AssistantError: the assistant could not be opened.
    """
    accounts = parse_auth(auth)
    check_binding(host, accounts, insecure=insecure)
    with bind(host, port) as sock, _private_folder():
        workspace = _workspace(assistant_or_settings, endpoints=is_loopback(host))
        server = _uvicorn(workspace, host, root_path, accounts, mcp=mcp)
        _tell(host, sock.getsockname()[1], open_browser=open_browser)
        workspace.opening.add_done_callback(
            lambda opening: setattr(server, "should_exit", opening.exception() is not None)
        )
        try:
            server.run(sockets=[sock])
        except KeyboardInterrupt:
            pass
        finally:
            workspace.close(with_assistant=isinstance(assistant_or_settings, Settings))
        workspace.raise_failure()


def _tell(host: str, port: int, *, open_browser: bool) -> None:
    """Say where the page is, and open it if that is wanted."""
    address = f"http://{'localhost' if is_loopback(host) else host}:{port}/"
    print(f"Ask the article: {address}  (Ctrl-C stops it)", file=sys.stderr, flush=True)
    if open_browser:
        threading.Timer(1.0, webbrowser.open, (address,)).start()


def asgi_app(
    page: Blocks,
    *,
    hosts: Sequence[str] | None = LOOPBACK,
    auth: Accounts = (),
    tools: ToolServer | None = None,
    root_path: str = "",
) -> FastAPI:
    """The page as an ASGI application, behind the :class:`Guard`.

    Args:
        page: from ``build_app``.
        hosts: names the server may be called by; None takes any.
        tools: what other programs' models may use.
    """
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    if tools:
        _add_tools(app, tools)
    # Gradio reflects every origin on a public name unless its host app has a CORS policy.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    _add_page(app, page, auth, root_path)
    app.add_middleware(Guard, hosts=hosts)
    return app


def _add_page(app: FastAPI, page: Blocks, auth: Accounts, root_path: str) -> None:
    import gradio as gr

    from assistant.web.assets import favicon, head, theme

    page.state_session_capacity = _SESSIONS
    gr.mount_gradio_app(
        app,
        page,
        "/",
        auth=list(auth) or None,
        auth_message="Ask the article",
        show_error=False,
        max_file_size=MAX_FILE,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,  # see ``tools``
        footer_links=[],
        run_history=False,
        root_path=root_path or None,
        app_kwargs={"exception_handlers": dict.fromkeys(WRONG_FIELDS, wrong_fields)},
        favicon_path=favicon(),
        theme=theme(),
        head=head(),
    )


def _add_tools(app: FastAPI, tools: ToolServer) -> None:
    """Before the page, which answers to every path."""
    from starlette.routing import Route

    from assistant.web.tools import PATH

    app.router.routes += [Route(path, tools) for path in (PATH, f"{PATH}/")]
    app.router.lifespan_context = lambda _: tools.running()


def _workspace(given: Assistant | Settings, *, endpoints: bool) -> Workspace:
    from assistant.answering import Assistant
    from assistant.web.downloads import Downloads
    from assistant.web.workspace import Workspace, open_in_background, opened

    if not isinstance(given, Settings):
        return Workspace(opened(given), given.settings, endpoints=endpoints)
    values, downloads = given.model_dump(), Downloads()
    opening = open_in_background(lambda: Assistant.open(**values, progress=downloads.take))
    return Workspace(opening, given, endpoints=endpoints, downloads=downloads)


def _uvicorn(
    workspace: Workspace, host: str, root_path: str, accounts: Accounts, *, mcp: bool
) -> uvicorn.Server:
    import uvicorn

    from assistant.web.api import Endpoints
    from assistant.web.app import build_page
    from assistant.web.header import TITLE
    from assistant.web.tools import ToolServer

    app = asgi_app(
        build_page(workspace),
        hosts=allowed_hosts(host, root_path, accounts),
        auth=accounts,
        tools=ToolServer(TITLE, Endpoints(workspace), accounts) if mcp else None,
        root_path=root_path,
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64_000,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def _private_folder() -> Iterator[None]:
    """Gradio's uploads go to a folder of this process, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="ask-the-article-", ignore_cleanup_errors=True) as made:
        os.environ["GRADIO_TEMP_DIR"] = made
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        yield
