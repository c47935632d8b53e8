"""Stages as OpenTelemetry spans, and as the table of ``--timings``."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from assistant.errors import AssistantError, ModelError
from assistant.testing import ScriptedChatModel
from assistant.tracing import Span, recording, span
from tests.conftest import Opener
from tests.sample_articles import SEED

QUESTION = "What was the UK's position?"
SAID = "It would only support a humanitarian pause."


@pytest.fixture(scope="module")
def exporter() -> Iterator[InMemorySpanExporter]:
    """Where spans of this process go: a provider can be set once in a process."""
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    yield spans
    provider.shutdown()


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    exporter.clear()
    yield exporter
    exporter.clear()


def named(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    [found] = [one for one in spans.get_finished_spans() if one.name == name]
    return found


def children(spans: InMemorySpanExporter, parent: ReadableSpan) -> set[str]:
    assert parent.context is not None
    return {
        one.name
        for one in spans.get_finished_spans()
        if one.parent is not None and one.parent.span_id == parent.context.span_id
    }


def test_a_question_is_a_span_with_its_stages(
    spans: InMemorySpanExporter, open_assistant: Opener
) -> None:
    assistant = open_assistant(SEED, model=ScriptedChatModel(replies=[SAID]))
    spans.clear()
    answer = assistant.ask(QUESTION)
    asked = named(spans, "ask")
    assert asked.parent is None
    assert children(spans, asked) == {"retrieve", "generate", "check"}
    told = dict(asked.attributes or {})
    assert told["articles"] == 1
    assert told["status"] == answer.status == "answered"
    assert told["gen_ai.request.model"] == "scripted"
    assert asked.start_time is not None
    assert asked.end_time is not None
    seconds = (asked.end_time - asked.start_time) / 1e9
    assert abs(seconds - answer.timings.total) < 0.1


def test_adding_and_opening_are_spans_within_the_callers_own(
    spans: InMemorySpanExporter, open_assistant: Opener
) -> None:
    with trace.get_tracer("a program").start_as_current_span("theirs"):
        open_assistant(SEED)
    assert children(spans, named(spans, "theirs")) >= {"open", "read article", "add"}
    assert children(spans, named(spans, "add")) >= {"split", "embed", "store"}


def test_spans_tell_nothing_of_what_was_asked_or_answered(
    spans: InMemorySpanExporter, open_assistant: Opener
) -> None:
    assistant = open_assistant(SEED, model=ScriptedChatModel(replies=[SAID]))
    assistant.ask(QUESTION)
    told = "".join(one.to_json() for one in spans.get_finished_spans())
    assert "load" in told or "open" in told
    for secret in ("position", "humanitarian", "Blinken", str(SEED)):
        assert secret not in told


def test_an_error_is_told_by_its_kind_alone(
    spans: InMemorySpanExporter, open_assistant: Opener
) -> None:
    def fail(prompt: str) -> str:
        raise ModelError("the secret words")

    assistant = open_assistant(SEED, model=ScriptedChatModel(replies=fail))
    with pytest.raises(AssistantError, match="secret"):
        assistant.ask(QUESTION)
    asked = named(spans, "ask")
    assert not asked.status.is_ok
    assert dict(asked.attributes or {})["error.type"] == "ModelError"
    assert "secret" not in asked.to_json()


def test_a_stream_that_is_closed_ends_its_span(
    spans: InMemorySpanExporter, open_assistant: Opener
) -> None:
    assistant = open_assistant(SEED, model=ScriptedChatModel(replies=[SAID]))
    stream = assistant.stream(QUESTION)
    next(stream)
    stream.close()
    assert dict(named(spans, "ask").attributes or {})["error.type"] == "GeneratorExit"


def test_stages_are_recorded_in_their_order_with_those_within_them() -> None:
    with recording() as record:
        for _ in range(2):
            with span("outer"), span("inner"):
                pass
        with pytest.raises(ValueError, match="wrong"), span("failed"):
            raise ValueError("wrong")
        Span("never ended")
    with span("afterwards"):
        pass
    assert [(stage.path, stage.times) for stage in record.stages] == [
        (("outer",), 2),
        (("outer", "inner"), 2),
        (("failed",), 1),
    ]
    assert all(stage.seconds >= 0 for stage in record.stages)


def test_a_thread_records_where_it_was_begun() -> None:
    def load() -> None:
        with span("load"):
            pass

    with recording() as record, span("open"):
        known = threading.Thread(target=copy_context().run, args=(load,))
        unknown = threading.Thread(target=load)
        for thread in (known, unknown):
            thread.start()
            thread.join()
    assert [(stage.path, stage.times) for stage in record.stages] == [
        (("open",), 1),
        (("open", "load"), 1),
    ]


def test_without_opentelemetry_nothing_is_imported_for_it() -> None:
    """A program that does not trace waits for no import, and stages are recorded all the same."""
    program = """
import sys
from assistant.tracing import recording, span
with recording() as record, span("one", model="x"):
    pass
assert not any(name.startswith("opentelemetry") for name in sys.modules)
print(record.stages[0].path)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "('one',)\n", ran.stderr
