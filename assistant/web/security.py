"""What the server refuses and what it tells browsers, around Gradio's own application.

Gradio's file route fetches addresses for whoever asks, its sanitizer keeps images and forms,
and no Content-Security-Policy is sent: the page gets by without all three. The reasons are
in ``docs/web.md``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_UPLOAD = 26_000_000
"""Bytes of one request. Files may have 25 MB; the rest is the form around them."""

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio starts from inline scripts and turns templates into functions.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
    )
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

WRONG_FIELDS = (TypeError, AttributeError)
"""What Gradio makes of missing and unknown fields of a call, and of uploaded fields that are no
files, for which :func:`wrong_fields` answers."""

_REFUSED = re.compile(
    r"/(?:proxy=|vibe|undo-vibe|monitoring|profiling|process_recording|dev/|runs\b|run-history|"
    r"stream/|deep_link|component_server|custom_component/|file=[a-z][a-z0-9+.-]*:|"
    r"file/[a-z][a-z0-9+.-]*:|file[=/]/*[/\\]{2})",
    re.IGNORECASE,
)


class Guard:
    """ASGI middleware: refuse hosts, origins, routes and sizes; add security headers.

    ``hosts`` are the names the server may be called by (without port); None takes any. A page
    on another site that gets its name resolved to this computer has the wrong one.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] | None = None) -> None:
        self._app = app
        self._hosts = None if hosts is None else {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # Gradio needs no websocket here.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        problem = self._problem(scope)
        if problem:
            status, reason = problem
            await PlainTextResponse(reason, status)(scope, receive, guarded)
            return
        try:
            await self._app(scope, _Bounded(receive), guarded)
        except RuntimeError as error:
            # A stream of events that nobody began says so, and is then broken off by Gradio.
            if not begun or not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = _name(headers.get("host", ""))
        if self._hosts is not None and host not in self._hosts:
            return 421, "This server does not go by that name."
        origin = headers.get("origin")
        if origin is not None and not _same(origin, headers, self._hosts):
            return 403, "Requests from other sites are refused."
        if headers.get("sec-fetch-site") == "cross-site" and scope["method"] != "GET":
            return 403, "Requests from other sites are refused."
        if _REFUSED.search(_decoded(scope["path"])):
            return 404, "Not Found"
        if _number(headers.get("content-length")) > MAX_UPLOAD:
            return 413, "That is more than 25 MB at once."
        return None


async def wrong_fields(request: Request, error: Exception) -> Response:
    """Answer one of :data:`WRONG_FIELDS`, else a plain 500.

    At these two routes, before anything is called, they are about what was sent.
    """
    path = request.url.path
    if path.endswith("/upload"):
        return PlainTextResponse("Send each file as a form field with a file, named 'files'.", 422)
    if isinstance(error, TypeError) and re.search(r"/call/v2/[^/]+/?$", path):
        return PlainTextResponse(str(error), 422)
    raise error


class _Bounded:
    """Receives a body of unknown length up to the limit, then hangs up."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > MAX_UPLOAD:
            return {"type": "http.disconnect"}
        return message


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach a server bound to ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _same(origin: str, headers: Headers, hosts: set[str] | None) -> bool:
    """Whether a request's Origin is this server, as it was called or as it may be called."""
    parts = urlsplit(origin)
    if not parts.hostname:
        return False
    if parts.netloc.lower() == headers.get("host", "").lower():
        return True
    # A reverse proxy may pass another Host on; then the name has to be a known one.
    return hosts is not None and parts.hostname.lower() in hosts and not is_loopback(parts.hostname)


def _name(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "").lower()


def _decoded(path: str) -> str:
    for _ in range(3):
        path = unquote(path)
    return path


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() else 0
