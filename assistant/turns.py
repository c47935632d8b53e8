"""Who uses a model that does one thing at a time: whoever asks goes before reading that can wait.

Not handled: how a request under way is stopped (``llamacpp``); whoever reads something that can
wait looks at :attr:`Turns.wanted` and gives up its turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK = 0.1
"""Seconds between two looks at whether someone who waits for a turn has been stopped."""


class Turns:
    """One turn at a time, and a count of those who ask. Thread-safe."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._change = threading.Condition()
        self._asking = 0

    @property
    def wanted(self) -> bool:
        """Whether somebody asks, or waits to."""
        return self._asking > 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Until its end, what can wait makes way: also between two requests of one question."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def begin(self) -> None:
        """Somebody asks, until :meth:`end`."""
        with self._change:
            self._asking += 1

    def end(self) -> None:
        """What :meth:`begin` began is over."""
        with self._change:
            self._asking -= 1
            self._change.notify_all()

    @contextmanager
    def taken(self, stopped: Callable[[], bool]) -> Iterator[bool]:
        """The model for oneself; False instead when ``stopped`` said so while others had it."""
        while not (mine := self._turn.acquire(timeout=_LOOK)):
            if stopped():
                break
        try:
            yield mine
        finally:
            if mine:
                self._turn.release()

    def wait_until_unwanted(self, enough: Callable[[], bool]) -> None:
        """Wait until nobody asks, or until ``enough`` says so after a :meth:`wake`."""
        with self._change:
            self._change.wait_for(lambda: enough() or not self._asking)

    def wake(self) -> None:
        """Let those who wait look again at whether they have waited enough."""
        with self._change:
            self._change.notify_all()
