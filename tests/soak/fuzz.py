"""Fuzz the parsers of untrusted files, guided by what of their code each input reaches.

    make fuzz                     # ten minutes
    make fuzz FUZZ_SECONDS=3600

Unlike the mutants of ``run.py`` the parsers run in this process, so that every exception is
seen: in the program the child process that parses calls a file damaged whatever its parser
raises. Beginnings are the sound files that the mutants are made of. Stops at the first exception,
and leaves its input in ``runs``.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a script, this folder stands there instead

with atheris.instrument_imports(include=["assistant.articles"]):
    from assistant.articles import epub, feeds, html, mhtml, pdf, word  # noqa: F401
    from assistant.articles.decoding import decode
    from assistant.articles.parsing import parse
    from assistant.articles.text import parse_markdown

from assistant.errors import ArticleError  # noqa: E402
from tests.test_articles_mutated import seeds  # noqa: E402

KINDS = ("html", "mhtml", "pdf", "docx", "epub", "feed", "sitemap", "text")
"""The first byte of an input says which parser gets the rest."""

RUNS = ROOT / "runs"
CORPUS = RUNS / "fuzz"


def read(data: bytes) -> None:
    """One input: anything but an ArticleError is a fault."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    try:
        if kind == "text":
            parse_markdown(decode(data[1:]))
        else:
            parse(data[1:], kind=kind, url="https://example.org/", charset=None)
    except ArticleError:
        pass


def begin() -> None:
    """Write the sound files as first inputs."""
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        kind = Path(name).suffix.strip(".")
        first = KINDS.index(kind) if kind in KINDS else KINDS.index("text")
        (CORPUS / name).write_bytes(bytes([first]) + data)


if __name__ == "__main__":
    logging.disable()  # pypdf tells of everything that it mends
    begin()
    atheris.Setup([*sys.argv, f"-artifact_prefix={RUNS}/", str(CORPUS)], read)
    atheris.Fuzz()
