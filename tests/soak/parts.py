"""What can be run for long: each part opens what it needs, and then does one cycle at a time.

A cycle returns figures, and raises AssertionError (or an error of the package) where something
that must not happen has happened. Cycles are numbered, and do the same thing for the same number.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

Once = Callable[[int], dict[str, float]]
"""Does cycle ``n``; returns its figures."""


@dataclass(frozen=True)
class Part:
    """One long test; ``cycles`` is how often it should be run in full."""

    name: str
    injected: str
    cycles: int
    opened: Callable[[Path], AbstractContextManager[Once]]


@contextmanager
def kills(folder: Path) -> Iterator[Once]:
    from tests.test_crash import kill_once

    known = folder / "present.json"

    def once(cycle: int) -> dict[str, float]:
        # Kept between runs: what was acknowledged yesterday must still be there today.
        present = set(json.loads(known.read_text())) if known.exists() else set()
        present, acknowledged = kill_once(folder / "store", cycle, present)
        known.write_text(json.dumps(sorted(present)))
        return {"acknowledged": acknowledged, "lost": 0, "unreadable": 0}

    yield once


@contextmanager
def steps(folder: Path) -> Iterator[Once]:
    from tests.test_crash import STEPS, test_a_kill_at_any_step_is_made_good

    points = list(itertools.product(STEPS, ("before", "after")))

    def once(cycle: int) -> dict[str, float]:
        store = _fresh(folder / "store")
        step, when = points[cycle % len(points)]
        test_a_kill_at_any_step_is_made_good(store, step, when)
        return {"half articles": 0}

    yield once


@contextmanager
def servers(folder: Path) -> Iterator[Once]:
    from tests import test_crash

    def once(cycle: int) -> dict[str, float]:
        test_crash.test_a_server_killed_while_adding_loses_nothing(_fresh(folder / "store"))
        return {"kills": max(2, test_crash.CYCLES // 4), "lost": 0}

    yield once


@contextmanager
def disks(folder: Path) -> Iterator[Once]:
    from tests.test_library_ledger import fill_up

    def once(cycle: int) -> dict[str, float]:
        fill_up(_fresh(folder / "store"), 60_000 + 40_000 * cycle)
        return {"lost": 0}

    yield once


@contextmanager
def full(folder: Path) -> Iterator[Once]:
    from tests.test_library_full_disk import fill_disk

    def once(cycle: int) -> dict[str, float]:
        return {"articles": fill_disk(_fresh(folder / "store"), 300_000 + 150_000 * cycle)}

    yield once


@contextmanager
def mutants(folder: Path) -> Iterator[Once]:
    from assistant.articles import Loader
    from tests.test_articles_mutated import SECONDS, read_mutant

    with Loader() as loader:

        def once(cycle: int) -> dict[str, float]:
            outcome, seconds = read_mutant(loader, folder, cycle)
            assert seconds < SECONDS + 5
            return {outcome: 1, "most seconds": seconds}

        yield once


@contextmanager
def bombs(folder: Path) -> Iterator[Once]:
    from assistant.articles import Loader
    from tests.bombs import BOMBS
    from tests.test_articles_mutated import set_off

    with Loader() as loader:

        def once(cycle: int) -> dict[str, float]:
            outcome, seconds = set_off(loader, folder, list(BOMBS)[cycle % len(BOMBS)])
            return {outcome: 1, "most seconds": seconds}

        yield once


@contextmanager
def states(folder: Path) -> Iterator[Once]:
    def once(cycle: int) -> dict[str, float]:
        # A seed for each cycle: what hypothesis tries is the same for the same number.
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["tests/test_library_states.py", f"--hypothesis-seed={cycle}", "--timeout=0"]
        environment = {**os.environ, "STATE_EXAMPLES": "25", "HYPOTHESIS_PROFILE": "explore"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:]
        return {"sequences": 25, "differences": 0}

    yield once


@contextmanager
def processes(folder: Path) -> Iterator[Once]:
    from tests.test_library_processes import race

    def once(cycle: int) -> dict[str, float]:
        seconds = race(_fresh(folder / "store"), cycle)
        return {"corrupted": 0, "most seconds to a refusal": seconds}

    yield once


@contextmanager
def large(folder: Path) -> Iterator[Once]:
    from tests.test_library_processes import add_large

    def once(cycle: int) -> dict[str, float]:
        return {"passages": add_large(_fresh(folder / "store"), 100_000)}

    yield once


@contextmanager
def faults(folder: Path) -> Iterator[Once]:
    """Every fault of an endpoint, one after the other, with the pauses that are really kept."""
    from assistant.errors import EndpointError
    from assistant.models import chat_model
    from assistant.settings import Settings
    from tests.endpoint_server import EndpointServer
    from tests.test_endpoint import FAULTS, KEY, asked

    def once(cycle: int) -> dict[str, float]:
        fault = list(FAULTS)[cycle % len(FAULTS)]
        server = EndpointServer(FAULTS[fault][0])
        settings = {"request_timeout": 8.0, "api_key": KEY}
        model = chat_model(Settings.load(model="m", endpoint=server.url, **settings))
        assert model is not None
        start = time.monotonic()
        try:
            asked(model, streamed=True)
        except EndpointError as error:
            assert KEY not in str(error)  # noqa: PT017
        else:
            raise AssertionError(f"{fault}: no error")
        finally:
            server.close()
        seconds = time.monotonic() - start
        assert seconds < 13
        assert len(server.seen) <= 3
        return {"most seconds": seconds, "most tries": len(server.seen), "keys shown": 0}

    yield once


@contextmanager
def stops(folder: Path) -> Iterator[Once]:
    """The real model, stopped while it reads or while it writes."""
    from assistant.answering import Assistant
    from tests.sample_articles import SEED
    from tests.test_stopping import QUESTIONS, stop_once

    with Assistant.open(folder / "store", offline=True, caution=0.0) as assistant:
        assistant.add(SEED)
        assistant.warm_up()

        def once(cycle: int) -> dict[str, float]:
            choose = random.Random(f"stop {cycle}")
            question = f"{choose.choice(QUESTIONS)} ({cycle})"
            seconds = stop_once(assistant, question, choose.uniform(0, 8))
            assert seconds < 2.0, f"it went on for {seconds:.1f} s"
            return {"most seconds": seconds}

        yield once


@contextmanager
def corpus(folder: Path) -> Iterator[Once]:
    """Every real article and page beside the repository: none may be refused."""
    from assistant.articles import Loader
    from tests.test_articles_real import CORPUS, real_files, unpacked

    paths = real_files()
    with Loader() as loader:

        def once(cycle: int) -> dict[str, float]:
            assert paths, f"there is no corpus in {CORPUS}"
            path = unpacked(paths[cycle % len(paths)], folder)
            start = time.monotonic()
            article = loader.load(path)
            return {"characters": len(article.text), "most seconds": time.monotonic() - start}

        yield once


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


PARTS = {
    part.name: part
    for part in (
        Part("kills", "`kill -9` at random moments of adding, removing, re-embedding", 500, kills),
        Part("steps", "`kill -9` before and after each of 11 named steps, 5 times", 110, steps),
        Part("servers", "`kill -9` of a Chroma server while articles are added", 50, servers),
        Part("disks", "files that may not grow beyond one size after another", 20, disks),
        Part("full", "a disk with no room left, of one size after another", 40, full),
        Part("states", "25 sequences of 15 acts, damage, crashes, against a dict", 20, states),
        Part("processes", "8 processes open one store at once", 50, processes),
        Part("large", "an article of 100,000 passages", 1, large),
        Part("mutants", "mutated files of seven formats", 10_000, mutants),
        Part("bombs", "files that become large, loop, nest or mislead, of 9 formats", 61, bombs),
        Part("corpus", "real articles and pages, none of which may be refused", 229, corpus),
        Part("faults", "22 faults of a model endpoint, 10 times", 220, faults),
        Part("stops", "the real model is stopped while it reads or writes", 100, stops),
    )
}
