"""Seconds since a question was asked, by stage."""

from __future__ import annotations

import time

from assistant.schema import Timings
from assistant.tracing import Span


class Stopwatch:
    """Started by making it. ``lap`` ends a stage or a part of it, ``mark`` notes a moment once.

    Each lap is a span within ``question``, the span of the whole, which its maker ends.
    """

    def __init__(self, question: Span) -> None:
        self._question = question
        self._start = self._last = time.perf_counter()
        self._clock = time.time_ns()
        self._laps: dict[str, float] = {}
        self._marks: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now, clock = time.perf_counter(), time.time_ns()
        self._laps[stage] = round(self._laps.get(stage, 0.0) + now - self._last, 4)
        Span(stage, within=self._question, since=self._clock).end(at=clock)
        self._last, self._clock = now, clock

    def mark(self, moment: str) -> None:
        self._marks.setdefault(moment, round(time.perf_counter() - self._start, 4))

    def timings(
        self,
        prompt_tokens: int | None = None,
        cached_tokens: int | None = None,
        completion_tokens: int | None = None,
    ) -> Timings:
        """What was measured so far; ``total`` is now."""
        return Timings(
            **self._laps,
            **self._marks,
            total=round(time.perf_counter() - self._start, 4),
            prompt_tokens=prompt_tokens,
            cached_tokens=cached_tokens,
            completion_tokens=completion_tokens,
        )
