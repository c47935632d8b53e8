"""Tokens with exact offsets, in which a whole quotation is one token.

So nothing inside quotation marks is taken for the grammar of the sentence around it. Not
handled: speech marked by dashes, and single quotation marks beside double ones.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.schema import Passage

QUOTATION = "“”"
"""Text of the token that stands for a quotation."""

Span = tuple[int, int]

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?"  # U.S., J.K.
    r"|(?:Dr|Mr|Mrs|Ms|Prof|Sen|Rep|Gov|Gen|Col|Capt|Lt|Sgt|Rev|Hon|St|Jr|Sr|Inc|Co|Corp|Ltd"
    r"|Adm|Maj|Supt|Det|[A-Z])\.(?=[\s,;:)]|$)"
    r"|['’]s\b"
    r"|[^\W_]+(?:[.&/-][^\W_]+|['’](?!s\b)[^\W_]+)*"
    r"|[^\w\s]"
)
_DOUBLE = re.compile(r"[“”„\"«»]|''|’’|``|‘‘")
_SINGLE = re.compile(
    r"(?<!\w)[‘'](?=\w)[^‘\n]{12,400}?[,.?!…][’'](?!\w)|(?<!\w)‘(?=\w)[^‘’\n]{1,400}’(?!\w)"
)
_OPENING = ("“", "„", "«", "``", "‘‘")
_CLOSING = ("”", "»", "’’")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark, or a quotation; ``start`` and ``end`` count in the article's text.

    ``lower`` is the text folded, with typographic apostrophes made plain.
    """

    text: str
    start: int
    end: int
    lower: str

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()

    @property
    def word(self) -> bool:
        """Whether it is a word or number, or the "'s" of one, and no mark or quotation."""
        return self.text[0].isalnum() or self.lower in ("'s", "'", "&")


def quotations(text: str, passages: Sequence[Passage]) -> list[Span]:
    """Spans of the quotations, marks included, increasing and disjoint.

    A quotation that a paragraph leaves open ends with the paragraph.
    """
    spans: list[Span] = []
    marks = 0
    for start, end in _paragraphs(text, passages):
        opened: int | None = None
        for mark in _DOUBLE.finditer(text, start, end):
            marks += 1
            if opened is None and _opens(text, mark, start, end):
                opened = mark.start()
            elif opened is not None and mark.group() not in _OPENING:
                spans.append((opened, mark.end()))
                opened = None
        if opened is not None:
            spans.append((opened, end))
    # Where double marks quote, single ones are apostrophes or quotations inside quotations.
    return spans if marks > 1 else [match.span() for match in _SINGLE.finditer(text)]


def tokens(text: str, start: int, end: int, quoted: Sequence[Span] = ()) -> list[Token]:
    """Tokens of ``text[start:end]``, each quotation (or its part in here) as one token."""
    found: list[Token] = []
    at = start
    for a, b in quoted[max(0, bisect_right(quoted, (start, 0)) - 1) :]:
        if a >= end:
            break
        if b > at:
            found += _plain(text, at, max(a, at))
            found.append(Token(QUOTATION, max(a, start), min(b, end), QUOTATION))
            at = min(b, end)
    found += _plain(text, at, end)
    return found


def _plain(text: str, start: int, end: int) -> list[Token]:
    return [
        Token(m.group(), m.start(), m.end(), m.group().casefold().replace("’", "'"))
        for m in _TOKEN.finditer(text, start, end)
    ]


def _paragraphs(text: str, passages: Sequence[Passage]) -> Iterator[Span]:
    start = end = -1
    for passage in passages:
        if end < 0 or "\n" in text[end : passage.start]:
            if end >= 0:
                yield start, end
            start = passage.start
        end = passage.end
    if end >= 0:
        yield start, end


def _opens(text: str, mark: re.Match[str], start: int, end: int) -> bool:
    if mark.group() in _CLOSING:
        return False
    if mark.group() in _OPENING or mark.start() == start:
        return True
    return not text[mark.start() - 1].isalnum() and mark.end() < end
