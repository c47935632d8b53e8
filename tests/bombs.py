"""Files that are small and become large, loop, nest or mislead: the known ones of each format.

Each is made when it is asked for, because some are large.
"""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Callable

from tests.test_articles_documents import (
    BOOK,
    CONTAINER,
    ENTITIES,
    EPUB,
    SECRET,
    docx_with,
    lying,
    zipped,
)
from tests.test_articles_html import page, story

MILLION = 1_000_000
_W = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of numbered objects, whose cross-reference table is right."""
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Size %d/Root %d 0 R>>\n" % (len(objects) + 1, root)
    return body + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def stream(data: bytes, more: bytes = b"", filters: bytes = b"") -> bytes:
    """A stream object's content."""
    packed = b"/Filter%b" % filters if filters else b""
    return b"<</Length %d%b%b>>stream\n%b\nendstream" % (len(data), packed, more, data)


def one_page(contents: bytes, resources: bytes = b"", *more: bytes) -> bytes:
    """A PDF of one page, whose objects from number 6 on are ``more``."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>%b>>>>" % resources,
        contents,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    )


def _packed_thrice() -> bytes:
    data = b"BT /F1 9 Tf (" + b"A" * 300 * MILLION + b") Tj ET"
    for _ in range(3):
        data = zlib.compress(data, 9)
    return one_page(stream(data, filters=b"[/FlateDecode/FlateDecode/FlateDecode]"))


def _to_unicode() -> bytes:
    """A font whose table of characters says that it has four milliards of them."""
    table = b"1 beginbfrange <00000000> <FFFFFFFF> <0000> endbfrange"
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        stream(b"BT /F1 9 Tf (words) Tj ET"),
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 6 0 R>>",
        stream(table),
    )


def _many_pages() -> bytes:
    kids = b"3 0 R " * 100_000
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count 100000>>" % kids,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    )


def _deep_pages() -> bytes:
    levels = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (n + 3) for n in range(20_000)]
    return pdf(b"<</Type/Catalog/Pages 2 0 R>>", *levels, b"<</Type/Page>>")


def _previous_tables() -> bytes:
    """Two cross-reference tables, each of which names the other as the one before."""
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Root 1 0 R/Prev %d>>\n"
    first = len(b"%PDF-1.7\n")
    second = first + len(table % 100)
    return b"%PDF-1.7\n" + table % second + table % first + b"startxref\n%d\n%%%%EOF" % first


def _overlapping() -> bytes:
    """A zip whose every entry is the same bytes: 1,500 times one megabyte from a few kilobytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b"words " * 150_000 + b"</a>")
        [entry] = archive.infolist()
        for number in range(1_500):
            twin = zipfile.ZipInfo(f"word/part{number}.xml")
            twin.header_offset, twin.CRC = entry.header_offset, entry.CRC
            twin.compress_size, twin.file_size = entry.compress_size, entry.file_size
            twin.compress_type = entry.compress_type
            archive.filelist.append(twin)
        archive._didModify = True  # type: ignore[attr-defined]
    return buffer.getvalue()


def _zip_in_zip() -> bytes:
    inner = zipped({"zeros": bytes(10 * MILLION)})
    for _ in range(5):
        inner = zipped({f"{number}.zip": inner for number in range(10)})
    return zipped({"word/document.xml": b"<a/>", "word/embeddings/all.zip": inner})


def _one_chapter_often() -> bytes:
    """A book that reads its only chapter, half a megabyte, a hundred thousand times."""
    long = b"<html><body><p>" + b"many words " * 45_000 + b"</p></body></html>"
    spine = b'<itemref idref="a"/>' * 100_000
    return zipped(
        {
            **EPUB,
            "OPS/a a.xhtml": long,
            "OPS/book.opf": BOOK.replace(b'<itemref idref="a"/>', spine),
        }
    )


def _body(xml: bytes) -> bytes:
    return docx_with(b"<w:document %b><w:body>%b</w:body></w:document>" % (_W, xml))


def _mime(depth: int) -> bytes:
    head = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B%d\n\n--B%d\n"
    return b"".join(head % (n, n) for n in range(depth)) + b"Content-Type: text/html\n\n<p>x"


_LOL = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]>"
)

BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    # Pages.
    "html: a million levels": ("a.html", lambda: b"<html>" + b"<div>" * MILLION),
    "html: nested tables": ("a.html", lambda: b"<html>" + b"<table><tr><td>" * 100_000),
    "html: nested quotes and lists": (
        "a.html",
        lambda: page(story("<blockquote><ul><li>" * 50_000)),
    ),
    "html: nested emphasis": ("a.html", lambda: page(story("<b><i>" * 100_000 + "words"))),
    "html: an attribute of 20 MB": (
        "a.html",
        lambda: b"<html><p title='" + b"x" * 20 * MILLION + b"'>Words.",
    ),
    "html: a million attributes": (
        "a.html",
        lambda: b"<html><p " + b"".join(b"a%d " % n for n in range(MILLION)) + b">Words.",
    ),
    "html: a table of 200,000 rows": (
        "a.html",
        lambda: page(story("<table>" + "<tr><td>a<td>b" * 200_000 + "</table>")),
    ),
    "html: a cell over all columns": (
        "a.html",
        lambda: page(story("<table><tr><td colspan=9e15 rowspan=999999999>a</table>")),
    ),
    "html: five million breaks": ("a.html", lambda: page(story("<br>" * (4 * MILLION)))),
    "html: two million references": ("a.html", lambda: page(story("&#x0;&amp;" * 2 * MILLION))),
    "html: comments without an end": ("a.html", lambda: b"<!--" * 5 * MILLION + b"<html>"),
    "html: declarations before nothing": ("a.html", lambda: b"<?xml>" * 340 + b"x"),
    "html: comments before nothing": ("a.html", lambda: b"<!---->" * 290 + b"x"),
    "html: JSON-LD in 100,000 brackets": (
        "a.html",
        lambda: page(
            story(),
            "<script type='application/ld+json'>" + "[" * 100_000 + "]" * 100_000 + "</script>",
        ),
    ),
    "html: a number of a million digits": (
        "a.html",
        lambda: page(
            story(),
            "<script type='application/ld+json'>{\"datePublished\": "
            + "9" * MILLION
            + "}</script>",
        ),
    ),
    "html: 200,000 meta tags": (
        "a.html",
        lambda: page(story(), "<meta property='article:author' content='A B'>" * 200_000),
    ),
    "html: a word of 5 MB": ("a.html", lambda: page(story("<p>" + "x" * 5 * MILLION))),
    "html: 300,000 links": ("a.html", lambda: page(story("<a href='/a'>Words</a> " * 300_000))),
    # PDFs.
    "pdf: packed three times": ("a.pdf", _packed_thrice),
    "pdf: run lengths": (
        "a.pdf",
        lambda: one_page(
            stream(zlib.compress(b"\x81A" * 3 * MILLION), filters=b"[/FlateDecode/RunLengthDecode]")
        ),
    ),
    "pdf: a predictor of a milliard columns": (
        "a.pdf",
        lambda: one_page(
            stream(
                zlib.compress(b"\2" * 1000),
                b"/DecodeParms<</Predictor 12/Columns 1000000000/Colors 32>>",
                b"/FlateDecode",
            )
        ),
    ),
    "pdf: a font of four milliard characters": ("a.pdf", _to_unicode),
    "pdf: 100,000 pages": ("a.pdf", _many_pages),
    "pdf: 20,000 levels of pages": ("a.pdf", _deep_pages),
    "pdf: pages that hold themselves": (
        "a.pdf",
        lambda: pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"),
    ),
    "pdf: a form that draws itself": (
        "a.pdf",
        lambda: one_page(
            stream(b"/X Do"),
            b"/XObject<</X 6 0 R>>",
            stream(
                b"/X Do /X Do",
                b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>",
            ),
        ),
    ),
    "pdf: a million brackets": ("a.pdf", lambda: one_page(stream(b"[" * MILLION))),
    "pdf: a million dictionaries": ("a.pdf", lambda: pdf(b"<</A" * MILLION)),
    "pdf: objects in a stream of a milliard": (
        "a.pdf",
        lambda: pdf(
            b"<</Type/Catalog/Pages 9 0 R>>",
            stream(b"9 0", b"/Type/ObjStm/N 1000000000/First 4"),
        ),
    ),
    "pdf: tables that name each other": ("a.pdf", _previous_tables),
    "pdf: lengths that name each other": (
        "a.pdf",
        lambda: one_page(b"<</Length 4 0 R>>stream\nx\nendstream"),
    ),
    # Office files and books.
    "docx: an entry of 60 MB": (
        "a.docx",
        lambda: zipped({"word/document.xml": b"0" * 60 * MILLION}),
    ),
    "docx: padding": (
        "a.docx",
        lambda: zipped({"word/document.xml": b"<a/>", "pad": bytes(5 * MILLION)}),
    ),
    "docx: 50,000 entries": (
        "a.docx",
        lambda: zipped({"word/document.xml": b"<a/>", **{f"p{n}": b"" for n in range(50_000)}}),
    ),
    "docx: entries that overlap": ("a.docx", _overlapping),
    "docx: zips in zips": ("a.docx", _zip_in_zip),
    "docx: a size that lies": (
        "a.docx",
        lambda: lying(docx_with(b"<x>" + b"word " * 1000 + b"</x>")),
    ),
    "docx: a milliard laughs": ("a.docx", lambda: docx_with(ENTITIES)),
    "docx: another file's words": ("a.docx", lambda: docx_with(SECRET)),
    "docx: tables in tables": (
        "a.docx",
        lambda: _body(b"<w:tbl><w:tr><w:tc>" * 20_000 + b"</w:tc></w:tr></w:tbl>" * 20_000),
    ),
    "docx: controls in controls": (
        "a.docx",
        lambda: _body(b"<w:sdt><w:sdtContent>" * 5_000 + b"</w:sdtContent></w:sdt>" * 5_000),
    ),
    "docx: a million runs": (
        "a.docx",
        lambda: _body(b"<w:p>" + b"<w:r><w:t>a</w:t></w:r>" * 300_000 + b"</w:p>"),
    ),
    "epub: one chapter 100,000 times": ("a.epub", _one_chapter_often),
    "epub: a milliard laughs": (
        "a.epub",
        lambda: zipped({**EPUB, "OPS/book.opf": _LOL + BOOK.replace(b"Two chapters", b"&j;")}),
    ),
    "epub: a container that names itself": (
        "a.epub",
        lambda: zipped(
            {**EPUB, "META-INF/container.xml": CONTAINER.replace(b"OPS/book.opf", b"../../a")}
        ),
    ),
    # Everything else.
    "mhtml: parts in parts": ("a.mhtml", lambda: _mime(5_000)),
    "mhtml: a million boundaries": (
        "a.mhtml",
        lambda: _mime(1) + b"\n--B0\n" * MILLION,
    ),
    "mhtml: base64 of nothing": (
        "a.mhtml",
        lambda: (
            _mime(1).replace(b"html\n\n<p>x", b"html\nContent-Transfer-Encoding: base64\n\n")
            + base64.b64encode(b"<p>" * 3 * MILLION)
        ),
    ),
    "markdown: spaces in a heading": ("a.md", lambda: b"# a" + b" " * 5 * MILLION + b"b"),
    "markdown: front matter that refers to itself": (
        "a.md",
        lambda: (
            b"---\na: &a [x]\n"
            + b"".join(b"%c: &%c [%b]\n" % (n, n, b"*%c," % (n - 1) * 10) for n in range(98, 110))
            + b"title: *m\n---\nWords."
        ),
    ),
    "markdown: a million quotes": ("a.md", lambda: b"> " * MILLION + b"words"),
    "text: one line of 5 MB": ("a.txt", lambda: b"words and " * 500_000),
    "text: five million line ends": ("a.txt", lambda: b"Words." + b"\n" * 5 * MILLION + b"More."),
    "text: accents on one letter": ("a.txt", lambda: b"a" + "\u0301".encode() * 2 * MILLION),
    "text: accents out of order": (
        "a.txt",
        lambda: b"a" + "\u0301\u0323".encode() * MILLION,
    ),
    "text: any bytes": ("a.txt", lambda: bytes(range(128, 256)) * 100_000),
    "text: 30 MB": ("a.txt", lambda: b"words " * 5 * MILLION),
    "feed: a milliard laughs": (
        "a.xml",
        lambda: _LOL + b"<rss version='2.0'><channel><item><link>&j;</link></item></channel></rss>",
    ),
    "feed: a million entries": (
        "a.xml",
        lambda: (
            b"<?xml version='1.0'?><rss version='2.0'><channel>"
            + b"<item><link>http://a.example/</link></item>" * 400_000
            + b"</channel></rss>"
        ),
    ),
    "sitemap: a milliard laughs": (
        "a.xml",
        lambda: _LOL + b"<urlset><url><loc>&j;</loc></url></urlset>",
    ),
    "sitemap: a million levels": ("a.xml", lambda: b"<urlset>" + b"<url>" * MILLION),
}
"""By what they are: the file's name, and a function that makes its bytes."""
