"""PDF to text with the places where pages begin.

pypdf gives lines in the order of the file, which for all but drawn-over layouts is the reading
order; ``layout`` makes running text of them. Runs on untrusted bytes: call it in the sandbox.
Not handled: recognising scanned text.
"""

from __future__ import annotations

import io
import re
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError

from assistant.articles.layout import Line, running_text
from assistant.articles.parsed import Facts, Parsed
from assistant.articles.text import clean_text
from assistant.errors import ArticleError

MAX_PAGES = 2_000
_TITLE_SIZE = 1.25
_GARBLED_SHARE = 0.05
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xAD: None}
_NO_TITLE = re.compile(
    r"^(untitled|about:|https?:|microsoft|powerpoint|slide \d|document\d*$|print)|\.\w{3,4}$",
    re.IGNORECASE,
)


def parse_pdf(data: bytes) -> Parsed:
    """Text, page starts and stated facts.

    Raises:
        ArticleError: protected, damaged, too long, or without any text.
    """
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ArticleError(_PROTECTED)
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise ArticleError(f"it has {count:,} pages, more than {MAX_PAGES:,}; split it")
        pages = [_read_page(page) for page in reader.pages]
        facts = _facts(reader, pages[0] if pages else [])
    except FileNotDecryptedError:
        raise ArticleError(_PROTECTED) from None
    except PyPdfError as error:
        raise ArticleError(f"the PDF is damaged ({type(error).__name__}); get it again") from None
    images = [number for number, lines in enumerate(pages, 1) if not lines]
    if count == 0:
        raise ArticleError("the PDF has no pages; get it again")
    if len(images) == count:
        raise ArticleError(
            f"no text layer: {count} of {count} pages are images or damaged; run text recognition "
            "over it first, for example with ocrmypdf"
        )
    text, starts = running_text(pages)
    return Parsed(text, facts, pages=tuple(starts), notices=tuple(_notices(text, images, count)))


_PROTECTED = "it is protected by a password; save a copy without one and add that"


def _read_page(page: PageObject) -> list[Line]:
    """The lines of a page; none where it is a picture, or damaged while the others may be sound."""
    try:
        return list(_lines(page))
    except (FileNotDecryptedError, LimitReachedError):
        raise
    except PyPdfError:
        return []


def _lines(page: PageObject) -> Iterator[Line]:
    pieces: list[tuple[str, float, float]] = []

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], _: Any, size: float) -> None:
        # The matrices of text and page give the place; their scale, the printed size.
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[3] * cm[3]) or abs(tm[1] * cm[2]) or 1.0
        pieces.append((text, float(y), float(size or 0) * scale))

    page.extract_text(visitor_text=visit)
    line: list[tuple[str, float, float]] = []
    for text, y, size in pieces:
        first, *more = text.split("\n")
        line.append((first, y, size))
        for part in more:
            yield from _line(line)
            line = [(part, y, size)]
    yield from _line(line)


def _line(pieces: Sequence[tuple[str, float, float]]) -> Iterator[Line]:
    """A line stands where its longest piece stands: bullets and footnote marks are off it."""
    joined = "".join(text for text, _, _ in pieces).translate(_LIGATURES)
    text = " ".join(clean_text(joined).split())
    if text:
        _, y, size = max(pieces, key=lambda piece: len(piece[0].strip()))
        yield Line(text, y, size)


def _facts(reader: PdfReader, first_page: Sequence[Line]) -> Facts:
    """Title and author as stated. Dates in a PDF tell when the file was made, so none is taken."""
    facts: Facts = {}
    stated = reader.metadata
    title = " ".join(str((stated and stated.title) or "").split())
    if title and not _NO_TITLE.search(title):
        facts["title"] = (title, "PDF title")
    elif headline := _headline(first_page):
        facts["title"] = (headline, "largest type on page 1")
    author = " ".join(str((stated and stated.author) or "").split())
    if " " in author and len(author) < 200:  # a single word is somebody's login
        facts["byline"] = (author, "PDF author")
    return facts


def _headline(lines: Sequence[Line]) -> str | None:
    sizes = [line.size for line in lines for _ in line.text]
    if not sizes or not (largest := max(sizes)) > _TITLE_SIZE * statistics.median(sizes):
        return None
    headline = " ".join(line.text for line in lines if line.size == largest)
    return headline if len(headline) <= 300 else None


def _notices(text: str, images: Sequence[int], count: int) -> Iterator[str]:
    if images:
        listed = ", ".join(map(str, images[:12])) + (" …" if len(images) > 12 else "")
        yield (
            f"{len(images)} of {count} pages have no readable text layer and are missing here "
            f"(page {listed}); run text recognition over the PDF to include them."
        )
    garbled = sum("\ue000" <= c <= "\uf8ff" or c == "\ufffd" for c in text)
    if garbled > _GARBLED_SHARE * len(text):
        yield "The fonts of this PDF do not say which letters they show; parts are unreadable."
