"""A conversation as the browser keeps it: what was asked, what came of it, what was chosen.

The server keeps no session. The browser hands its conversation over with every question, so
it survives a reload and a restart; being the browser's, it is checked like any other input.
What is chosen is kept apart from what was said: an answer that takes a minute must not bring
back the choice of a minute ago.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from assistant.errors import UserInputError
from assistant.schema import Answer, Turn

MAX_EXCHANGES = 40
MAX_BYTES = 2_000_000
"""What is kept, oldest dropped first. Browsers give a site about five million bytes."""

HISTORY = 6
"""Earlier exchanges a follow-up question may refer to."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer, or ``note``, which says why there is none.

    ``partial`` is what a stopped model had written, never checked; ``rating`` what the reader
    thought of the answer (see ``feedback``); ``settings`` the fingerprint of what made it.
    """

    question: str
    answer: Answer | None = None
    note: str = ""
    partial: str = ""
    rating: str = ""
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges, oldest first. ``left_out`` are the articles not to be asked."""

    exchanges: tuple[Exchange, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def restore(cls, kept: object, left_out: object = None) -> Self:
        """What the browser kept; an empty conversation when it is nothing we wrote."""
        given = kept.get("exchanges", ()) if isinstance(kept, dict) else ()
        try:
            exchanges = TypeAdapter(tuple[Exchange, ...]).validate_python(given)
        except ValidationError:
            exchanges = ()
        return cls(exchanges, ids(left_out))

    def keep(self) -> dict[str, Any]:
        """The exchanges as plain JSON for the browser, within the bounds of this module."""
        kept = [asdict(exchange) for exchange in self.exchanges[-MAX_EXCHANGES:]]
        sizes = [len(json.dumps(row, ensure_ascii=False).encode()) for row in kept]
        while sum(sizes) > MAX_BYTES and len(kept) > 1:
            del kept[0], sizes[0]
        return {"exchanges": kept}

    def history(self) -> tuple[Turn, ...]:
        """The latest answered questions, for a follow-up to refer to."""
        turns = [Turn(e.question, e.answer) for e in self.exchanges if e.answer is not None]
        return tuple(turns[-HISTORY:])

    def scope(self, article_ids: Sequence[str]) -> list[str]:
        """Of the library's articles, those to be asked."""
        return [key for key in article_ids if key not in self.left_out]

    def asked(self, article_ids: Sequence[str]) -> list[str] | None:
        """:meth:`scope` for a question or a search; None for a library that has no articles.

        Raises:
            UserInputError: there are articles, and none of them is chosen.
        """
        scope = self.scope(article_ids)
        if article_ids and not scope:
            raise UserInputError("No article is chosen. Tick one in the library, then ask.")
        return scope or None

    def with_exchange(self, exchange: Exchange) -> Conversation:
        """This conversation with one more exchange at its end."""
        return replace(self, exchanges=(*self.exchanges, exchange)[-MAX_EXCHANGES:])

    def without_last(self) -> Conversation:
        """This conversation up to its last question, which is asked anew."""
        return replace(self, exchanges=self.exchanges[:-1])

    def rated(self, index: int, rating: str) -> Conversation:
        """This conversation with a rating on one exchange; an unknown index changes nothing."""
        exchanges = tuple(
            replace(exchange, rating=rating) if number == index else exchange
            for number, exchange in enumerate(self.exchanges)
        )
        return replace(self, exchanges=exchanges)


def ids(given: object) -> tuple[str, ...]:
    """The ids in what the browser gave for a list of them."""
    rows = given if isinstance(given, list | tuple) else ()
    return tuple(dict.fromkeys(row for row in rows if isinstance(row, str)))
