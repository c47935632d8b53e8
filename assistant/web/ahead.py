"""Reading ahead for whoever has the page open: the newest wish only, and never while one asks.

:class:`assistant.readahead.ReadAhead` yields to the questions of one assistant. Readers have
several over one model, by their caution, and they are many: here every question counts, and what
an earlier reader wished for does not keep the next one waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from assistant.answering import Assistant
from assistant.inquiry import whole_text
from assistant.llamacpp import LlamaCppChat
from assistant.readahead import ReadAhead
from assistant.reading import Reader
from assistant.routing import MOST_ASKED


class Reading(Protocol):
    """A reading that has begun."""

    def close(self) -> None:
        """Read no more; what was read until now is kept."""


Wish = Callable[[], Reading]
"""Begins a reading, or goes on with it, and returns at once."""


class Ahead:
    """At most one reading at a time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pauses = 0
        self._wish: Wish | None = None
        self._reading: Reading | None = None

    def wish(self, wish: Wish | None) -> None:
        """Read this from now on, and nothing else; None reads nothing any more."""
        with self._lock:
            self._wish = wish
            self._pause()
            self._go_on()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is read while this lasts; it goes on from where it was afterwards."""
        with self._lock:
            self._pauses += 1
            self._pause()
        try:
            yield
        finally:
            with self._lock:
                self._pauses -= 1
                self._go_on()

    def _pause(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _go_on(self) -> None:
        if self._wish is not None and not self._pauses:
            self._reading = self._wish()


def wish_for(assistant: Assistant, article_ids: Sequence[str]) -> Wish | None:
    """The wish that an assistant's model has read these articles, the first ones first.

    None for a model elsewhere, which would be paid for it, and where there is nothing to read.

    Raises:
        UnknownArticle.
    """
    model, library, settings = assistant.chat_model, assistant.library, assistant.settings
    if not isinstance(model, LlamaCppChat):
        return None
    reader = Reader(model, settings.context_tokens, settings.max_tokens, settings.prompts)
    fitting = [key for key in article_ids if reader.fits(library.article(key).text, "")]
    texts = {key: whole_text(library, key) for key in fitting[:MOST_ASKED]}

    def begin() -> Reading:
        ahead = ReadAhead(model, reader)
        ahead.begin(texts)
        return ahead

    return begin if texts else None
