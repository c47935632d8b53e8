"""Let the in-process model read an article before it is asked about it, or while nobody asks.

Reading is most of the wait: some 60 tokens a second. An article that was read once is kept as a
state (``llamaserver``), and then a question costs the reading of the question alone. Not handled:
models that are not in this process, and articles longer than the model's window.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.reading import Halt, Reader

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.llamacpp import LlamaCppChat

_WORTH_CHARS = 3_600
"""Characters of an article that one question is worth reading: what is picked for a question has
about half as many, and later questions are answered in a fraction of the time. An article that
is twice as long is read whole at its second question."""


def is_worth_reading(chars: int, asked: int, among: int) -> bool:
    """Whether an article of so many characters is read whole before its next answer.

    ``asked`` is how often it was asked about, this question included; ``among`` how many
    articles this question is put to.
    """
    return chars * among <= _WORTH_CHARS * asked


class ReadAhead:
    """Which articles a model has read, and a thread that reads on while nobody asks.

    Thread-safe. Reading behind stops within a batch while anybody asks the model, whichever way;
    a ``with`` block of it holds it back between two requests too, as ``turns.asking()`` does.
    """

    def __init__(self, model: LlamaCppChat, reader: Reader) -> None:
        self._model = model
        self._reader = reader
        self._asked: Counter[str] = Counter()
        self._closed = False
        self._reading = threading.Lock()

    def state(self, article_id: str, text: str, stopped: Halt, *, among: int = 1) -> str | None:
        """The state to answer from, or None where the passages are better read alone.

        Reads the article first when the questions it was asked so far, this one included, are
        worth it. One that is put to several articles (``among``) is divided between them: else
        its answer would wait for all of them to be read.
        """
        messages = self._messages(text)
        if messages is None:
            return None
        state = self._model.state_of(article_id, messages)
        self._asked[article_id] += 1
        if self._model.has(state):
            return state
        if not is_worth_reading(len(text), self._asked[article_id], among):
            return None
        return state if self._model.read(messages, state, stopped) else None

    def forget(self, article_id: str) -> None:
        """Remove what was kept of an article."""
        self._model.forget(article_id)

    def begin(self, articles: Mapping[str, str]) -> None:
        """Read articles behind, by id and text, whenever nobody asks. Never fails: what cannot
        be read ahead is read when it is asked about."""
        threading.Thread(
            target=self._work, args=(articles,), name="read ahead", daemon=True
        ).start()

    def close(self) -> None:
        """Read no more. What is under way stops within a batch."""
        self._closed = True
        self._model.turns.wake()

    def __enter__(self) -> None:
        self._model.turns.begin()

    def __exit__(self, *_: object) -> None:
        self._model.turns.end()

    def _work(self, articles: Mapping[str, str]) -> None:
        with self._reading, suppress(ModelError):
            for article_id, text in articles.items():
                messages = self._messages(text)
                if messages is None:
                    continue
                state = self._model.state_of(article_id, messages)
                while not self._model.has(state) and self._is_idle():
                    self._model.read(messages, state, self._interrupted)

    def _is_idle(self) -> bool:
        """Waits until nobody asks; False when there is no more to be read."""
        self._model.turns.wait_until_unwanted(lambda: self._closed)
        return not self._closed

    def _interrupted(self) -> bool:
        return self._closed or self._model.turns.wanted

    def _messages(self, text: str) -> list[BaseMessage] | None:
        return self._reader.ahead(text) if self._reader.fits(text, "") else None
