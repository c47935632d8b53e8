"""The child process: what it may not do, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ArticleError
from assistant.sandbox import Sandbox

# Served by the child; each stands for what a parser taken over by a file could try.


def misbehave(data: bytes, *, how: str = "echo", where: str = "") -> dict[str, Any]:
    match how:
        case "echo":
            return {"size": len(data), "process": os.getpid(), "environment": dict(os.environ)}
        case "hang":
            time.sleep(60)
        case "spin":
            while True:
                data = data[::-1]
        case "hoard":
            return {"size": len(b"x" * 3_000_000_000)}
        case "crash":
            os.abort()
        case "exit":
            os._exit(0)
        case "recurse":
            return misbehave(data, how="recurse")
        case "print":
            print("noise on standard output")
            return {"size": len(data)}
        case "connect":
            socket.create_connection(("127.0.0.1", int(where)), timeout=5)
        case "start":
            subprocess.run([sys.executable, "-c", f"open({where!r}, 'w')"], check=True)
        case "system":
            os.system(f"touch {where}")
        case "write":
            Path(where).write_text("written")
        case "append":
            with open(where, "a") as file:  # noqa: PTH123
                file.write("more")
        case "delete":
            Path(where).unlink()
        case "refuse":
            raise ArticleError("it is not what we take")
    return {}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tests.test_sandbox:misbehave", seconds=20) as sandbox:
        yield sandbox


def test_it_answers_and_stays_warm(sandbox: Sandbox) -> None:
    first, second = sandbox.call(b"abc"), sandbox.call(b"x" * 5_000_000)
    assert (first["size"], second["size"]) == (3, 5_000_000)
    assert first["process"] == second["process"] != os.getpid()


def test_it_sees_no_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_API_KEY", "secret")
    assert "secret" not in json.dumps(sandbox.call(b"")["environment"])


@pytest.mark.parametrize("how", ["hang", "spin"])
def test_it_ends_at_its_deadline(how: str) -> None:
    with Sandbox("tests.test_sandbox:misbehave", seconds=6) as sandbox:
        sandbox.call(b"warm")
        start = time.monotonic()
        with pytest.raises(ArticleError, match="more than 6 seconds"):
            sandbox.call(b"data", how=how)
        assert time.monotonic() - start < 9
        assert sandbox.call(b"alive")["size"] == 5


@pytest.mark.parametrize("how", ["hoard", "crash", "exit", "recurse"])
def test_its_end_is_an_error_and_the_next_call_works(sandbox: Sandbox, how: str) -> None:
    with pytest.raises(ArticleError):
        sandbox.call(b"data", how=how)
    assert sandbox.call(b"alive")["size"] == 5


def test_a_killed_child_is_replaced(sandbox: Sandbox) -> None:
    os.kill(sandbox.call(b"")["process"], signal.SIGKILL)
    time.sleep(0.2)
    assert sandbox.call(b"alive")["size"] == 5


def test_an_interrupted_call_does_not_answer_the_next(sandbox: Sandbox) -> None:
    sandbox.call(b"warm")
    interrupt = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        sandbox.call(b"interrupted", how="hang")
    interrupt.join()
    assert sandbox.call(b"alive")["size"] == 5


@pytest.mark.parametrize("how", ["start", "system", "write"])
def test_it_creates_nothing(sandbox: Sandbox, how: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with pytest.raises(ArticleError):
        sandbox.call(b"", how=how, where=str(target))
    assert not target.exists()


@pytest.mark.parametrize("how", ["append", "delete"])
def test_it_changes_nothing(sandbox: Sandbox, how: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("kept")
    with pytest.raises(ArticleError):
        sandbox.call(b"", how=how, where=str(target))
    assert target.read_text() == "kept"


def test_it_connects_to_nothing(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        with pytest.raises(ArticleError):
            sandbox.call(b"", how="connect", where=str(listener.getsockname()[1]))
        with pytest.raises(TimeoutError):
            listener.accept()


def test_what_it_prints_does_not_mix_with_its_answers(sandbox: Sandbox) -> None:
    assert sandbox.call(b"four", how="print") == {"size": 4}


def test_its_own_errors_come_through_unchanged(sandbox: Sandbox) -> None:
    with pytest.raises(ArticleError, match=r"^it is not what we take$"):
        sandbox.call(b"", how="refuse")


def test_calls_from_threads_do_not_cross(sandbox: Sandbox) -> None:
    sizes: dict[int, int] = {}

    def call(size: int) -> None:
        sizes[size] = sandbox.call(b"x" * size)["size"]

    threads = [threading.Thread(target=call, args=(size,)) for size in range(1, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == {size: size for size in range(1, 30)}


def test_closing_ends_the_child() -> None:
    with Sandbox("tests.test_sandbox:misbehave") as sandbox:
        process = sandbox.call(b"")["process"]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
