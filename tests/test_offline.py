"""A whole offline run in a process of its own connects to nothing beyond this machine.

Python's own connections are recorded by an audit hook. What native code does is not seen by it,
so the run is made without any network where the system lets a user do that.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.settings import Settings
from tests.conftest import need_models
from tests.sample_articles import SEED

ROOT = Path(__file__).parents[1]

RUN = """
import ipaddress, json, socket, sys

seen = []

def record(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost"):
        return
    try:
        if ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            return
    except ValueError:
        pass
    seen.append(f"{event} {host}")

sys.addaudithook(record)

from assistant.cli import main

commands, out = json.loads(sys.argv[1]), sys.argv[2]
codes = [main(arguments) for arguments in commands]
control = socket.socket()
control.settimeout(0.01)
try:
    control.connect(("192.0.2.1", 80))
except OSError:
    pass
control.close()
with open(f"{out}.json", "w") as file:
    json.dump({"codes": codes, "seen": seen}, file)
"""


ASK = ["ask", "What was the UK's position?"]
USED = (
    ["add", str(SEED)],
    ["list"],
    ASK,
    ["ask", "Who won the chess championship in Peru?", "--json"],
    ["search", "humanitarian pause"],
    ["eval", "--limit", "1", "--out", "run"],
)


def without_network() -> tuple[str, ...]:
    """The command that runs another one where there is no network, if this system has it."""
    alone = ("unshare", "--map-root-user", "--net")
    if shutil.which(alone[0]) and subprocess.run([*alone, "true"], check=False).returncode == 0:
        return alone
    return ()


def offline_run(
    folder: Path, prefix: tuple[str, ...], used: Sequence[list[str]], **settings: str
) -> list[str]:
    """Do what people do, offline; returns what was connected to beyond this machine."""
    # A URL is refused, because the mode is on; the doctor may miss model files.
    commands = [*used, ["add", "https://news.example/story"], ["doctor"], ["models", "list"]]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ASSISTANT_", "HF_", "GRADIO_"))
    }
    environment |= {f"ASSISTANT_{name.upper()}": value for name, value in settings.items()}
    environment |= {"ASSISTANT_STORE": str(folder / "store"), "ASSISTANT_OFFLINE": "1"}
    command = [*prefix, sys.executable, "-P", "-c", RUN, json.dumps(commands), "run"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert found["codes"][: len(used) + 1] == [0] * len(used) + [1], done.stderr
    assert "offline" in done.stderr.casefold()
    # The last one is made by this test: the recorder does see what is connected to.
    *seen, control = found["seen"]
    assert control == "socket.connect 192.0.2.1"
    return list(seen)


def test_nothing_is_connected_to_and_nothing_is_missed(tmp_path: Path) -> None:
    settings = {"model": "extractive", "embedder": "hash", "cache": "cache"}
    assert offline_run(tmp_path, without_network(), USED, **settings) == []


@pytest.mark.model
def test_nor_do_the_real_models(tmp_path: Path) -> None:
    settings = Settings.load()
    need_models(settings.model, settings.embedder)
    # What the models do is in these two; each command more loads them once more.
    used = [["add", str(SEED)], ASK]
    assert offline_run(tmp_path, (), used, caution="0.5") == []
