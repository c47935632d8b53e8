"""A real Chroma server for tests: `chroma run` on 127.0.0.1, started and killed at will."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

PATIENCE = 300.0
"""Seconds until a server answers: half a second, but the machine may be busy."""


class ChromaServer:
    """`chroma run` over a folder, on one port for its whole life, however often restarted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        executable = Path(sys.executable).parent / "chroma"
        command: list[str] = [
            str(executable),
            "run",
            "--path",
            str(self.folder),
            "--host",
            "127.0.0.1",
        ]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/api/v2/heartbeat", timeout=1).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise TimeoutError(f"`chroma run` did not answer at {self.url} within {PATIENCE:g} s")

    def pause(self, seconds: float) -> None:
        """Let it hang: connections are accepted, and nothing is answered until later."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        threading.Timer(seconds, self._process.send_signal, [signal.SIGCONT]).start()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
