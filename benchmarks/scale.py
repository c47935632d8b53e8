"""How searching grows with the library: 10³ to 10⁶ passages, in a folder and on a server.

    python benchmarks/scale.py --sizes 1000 10000 100000 --out runs/scale
    python benchmarks/scale.py --plot runs/scale/scale.json

The vectors are real ones of ``../shared/articles`` with noise, 384 numbers each; they go through
the library's own index, with its settings. One collection grows from size to size. A million
takes a quarter of an hour to build on two cores, and 4 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from scale_vectors import Synthetic, real_vectors
from serving import chroma_server, resident_bytes

from assistant.library.chroma import Chroma
from assistant.library.index import Index
from assistant.library.spaces import Space
from assistant.library.vectors import Vectors

K = 10
WARM_UP = 5
WHERE = ("folder", "server")


@dataclass(frozen=True, slots=True)
class Point:
    """One size in one place. Times in seconds; bytes of the process that holds the index."""

    where: str
    passages: int
    p50: float
    p95: float
    recall: float
    memory: int
    disk: int
    build: float
    reopen: float


def grow(where: str, sizes: Sequence[int], data: Synthetic, queries: Vectors) -> Iterator[Point]:
    """Measure one collection at each of the sizes, ascending."""
    with _place(where) as (folder, url, process):
        base = resident_bytes(process)
        index = _opened(folder, url, data.dimension)
        built, seconds = 0, 0.0
        for size in sizes:
            start = time.perf_counter()
            for first, rows in data.rows(built, size):
                index.put(first, first, rows)
            built, seconds = size, seconds + time.perf_counter() - start
            memory = resident_bytes(process) - base
            index.close()
            start = time.perf_counter()
            index = _opened(folder, url, data.dimension)
            index.search(queries[0], K)
            reopen = time.perf_counter() - start
            times, found = _searched(index, queries)
            yield Point(
                where,
                size,
                p50=statistics.median(times),
                p95=statistics.quantiles(times, n=20)[-1],
                recall=_recall(found, data.nearest(queries, size, K)),
                memory=memory,
                disk=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
                build=seconds,
                reopen=reopen,
            )
        index.close()


@contextmanager
def _place(where: str) -> Iterator[tuple[Path, str | None, int | None]]:
    """A folder, the URL of a server that keeps its files there, and the server's process."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        if where == "folder":
            yield folder, None, None
            return
        with chroma_server(folder) as (url, process):
            yield folder, url, process


def _opened(folder: Path, url: str | None, dimension: int) -> Index:
    chroma = Chroma.in_folder(folder) if url is None else Chroma.on_server(url)
    return Index(chroma, "scale", Space(1, "synthetic", dimension, "none", "none"))


def _searched(index: Index, queries: Vectors) -> tuple[list[float], list[list[int]]]:
    """Seconds and keys of every query, one after the other, as people ask them."""
    for query in queries[:WARM_UP]:
        index.search(query, K)
    times, found = [], []
    for query in queries:
        start = time.perf_counter()
        hits = index.search(query, K)
        times.append(time.perf_counter() - start)
        found.append([key for key, _ in hits])
    return times, found


def _recall(found: Sequence[Sequence[int]], exact: Sequence[Sequence[int]]) -> float:
    common = (len(set(one) & set(other)) for one, other in zip(found, exact, strict=True))
    return sum(common) / sum(map(len, exact))


def show(points: Sequence[Point]) -> None:
    print("where    passages   p50 ms   p95 ms  recall@10  memory MB  disk MB  build s  reopen s")
    for p in points:
        print(
            f"{p.where:<7}{p.passages:>10,}{p.p50 * 1e3:>9.1f}{p.p95 * 1e3:>9.1f}"
            f"{p.recall:>11.4f}{p.memory / 1e6:>11,.0f}{p.disk / 1e6:>9,.0f}"
            f"{p.build:>9,.0f}{p.reopen:>10.2f}"
        )


def plot(points: Sequence[Point], path: Path) -> None:
    """Search time, recall and memory against passages, as SVG or PNG by the suffix."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, (times, recall, memory) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    for where, colour in zip(WHERE, ("#0b6e4f", "#b5541c"), strict=True):
        own = sorted((p for p in points if p.where == where), key=lambda p: p.passages)
        sizes = [p.passages for p in own]
        style = {"color": colour, "marker": "o"}
        times.plot(sizes, [p.p50 * 1e3 for p in own], label=f"{where}, median", **style)
        times.plot(sizes, [p.p95 * 1e3 for p in own], "--", label=f"{where}, 95 of 100", **style)
        recall.plot(sizes, [p.recall for p in own], label=where, **style)
        memory.plot(sizes, [max(p.memory, 1e6) / 1e6 for p in own], label=where, **style)
    times.axhline(100, color="#888", linewidth=0.8)
    recall.axhline(0.98, color="#888", linewidth=0.8)
    times.set(title="One search, milliseconds", yscale="log")
    recall.set(title="Recall@10 against exact search", ylim=(0.9, 1.005))
    memory.set(title="Memory of the index, MB", yscale="log")
    for axes in (times, recall, memory):
        axes.set(xscale="log", xlabel="passages")
        axes.legend(frameon=False, fontsize=8, loc="center right")
    figure.savefig(path)
    plt.close(figure)


def _merged(path: Path, new: Sequence[Point]) -> list[Point]:
    """Points of earlier runs, replaced where they were measured again."""
    old = [Point(**row) for row in json.loads(path.read_text())] if path.exists() else []
    points = {(p.where, p.passages): p for p in [*old, *new]}
    return [points[key] for key in sorted(points)]


def _write(folder: Path, points: Sequence[Point]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scale.json").write_text(json.dumps([asdict(p) for p in points], indent=1) + "\n")
    plot(points, folder / "scale.svg")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    arguments.add_argument("--where", nargs="+", choices=WHERE, default=WHERE)
    arguments.add_argument("--queries", type=int, default=200)
    arguments.add_argument("--real", type=int, default=1_000, help="real vectors to start from")
    arguments.add_argument("--out", type=Path, default=Path("runs/scale"), metavar="FOLDER")
    arguments.add_argument("--plot", type=Path, metavar="JSON", help="only draw earlier results")
    options = arguments.parse_args()
    if options.plot:
        points = _merged(options.plot, [])
        plot(points, options.plot.with_suffix(".svg"))
        show(points)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    data = Synthetic(real_vectors(options.real, options.out / "real.npy"))
    queries = data.queries(options.queries)
    for where in options.where:
        for point in grow(where, sorted(options.sizes), data, queries):
            show([point])
            sys.stdout.flush()
            _write(options.out, _merged(options.out / "scale.json", [point]))
    show(_merged(options.out / "scale.json", []))


if __name__ == "__main__":
    main()
