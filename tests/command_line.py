"""The ``assistant`` command as tests run it: inside this process, or in one of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ran:
    """What a command gave back and printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output read as JSON."""
        return json.loads(self.out)


class CommandLine:
    """Runs commands over the library ``store`` in ``folder``, which is the current folder.

    Vectors are of shared words, there is no language model unless one is named, and nothing
    is refused for doubt: what is tested is the command line, not the quality of answers.
    """

    def __init__(
        self, folder: Path, environment: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.store = folder / "store"
        self._environment = environment
        self._capture = capture
        environment.chdir(folder)
        environment.setenv("COLUMNS", "100")
        for name, value in self.settings.items():
            environment.setenv(name, value)

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables that these commands run with."""
        return {
            "ASSISTANT_STORE": str(self.store),
            "ASSISTANT_CACHE": str(self.folder / "cache"),
            "ASSISTANT_MODEL": "extractive",
            "ASSISTANT_EMBEDDER": "hash",
            "ASSISTANT_CAUTION": "0",
            "ASSISTANT_OFFLINE": "1",
        }

    def set(self, **settings: str) -> None:
        """Change settings for the commands to come; an empty text is the default again."""
        for name, value in settings.items():
            self._environment.setenv(f"ASSISTANT_{name.upper()}", value)

    def __call__(self, *arguments: str | Path, stdin: str | bytes = "") -> Ran:
        """Run a command in this process."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        self._environment.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        self._capture.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = self._capture.readouterr()
        return Ran(code, printed.out, printed.err)

    @contextmanager
    def start(self, *arguments: str | Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """A command in a process of its own, with pipes for its three streams.

        What still runs when a test fails is killed: the tests after it are not to wait for it.
        """
        extra = {f"ASSISTANT_{name.upper()}": value for name, value in settings.items()}
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "assistant", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, **self.settings, **extra, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
