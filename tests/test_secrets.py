"""A key that is set appears nowhere: not in messages, logs, reports, exports or the store."""

from __future__ import annotations

import logging
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import endpoint_client
from tests import endpoint_server as server
from tests.command_line import CommandLine
from tests.conftest import POSITION
from tests.endpoint_server import EndpointServer
from tests.sample_articles import SEED

KEY = "sk-never-shown-0123456789"
ECHO = f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}'.encode()


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointServer]:
    monkeypatch.setattr(endpoint_client, "PAUSE", 0.02)
    running = EndpointServer(lambda exchange: exchange.answer(POSITION))
    yield running
    running.close()


@pytest.mark.parametrize(
    "behave",
    [
        lambda exchange: exchange.answer(POSITION),
        server.answers(401, ECHO),
        server.answers(500, ECHO),
        server.cut,
        server.garbled,
        server.reset,
    ],
)
def test_it_is_in_no_output_and_no_file(
    command: CommandLine,
    endpoint: EndpointServer,
    behave: server.Behaviour,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    scratch = command.folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))  # where error reports go
    endpoint.behave = behave
    command.set(model="m", endpoint=endpoint.url, api_key=KEY, request_timeout="5")
    ran = [
        command("add", SEED),
        command("ask", "What was the UK's position?"),
        command("ask", "What was the UK's position?", "--json"),
        command("eval", "--limit", "1", "--out", command.folder / "run"),
        command("doctor"),
        command("chat", stdin="What was the UK's position?\n"),
    ]
    assert any(KEY in exchange.headers for exchange in endpoint.seen), "the key was not even used"
    for one in ran:
        assert KEY not in one.out
        assert KEY not in one.err
    assert KEY not in caplog.text
    files = [path for path in command.folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path


def test_it_is_in_no_message_about_settings(command: CommandLine) -> None:
    wrong = {
        "endpoint": f"http://{KEY}@localhost/v1",
        "chroma_url": f"http://localhost:8000/?key={KEY}",
        "threads": KEY,
        "api_ky": KEY,
    }
    for name, value in wrong.items():
        command.set(**{name: value})
        ran = command("list")
        assert ran.code != 0
        assert KEY not in ran.out + ran.err
        command.set(**{name: ""})


LITTERED = """
import ctypes, sys, threading
from assistant.answering import Assistant
from assistant.testing import HashEmbedder, ScriptedChatModel

SECRET = b"sk-never-shown-0123456789"
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def litter():
    given = []
    for size in (300, 800, 2000, 5000, 12000, 40000, 90000, 120000) * 60:
        given.append(libc.malloc(size))
        ctypes.memmove(given[-1], (SECRET * (size // len(SECRET) + 1))[:size], size)
    for place in given:
        libc.free(place)

def everywhere():
    threads = [threading.Thread(target=litter) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    litter()

everywhere()
for number in range(3):
    model = ScriptedChatModel(replies=["x"])
    with Assistant.open(sys.argv[1], model=model, embedder=HashEmbedder()) as assistant:
        everywhere()
        assistant.add(text=f"Number {number} is here. It is good. " * 9, title="t")
        assistant.search("good")
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is filled by glibc only")
def test_what_stood_in_memory_does_not_get_into_the_index(tmp_path: Path) -> None:
    # Chroma writes memory that it never filled: see assistant/library/chroma.py.
    subprocess.run([sys.executable, "-c", LITTERED, str(tmp_path)], check=True, timeout=300)
    written = [path for path in tmp_path.rglob("*.bin") if path.is_file()]
    assert written
    for path in written:
        assert KEY.encode() not in path.read_bytes(), path
