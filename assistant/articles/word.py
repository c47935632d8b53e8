"""DOCX to text: paragraphs, headings, lists and tables in the order of the document.

Insertions of tracked changes are read and deletions are not, as they print. Runs on untrusted
bytes: call it in the sandbox. Not handled: headers, footers, comments, text drawn in shapes.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import docx
from docx.document import Document
from docx.opc.exceptions import OpcError, PackageNotFoundError
from docx.oxml.ns import qn
from lxml import etree

from assistant.articles.parsed import Facts, Parsed
from assistant.articles.zips import checked_zip
from assistant.errors import ArticleError

_SKIPPED = {qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), qn("w:txbxContent")}
_SKIPPED |= {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
_BREAKS = {qn("w:br"), qn("w:cr")}


def parse_docx(data: bytes) -> Parsed:
    """Text and stated facts.

    Raises:
        ArticleError: damaged, protected, packed suspiciously, or without any text.
    """
    checked_zip(data).close()
    try:
        document = docx.Document(io.BytesIO(data))
        blocks = [text for text in _blocks(document) if text]
        facts = _facts(document)
    except (
        OpcError,
        PackageNotFoundError,
        etree.LxmlError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ArticleError(f"the DOCX is damaged ({type(error).__name__}); save it again") from None
    except (KeyError, AttributeError, ValueError, TypeError) as error:
        raise ArticleError(
            f"the DOCX lacks a part it needs ({type(error).__name__}); save it again"
        ) from None
    if not blocks:
        raise ArticleError("the DOCX holds no text; if it holds pictures, save it as PDF with text")
    return Parsed("\n\n".join(blocks), facts)


def _blocks(document: Document) -> Iterator[str]:
    """Blocks of text; the items of a list are the lines of one block."""
    styles = {style.style_id: (style.name or "").lower() for style in document.styles}
    items: list[str] = []
    for element in _content(document.element.body):
        if element.tag == qn("w:tbl"):
            yield _flush(items)
            yield _table(element)
            continue
        text = _text(element)
        if text and _is_item(element, styles):
            items.append(f"- {text}")
        elif text:
            yield _flush(items)
            yield text
    yield _flush(items)


def _content(body: Any) -> Iterator[Any]:
    """Paragraphs and tables, also those inside content controls."""
    for element in body:
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")):
            yield from _content(element)


def _flush(items: list[str]) -> str:
    block = "\n".join(items)
    items.clear()
    return block


def _is_item(paragraph: Any, styles: dict[str, str]) -> bool:
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = styles.get(style.get(qn("w:val")), "") if style is not None else ""
    numbered = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
    return name.startswith("list") or (numbered and not name.startswith(("heading", "title")))


def _table(table: Any) -> str:
    rows = (
        " | ".join(filter(None, (_text(cell) for cell in row.iterchildren(qn("w:tc")))))
        for row in table.iterchildren(qn("w:tr"))
    )
    return "\n".join(filter(None, rows))


def _text(element: Any) -> str:
    lines = "".join(_pieces(element)).split("\n")
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag in _SKIPPED:
            continue
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag == qn("w:tab"):
            yield " "
        elif child.tag in _BREAKS:
            yield "\n"
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"
        else:
            yield from _pieces(child)
            if child.tag == qn("w:p"):
                yield " "


def _facts(document: Document) -> Facts:
    """Title and author as stated. The dates tell when the file was made, so none is taken."""
    facts: Facts = {}
    properties = document.core_properties
    if properties.title and properties.title.strip() not in ("", "Word Document"):
        facts["title"] = (properties.title, "DOCX title")
    for paragraph in document.paragraphs[:20]:
        style = (paragraph.style.name or "") if paragraph.style is not None else ""
        if style in ("Title", "Heading 1") and paragraph.text.strip():
            facts.setdefault("title", (paragraph.text, f"first paragraph of style {style}"))
    author = properties.author or ""
    if " " in author.strip():  # a single word is somebody's login, "python-docx" a program
        facts["byline"] = (author, "DOCX author")
    if properties.language:
        facts["language"] = (properties.language, "DOCX language")
    return facts
