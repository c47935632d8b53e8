"""Connections that reach only addresses checked for them, and that end on time.

ssrfguard resolves a name once, refuses every address that is not public, and connects to one
it has checked, so that a name cannot point elsewhere in between. Added here: addresses that its
table lacks, hosts a person allowed by name, and one wall clock for look-up, headers and body.
Only ``fetching`` uses this module, and imports it late: it loads an HTTP library.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from ipaddress import ip_network
from typing import Any

import httpcore
import httpx
import ssrfguard
from ssrfguard.httpx import SafeBackend

Resolver = Callable[..., Iterable[Any]]
"""The shape of ``socket.getaddrinfo``."""

_PORTS = frozenset({80, 443})
_ANY_PORT = frozenset(range(1, 65_536))
_MAX_URL = 4_096
_PRIVATE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
# Azure's host agent: a public address by the registries, a metadata service in practice.
_AZURE_AGENT = ssrfguard.Block(
    ip_network("168.63.129.16/32"),
    "Azure host agent",
    "no RFC",
    ssrfguard.DEFAULT_DENIED.blocks[0].reach,
)


class DeadlineError(Exception):
    """The wall clock of a request has run out."""


class Deadline:
    """A point in time that everything a request does has to be done by."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds left, no more than ``at_most``. Raises DeadlineError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineError
        return left if at_most is None else min(left, at_most)


def policy(*, allowed: bool) -> ssrfguard.Policy:
    """Public addresses on the usual ports; for an ``allowed`` host also private ones, any port.

    Link-local addresses, where clouds keep their metadata, stay refused for every host.
    """
    blocks = (*ssrfguard.DEFAULT_DENIED.blocks, _AZURE_AGENT)
    return ssrfguard.Policy(
        denied_networks=ssrfguard.AddressTable(blocks),
        allowed_networks=tuple(ip_network(net) for net in _PRIVATE) if allowed else (),
        allowed_ports=_ANY_PORT if allowed else _PORTS,
        max_url_length=_MAX_URL,
    )


def open_url(
    url: str,
    *,
    headers: Mapping[str | bytes, str | bytes],
    rules: ssrfguard.Policy,
    deadline: Deadline,
    resolver: Resolver,
) -> AbstractContextManager[httpcore.Response]:
    """One GET without redirects, cookies, credentials or proxies; the body is still encoded.

    Raises:
        ssrfguard.SSRFGuardError: the URL or its address is refused.
        ValueError: it is no URL, such as one whose host no name server can know.
        DeadlineError: out of time.
        httpcore exceptions: the network failed.
    """
    rules.check_url(url)
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:  # an Exception of its own, and no ValueError
        raise ValueError(str(error)) from None
    target = httpcore.URL(
        scheme=parts.raw_scheme,
        host=parts.raw_host,
        port=parts.port,
        target=parts.raw_path,
    )
    guard = SafeBackend(policy=rules, resolver=_resolver_within(deadline, resolver))
    pool = httpcore.ConnectionPool(
        ssl_context=_tls(),
        max_connections=1,
        network_backend=_TimedBackend(guard, deadline),
    )
    return _Exchange(pool, target, headers)


class _Exchange(AbstractContextManager[httpcore.Response]):
    """A request and its response; leaving it closes the connection."""

    def __init__(
        self,
        pool: httpcore.ConnectionPool,
        url: httpcore.URL,
        headers: Mapping[str | bytes, str | bytes],
    ) -> None:
        self._pool = pool
        self._stream = pool.stream("GET", url, headers=headers)

    def __enter__(self) -> httpcore.Response:
        try:
            return self._stream.__enter__()
        except BaseException:
            self._pool.close()
            raise

    def __exit__(self, *error: Any) -> None:
        # Not stream.__exit__: it would read the rest of an endless body.
        self._pool.close()


class _TimedBackend(httpcore.NetworkBackend):
    """Gives every step of a connection what is left of the deadline.

    A time-out for each read alone never ends a server that sends a byte every few seconds.
    """

    def __init__(self, backend: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._backend = backend
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> _TimedStream:
        options["timeout"] = self._deadline.left(5.0)
        return _TimedStream(self._backend.connect_tcp(host, port, **options), self._deadline)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(10.0))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(10.0))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> _TimedStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(10.0))
        return _TimedStream(secured, self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolver_within(deadline: Deadline, resolver: Resolver) -> Resolver:
    """A look-up that is given up at the deadline: getaddrinfo itself has no time-out."""

    def resolve(*args: Any, **options: Any) -> Iterable[Any]:
        outcome: list[Any] = []

        def look_up() -> None:
            try:
                outcome.append(list(resolver(*args, **options)))
            except OSError as error:
                outcome.append(error)

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(deadline.left(10.0))
        if not outcome:
            raise httpcore.ConnectTimeout("the name could not be resolved in time")
        if isinstance(outcome[0], OSError):
            raise httpcore.ConnectError(str(outcome[0]))
        answers: list[Any] = outcome[0]
        return answers

    return resolve


def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
