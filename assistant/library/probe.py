"""Look at a doubtful index from a process of its own: damaged files can crash the one that reads.

Measured with chromadb 1.5.9: half a ``header.bin`` is a segmentation fault, and a lost segment
still has the right ``count()``. So the child searches for vectors that must be there.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np

from assistant.library.vectors import Vectors

SECONDS = 120.0
"""Longest examination; a million vectors load in well under it."""

FOUND = 0.95
"""Share of vectors that a healthy index finds; the search is approximate."""

_CHILD = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from assistant.library.probe import main; sys.exit(main(*sys.argv[1:]))"
)


def healthy(folder: Path, collection: str, vectors: Vectors) -> bool:
    """Whether the collection in ``folder`` opens and finds its vectors, ``[n, dimension]``."""
    package_root = str(Path(__file__).resolve().parents[2])
    given = io.BytesIO()
    np.save(given, vectors, allow_pickle=False)
    try:
        # -P: a file in the current folder must not pass for a module.
        child = subprocess.run(
            [sys.executable, "-P", "-c", _CHILD, package_root, str(folder), collection],
            input=given.getvalue(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return child.returncode == 0


def main(folder: str, collection: str) -> int:
    """The child: reads vectors from standard input; its exit status is 0 for a healthy index."""
    import chromadb
    from chromadb.config import Settings

    vectors = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    opened = client.get_collection(collection, embedding_function=None)
    distances = opened.query(query_embeddings=vectors, n_results=1, include=["distances"])
    found = sum(bool(row) and row[0] < 0.001 for row in distances["distances"] or [])
    return 0 if found >= FOUND * len(vectors) else 1
