"""The real model stops when nobody listens any more, whether it reads or writes, and answers again.

Its port on this machine is closed to everybody else.
"""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from assistant.answering import Assistant
from assistant.errors import Stopped
from assistant.llamacpp import LlamaCppChat
from assistant.schema import Answer, Delta

QUESTIONS = (
    "What was the UK's position?",
    "What did Blinken say about Gaza after the war?",
    "Who hosted the meeting in Tokyo?",
    "What does the statement of the G7 say about a pause?",
)


def stop_once(assistant: Assistant, question: str, after: float) -> float:
    """Ask, stop after so many seconds, and return how long the model then went on."""
    asked = time.monotonic()
    closed = threading.Event()

    def listen() -> None:
        stream = assistant.stream(question, stopped=closed.is_set)
        try:
            while not closed.is_set() and next(stream, None) is not None:
                pass
        except Stopped:
            pass
        finally:
            stream.close()

    # Somebody else stops it: while the model reads, whoever asked is waiting.
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    while listener.is_alive() and time.monotonic() - asked < after:
        time.sleep(0.01)
    stopped = time.monotonic()
    closed.set()
    listener.join(timeout=60)
    assert not listener.is_alive(), "it never stopped"
    return max(0.0, time.monotonic() - stopped)


@pytest.mark.model
@pytest.mark.parametrize("after", [0.0, 0.7, 3.0])
def test_a_stop_frees_the_model(real_assistant: Assistant, after: float) -> None:
    real_assistant.warm_up()
    seconds = stop_once(real_assistant, f"{QUESTIONS[1]} ({after})", after)
    # Two seconds on a machine of its own; tests run beside others.
    assert seconds < 4.0
    start = time.monotonic()
    stream = real_assistant.stream(QUESTIONS[0])
    assert any(isinstance(event, Delta | Answer) for event in stream)
    assert time.monotonic() - start < 120


@pytest.mark.model
def test_the_port_of_the_model_is_closed_to_everybody_else(real_assistant: Assistant) -> None:
    real_assistant.warm_up()
    model = real_assistant.chat_model
    assert isinstance(model, LlamaCppChat)
    assert model._server is not None
    address = model._server._server.listening_address
    assert "127.0.0.1" in address
    chat = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    foreign = {"Origin": "https://evil.example"}
    guessed = {"Authorization": "Bearer guessed"}
    tried = 0
    for headers in ({}, foreign, guessed):
        for path in ("/slots", "/props", "/v1/models", "/metrics", "/lora-adapters"):
            reply = httpx.get(f"{address}{path}", headers=headers, trust_env=False)
            assert reply.status_code in (401, 403, 404), path
            # The origin is echoed even with a refusal, and a refusal is all that can be read.
            assert "Tokyo" not in reply.text
            tried += 1
        for path in ("/v1/chat/completions", "/completion", "/slots/0?action=erase", "/tokenize"):
            reply = httpx.post(f"{address}{path}", json=chat, headers=headers, trust_env=False)
            assert reply.status_code in (401, 403, 404), path
            tried += 1
    assert tried == 27
