"""Articles of a newspaper's length, made from real paragraphs: many, different, always the same.

Used by the benchmarks of adding and of scale. A paragraph stands in many articles, so their
meaning is muddled; their lengths, sentences and words are those of news.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared" / "articles"

_SHORTEST = 80
"""Characters of a paragraph; what is shorter is a heading or a caption."""

_WORDS = (350, 1_100)
"""Words of an article: the middle of what newspapers print."""


def news_articles(count: int, *, seed: int, folder: Path = SHARED) -> Iterator[str]:
    """``count`` texts of paragraphs from the articles in ``folder``, no two texts the same."""
    paragraphs = _paragraphs(folder)
    chance = random.Random(seed)
    for number in range(count):
        wanted = chance.randint(*_WORDS)
        chosen: list[str] = [f"Report {number}: {' '.join(chance.choice(paragraphs).split()[:8])}"]
        words = 0
        while words < wanted:
            paragraph = chance.choice(paragraphs)
            if paragraph not in chosen:
                chosen.append(paragraph)
                words += len(paragraph.split())
        yield "\n\n".join(chosen)


def _paragraphs(folder: Path) -> list[str]:
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SystemExit(f"{folder} holds no articles; name a folder of them with --articles")
    lines = (
        line.strip()
        for file in files
        for line in json.loads(file.read_text(encoding="utf-8"))["text"].split("\n")
    )
    return sorted({line for line in lines if len(line) >= _SHORTEST})
