"""Let the in-process model read an article before it is asked about it, or while nobody asks.

Reading is most of the wait: some 60 tokens a second. An article that was read once is kept as a
state (``llamaserver``), and then a question costs the reading of the question alone. Not handled:
models that are not in this process, and articles longer than the model's window.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.reading import Reader

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.llamacpp import LlamaCppChat

_SHORT_CHARS = 3_600
"""An article up to this long is read whole at its first question: what is picked for one
question has half as much, and every later question is answered in a fraction of the time."""

_ASKED_AGAIN = 1
"""Questions after which any article that fits the window is worth reading whole."""


class ReadAhead:
    """Which articles a model has read, and a thread that reads on while nobody asks.

    Thread-safe. ``longest`` is in characters of the text that is put before the model.
    """

    def __init__(self, model: LlamaCppChat, reader: Reader) -> None:
        self._model = model
        self._reader = reader
        self._asked: Counter[str] = Counter()
        self._busy = threading.Event()
        self._asking = 0
        self._lock = threading.Lock()

    def state(
        self, article_id: str, text: Callable[[], str], stopped: Callable[[], bool]
    ) -> str | None:
        """The state to answer from, or None where the passages are better read alone.

        Reads the article first when it is short, or is asked about for a second time.
        """
        whole = text()
        messages = self._messages(whole)
        if messages is None:
            return None
        state = self._model.state_of(article_id, messages)
        self._asked[article_id] += 1
        if self._model.has(state):
            return state
        worth = len(whole) <= _SHORT_CHARS or self._asked[article_id] > _ASKED_AGAIN
        return state if worth and self._model.read(messages, state, stopped) else None

    def forget(self, article_id: str) -> None:
        """Remove what was kept of an article."""
        self._model.forget(article_id)

    def begin(self, article_id: str, text: Callable[[], str]) -> None:
        """Read an article behind, until somebody asks. What fails is read when it is asked."""

        def work() -> None:
            messages = self._messages(text())
            if messages is None:
                return
            state = self._model.state_of(article_id, messages)
            with suppress(ModelError):
                if not self._model.has(state):
                    self._model.read(messages, state, self._busy.is_set)

        threading.Thread(target=work, name="read ahead", daemon=True).start()

    def __enter__(self) -> None:
        """Somebody asks: whatever is read behind stops within a batch."""
        with self._lock:
            self._asking += 1
            self._busy.set()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._asking -= 1
            if not self._asking:
                self._busy.clear()

    def _messages(self, text: str) -> list[BaseMessage] | None:
        return self._reader.ahead(text) if self._reader.fits(text, "") else None
