"""PDF, DOCX, EPUB, MHTML, Markdown: real small files, made here; and hostile ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
)

from assistant.articles import Loader
from assistant.errors import ArticleError
from assistant.schema import Article

LINES = [
    "The ministers of seven countries met in Tokyo to speak about the war in the",
    "Middle East, and they agreed on a short state-",
    "ment after two days of talks behind closed doors.",
]


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with Loader() as loader:
        yield loader


def load(loader: Loader, tmp_path: Path, name: str, data: bytes) -> Article:
    path = tmp_path / name
    path.write_bytes(data)
    return loader.load(path)


def make_pdf(pages: Sequence[Sequence[tuple[str, int]]], **info: str) -> PdfWriter:
    """Pages of lines, each with its size of type."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        commands, y = [], 800
        for text, size in lines:
            escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            if escaped:
                commands.append(f"BT /F1 {size} Tf 50 {y} Td ({escaped}) Tj ET")
            y -= round(size * 1.2)
        stream = DecodedStreamObject()
        stream.set_data("\n".join(commands).encode("cp1252"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    if info:
        writer.add_metadata({f"/{key.title()}": value for key, value in info.items()})
    return writer


def written(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def typeset(lines: Sequence[str], *, top: str = "", bottom: str = "") -> list[tuple[str, int]]:
    body = [(line, 11) for line in lines]
    return [(top, 9), ("", 9), *body, ("", 9), ("", 9), (bottom, 9)]


def test_a_pdf_is_running_text_with_its_pages(loader: Loader, tmp_path: Path) -> None:
    pages = [
        typeset(
            [f"Section {word}.", *LINES, f"So ends {word}."],
            top="The Daily Paper",
            bottom=f"Page {n}",
        )
        for n, word in enumerate(["one", "two", "three"], 1)
    ]
    article = load(loader, tmp_path, "a.pdf", written(make_pdf(pages)))
    whole = (
        "The ministers of seven countries met in Tokyo to speak about the war in the Middle East, "
        "and they agreed on a short statement after two days of talks behind closed doors."
    )
    assert article.text.count(whole) == 3
    assert "Daily Paper" not in article.text
    assert "Page" not in article.text
    assert len(article.pages) == 3
    for start, word in zip(article.pages, ["one", "two", "three"], strict=True):
        assert article.text[start:].startswith(f"Section {word}.")


def test_a_sentence_runs_on_over_the_page_break(loader: Loader, tmp_path: Path) -> None:
    pages = [
        typeset(["First comes a sentence.", "Then the ministers of the seven"], bottom="1"),
        typeset(["countries met in Tokyo for talks.", "The end came late."], bottom="2"),
    ]
    article = load(loader, tmp_path, "a.pdf", written(make_pdf(pages)))
    assert "Then the ministers of the seven countries met in Tokyo for talks." in article.text
    assert article.text[article.pages[1] :].startswith("countries met")


def test_a_hyphen_stays_where_the_document_spells_it(loader: Loader, tmp_path: Path) -> None:
    lines = [
        "A well-known plan and a well-known man were seen at the well-",
        "known place, which is an inter-",
        "national one.",
    ]
    text = load(loader, tmp_path, "a.pdf", written(make_pdf([typeset(lines)]))).text
    assert "at the well-known place, which is an international one." in text


def test_a_title_is_stated_or_the_largest_line(loader: Loader, tmp_path: Path) -> None:
    lines = [("Seven countries agree", 22), *typeset(LINES)]
    stated = make_pdf([lines], title="The stated title", author="Ann Lee")
    article = load(loader, tmp_path, "a.pdf", written(stated))
    assert (article.title, article.byline) == ("The stated title", "Ann Lee")
    assert article.published is None
    junk = make_pdf([lines], title="Microsoft Word - g7_final.docx", author="alee")
    article = load(loader, tmp_path, "a.pdf", written(junk))
    assert (article.title, article.byline) == ("Seven countries agree", None)


def image_page(writer: PdfWriter) -> None:
    picture = DecodedStreamObject()
    picture.set_data(b"\x80" * 100)
    picture.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(10),
            NameObject("/Height"): NumberObject(10),
            NameObject("/ColorSpace"): NameObject("/DeviceGray"),
            NameObject("/BitsPerComponent"): NumberObject(8),
        }
    )
    page = writer.add_blank_page(595, 842)
    objects = DictionaryObject({NameObject("/Im0"): writer._add_object(picture)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): objects})
    stream = DecodedStreamObject()
    stream.set_data(b"q 500 0 0 700 40 40 cm /Im0 Do Q")
    page[NameObject("/Contents")] = writer._add_object(stream)


def test_scanned_pdfs_are_recognised(loader: Loader, tmp_path: Path) -> None:
    writer = PdfWriter()
    for _ in range(3):
        image_page(writer)
    with pytest.raises(ArticleError, match="no text layer: 3 of 3 pages are images"):
        load(loader, tmp_path, "scan.pdf", written(writer))
    mixed = make_pdf([typeset(LINES)])
    image_page(mixed)
    article = load(loader, tmp_path, "mixed.pdf", written(mixed))
    assert "1 of 2 pages have no readable text layer" in article.notices[0]


def test_protected_pdfs_are_recognised(loader: Loader, tmp_path: Path) -> None:
    writer = make_pdf([typeset(LINES)])
    writer.encrypt("secret", algorithm="RC4-128")
    with pytest.raises(ArticleError, match="password"):
        load(loader, tmp_path, "locked.pdf", written(writer))
    writer = make_pdf([typeset(LINES)])
    writer.encrypt("", owner_password="owner", algorithm="RC4-128")
    assert "ministers" in load(loader, tmp_path, "open.pdf", written(writer)).text


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + b"garbage" * 100,
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R>>",
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]"
        b"/Count 100000>>endobj\ntrailer<</Root 1 0 R>>",
    ],
)
def test_damaged_pdfs_say_so(loader: Loader, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ArticleError, match=r"a\.pdf: "):
        load(loader, tmp_path, "a.pdf", data)


def test_a_pdf_bomb_is_stopped(loader: Loader, tmp_path: Path) -> None:
    writer = make_pdf([typeset(LINES)])
    bomb = DecodedStreamObject()
    bomb.set_data(b"BT (" + b"A" * 200_000_000 + b") Tj ET")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(bomb.flate_encode())
    with pytest.raises(ArticleError):
        load(loader, tmp_path, "bomb.pdf", written(writer))


def make_docx() -> docx.document.Document:
    document = docx.Document()
    document.core_properties.title = "Seven countries agree"
    document.core_properties.author = "Ann Lee"
    document.add_heading("What was said", 1)
    document.add_paragraph(" ".join(LINES[:1]))
    document.add_paragraph("Help for the north", style="List Bullet")
    document.add_paragraph("A conference in spring", style="List Bullet")
    table = document.add_table(2, 2)
    for row, values in zip(table.rows, [("Country", "Pays"), ("Japan", "5 million")], strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("The end.")
    document.sections[0].header.paragraphs[0].text = "A running header"
    return document


def saved(document: docx.document.Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_a_docx_keeps_its_order_and_structure(loader: Loader, tmp_path: Path) -> None:
    article = load(loader, tmp_path, "a.docx", saved(make_docx()))
    assert article.text == (
        f"What was said\n\n{LINES[0]}\n\n- Help for the north\n- A conference in spring\n\n"
        "Country | Pays\nJapan | 5 million\n\nThe end."
    )
    assert (article.title, article.byline) == ("Seven countries agree", "Ann Lee")
    assert article.published is None


def test_tracked_changes_read_as_they_print(loader: Loader, tmp_path: Path) -> None:
    document = make_docx()
    kept = repacked(
        saved(document),
        "word/document.xml",
        b"<w:t>The end.</w:t>",
        b"<w:t>The end</w:t></w:r><w:del w:id='1' w:author='x'><w:r><w:delText> is far.</w:delText>"
        b"</w:r></w:del><w:ins w:id='2' w:author='x'><w:r><w:t> is near.</w:t></w:r></w:ins><w:r>",
    )
    text = load(loader, tmp_path, "a.docx", kept).text
    assert text.endswith("The end is near.")


def repacked(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The archive with ``old`` replaced in one entry, which must hold it."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(result, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            if entry == name:
                assert old in content
                content = content.replace(old, new, 1)
            target.writestr(entry, content)
    return result.getvalue()


def zipped(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def lying(data: bytes) -> bytes:
    """The archive with its largest entry declared to be ten bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
    return data.replace(largest.file_size.to_bytes(4, "little"), (10).to_bytes(4, "little"))


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b']><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>"
)
SECRET = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>Shown: [&x;]</w:t></w:r></w:p></w:body></w:document>"
)


def docx_with(document_xml: bytes) -> bytes:
    whole = saved(make_docx())
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**entries, "word/document.xml": document_xml})


@pytest.mark.parametrize(
    "data",
    [
        zipped({"word/document.xml": b"0" * 60_000_000}),
        zipped({"word/document.xml": b"<a/>", "pad": b"\0" * 5_000_000}),
        zipped({"word/document.xml": b"<a/>", **{f"p{i}": b"" for i in range(2_100)}}),
        zipped({"word/document.xml": b"<a/>"}),
        lying(docx_with(b"<x>" + b"word " * 1000 + b"</x>")),
        docx_with(ENTITIES),
        docx_with(b"<not xml"),
        docx_with(b"<w:document/>"),
        saved(make_docx())[:-200],
        saved(make_docx())[:2000],
        b"PK\x03\x04" + b"\0" * 100,
        zipped({"xl/workbook.xml": b"<a/>"}),
        zipped({"holiday.jpg": b"..."}),
    ],
)
def test_hostile_and_foreign_zips_are_refused(loader: Loader, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ArticleError, match=r"a\.docx: "):
        load(loader, tmp_path, "a.docx", data)


def test_external_entities_are_not_read(loader: Loader, tmp_path: Path) -> None:
    article = load(loader, tmp_path, "a.docx", docx_with(SECRET))
    assert article.text == "Shown: ["


CONTAINER = (
    b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    b'<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
BOOK = b"""<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Two chapters</dc:title><dc:creator>Ann Lee</dc:creator>
<dc:date>2021-05-04</dc:date><dc:language>en</dc:language></metadata><manifest>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="a%20a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
EPUB = {
    "mimetype": b"application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": BOOK,
    "OPS/nav.xhtml": b"<html><body><p>Contents</p></body></html>",
    "OPS/a a.xhtml": b"<html><body><h1>One</h1><p>First comes this.</p></body></html>",
    "OPS/b.xhtml": b"<html><body><h1>Two</h1><p>Then <b>that</b>.</p></body></html>",
}


def test_an_epub_is_read_in_the_order_of_its_spine(loader: Loader, tmp_path: Path) -> None:
    article = load(loader, tmp_path, "a.epub", zipped(EPUB))
    assert article.text == "One\n\nFirst comes this.\n\nTwo\n\nThen that."
    assert (article.title, article.byline) == ("Two chapters", "Ann Lee")
    assert article.published == "2021-05-04"


def test_a_protected_epub_is_recognised(loader: Loader, tmp_path: Path) -> None:
    lock = (
        b"<encryption><EncryptedData><CipherData><CipherReference URI='OPS/b.xhtml'/>"
        b"</CipherData></EncryptedData></encryption>"
    )
    with pytest.raises(ArticleError, match="protected"):
        load(loader, tmp_path, "a.epub", zipped({**EPUB, "META-INF/encryption.xml": lock}))


def test_a_page_saved_by_a_browser_is_read(loader: Loader, tmp_path: Path) -> None:
    paragraph = "<p>" + " ".join(LINES).replace("-\n", "") + "</p>"
    data = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://paper.example/2023/11/08/g7\n"
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="B"\n\n--B\n'
        "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"<html><body><article><h1>Seven agree</h1>{paragraph * 3}</article></body></html>\n--B--\n"
    ).encode()
    article = load(loader, tmp_path, "a.mhtml", data)
    assert article.title == "Seven agree"
    assert article.published == "2023-11-08"


def test_markdown_front_matter_is_facts_not_text(loader: Loader, tmp_path: Path) -> None:
    front = b"---\ntitle: 'The plan'\nauthor: Ann Lee\ndate: 2023-11-08\ntags: [a]\n---\n\n"
    data = front + b"# Plan\n\nGo."
    article = load(loader, tmp_path, "a.md", data)
    assert article.text == "# Plan\n\nGo."
    assert (article.title, article.byline) == ("The plan", "Ann Lee")
    assert article.published == "2023-11-08"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image"),
        ("a.html", b"\xff\xd8\xff\xe0" + b"\0" * 50, "image"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "DOCX"),
        ("a.rtf", b"{\\rtf1 hello}", "RTF"),
        ("a.txt", b"MZ\x90\0\3\0\0\0", "program"),
        ("a.txt", b"\x1f\x8b\x08\0\0\0\0\0", "damaged"),
        ("a.xml", b"<?xml version='1.0'?><rss version='2.0'></rss>", "feed"),
        ("a.xml", b"<?xml version='1.0'?><urlset></urlset>", "sitemap"),
    ],
)
def test_other_files_are_named_for_what_they_are(
    loader: Loader, tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    with pytest.raises(ArticleError, match=says):
        load(loader, tmp_path, name, data)


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.html", "a.docx", "a"])
def test_the_content_decides_not_the_name(loader: Loader, tmp_path: Path, name: str) -> None:
    assert load(loader, tmp_path, name, b"MZ is how this plain text begins.").text.startswith("MZ")
    pdf = written(make_pdf([typeset(LINES)]))
    assert PdfReader(io.BytesIO(pdf)).pages
    assert "ministers" in load(loader, tmp_path, name, pdf).text
