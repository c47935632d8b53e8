"""The only code that opens a URL that somebody gave us.

One GET at a time, as a polite stranger: public addresses only, every redirect checked like the
first URL, robots.txt respected, no cookies or credentials, everything bounded.
A library is no firewall: a server that fetches for others needs one as well.
"""

from __future__ import annotations

import re
import socket
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from assistant.errors import FetchError

if TYPE_CHECKING:
    import httpcore
    from protego import Protego

    from assistant.connections import Deadline, Resolver

USER_AGENT = "ask-the-article/0.1 (reads a page that a person asked for)"
SECONDS = 30.0
MAX_WIRE_BYTES = 10_000_000
MAX_BYTES = 20_000_000
MAX_REDIRECTS = 5
MAX_ROBOTS_BYTES = 500_000

_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:/{2}")
_REDIRECTS = {301, 302, 303, 307, 308}
_READABLE = re.compile(
    r"text/(html|plain|markdown|x-markdown|xml)|multipart/related|"
    r"application/(xhtml\+xml|pdf|x-pdf|octet-stream|binary|epub\+zip|(x-)?gzip|xml|"
    r"(rss|atom|rdf)\+xml|vnd\.openxmlformats-officedocument\.wordprocessingml\.document|zip)"
)
_ADVICE = {
    401: "it asks for a login",
    402: "it asks for a subscription",
    403: "the site refuses programs",
    404: "there is no such page",
    410: "the page is gone",
    429: "the site says we ask too often; try again later",
    451: "it is withheld for legal reasons",
}
_SAVE_IT = "open it in a browser, save the page, and add the file"


@dataclass(frozen=True, slots=True)
class Page:
    """What a URL gave: ``url`` is where it was found after redirects; ``data`` is decoded bytes.

    ``media_type`` (such as ``text/html``) and ``charset`` are what the server declared.
    """

    url: str
    data: bytes
    media_type: str | None = None
    charset: str | None = None


def is_url(source: object) -> bool:
    """Whether ``source`` is written as a URL of any scheme; only http and https are fetched."""
    return isinstance(source, str) and _SCHEME.match(source) is not None


class Fetcher:
    """Fetches pages. Thread-safe; holds no connection between two fetches."""

    def __init__(
        self,
        *,
        allow_private: Collection[str] = (),
        offline: bool = False,
        seconds: float = SECONDS,
        resolver: Resolver = socket.getaddrinfo,
    ) -> None:
        """``allow_private`` names hosts that may resolve to private addresses, on any port;

        ``seconds`` is the wall clock of one fetch with its redirects; ``resolver`` stands in
        for ``socket.getaddrinfo``.
        """
        self._allowed = {host.lower() for host in allow_private}
        self._offline = offline
        self._seconds = seconds
        self._resolver = resolver
        self._robots: dict[str, Protego] = {}

    def fetch(self, url: str) -> Page:
        """The page at ``url``.

        Raises:
            FetchError: the URL must not be fetched, or could not be; the message says why.
        """
        shown = url.strip()[:200]
        if self._offline:
            raise FetchError(f"{shown} was not fetched: offline is set; add a saved copy instead")
        # Imported here: an HTTP library that files and texts do not need.
        import httpcore
        import ssrfguard

        from assistant.connections import Deadline, DeadlineError

        try:
            return self._follow(urldefrag(url.strip())[0], Deadline(self._seconds))
        except ssrfguard.SSRFGuardError as error:
            raise FetchError(f"{shown} must not be fetched: {error}"[:600]) from None
        except DeadlineError:
            raise FetchError(f"{shown} took more than {self._seconds:g} seconds") from None
        except httpcore.TimeoutException:
            raise FetchError(f"{shown} did not answer in time; try again later") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise FetchError(f"{shown} cannot be reached: {reason}"[:600]) from None
        except (UnicodeError, ValueError) as error:
            raise FetchError(f"{shown} is not a usable URL: {error}"[:600]) from None

    def close(self) -> None:
        """Forget what was learnt about sites."""
        self._robots.clear()

    def _follow(self, url: str, deadline: Deadline) -> Page:
        for _ in range(MAX_REDIRECTS + 1):
            self._ask_robots(url, deadline)
            with self._open(url, deadline) as response:
                if response.status not in _REDIRECTS:
                    return _page(url, response)
                onward = urldefrag(urljoin(url, _header(response, "location") or ""))[0]
            if url.startswith("https:") and not onward.startswith("https:"):
                raise FetchError(f"{url} leads from https to {onward[:200]}, which is not secure")
            url = onward
        raise FetchError(f"{url[:200]} was reached by more than {MAX_REDIRECTS} redirects")

    def _open(self, url: str, deadline: Deadline) -> _Opened:
        from assistant.connections import open_url, policy

        return open_url(
            url,
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5",
                "Accept-Encoding": "gzip",
                "Connection": "close",
            },
            rules=policy(allowed=(urlsplit(url).hostname or "").lower() in self._allowed),
            deadline=deadline,
            resolver=self._resolver,
        )

    def _ask_robots(self, url: str, deadline: Deadline) -> None:
        origin = "://".join(urlsplit(url)[:2])
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(f"{origin}/robots.txt", deadline)
        if not self._robots[origin].can_fetch(url, USER_AGENT):
            raise FetchError(f"{url[:200]} is closed to programs by robots.txt; {_SAVE_IT}")

    def _read_robots(self, url: str, deadline: Deadline) -> Protego:
        """The site's rules; none where there is no such file (RFC 9309, 2.3.1)."""
        from protego import Protego

        with self._open(url, deadline) as response:
            if response.status >= 500:
                raise FetchError(f"{url} answers {response.status}; try again later")
            if response.status != 200:
                return Protego.parse("")
            data = b"".join(_decoded(response, cap=MAX_ROBOTS_BYTES, cut=True))
        return Protego.parse(data.decode("utf-8", "replace"))


if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    _Opened = AbstractContextManager[httpcore.Response]


def _page(url: str, response: httpcore.Response) -> Page:
    if response.status != 200:
        why = _ADVICE.get(response.status, "the site has a problem; try again later")
        hint = f"; {_SAVE_IT}" if response.status in (401, 402, 403) else ""
        raise FetchError(f"{url[:200]} answers {response.status}: {why}{hint}")
    declared = Message()
    declared["content-type"] = _header(response, "content-type") or ""
    media_type = declared.get_content_type() if declared["content-type"] else None
    if media_type and not _READABLE.fullmatch(media_type):
        raise FetchError(f"{url[:200]} is of type {media_type}, which holds no article")
    length = _header(response, "content-length") or ""
    if length.isdecimal() and int(length) > MAX_WIRE_BYTES:
        raise FetchError(f"{url[:200]} is larger than {MAX_WIRE_BYTES:,} bytes; {_SAVE_IT}")
    data = b"".join(_decoded(response, cap=MAX_BYTES))
    return Page(url, data, media_type, declared.get_content_charset())


def _decoded(response: httpcore.Response, *, cap: int, cut: bool = False) -> Iterator[bytes]:
    """The body, unpacked piece by piece; past ``cap`` bytes it is refused, or ``cut`` there."""
    coding = (_header(response, "content-encoding") or "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip"):
        raise FetchError(f"the page is packed as {coding[:40]!r}, which we did not ask for")
    unpack = None if coding == "identity" else zlib.decompressobj(wbits=31)
    wire = size = 0
    for piece in response.iter_stream():
        wire += len(piece)
        if wire > MAX_WIRE_BYTES:
            raise FetchError(f"the page is larger than {MAX_WIRE_BYTES:,} bytes; {_SAVE_IT}")
        data = piece
        if unpack is not None:
            try:
                # One byte more than allowed is enough to know, whatever the piece expands to.
                data = unpack.decompress(piece, cap - size + 1)
            except zlib.error:
                raise FetchError("the page is packed as gzip and damaged; try again") from None
        size += len(data)
        if size > cap:
            if cut:
                return
            raise FetchError(f"the page unpacks to more than {cap:,} bytes; {_SAVE_IT}")
        yield data
    if unpack is not None and wire and not unpack.eof:
        raise FetchError("the page ended before its packed content was complete; try again")


def _header(response: httpcore.Response, name: str) -> str | None:
    for key, value in response.headers:
        if key.lower() == name.encode():
            return value.decode("latin-1")
    return None
