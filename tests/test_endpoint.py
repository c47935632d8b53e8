"""An endpoint fails in every way we know of: each ends in time, in words, after three tries.

Real sockets on 127.0.0.1. The key that is sent must never come back in any text.
"""

from __future__ import annotations

import logging
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from assistant import endpoint_client
from assistant.endpoint_client import EndpointClient
from assistant.endpoint_faults import refusal
from assistant.errors import EndpointError, EndpointRefused, ModelError, PromptTooLong
from assistant.models import chat_model, endpoint_errors
from assistant.settings import Settings
from assistant.testing import ScriptedChatModel
from tests import endpoint_server as server
from tests.endpoint_server import Behaviour, EndpointServer, answers, in_turn

KEY = "sk-never-shown-0123456789"
SECONDS = 1.0
SLACK = 5.0
"""For a busy machine; what hangs here would hang for twenty seconds or for ever."""
QUESTION = [("user", "Is there a pause?")]
OPENAI_401 = f'{{"error": {{"message": "Incorrect API key provided: {KEY}."}}}}'.encode()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_client, "PAUSE", 0.02)


@pytest.fixture
def endpoint() -> Iterator[EndpointServer]:
    running = EndpointServer()
    yield running
    running.close()


Asker = Callable[..., BaseChatModel]


@pytest.fixture
def model() -> Iterator[Asker]:
    """Makes the chat model that settings with an endpoint give."""
    made: list[Any] = []

    def make(url: str, **settings: Any) -> BaseChatModel:
        values = {"request_timeout": SECONDS, "api_key": KEY} | settings
        model = chat_model(Settings.load(model="m", endpoint=url, **values))
        assert model is not None
        made.append(model)
        return model

    yield make
    for model in made:
        model.close()


def asked(model: BaseChatModel, *, streamed: bool, told: list[str] | None = None) -> str:
    told = [] if told is None else told
    with endpoint_errors(model):
        if streamed:
            told += [""]
            for chunk in model.stream(QUESTION):
                told[0] += chunk.text
        else:
            told += [model.invoke(QUESTION).text]
    return told[0]


FAULTS: dict[str, tuple[Behaviour, str, int]] = {
    "hangs": (server.hang, "did not answer in time", 1),
    "drips headers": (server.drip_headers, "did not answer in time", 1),
    "drips words": (server.drip_words, "did not answer in time", 1),
    "drips comments": (server.drip_comments, "did not answer in time", 1),
    "resets": (server.reset, "broke off the connection", 3),
    "is no web server": (server.no_http, "broke off the connection", 3),
    "cuts its reply": (server.cut, "broke off the connection", 1),
    "ends without a reason": (server.ended, "in the middle of its reply", 1),
    "says nothing": (server.silent, "sent an empty reply", 1),
    "sends no bytes": (server.nothing, "sent an empty reply", 1),
    "sends broken JSON": (server.garbled, "cannot be read", 1),
    "sends other JSON": (server.misshapen, "sent an empty reply", 1),
    "fails midway": (server.failed_midway, "reported an error", 1),
    "sends a web page": (answers(200, b"<html>", "text/html"), "with a web page", 1),
    "refuses the key": (answers(401, OPENAI_401), r"refused the key \(HTTP 401\)", 1),
    "forbids": (answers(403, OPENAI_401), r"refused the key \(HTTP 403\)", 1),
    "knows no model": (answers(404), "knows no such model", 1),
    "is over its limit": (answers(429), "Ask again in", 3),
    "wants a long pause": (answers(429, Retry_After="90"), "Ask again in 90 seconds", 1),
    "is broken": (answers(500), "failed with HTTP 500", 3),
    "is overloaded": (answers(503), "failed with HTTP 503", 3),
    "takes no such request": (answers(400), "does not take the request", 1),
}


BEGUN = (server.cut, server.ended, server.garbled, server.failed_midway, server.drip_comments)
"""Faults in the middle of a reply: what was written before is handed over."""


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_stream_has_its_own_words(
    endpoint: EndpointServer, model: Asker, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.behave, says, tries = FAULTS[fault]
    caplog.set_level(logging.DEBUG)
    start = time.monotonic()
    told: list[str] = []
    with pytest.raises(EndpointError, match=says) as caught:
        asked(model(endpoint.url), streamed=True, told=told)
    assert time.monotonic() - start < SECONDS + SLACK
    assert len(endpoint.seen) == tries
    assert endpoint.url in str(caught.value)
    for text in (str(caught.value), repr(caught.value), caplog.text):
        assert KEY not in text
    begun = "Begun " if endpoint.behave in BEGUN else "slow "
    assert told[0].replace(begun, "") == ""
    assert (told[0] != "") is (endpoint.behave in (*BEGUN, server.drip_words))


# A stream that drips, ends early or fails midway is no fault of a reply in one piece.
IN_ONE_PIECE = {name: row for name, row in FAULTS.items() if row[2] == 3 or "HTTP" in row[1]} | {
    "hangs": FAULTS["hangs"],
    "drips headers": FAULTS["drips headers"],
    "cuts its reply": (server.cut, "broke off the connection", 3),
    "sends broken JSON": (server.garbled, "cannot be read", 1),
    "sends other JSON": (server.misshapen, "cannot be read", 1),
    "sends no JSON": (answers(200, b"hello", "text/plain"), "cannot be read", 1),
    "sends a web page": FAULTS["sends a web page"],
}


@pytest.mark.parametrize("fault", IN_ONE_PIECE)
def test_every_fault_of_a_reply_in_one_piece_too(
    endpoint: EndpointServer, model: Asker, fault: str
) -> None:
    endpoint.behave, says, tries = IN_ONE_PIECE[fault]
    start = time.monotonic()
    with pytest.raises(EndpointError, match=says) as caught:
        asked(model(endpoint.url), streamed=False)
    assert time.monotonic() - start < SECONDS + SLACK
    assert len(endpoint.seen) == tries
    assert KEY not in str(caught.value)


def test_nobody_there(model: Asker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for streamed in (True, False):
        with pytest.raises(EndpointError, match="cannot be reached"):
            asked(model(f"http://127.0.0.1:{port}/v1"), streamed=streamed)


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("passing", [answers(500), answers(429), server.reset])
def test_what_passes_is_tried_again(
    endpoint: EndpointServer, model: Asker, passing: Behaviour, streamed: bool
) -> None:
    endpoint.behave = in_turn(passing, passing, lambda exchange: exchange.answer("A ", "pause."))
    assert asked(model(endpoint.url), streamed=streamed) == "A pause."
    assert len(endpoint.seen) == 3


@pytest.mark.parametrize("pause", ["1", "date"])
def test_the_pause_a_server_asks_for_is_kept(
    endpoint: EndpointServer, model: Asker, pause: str
) -> None:
    if pause == "date":  # whole seconds: three from now is still more than one when it is read
        pause = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3))
    endpoint.behave = in_turn(
        answers(429, Retry_After=pause), lambda exchange: exchange.answer("A ", "pause.")
    )
    assert asked(model(endpoint.url, request_timeout=10), streamed=True) == "A pause."
    assert 1.0 <= endpoint.times[1] - endpoint.times[0] < 4.0


def test_a_reply_is_never_asked_for_twice_once_it_has_begun(
    endpoint: EndpointServer, model: Asker
) -> None:
    endpoint.behave = in_turn(server.cut, lambda exchange: exchange.answer("again"))
    with pytest.raises(EndpointError):
        asked(model(endpoint.url), streamed=True)
    assert len(endpoint.seen) == 1


def test_a_server_that_ignores_its_limit_is_cut_short(
    endpoint: EndpointServer, model: Asker
) -> None:
    endpoint.behave = lambda exchange: exchange.answer(*["on and "] * 100_000)
    text = asked(model(endpoint.url, max_tokens=50, request_timeout=60), streamed=True)
    assert text == "on and " * 51


def test_a_stream_that_is_closed_closes_the_connection(
    endpoint: EndpointServer, model: Asker
) -> None:
    hung_up: list[float] = []

    def until_nobody_listens(exchange: server.Exchange) -> None:
        exchange.send(server.EVENTS)
        try:
            while True:
                exchange.send(server.delta("word "))
                time.sleep(0.02)
        except OSError:
            hung_up.append(time.monotonic())

    endpoint.behave = until_nobody_listens
    stream = model(endpoint.url).stream(QUESTION)
    next(stream)
    closed = time.monotonic()
    stream.close()  # type: ignore[attr-defined]
    while not hung_up and time.monotonic() < closed + 5:
        time.sleep(0.01)
    assert hung_up[0] - closed < 2


def test_a_request_that_is_not_taken_is_told_apart(endpoint: EndpointServer, model: Asker) -> None:
    endpoint.behave = answers(400, b'{"error": {"message": "logprobs are not supported"}}')
    with pytest.raises(EndpointRefused):
        asked(model(endpoint.url), streamed=False)
    endpoint.behave = answers(400, b'{"error": {"message": "maximum context length"}}')
    with pytest.raises(PromptTooLong, match="a prompt this long"):
        asked(model(endpoint.url), streamed=False)


def test_an_endpoint_that_keeps_failing_is_left_alone_and_comes_back(
    endpoint: EndpointServer,
) -> None:
    endpoint.behave = answers(500)
    with EndpointClient("The endpoint", 20, rest=1.0) as client:
        for _ in range(2):
            with pytest.raises(EndpointError):
                client.post(f"{endpoint.url}/chat", json={})
        assert len(endpoint.seen) <= 6
        before = len(endpoint.seen)
        start = time.monotonic()
        for _ in range(50):
            with pytest.raises(EndpointError, match=r"5 times in a row\. It is asked again in"):
                client.post(f"{endpoint.url}/chat", json={})
        assert (time.monotonic() - start) / 50 < 0.1
        assert len(endpoint.seen) == before
        time.sleep(1.0)
        with pytest.raises(EndpointError, match="500"):  # one more try, and rest again
            client.post(f"{endpoint.url}/chat", json={})
        with pytest.raises(EndpointError, match="in a row"):
            client.post(f"{endpoint.url}/chat", json={})
        endpoint.behave = answers(200, b'{"back": true}')
        time.sleep(1.0)
        for _ in range(3):
            assert client.post(f"{endpoint.url}/chat", json={}).json() == {"back": True}


@pytest.mark.parametrize("fault", ["refuses the key", "is broken", "cuts its reply", "hangs"])
def test_no_traceback_holds_the_key(endpoint: EndpointServer, model: Asker, fault: str) -> None:
    endpoint.behave = FAULTS[fault][0]
    with pytest.raises(EndpointError) as caught:
        asked(model(endpoint.url, request_timeout=1), streamed=True)
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=False)
    told = "".join(lines.format())
    # The body of a 401 can repeat the key; it must not be part of what we raise.
    assert KEY not in told


@pytest.mark.parametrize(
    "settings", [{"endpoint": "https://models.example/v1", "model": "m"}, {"model": "openai:gpt"}]
)
def test_offline_mode_asks_nobody_beyond_this_machine(settings: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="Offline mode is on"):
        chat_model(Settings.load(offline=True, **settings))
    local = Settings.load(offline=True, endpoint="http://localhost:11434/v1", model="m")
    assert chat_model(local) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503])
def test_a_status_is_said_in_the_same_words_whoever_meets_it(status: int) -> None:
    """Our client for an endpoint, and the client of a provider that is named instead."""

    class APIStatusError(Exception):
        status_code = status

    APIStatusError.__module__ = "openai"
    model = ScriptedChatModel(replies=[""])
    with pytest.raises(EndpointError) as raised, endpoint_errors(model):
        raise APIStatusError("…")
    assert str(raised.value) == f"The model provider {refusal(status)}"
    assert f"HTTP {status}" in str(raised.value)
