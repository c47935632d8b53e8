"""What a file really is, judged by its bytes before its name and its declared type."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Literal

from assistant.errors import ArticleError

Kind = Literal["text", "markdown", "html", "mhtml", "pdf", "docx", "epub", "feed", "sitemap"]
"""``feed`` and ``sitemap`` list articles; the others are one."""

READABLE = "text, Markdown, HTML, PDF, DOCX or EPUB"
_HEAD = 2_048
_MARKDOWN_NAMES = (".md", ".markdown", ".mdown", ".mkd")
_HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ROOT = re.compile(
    # Possessive, for a file of comments that leads to no root is tried in one way only.
    r"^(?:\s++|<!--.*?-->|<\?[^>]*>)*+<(!doctype\s+html|[a-z]+:?[a-z]*)",
    re.IGNORECASE | re.DOTALL,
)
_MIME = re.compile(rb"\s*(From|MIME-Version|Content-Type|Snapshot-Content-Location):")
_ROOTS: dict[str, Kind] = {
    **dict.fromkeys(("!doctype html", "html", "head", "body", "title", "meta"), "html"),
    **dict.fromkeys(("rss", "feed", "rdf:rdf"), "feed"),
    **dict.fromkeys(("urlset", "sitemapindex"), "sitemap"),
}
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old or a password-protected Office file; save it as plain DOCX"),
    (b"{\\rtf", "an RTF file; save it as DOCX or plain text"),
    (b"%!PS", "a PostScript file; convert it to PDF"),
    (b"\x89PNG", "an image (PNG); there is no text in it to read"),
    (b"\xff\xd8\xff", "an image (JPEG); there is no text in it to read"),
    (b"GIF8", "an image (GIF); there is no text in it to read"),
    (b"II*\x00", "an image (TIFF); there is no text in it to read"),
    (b"MM\x00*", "an image (TIFF); there is no text in it to read"),
    (b"RIFF", "an image, a sound or a film; there is no text in it to read"),
    (b"ID3", "a sound (MP3); there is no text in it to read"),
    (b"OggS", "a sound (Ogg); there is no text in it to read"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"MZ", "a program, not an article"),
    (b"\x7fELF", "a program, not an article"),
    (b"\xca\xfe\xba\xbe", "a program, not an article"),
    (b"SQLite format 3", "a database, not an article"),
)
_OTHER_OFFICE = (
    ("xl/", "a spreadsheet; save the part to ask about as text"),
    ("ppt/", "a slide show; save it as PDF"),
    ("content.xml", "an OpenDocument file; save it as DOCX"),
)


def kind_of(data: bytes, *, name: str = "", declared: str | None = None) -> Kind:
    """The kind of ``data``; ``name`` and the ``declared`` media type only settle what is open.

    Raises:
        ArticleError: it is something else; the message names it and says what to do.
    """
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _zip_kind(data)
    for magic, what in _FOREIGN:
        if data.startswith(magic) and _certain(magic, data):
            raise ArticleError(f"this is {what}")
    root = _ROOT.match(_head(data))
    if root and (kind := _ROOTS.get(" ".join(root[1].lower().split()))):
        return kind
    if _MIME.match(data) and b"multipart/related" in data[:_HEAD]:
        return "mhtml"
    suffix = "." + name.lower().rpartition(".")[2]
    media_type = (declared or "").partition(";")[0].strip().lower()
    if b"<" in data and (media_type in ("text/html", "application/xhtml+xml")):
        return "html"
    if b"<" in data and suffix in _HTML_NAMES and not media_type:
        return "html"
    if media_type == "text/markdown" or (suffix in _MARKDOWN_NAMES and media_type != "text/html"):
        return "markdown"
    return "text"


def _certain(magic: bytes, data: bytes) -> bool:
    """Two-letter marks may begin a text ("MZ ..."); binary files also hold NULs."""
    return len(magic) > 3 or b"\x00" in data[:_HEAD] or magic in (b"\x1f\x8b", b"\xff\xd8\xff")


def _head(data: bytes) -> str:
    if data.startswith(_UTF16):
        return data[:_HEAD].decode("utf-16", "ignore")
    return data[:_HEAD].decode("latin-1").removeprefix("ï»¿")


def _zip_kind(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise ArticleError("this is a damaged DOCX, EPUB or zip file; get it again") from None
    if "word/document.xml" in names:
        return "docx"
    if "META-INF/container.xml" in names:
        return "epub"
    for start, what in _OTHER_OFFICE:
        if any(name.startswith(start) for name in names):
            raise ArticleError(f"this is {what}")
    raise ArticleError("this is a zip archive; unpack it and add the files or the folder")
