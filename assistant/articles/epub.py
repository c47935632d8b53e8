"""EPUB to text: the chapters of the spine, one after the other.

Runs on untrusted bytes: call it in the sandbox. Not handled: books protected against reading.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree, html

from assistant.articles.blocks import blocks_of
from assistant.articles.dates import iso_date
from assistant.articles.parsed import Facts, Parsed
from assistant.articles.zips import checked_zip
from assistant.errors import ArticleError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_TEXT_TYPES = {"application/xhtml+xml", "text/html"}
_DC = "{http://purl.org/dc/elements/1.1/}"
_FACTS = {
    "title": "title",
    "creator": "byline",
    "publisher": "outlet",
    "date": "published",
    "language": "language",
}


def parse_epub(data: bytes) -> Parsed:
    """Text and stated facts.

    Raises:
        ArticleError: damaged, protected, packed suspiciously, or without any text.
    """
    with checked_zip(data) as archive:
        try:
            container = _xml(archive.read(_CONTAINER))
            path = next(container.iter("{*}rootfile")).get("full-path", "")
            package = _xml(archive.read(path))
            chapters = list(_chapters(package, posixpath.dirname(path)))
            _refuse_protected(archive, chapters)
            blocks = [block for name in chapters for block in _blocks(archive.read(name))]
        except (
            KeyError,
            StopIteration,
            etree.LxmlError,
            zipfile.BadZipFile,
            ValueError,
            zlib.error,
        ) as error:
            raise ArticleError(
                f"the EPUB is damaged ({type(error).__name__}); get it again"
            ) from None
    if not blocks:
        raise ArticleError("the EPUB holds no text; its pages may be pictures")
    return Parsed("\n\n".join(blocks), _facts(package))


def _xml(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(data, parser)


def _chapters(package: etree._Element, folder: str) -> Iterator[str]:
    """Names of the text files in reading order, without the table of contents."""
    manifest = {item.get("id"): item for item in package.iter("{*}item")}
    for reference in package.iter("{*}itemref"):
        item = manifest.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _TEXT_TYPES:
            continue
        if "nav" not in item.get("properties", "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _refuse_protected(archive: zipfile.ZipFile, chapters: list[str]) -> None:
    if _ENCRYPTION not in archive.namelist():
        return
    locked = {e.get("URI") for e in _xml(archive.read(_ENCRYPTION)).iter("{*}CipherReference")}
    if locked & set(chapters):  # fonts may be scrambled without harm
        raise ArticleError("the EPUB is protected against copying; add a copy that is not")


def _blocks(chapter: bytes) -> Iterator[str]:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = html.document_fromstring(chapter, parser=parser)
    for body in tree.iter("body"):
        yield from (block.text for block in blocks_of(body))


def _facts(package: etree._Element) -> Facts:
    facts: Facts = {}
    for name, field in _FACTS.items():
        for element in package.iter(f"{_DC}{name}"):
            value = " ".join("".join(element.itertext()).split())
            if field == "published":
                value = iso_date(value) or ""
            if value:
                facts.setdefault(field, (value, f"EPUB dc:{name}"))
    return facts
