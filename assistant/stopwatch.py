"""Seconds since a question was asked, by stage."""

from __future__ import annotations

import time

from assistant.schema import Timings


class Stopwatch:
    """Started by making it. ``lap`` ends a stage or a part of it, ``mark`` notes a moment once."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}
        self._marks: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._laps[stage] = round(self._laps.get(stage, 0.0) + now - self._last, 4)
        self._last = now

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
