"""Run one function on untrusted bytes in a child process that has little to lose.

The child has a memory limit and a deadline, opens no network connection, starts no process and
writes no file; whatever goes wrong in it (a crash, a hang, a bomb) ends as one typed error
here. It stays warm between calls. Only JSON and bytes cross the border, never pickles.
Memory is limited where the system can do it (Linux, macOS partly); the rest works everywhere.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, Self

from assistant.errors import ArticleError

MEMORY_BYTES = 1_000_000_000
SECONDS = 60.0
_LENGTH_BYTES = 8
_REPLY_MAX = 100_000_000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = frozenset(
    {
        *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"),
        *("socket.sendmsg", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty"),
        *("os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn", "os.kill", "shutil.rmtree"),
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink"),
        *("os.truncate", "os.chmod", "os.chown"),
    }
)


class Sandbox:
    """A warm child process that serves ``function``, named as ``package.module:name``.

    The function takes ``(data: bytes, **options)`` and returns what JSON can carry. One call
    runs at a time; calls from several threads queue. Close it, or use it in a ``with``.
    """

    def __init__(
        self, function: str, *, memory_bytes: int = MEMORY_BYTES, seconds: float = SECONDS
    ) -> None:
        self._function = function
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def call(self, data: bytes, **options: Any) -> dict[str, Any]:
        """The function's result for ``data``.

        Raises:
            ArticleError: the function's own, or because it crashed, hung or ran out of memory.
        """
        with self._lock:
            child = self._running()
            late = threading.Event()
            timer = threading.Timer(self._seconds, _give_up, (child, late))
            timer.start()
            reply: dict[str, Any] | None = None
            try:
                _send(child.stdin, json.dumps(options).encode(), data)
                reply = json.loads(_receive(child.stdout))
            except (OSError, EOFError, ValueError):
                if late.is_set():
                    raise ArticleError(
                        f"reading it took more than {self._seconds:g} seconds and was stopped"
                    ) from None
                raise ArticleError(
                    "reading it crashed or took too much memory; the file may be damaged"
                ) from None
            finally:
                timer.cancel()
                if reply is None:  # interrupted, too: a late reply must not answer the next call
                    self._discard()
        if "error" in reply:
            raise ArticleError(str(reply["error"]))
        result: dict[str, Any] = reply["result"]
        return result

    def close(self) -> None:
        """End the child; a later call starts a new one."""
        with self._lock:
            self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._discard()
            # Not multiprocessing: its children run the caller's main module again, and a fork
            # of a process that holds threads and models inherits their locks and their memory.
            start = (
                # First of all forget the environment: keys and proxies are not for parsers.
                # One BLAS thread: each reserves address space, which the memory limit counts.
                "import os, sys; os.environ.clear(); os.environ['OPENBLAS_NUM_THREADS'] = '1'; "
                f"sys.path[:] = {sys.path!r}; "
                f"from {__name__} import serve; serve({self._function!r}, {self._memory_bytes})"
            )
            self._child = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-c", start],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._child

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent bytes of a dead child
                    continue
        child.wait()


def serve(function: str, memory_bytes: int) -> None:
    """The child's side: answer calls on standard input until it closes."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.dont_write_bytecode = True
    sys.stdout = sys.stderr  # what a parser prints must not end up between two replies
    module, _, name = function.partition(":")
    served = getattr(importlib.import_module(module), name)
    _limit_memory(memory_bytes)
    sys.addaudithook(_refuse)
    while True:
        try:
            options, data = json.loads(_receive(requests)), _receive(requests)
        except EOFError:
            return
        _send(replies, json.dumps(_answer(served, data, options)).encode("utf-8", "replace"))


def _answer(served: Any, data: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"result": served(data, **options)}
    except ArticleError as error:
        return {"error": str(error)}
    except (MemoryError, RecursionError) as error:
        return {"error": f"it is nested or packed too deeply to be read ({type(error).__name__})"}
    except Exception as error:  # noqa: BLE001  the door of this process: a parser's own bug
        return {"error": f"it is damaged or not what it claims to be ({type(error).__name__})"}


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(limit, (allowed, hard))
        except (OSError, ValueError):  # macOS refuses some; the deadline still holds
            continue


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook; a second wall, not the first: parsers have no business with any of this."""
    if event == "open":
        flags = arguments[2]
        if isinstance(flags, int) and flags & _WRITING:
            raise PermissionError("a parser tried to write a file")
    elif event in _FORBIDDEN:
        raise PermissionError(f"a parser tried {event}")


def _give_up(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    child.kill()


def _send(pipe: IO[bytes] | None, *parts: bytes) -> None:
    if pipe is None:
        raise EOFError
    for part in parts:
        pipe.write(len(part).to_bytes(_LENGTH_BYTES, "big"))
        pipe.write(part)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> bytes:
    length = int.from_bytes(_exactly(pipe, _LENGTH_BYTES), "big")
    if length > _REPLY_MAX:
        raise EOFError
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes] | None, count: int) -> bytes:
    data = b"" if pipe is None else pipe.read(count)
    if len(data) < count:
        raise EOFError
    return data
