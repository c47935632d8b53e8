"""How much of the main text of real web pages is found, and how much else comes with it.

    python benchmarks/extraction.py [FOLDER] [--worst N]

FOLDER (default ``../shared/pages``) holds ``<id>.html.gz`` and ``ground-truth.json`` in the
format of scrapinghub/article-extraction-benchmark; the measure is that benchmark's own:
shingles of four words, precision and recall averaged over pages, F1 of the two means.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.articles.html import parse_html
from assistant.articles.text import clean_text
from assistant.errors import ArticleError

_TOKEN = re.compile(r"\w+")
_SHINGLE_WORDS = 4


@dataclass(frozen=True, slots=True)
class PageScore:
    """One page: shares in 0..1, and the seconds its extraction took."""

    page: str
    precision: float
    recall: float
    seconds: float


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """All runs of four words; one shorter run for a text of fewer words; none for no words."""
    words = _TOKEN.findall(text)
    starts = range(max(1, len(words) - _SHINGLE_WORDS + 1))
    return Counter(tuple(words[i : i + _SHINGLE_WORDS]) for i in starts if words)


def score(page: str, truth: str, found: str, seconds: float = 0.0) -> PageScore:
    expected, given = shingles(truth), shingles(found)
    common = sum((expected & given).values())
    return PageScore(
        page,
        precision=common / given.total() if given else 0.0,
        recall=common / expected.total() if expected else 1.0,
        seconds=seconds,
    )


def f1(scores: list[PageScore]) -> tuple[float, float, float]:
    """Mean precision (over pages that gave a text), mean recall, and their F1."""
    precision = statistics.mean(s.precision for s in scores if s.precision or s.recall)
    recall = statistics.mean(s.recall for s in scores)
    return precision, recall, 2 * precision * recall / (precision + recall)


def measure(folder: Path, extract: Callable[[bytes, str], str]) -> list[PageScore]:
    """Score ``extract(html, url)`` on every page of the folder, in the order of their ids."""
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    scores = []
    for page, expected in sorted(truth.items()):
        html = gzip.decompress((folder / f"{page}.html.gz").read_bytes())
        start = time.perf_counter()
        found = extract(html, expected["url"])
        seconds = time.perf_counter() - start
        scores.append(score(page, expected["articleBody"], found, seconds))
    return scores


def read_page(html: bytes, url: str) -> str:
    """What the product stores of a page, without the child process it runs in."""
    try:
        return clean_text(parse_html(html, url=url).text)
    except ArticleError:
        return ""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("folder", nargs="?", type=Path, default=Path("../shared/pages"))
    arguments.add_argument("--worst", type=int, default=0, help="also list the N worst pages")
    options = arguments.parse_args()
    if not (options.folder / "ground-truth.json").is_file():
        raise SystemExit(f"{options.folder} holds no ground-truth.json; name a folder that does")
    scores = measure(options.folder, read_page)
    for label, part in (("all", scores), ("even", scores[::2]), ("odd", scores[1::2])):
        precision, recall, value = f1(part)
        print(f"{label:5}{len(part):4} pages  P {precision:.4f}  R {recall:.4f}  F1 {value:.4f}")
    seconds = sorted(s.seconds for s in scores)
    print(f"seconds a page: median {statistics.median(seconds):.3f}, worst {seconds[-1]:.3f}")
    for s in sorted(scores, key=lambda s: s.precision + s.recall)[: options.worst]:
        print(f"  {s.page[:8]}  P {s.precision:.3f}  R {s.recall:.3f}")


if __name__ == "__main__":
    main()
