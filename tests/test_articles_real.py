"""Real articles and pages: no bound that stops a bomb may refuse them.

They lie in an optional folder beside the checkout, as others' texts may not be handed on.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from assistant.articles import Loader

CORPUS = Path(__file__).parents[2] / "shared"
TRIED = 12
"""How many are read here; all of them are read by ``soak corpus``."""


def real_files() -> list[Path]:
    """Articles as JSON and pages as packed HTML."""
    return sorted([*CORPUS.glob("articles/*.json"), *CORPUS.glob("pages/*.html.gz")])


def unpacked(path: Path, folder: Path) -> Path:
    """The article's text, or the page, as a file in ``folder``."""
    if path.suffix == ".json":
        text = json.loads(path.read_text(encoding="utf-8"))["text"]
        target = folder / "article.txt"
        target.write_text(text, encoding="utf-8")
    else:
        target = folder / "page.html"
        target.write_bytes(gzip.decompress(path.read_bytes()))
    return target


def test_none_is_refused(tmp_path: Path) -> None:
    paths = real_files()
    if not paths:
        pytest.skip(f"no articles in {CORPUS}")
    with Loader() as loader:
        for path in paths[:: max(1, len(paths) // TRIED)]:
            assert len(loader.load(unpacked(path, tmp_path)).text) > 100, path.name
