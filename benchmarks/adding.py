"""How fast articles are added, what it takes, and how fast a folder is known again.

    python benchmarks/adding.py [--articles N] [--embedder NAME]

Writes N (1,000) texts of news length, made from the paragraphs of ``../shared/articles``, into a
folder, adds the folder by the code behind ``assistant add``, and adds it again unchanged, which
has to be at least 50 times as fast: the exit status is 1 where it is not.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.embeddings import Embeddings
from news_length import SHARED, news_articles

from assistant import models
from assistant.adding import add_all
from assistant.articles import Loader
from assistant.library import Library
from assistant.library.vectors import ContextEmbedder
from assistant.settings import Settings

FASTER = 50
"""How many times as fast the second run has to be."""


class TimedEmbedder(Embeddings):
    """Passes everything on, and counts seconds, and texts that are embedded alone."""

    def __init__(self, embedder: Embeddings) -> None:
        self._embedder = embedder
        self.forget()

    def forget(self) -> None:
        """Count from zero again."""
        self.seconds, self.processor, self.texts = 0.0, 0.0, 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        with self._timed():
            self.texts += len(texts)
            return self._embedder.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_in_context(
        self, passages: list[str], headlines: list[str]
    ) -> list[list[float]] | None:
        if not isinstance(self._embedder, ContextEmbedder):
            return None
        with self._timed():
            return self._embedder.embed_in_context(passages, headlines)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start, spent = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - start
        self.processor += time.process_time() - spent


@dataclass(frozen=True, slots=True)
class Run:
    """One run over the folder; ``each`` holds the seconds of every article.

    ``processor`` is the time of this process on the processors: the child process that parses
    and whatever else the machine does are not in it.
    """

    seconds: float
    processor: float
    states: Counter[str]
    each: list[float]


def add_folder(folder: Path, store: Path, embedder: Embeddings, name: str) -> Run:
    """Add a folder as ``assistant add`` does, the opening of the library included."""
    start, spent = time.perf_counter(), time.process_time()
    states: Counter[str] = Counter()
    ends = [start]
    with Library.open(store, embedder, embedder_name=name) as library, Loader() as loader:
        for outcome in add_all([str(folder)], loader, library):
            states[outcome.state] += 1
            ends.append(time.perf_counter())
    each = [after - before for before, after in itertools.pairwise(ends)]
    return Run(time.perf_counter() - start, time.process_time() - spent, states, each)


def command_seconds(folder: Path, store: Path, name: str) -> float:
    """Wall-clock time of the whole command, Python's start included."""
    command = [sys.executable, "-m", "assistant", "add", str(folder), "--store", str(store)]
    start = time.perf_counter()
    subprocess.run([*command, "--offline"], check=True, capture_output=True, env=_environment(name))
    return time.perf_counter() - start


def _environment(embedder: str) -> dict[str, str]:
    return {**os.environ, "ASSISTANT_EMBEDDER": embedder}


def peak_bytes() -> int:
    """The most memory this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(folder: Path, store: Path, name: str) -> float:
    """Print every figure; returns how many times as fast the second run is."""
    loaded = time.perf_counter()
    embedder = TimedEmbedder(models.embedder(Settings.load(embedder=name, offline=True)))
    embedder.embed_query("The model is loaded now.")
    print(f"embedder loaded in {time.perf_counter() - loaded:.1f} s, {peak_bytes() / 1e6:,.0f} MB")
    embedder.forget()
    first = add_folder(folder, store, embedder, name)
    share = embedder.seconds / first.seconds
    count = first.states.total()
    rest = 1000 * (first.seconds - embedder.seconds) / count
    rest_processor = 1000 * (first.processor - embedder.processor) / count
    spent = embedder.processor / first.processor
    print(f"first run   {dict(first.states)} in {first.seconds:.1f} s")
    print(
        f"            {count / first.seconds:.2f} articles/s, {60 * count / first.seconds:.0f}/min"
    )
    print(f"            embedding {share:.1%}: {embedder.texts / embedder.seconds:,.0f} texts/s")
    print(f"            everything else {rest:.1f} ms an article")
    print(
        f"            on the processors: {first.processor:.1f} s, embedding {spent:.1%}, "
        f"everything else {rest_processor:.1f} ms an article"
    )
    tenth = max(1, count // 10)
    early, late = (statistics.median(part) for part in (first.each[:tenth], first.each[-tenth:]))
    print(f"            median of the first and last tenth: {early:.3f} s and {late:.3f} s")
    print(f"            peak memory {peak_bytes() / 1e6:,.0f} MB")
    again = add_folder(folder, store, embedder, name)
    print(f"second run  {dict(again.states)} in {again.seconds:.3f} s")
    whole = command_seconds(folder, store, name)
    ratio = first.seconds / again.seconds
    print(
        f"            {ratio:,.0f} times as fast (goal: {FASTER}), on the processors "
        f"{first.processor / again.processor:,.0f} times; the whole command {whole:.2f} s, "
        f"{first.seconds / whole:,.0f} times"
    )
    return ratio


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--articles", type=int, default=1_000, metavar="N")
    arguments.add_argument("--paragraphs", type=Path, default=SHARED, metavar="FOLDER")
    arguments.add_argument("--embedder", default=Settings.model_fields["embedder"].default)
    arguments.add_argument("--seed", type=int, default=6)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "articles"
        folder.mkdir()
        texts = news_articles(options.articles, seed=options.seed, folder=options.paragraphs)
        words = []
        for number, text in enumerate(texts):
            (folder / f"{number:06}.txt").write_text(text, encoding="utf-8")
            words.append(len(text.split()))
        print(f"{len(words):,} articles, {statistics.median(words):.0f} words the median")
        ratio = measure(folder, Path(temporary) / "store", options.embedder)
    return int(ratio < FASTER)


if __name__ == "__main__":
    sys.exit(main())
