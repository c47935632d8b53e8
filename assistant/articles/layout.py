"""Printed lines to running text: page furniture removed, lines joined to paragraphs.

Lines are expected in reading order. What a page break or a hyphen interrupts goes on after it.
Not handled: where lines come from.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_EDGE_LINES = 2  # how many lines at the top and the bottom of a page may be furniture
_FURNITURE_MAX = 120  # characters
_REPEATED = 0.5  # share of the pages on which such a line has to stand
_WIDE_GAP = 1.35  # times the usual distance between lines: a new paragraph
_OTHER_SIZE = 1.08  # times the size of type: a heading begins or ends
_SHORT_LINE = 0.85  # times the usual width: the last line of a paragraph
_SENTENCE_END = re.compile(r"[.!?:…。！？؟][\"'”’»)\]]*$")
_PAGE_NUMBER = re.compile(
    r"\W*((page|seite|p\.|página)\s*)?([\divxlc]{1,5})(\s*(of|/|von|de|\|)\s*\d{1,5})?\W*",
    re.IGNORECASE,
)
_BROKEN_WORD = re.compile(r"([^\W\d_]{2,})[-‐]$")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: ``y`` upwards and ``size`` of type in points, 0 where unknown."""

    text: str
    y: float
    size: float


def running_text(pages: Sequence[Sequence[Line]]) -> tuple[str, list[int]]:
    """The text of all pages, and the offset at which each page begins."""
    return _joined([_paragraphs(lines) for lines in _without_furniture(pages)])


def _without_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
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


def _joined(pages: Sequence[Sequence[Sequence[str]]]) -> tuple[str, list[int]]:
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
