"""A tree of text elements as blocks of plain text, in reading order.

Understands both the vocabulary of trafilatura (``head``, ``item``, ``row``, ``ref``) and that of
HTML, as the one contains stretches of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

_HEADINGS = {"head", "h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = _HEADINGS | {
    *("p", "div", "section", "article", "main", "body", "figure", "center", "hr", "doc"),
    *("quote", "blockquote", "code", "pre", "dl", "dt", "dd", "fw", "form", "details", "summary"),
}
_LISTS, _ITEMS = {"list", "ul", "ol"}, {"item", "li"}
_ROWS, _BREAKS, _LINKS = ("row", "tr"), {"lb", "br"}, {"ref", "a"}
_IGNORED = {"script", "style", "graphic", "img", "noscript", "template"}
_MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, a whole list or a whole table.

    Lines of a list begin with ``- ``; cells of a table row are separated by `` | ``.
    ``linked``: nearly all its words are links.
    """

    text: str
    linked: bool = False
    heading: bool = False


def blocks_of(root: etree._Element) -> Iterator[Block]:
    """The blocks under ``root``; none is empty, and no line has outer or doubled spaces."""
    reader = _Reader()
    yield from reader.walk(root)
    yield from reader.flush()


class _Reader:
    """Collects running text until a block ends."""

    def __init__(self) -> None:
        self.run: list[str] = []
        self.linked = 0

    def flush(self, *, heading: bool = False) -> Iterator[Block]:
        lines = (" ".join(line.split()) for line in "".join(self.run).split("\n"))
        text = "\n".join(line for line in lines if line)
        linked = self.linked
        self.run, self.linked = [], 0
        if text:
            yield Block(text, linked=linked >= _MOSTLY * len(text), heading=heading)

    def walk(self, element: etree._Element) -> Iterator[Block]:
        tag = element.tag
        if not isinstance(tag, str) or tag in _IGNORED:
            return
        if tag in _LISTS:
            yield from self.flush()
            yield from _lines(element, [f"- {t}" for t in _items(element)])
        elif tag == "table":
            yield from self.flush()
            yield from self.table(element)
        elif tag in _BREAKS:
            self.run.append("\n")
        else:
            yield from self.inside(element)

    def inside(self, element: etree._Element) -> Iterator[Block]:
        block = element.tag in _BLOCKS
        if block:
            yield from self.flush()
        if element.tag in _LINKS:
            self.linked += len(_words(element))
        self.run.append(_spaced(element.text, element))
        for child in element:
            yield from self.walk(child)
            self.run.append(_spaced(child.tail, element))
        if block:
            yield from self.flush(heading=element.tag in _HEADINGS)

    def table(self, element: etree._Element) -> Iterator[Block]:
        """Rows as lines; a table that only lays out the page is read as running text."""
        rows = [[c for c in row if isinstance(c.tag, str)] for row in element.iter(*_ROWS)]
        if any(True for _ in element.iter("table") if _ is not element) or all(
            len(row) < 2 for row in rows
        ):
            for row in rows:
                for cell in row:
                    yield from self.flush()
                    yield from self.inside(cell)
                    yield from self.flush()
            return
        cells = ([_words(cell) for cell in row] for row in rows)
        yield from _lines(element, [" | ".join(filter(None, row)) for row in cells if any(row)])


def _items(element: etree._Element) -> Iterator[str]:
    for item in element:
        if item.tag in _ITEMS and (words := _words(item)):
            yield words


def _lines(element: etree._Element, lines: list[str]) -> Iterator[Block]:
    if lines:
        linked = sum(len(_words(link)) for link in element.iter(*_LINKS))
        length = sum(map(len, lines))
        yield Block("\n".join(lines), linked=linked >= _MOSTLY * length)


def _words(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _spaced(text: str | None, parent: etree._Element) -> str:
    """Line ends in the source are spaces on the page, except where they are preformatted."""
    if not text:
        return ""
    return text if parent.tag in ("pre", "code") else " ".join(text.split("\n"))
