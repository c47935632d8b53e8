"""Model files on their way, and the threads that fetch them, for pages that show how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import TypeVar

from assistant.weights import Progress

LOOK = 0.5
"""Seconds after which a page that waits looks again."""

T = TypeVar("T")


class Downloads:
    """How far the file is that is being downloaded. Thread-safe."""

    def __init__(self) -> None:
        self._news: Progress | None = None

    def take(self, news: Progress) -> None:
        """The ``progress`` to give to everything that fetches model files."""
        self._news = news

    @property
    def words(self) -> str:
        """``Downloading tiny.gguf: 340 of 1,117 MB``; empty while nothing is on its way."""
        news = self._news
        if news is None or news.done >= news.total:
            return ""
        return f"Downloading {news.file}: {news.done / 1e6:,.0f} of {news.total / 1e6:,.0f} MB"


def in_background(work: Callable[[], T], name: str) -> Future[T]:
    """Begin work in a thread of its own, which keeps no process from ending."""
    future: Future[T] = Future()
    # A page that is closed while it waits must not cancel what others wait for as well.
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def told(future: Future[T], downloads: Downloads, else_: str) -> Iterator[str]:
    """What to show until the work is done: the download, or ``else_`` while there is none."""
    shown = ""
    while not future.done():
        now = downloads.words or else_
        if now != shown:
            yield now
            shown = now
        wait([future], LOOK)
