"""What takes time, stage by stage: as OpenTelemetry spans, and as a table for ``--timings``.

Spans go through OpenTelemetry's API to whatever the program around this package has configured;
where nothing is configured they cost a microsecond. They carry counts, names of models and
outcomes, never a question, an answer or a word of an article.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

Value = str | bool | int | float

_TRACER = "assistant"


@dataclass(slots=True)
class Stage:
    """How often something was done and how many seconds it took, with what was done within it.

    ``path`` are the names of the stages around it and its own.
    """

    path: tuple[str, ...]
    times: int = 0
    seconds: float = 0.0


class Record:
    """The stages that ended while it was open, in the order in which they first began."""

    def __init__(self) -> None:
        self._stages: dict[tuple[str, ...], Stage] = {}

    @property
    def stages(self) -> list[Stage]:
        """Those that ended; a stage stands before what was done within it."""
        ended = [stage for stage in self._stages.values() if stage.times]
        order = {path: i for i, path in enumerate(self._stages)}
        return sorted(
            ended, key=lambda s: [order.get(s.path[: n + 1], -1) for n in range(len(s.path))]
        )

    def begin(self, path: tuple[str, ...]) -> Stage:
        """The stage at a path, which is listed from now on."""
        return self._stages.setdefault(path, Stage(path))


_record: ContextVar[Record | None] = ContextVar("record", default=None)
_around: ContextVar[Span | None] = ContextVar("around", default=None)


@contextmanager
def recording() -> Iterator[Record]:
    """Record the stages of this thread until the block ends."""
    record = Record()
    token = _record.set(record)
    try:
        yield record
    finally:
        _record.reset(token)


class Span:
    """A stage that has begun. Whoever begins one ends it; :func:`span` does both."""

    def __init__(self, name: str, *, within: Span | None = None, since: int | None = None) -> None:
        """Begin. ``within`` is the stage it is part of, by default the one around this line.

        ``since`` is when it began, in nanoseconds since 1970, by default now.
        """
        parent = within or _around.get()
        self._path: tuple[str, ...] = (*(parent._path if parent else ()), name)
        record = _record.get()
        self._stage = record.begin(self._path) if record else None
        self._began = since or time.time_ns()
        self._reported = _reported(name, parent, self._began)
        self._ended = False

    def set(self, **about: Value) -> Self:
        """Say more about it. A dot of a name is written as two underscores."""
        if self._reported is not None:
            self._reported.set_attributes({k.replace("__", "."): v for k, v in about.items()})
        return self

    def end(self, error: BaseException | None = None, *, at: int | None = None) -> None:
        """The stage is over, by an error or well; ``at`` nanoseconds since 1970. Idempotent."""
        if self._ended:
            return
        self._ended = True
        now = at or time.time_ns()
        if self._stage is not None:
            self._stage.times += 1
            self._stage.seconds += (now - self._began) / 1e9
        if self._reported is not None:
            if error is not None:
                # Messages may quote what was asked; the kind of error does not.
                self._reported.set_attribute("error.type", type(error).__name__)
                self._reported.set_status(_trace().StatusCode.ERROR)
            self._reported.end(end_time=now)


@contextmanager
def span(name: str, **about: Value) -> Iterator[Span]:
    """A stage that ends with the block. Not around a ``yield``: use :class:`Span` there."""
    begun = Span(name).set(**about)
    token = _around.set(begun)
    reported = begun._reported
    current = (
        nullcontext()
        if reported is None
        else _trace().use_span(reported, record_exception=False, set_status_on_exception=False)
    )
    try:
        with current:
            yield begun
    except BaseException as error:
        begun.end(error)
        raise
    finally:
        _around.reset(token)
        begun.end()


def _reported(name: str, parent: Span | None, began: int) -> Any:
    """A span of OpenTelemetry; None where nobody can have configured it."""
    # What nobody has imported nobody has configured, and importing it takes 50 ms.
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    above = parent._reported if parent else None
    context = trace.set_span_in_context(above) if above is not None else None
    return trace.get_tracer(_TRACER).start_span(name, context=context, start_time=began)


def _trace() -> Any:
    return sys.modules["opentelemetry.trace"]
