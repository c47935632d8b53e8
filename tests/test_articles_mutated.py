"""Damaged and hostile files of every kind end as text or as a typed error, in time.

300 mutants and every fourth bomb by default; ``MUTANTS=10000 BOMBS=1 pytest
tests/test_articles_mutated.py`` for the long run.
"""

from __future__ import annotations

import io
import os
import random
import resource
import time
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from assistant.articles import Loader
from assistant.articles.kinds import kind_of
from assistant.articles.loading import MAX_CHARS
from assistant.articles.relative_dates import relative_dates
from assistant.articles.text import parse_markdown, text_id
from assistant.errors import ArticleError
from tests.bombs import BOMBS
from tests.test_articles_documents import (
    EPUB,
    LINES,
    image_page,
    make_docx,
    make_pdf,
    saved,
    typeset,
    written,
    zipped,
)
from tests.test_articles_html import JSON_LD, page, story

MUTANTS = int(os.environ.get("MUTANTS", "300"))
SECONDS = 60  # the sandbox's own limit for one file
EVERY = int(os.environ.get("BOMBS", "4"))
"""Every how many bombs are tried."""

GROWTH = 400_000_000
"""Bytes of memory that a file may cost this process, beside the child that parses it."""

NASTY = [
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b"<", b"&#x0;", b"&a;", b"<![CDATA[", b"-1"),
    *(b"99999999999999999999", b"<!--", b"]]>", b"<table>" * 300, b"<p>" * 300, b"(" * 500),
    *(b"[" * 500, b"<<" * 500, b" 0 R ", b"/Kids", b"/Length 99999999", b"stream\n", b"endobj"),
    *(b"%PDF-", b"PK\x03\x04", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"xmlns=''", b"\r\n--B\r\n"),
]


@cache
def seeds() -> dict[str, bytes]:
    pdf = make_pdf([typeset(LINES, top="Head", bottom=str(n)) for n in range(3)], title="A title")
    image_page(pdf)
    tables = "<table><tr><td>a<td>b</table><ul><li>x<li>y</ul><blockquote>q</blockquote>"
    return {
        "a.html": page(story(tables), JSON_LD),
        "a.pdf": written(pdf),
        "a.docx": saved(make_docx()),
        "a.epub": zipped(EPUB),
        "a.mhtml": b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="B"\n\n--B\n'
        b"Content-Type: text/html; charset=utf-8\n\n" + page(story()) + b"\n--B--\n",
        "a.txt": "\n".join(LINES).encode("utf-16"),
        "a.md": b"---\ntitle: x\n---\n# A\n\n" + "Größe über alles.".encode("latin-1"),
    }


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """``data`` with one to six random injuries."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(result) + 1)
        length = chance.choice([1, 2, 8, 64, 512])
        match chance.randrange(7):
            case 0 if result:
                for _ in range(length):
                    result[chance.randrange(len(result))] ^= 1 << chance.randrange(8)
            case 1:
                del result[at : at + length]
            case 2:
                result[at:at] = chance.choice(NASTY)
            case 3:
                start = chance.randrange(len(other))
                result[at : at + length] = other[start : start + length]
            case 4:
                result[at:at] = bytes(result[at : at + length]) * chance.choice([2, 10, 100])
            case 5:
                del result[at:]
            case _:
                result[at : at + length] = bytes(length)
    return bytes(result)


def mutated_inside(data: bytes, chance: random.Random) -> bytes:
    """A sound zip with one entry injured, so that the damage is met behind the checksums."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([name for name in entries if entries[name]])
    return zipped({**entries, name: mutated(entries[name], entries[name], chance)})


def read_mutant(loader: Loader, folder: Path, number: int) -> tuple[str, float]:
    """Load mutant ``number``: ``read`` or ``refused``, and the seconds it took."""
    originals = seeds()
    chance = random.Random(number)
    name = chance.choice(sorted(originals))
    data, other = originals[name], chance.choice(list(originals.values()))
    inside = data.startswith(b"PK") and chance.random() < 0.8
    path = folder / name
    path.write_bytes(mutated_inside(data, chance) if inside else mutated(data, other, chance))
    start = time.monotonic()
    try:
        article = loader.load(path)
    except ArticleError:
        return "refused", time.monotonic() - start
    seconds = time.monotonic() - start
    assert article.text.strip(), f"mutant {number} gave an empty article"
    assert article.text.encode(), f"mutant {number} gave unstorable text"
    assert all(0 <= offset <= len(article.text) for offset in article.pages)
    return "read", seconds


@pytest.mark.timeout(0)
def test_mutated_files_end_as_text_or_as_typed_errors(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with Loader() as loader:
        for number in range(MUTANTS):
            outcome, seconds = read_mutant(loader, tmp_path, number)
            outcomes[outcome] += 1
            slowest = max(slowest, seconds)
    print(f"{MUTANTS} mutants: {dict(outcomes)}, slowest {slowest:.2f} s")
    assert slowest < SECONDS + 5
    assert outcomes["read"] > MUTANTS / 10, "hardly any mutant was readable: too much damage"
    assert outcomes["refused"] > MUTANTS / 10, "hardly any mutant was damaged: too little"


def set_off(loader: Loader, folder: Path, bomb: str) -> tuple[str, float]:
    """Load one of the bombs: ``read`` or ``refused``, and the seconds it took."""
    name, made = BOMBS[bomb]
    path = folder / name
    path.write_bytes(made())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    try:
        text = "\n".join(loader.expand(path)) if name == "a.xml" else loader.load(path).text
    except ArticleError as error:
        assert len(str(error)) < 500, bomb  # noqa: PT017
        outcome = "refused"
    else:
        assert len(text) <= MAX_CHARS, bomb
        assert "lollol" not in text, bomb
        outcome = "read"
    seconds = time.monotonic() - start
    assert seconds < SECONDS + 5, bomb
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < GROWTH, bomb
    return outcome, seconds


@pytest.mark.timeout(0)
def test_bombs_end_in_time_and_in_bounds(tmp_path: Path) -> None:
    with Loader() as loader:
        outcomes = {bomb: set_off(loader, tmp_path, bomb) for bomb in list(BOMBS)[::EVERY]}
        assert loader.load(text="It still reads.").text
    print(
        "\n".join(f"{how:8}{seconds:6.2f} s  {bomb}" for bomb, (how, seconds) in outcomes.items())
    )
    assert {outcome for outcome, _ in outcomes.values()} == {"read", "refused"}


# What is read in this process, which nobody stops when it takes for ever.


@pytest.mark.parametrize("piece", ["<?xml>", "<!---->", "<?x?>", " ", "<!-- -->\n"])
def test_a_root_is_looked_for_in_one_way_only(piece: str) -> None:
    start = time.process_time()
    assert kind_of((piece * 400 + "x").encode()) == "text"
    assert time.process_time() - start < 1


def test_headings_and_accents_are_read_in_one_pass() -> None:
    start = time.process_time()
    assert parse_markdown("# a" + " " * 50_000 + "b ##\n").facts["title"][0].startswith("a ")
    assert text_id("a" + "\u0301\u0323" * 50_000)
    assert time.process_time() - start < 1
    assert text_id("e\u0323\u0301" * 200) == text_id("\u1eb9\u0301" * 200)


def test_days_are_found_in_one_pass() -> None:
    start = time.process_time()
    gap = " " * 20_000
    assert len(relative_dates(f"On Wednesday{gap}they met.", "2023-11-10")) == 1
    assert len(relative_dates("They met on Wednesday. " * 20_000, "2023-11-10")) == 20_000
    assert time.process_time() - start < 5
