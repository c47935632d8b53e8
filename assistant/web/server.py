"""Put the page on a port, safely by default: this computer only, nothing shared, no analytics.

The page is up before the models are: the assistant opens in a thread, and the page says so.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.errors import UserInputError
from assistant.settings import Settings
from assistant.web.security import Guard, is_loopback

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from gradio import Blocks

    from assistant.answering import Assistant
    from assistant.web.workspace import Workspace

Accounts = Sequence[tuple[str, str]]

FIRST_PORT = 7860
PORTS_TRIED = 20
MAX_FILE = 25_000_000
"""Bytes of one uploaded file."""

_SESSIONS = 200
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


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
        mcp: also serve the Model Context Protocol, at ``/gradio_api/mcp``.
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
        server = _uvicorn(_page(workspace), workspace, host, root_path, accounts, mcp=mcp)
        shown = "localhost" if is_loopback(host) else host
        address = f"http://{shown}:{sock.getsockname()[1]}/"
        print(f"Ask the article: {address}  (Ctrl-C stops it)", file=sys.stderr, flush=True)
        if open_browser:
            threading.Timer(1.0, webbrowser.open, (address,)).start()
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


def asgi_app(
    page: Blocks,
    *,
    hosts: Sequence[str] | None = _LOOPBACK,
    auth: Accounts = (),
    mcp: bool = False,
    root_path: str = "",
) -> FastAPI:
    """The page as an ASGI application, behind the :class:`Guard`.

    Args:
        page: from ``build_app``.
        hosts: names the server may be called by; None takes any.
    """
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware

    from assistant.web.assets import favicon, head, theme

    page.state_session_capacity = _SESSIONS
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # Gradio reflects every origin on a public name unless its host app has a CORS policy.
    app.add_middleware(CORSMiddleware, allow_origins=[])
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
        mcp_server=mcp,
        footer_links=[],
        run_history=False,
        root_path=root_path or None,
        favicon_path=favicon(),
        theme=theme(),
        head=head(),
    )
    app.add_middleware(Guard, hosts=hosts)
    return app


def parse_auth(auth: str | Accounts | None) -> list[tuple[str, str]]:
    """``"user:password"``, one a line, as pairs.

    Raises:
        UserInputError: a line without a name or without a password.
    """
    if not isinstance(auth, str):
        return list(auth or ())
    pairs = []
    for line in filter(None, (line.strip() for line in auth.splitlines())):
        name, _, password = line.partition(":")
        if not name or not password:
            raise UserInputError("auth takes NAME:PASSWORD, both of them.")
        pairs.append((name, password))
    return pairs


def check_binding(host: str, accounts: Accounts, *, insecure: bool) -> None:
    """Refuse to be reachable from elsewhere without a password.

    Raises:
        UserInputError: and says how to go on.
    """
    if is_loopback(host) or accounts or insecure:
        return
    raise UserInputError(
        f"With host {host} anybody on the network could read and change your library. "
        "Give --auth NAME:PASSWORD, or --insecure if that is what you want."
    )


def allowed_hosts(host: str, root_path: str, accounts: Accounts) -> list[str] | None:
    """The names a request may use, so that no other site's name can be pointed here.

    A wider binding goes by names that are not known here; the login protects it.
    """
    if not is_loopback(host):
        return None
    public = urlsplit(root_path).hostname
    if root_path and not public:
        return None if accounts else list(_LOOPBACK)
    return [*_LOOPBACK, host, *([public] if public else [])]


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket on ``port``, or on the first free one.

    Raises:
        UserInputError: the port is taken, or the address is not this computer's.
    """
    candidates = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reason = ""
    for candidate in candidates:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
            sock.listen(128)
        except (OSError, OverflowError) as error:
            sock.close()
            reason = str(getattr(error, "strerror", None) or error)
        else:
            return sock
    tried = f"port {port}" if port is not None else f"any port from {FIRST_PORT}"
    raise UserInputError(f"{tried} on {host} cannot be used: {reason}. Choose another --port.")


def _workspace(given: Assistant | Settings, *, endpoints: bool) -> Workspace:
    from assistant.answering import Assistant
    from assistant.web.workspace import Workspace, open_in_background, opened

    if not isinstance(given, Settings):
        return Workspace(opened(given), given.settings, endpoints=endpoints)
    values = given.model_dump()
    opening = open_in_background(lambda: Assistant.open(**values))
    return Workspace(opening, given, endpoints=endpoints)


def _page(workspace: Workspace) -> Blocks:
    from assistant.web.app import build_page

    return build_page(workspace)


def _uvicorn(
    page: Blocks,
    workspace: Workspace,
    host: str,
    root_path: str,
    accounts: Accounts,
    *,
    mcp: bool,
) -> uvicorn.Server:
    import uvicorn

    hosts = allowed_hosts(host, root_path, accounts)
    app = asgi_app(page, hosts=hosts, auth=accounts, mcp=mcp, root_path=root_path)
    config = uvicorn.Config(
        app,
        log_level="warning",
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
