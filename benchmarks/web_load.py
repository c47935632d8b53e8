"""Many readers at once: the page under load, with a scripted model of 20 words a second.

    python -m benchmarks.web_load                     50 readers for 60 seconds
    python -m benchmarks.web_load --users 200

Every reader asks as the page does, over the same queue, and asks again when the answer is there.
A question carries a name of its own, and what comes back may carry no other: that would be
somebody else's stream. The server is a process of its own, so that its memory is its own; growth
is counted from a tenth of the time on, when everything has been loaded. Exits with 1 when there
was an error, a crossed stream or more than 100 MB of growth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

WORD_SECONDS = 0.05
MAX_GROWTH_MB = 100
_NAME = re.compile(r"reader-\d+-\d+")
_PLACE = re.compile(r"(\d+) questions? before yours")


@dataclass
class Figures:
    """What happened to all readers together; times are seconds from asking."""

    evidence: list[float] = field(default_factory=list)
    word: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    crossed: int = 0
    waited: int = 0
    """Answers before which the reader was told how many are in front."""
    memory: list[float] = field(default_factory=list)

    def report(self) -> str:
        lines = ["| Seconds from asking to | p50 | p95 | n |", "|---|---:|---:|---:|"]
        for name in ("evidence", "word", "done"):
            if values := getattr(self, name):
                p50, p95 = np.percentile(values, [50, 95])
                lines.append(f"| {name} | {p50:.2f} | {p95:.2f} | {len(values)} |")
        lines += [
            "",
            f"errors: {len(self.errors)}; crossed streams: {self.crossed}",
            f"told their place in the line: {self.waited} of {len(self.done)}",
            f"memory: {self.memory[0]:.0f} MB, grown by {self.growth():.0f} MB",
        ]
        return "\n".join([*lines, *sorted(set(self.errors))[:10]])

    def growth(self) -> float:
        return self.memory[-1] - self.memory[0]

    def failed(self) -> bool:
        return bool(self.errors or self.crossed or self.growth() > MAX_GROWTH_MB)


@dataclass(frozen=True)
class Form:
    """The page's question form, as its configuration describes it to a browser."""

    index: int
    values: list[Any]

    @classmethod
    def of(cls, config: dict[str, Any]) -> Form:
        """The one whose button is called ``ask``."""
        parts = {part["id"]: part for part in config["components"]}
        [button] = [i for i, part in parts.items() if part["props"].get("elem_id") == "ask"]
        [asking] = [d for d in config["dependencies"] if [button, "click"] in d["targets"]]
        values = [parts[part]["props"].get("value") for part in asking["inputs"]]
        return cls(asking["id"], values)

    def filled(self, question: str) -> list[Any]:
        return [question, None, None, *self.values[3:]]


async def messages(
    client: httpx.AsyncClient, form: Form, question: str
) -> AsyncIterator[dict[str, Any]]:
    """What the server sends for a question, until it is over."""
    session = secrets.token_hex(6)
    joined = await client.post(
        "/gradio_api/queue/join",
        json={"data": form.filled(question), "fn_index": form.index, "session_hash": session},
    )
    joined.raise_for_status()
    path = f"/gradio_api/queue/data?session_hash={session}"
    async with client.stream("GET", path) as stream:
        stream.raise_for_status()
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                message: dict[str, Any] = json.loads(line[5:])
                yield message
                if message["msg"] in ("process_completed", "close_stream"):
                    return


async def ask(client: httpx.AsyncClient, form: Form, name: str, figures: Figures) -> None:
    """One question of one reader."""
    began = time.monotonic()
    first: dict[str, float] = {}
    waited = False
    async for message in messages(client, form, f"What was the UK's position, {name}?"):
        text = json.dumps(message, ensure_ascii=False)
        figures.crossed += any(found != name for found in _NAME.findall(text))
        waited = waited or bool(_PLACE.search(text))
        for step, sign in (("evidence", 'data-marks=\\"[['), ("word", 'class=\\"draft')):
            if sign in text:
                first.setdefault(step, time.monotonic() - began)
        if message["msg"] == "process_completed":
            if not message["success"] or name not in text or 'class=\\"problem' in text:
                figures.errors.append(text[:300])
            figures.done.append(time.monotonic() - began)
            figures.waited += waited
    for step, seconds in first.items():
        getattr(figures, step).append(seconds)


async def read(client: httpx.AsyncClient, form: Form, user: int, end: float, f: Figures) -> None:
    """One reader, who asks again and again until the time is over."""
    count = 0
    while time.monotonic() < end:
        count += 1
        try:
            await ask(client, form, f"reader-{user}-{count}", f)
        except httpx.HTTPError as error:
            f.errors.append(f"{type(error).__name__}: {error}")
            await asyncio.sleep(1)


async def load(url: str, pid: int, users: int, seconds: float) -> Figures:
    """All readers at once."""
    figures = Figures()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=seconds + 120, limits=limits) as client:
        form = Form.of((await client.get("/config")).json())
        end = time.monotonic() + seconds
        reading = [
            asyncio.create_task(read(client, form, user, end, figures)) for user in range(users)
        ]
        await asyncio.sleep(seconds / 10)
        figures.memory.append(resident(pid))
        await asyncio.gather(*reading)
        figures.memory.append(resident(pid))
    return figures


def resident(pid: int) -> float:
    """Megabytes of a process in memory (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def serve() -> None:
    """The page with a scripted model, until standard input ends; prints its address."""
    from tests.browser import scripted_site

    with tempfile.TemporaryDirectory() as folder, scripted_site(Path(folder)) as site:
        site.say(_reply, delay=WORD_SECONDS)
        print(site.url, flush=True)
        sys.stdin.read()


def _reply(prompt: str) -> str:
    """True, and with the name of whoever asked in it, so that a crossed stream is seen."""
    name = _NAME.findall(prompt)
    return f"The UK would only support a humanitarian pause. {name[-1] if name else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    command = [sys.executable, "-m", "benchmarks.web_load", "--serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        figures = asyncio.run(load(url, server.pid, given.users, given.seconds))
        server.stdin.close()
    print(f"{given.users} readers for {given.seconds:.0f} seconds\n\n{figures.report()}")
    sys.exit(figures.failed())


if __name__ == "__main__":
    main()
