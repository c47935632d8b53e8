"""The line of questions: a few are under way at once, the others know how many are before them.

A model in this process answers one question at a time, so its questions stand in a lane of
their own: whoever waits there for the model is told so, and not that it reads.

Gradio's own queue says nothing until a question's turn has come, and cannot be left by a
button. Everything here happens in the event loop of the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from assistant.errors import UserInputError

LONGEST = 256
"""Questions waiting; whoever comes after them is asked to come back."""


class Place:
    """One question's place in the line. Leave it in any case."""

    def __init__(self, line: Line, lane: str) -> None:
        self._line = line
        self.lane = lane
        self._moved = asyncio.Event()
        self.left = False

    async def waiting(self) -> AsyncGenerator[int, None]:
        """How many are before this question, whenever that changes; ends when there are none.

        It ends as well once the place has been left.
        """
        while not self.left and (before := self._line.before(self)):
            self._moved.clear()
            yield before
            await self._moved.wait()

    def move(self) -> None:
        """Look again where we are."""
        self._moved.set()

    def leave(self) -> None:
        """Make room for the next."""
        if not self.left:
            self.left = True
            self._line.leave(self)
            self.move()


class Line:
    """First come, first served: ``at_once`` of them together, one at a time of each lane."""

    def __init__(self, at_once: int, longest: int = LONGEST) -> None:
        self._at_once = at_once
        self._longest = longest
        self._places: list[Place] = []

    def join(self, lane: str = "") -> Place:
        """The last place in the line; without a lane, nothing but the line is waited for.

        Raises:
            UserInputError: too many are waiting.
        """
        if len(self._places) >= self._at_once + self._longest:
            raise UserInputError("Too many questions are waiting. Ask again in a minute.")
        place = Place(self, lane)
        self._places.append(place)
        return place

    def before(self, place: Place) -> int:
        """How many have to end before it is this question's turn."""
        earlier = self._places[: self._places.index(place)]
        same = sum(other.lane == place.lane for other in earlier) if place.lane else 0
        return max(0, len(earlier) + 1 - self._at_once, same)

    def leave(self, place: Place) -> None:
        """Everybody behind moves up."""
        self._places.remove(place)
        for other in self._places:
            other.move()
