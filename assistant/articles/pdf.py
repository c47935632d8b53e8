"""PDF to running text: lines joined to paragraphs, page furniture removed, pages remembered.

pypdf gives lines in the order of the file, which for all but drawn-over layouts is the reading
order. Runs on untrusted bytes: call it in the sandbox. Not handled: recognising scanned text.
"""

from __future__ import annotations

import io
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError

from assistant.articles.parsed import Facts, Parsed
from assistant.articles.text import clean_text
from assistant.errors import ArticleError

MAX_PAGES = 2_000
_EDGE_LINES = 2  # how many lines at the top and the bottom of a page may be furniture
_FURNITURE_MAX = 120  # characters
_REPEATED = 0.5  # share of the pages on which such a line has to stand
_WIDE_GAP = 1.35  # times the usual distance between lines: a new paragraph
_OTHER_SIZE = 1.08  # times the size of type: a heading begins or ends
_TITLE_SIZE = 1.25
_SHORT_LINE = 0.85  # times the usual width: the last line of a paragraph
_GARBLED_SHARE = 0.05
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xAD: None}
_SENTENCE_END = re.compile(r"[.!?:…。！？؟][\"'”’»)\]]*$")
_PAGE_NUMBER = re.compile(
    r"\W*((page|seite|p\.|página)\s*)?([\divxlc]{1,5})(\s*(of|/|von|de|\|)\s*\d{1,5})?\W*",
    re.IGNORECASE,
)
_BROKEN_WORD = re.compile(r"([^\W\d_]{2,})[-‐]$")
_NO_TITLE = re.compile(
    r"^(untitled|about:|https?:|microsoft|powerpoint|slide \d|document\d*$|print)|\.\w{3,4}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: ``y`` upwards and ``size`` of type in points, 0 where unknown."""

    text: str
    y: float
    size: float


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
    text, starts = _running_text([_paragraphs(lines) for lines in _without_furniture(pages)])
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


def _without_furniture(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages without the headers, footers and page numbers that most of them repeat."""
    edges: Counter[str | int] = Counter()
    for number, lines in enumerate(pages):
        marks = (_marks(line, number) for line in (*_top(lines), *_bottom(lines)))
        edges.update(set().union(*marks))
    share = _REPEATED * len(pages)

    def is_furniture(line: Line, number: int) -> bool:
        # Two numbers in sequence can be chance; the same words on both pages are not.
        repeated = any(
            edges[mark] >= max(2 if isinstance(mark, str) else 3, share)
            for mark in _marks(line, number)
        )
        return repeated or (len(pages) > 1 and bool(_PAGE_NUMBER.fullmatch(line.text)))

    kept = []
    for number, lines in enumerate(pages):
        top = [line for line in _top(lines) if not is_furniture(line, number)]
        bottom = [line for line in _bottom(lines) if not is_furniture(line, number)]
        kept.append([*top, *lines[len(_top(lines)) : len(lines) - len(_bottom(lines))], *bottom])
    return kept


def _top(lines: Sequence[Line]) -> Sequence[Line]:
    return lines[:_EDGE_LINES]


def _bottom(lines: Sequence[Line]) -> Sequence[Line]:
    return lines[max(_EDGE_LINES, len(lines) - _EDGE_LINES) :]


def _marks(line: Line, number: int) -> set[str | int]:
    """What furniture has in common over pages: its words, or a number that counts along."""
    marks: set[str | int] = {re.sub(r"\d+", "#", line.text).lower()}
    if len(line.text) <= _FURNITURE_MAX:
        outer = re.findall(r"^\d{1,4}\b|\b\d{1,4}$", line.text)
        marks.update(int(found) - number for found in outer)
    return marks


def _paragraphs(lines: Sequence[Line]) -> list[list[str]]:
    """Lines of one page in groups that belong together."""
    if not lines:
        return []
    steps = [a.y - b.y for a, b in pairwise(lines) if a.y > b.y]
    usual_step = statistics.median(steps) if steps else 0.0
    usual_width = statistics.quantiles([len(line.text) for line in lines] * 2, n=10)[7]
    groups = [[lines[0].text]]
    for before, line in pairwise(lines):
        step = before.y - line.y
        apart = usual_step > 0 and not 0 <= step <= _WIDE_GAP * usual_step
        low, high = sorted((before.size, line.size))
        other_size = low > 0 and high > _OTHER_SIZE * low
        ended = _SENTENCE_END.search(before.text) and len(before.text) < _SHORT_LINE * usual_width
        if other_size or ended or (apart and not _continues(before.text, line.text)):
            groups.append([line.text])
        else:
            groups[-1].append(line.text)
    return groups


def _continues(before: str, after: str) -> bool:
    """Whether a sentence runs on over a column or page break."""
    return not _SENTENCE_END.search(before) and (after[:1].islower() or before.endswith("-"))


def _running_text(pages: Sequence[Sequence[Sequence[str]]]) -> tuple[str, list[int]]:
    """The whole text, and the offset at which each page begins."""
    words = Counter(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", _all_lines(pages).lower()))
    text, starts = "", []
    for page in pages:
        first = True
        for paragraph in page:
            joined = ""
            for line in paragraph:
                joined = _join(joined, line, words)
            if first and text and _continues(text, joined):
                length = len(text)
                text = _join(text, joined, words)
                starts.append(min(length + 1, len(text)))
            else:
                text += ("\n\n" if text else "") + joined
                if first:
                    starts.append(len(text) - len(joined))
            first = False
        if first:  # a page without text begins where the next one does
            starts.append(len(text) + (2 if text else 0))
    return text, [min(start, len(text)) for start in starts]


def _all_lines(pages: Sequence[Sequence[Sequence[str]]]) -> str:
    return " ".join(line for page in pages for paragraph in page for line in paragraph)


def _join(text: str, line: str, words: Counter[str]) -> str:
    """``text`` with ``line`` after it; a word broken at the line's end becomes whole.

    How the document spells the word elsewhere decides whether its hyphen stays.
    """
    broken = _BROKEN_WORD.search(text[-60:])
    if broken and line[:1].islower():
        rest = re.match(r"[^\W\d_]+", line)
        tail = rest[0].lower() if rest else ""
        head = broken[1].lower()
        hyphenated = words[f"{head}-{tail}"] > words[head + tail]
        return (text if hyphenated else text[:-1]) + line
    return f"{text} {line}" if text else line


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
