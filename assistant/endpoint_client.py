"""The HTTP client that talks to a model endpoint: one deadline, one layer of retries.

Every failure is an :class:`EndpointError` that says what to do. Not handled here: what requests
and replies mean (``endpoint``).
"""

from __future__ import annotations

import email.utils
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from assistant.endpoint_faults import TOO_SLOW, UNREACHABLE, refusal
from assistant.errors import EndpointError

TRIES = 3
PAUSE = 0.5
"""Seconds before the second try; twice as long before the third."""

CONNECT_SECONDS = 5.0
LONGEST_WAIT = 30.0
"""A server that asks for a longer pause than this is told of instead of waited for."""

_PASSING = frozenset({408, 409, 429, 500, 502, 503, 504})
"""Statuses that may be gone a moment later."""


class EndpointClient(httpx.Client):
    """An HTTP client that retries what may pass, and never works beyond its deadline.

    After :data:`Rest.FAILURES` failures in a minute an endpoint is left alone for ``rest``
    seconds, so that questions fail at once; then one request finds out whether it is back.
    """

    def __init__(self, where: str, seconds: float, *, rest: float = 30.0) -> None:
        """``seconds`` are for one whole reply, with every try."""
        # One connection a request: ending the connection is how a deadline ends a request.
        super().__init__(
            follow_redirects=True, limits=httpx.Limits(max_keepalive_connections=0), timeout=seconds
        )
        self._where = where
        self._seconds = seconds
        self._rest = Rest(rest)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """As :meth:`httpx.Client.send`.

        Raises:
            EndpointError: no usable reply in time. A refusal of the request itself (HTTP 400
                and other statuses that are not listed here) is returned.
        """
        self._rest.check(self._where)
        watch = _Watch(self._seconds)
        try:
            response = self._tried(request, watch, options)
            self._check(response)
        except BaseException:
            watch.end()
            raise
        if response.is_closed:
            watch.end()
        else:
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _Watched(response.stream, watch, self._where)
        return response

    def _tried(
        self, request: httpx.Request, watch: _Watch, options: Mapping[str, Any]
    ) -> httpx.Response:
        for attempt in range(TRIES):
            wait = PAUSE * 2**attempt * random.uniform(0.75, 1.25)
            request.extensions |= {
                "timeout": httpx.Timeout(watch.left(), connect=CONNECT_SECONDS).as_dict(),
                "trace": watch.trace,
            }
            try:
                response = super().send(request, **options)
            except httpx.HTTPError as error:
                self._rest.failed()
                failure = _broken(error, self._where, watch)
                if watch.late or isinstance(error, httpx.ReadTimeout):
                    raise failure from error
                cause: Exception | None = error
            else:
                if watch.late:  # what has come is not all of it
                    raise _too_slow(self._where)
                if response.status_code not in _PASSING:
                    self._rest.worked()
                    return response
                if response.status_code >= 500:
                    self._rest.failed()
                wait = _asked_for(response) or wait
                response.close()
                told = refusal(response.status_code, wait)
                failure, cause = EndpointError(f"{self._where} {told}"), None
            if attempt + 1 == TRIES or wait > min(LONGEST_WAIT, watch.left()):
                raise failure from cause
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in (401, 403, 404):
            response.close()
            raise EndpointError(f"{self._where} {refusal(status)}")
        if response.is_success and "html" in response.headers.get("content-type", ""):
            response.close()
            raise EndpointError(
                f"{self._where} answers with a web page. Check the address: most end in /v1."
            )


class Rest:
    """Whether an endpoint that keeps failing is being left alone for a while. Thread-safe."""

    FAILURES = 5
    WITHIN = 60.0

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._failures: deque[float] = deque(maxlen=self.FAILURES)
        self._until = 0.0
        self._lock = threading.Lock()

    def check(self, where: str) -> None:
        """Raise EndpointError while the rest lasts."""
        left = self._until - time.monotonic()
        if left > 0:
            raise EndpointError(
                f"{where} has failed {self.FAILURES} times in a row. It is asked again in "
                f"{left:.0f} seconds; look at the server's log meanwhile."
            )

    def failed(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._failures.append(now)
            if len(self._failures) == self.FAILURES and now - self._failures[0] < self.WITHIN:
                self._until = now + self._seconds

    def worked(self) -> None:
        with self._lock:
            self._failures.clear()
            self._until = 0.0


class _Watch:
    """Ends the connections of a request at its deadline, whatever the server is doing.

    A time-out of a read starts anew with every byte, so a server that drips never meets it.
    """

    def __init__(self, seconds: float) -> None:
        self.late = False
        self._end = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._timer.start()

    def left(self) -> float:
        return max(0.001, self._end - time.monotonic())

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore, which tells here which socket it has opened."""
        if event == "connection.connect_tcp.complete":
            self._socket = info["return_value"].get_extra_info("socket")
            if self.late:
                self._hang_up()

    def end(self) -> None:
        self._timer.cancel()

    def _hang_up(self) -> None:
        self.late = True
        if self._socket is not None:
            try:
                # The plain one: a TLS socket's own shutdown is not for two threads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:  # it was closed a moment ago
                return


class _Watched(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, watch: _Watch, where: str) -> None:
        self._stream = stream
        self._watch = watch
        self._where = where

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except httpx.HTTPError as error:
            raise _broken(error, self._where, self._watch) from error
        if self._watch.late:  # a body without a length just seems to end
            raise _too_slow(self._where)

    def close(self) -> None:
        self._watch.end()
        self._stream.close()


def _broken(error: httpx.HTTPError, where: str, watch: _Watch) -> EndpointError:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return EndpointError(f"{where} {UNREACHABLE}")
    if watch.late or isinstance(error, httpx.TimeoutException):
        return _too_slow(where)
    return EndpointError(
        f"{where} broke off the connection ({type(error).__name__}). Ask again, or look at the "
        "server's log."
    )


def _too_slow(where: str) -> EndpointError:
    return EndpointError(f"{where} {TOO_SLOW}")


def _asked_for(response: httpx.Response) -> float:
    """The seconds a server asks to wait for, as a number or as a date; 0 when it does not."""
    told = response.headers.get("retry-after", "")
    if told.isdigit():
        return float(told)
    date = email.utils.parsedate_tz(told)
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else 0.0
