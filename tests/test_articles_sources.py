"""Folders, patterns, feeds and sitemaps as single sources; adding from a local server."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from assistant.articles import Loader, feeds, loading
from assistant.articles.loading import ListedError
from assistant.errors import ArticleError, FetchError
from tests.test_articles_html import JSON_LD, PARAGRAPHS, page, story

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>One</title><link>https://paper.example/1</link></item>
<item><title>Two</title><link>https://paper.example/2</link></item>
<item><title>Two again</title><link>https://paper.example/2</link></item>
<item><title>Evil</title><link>javascript:alert(1)</link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/a"/></entry></feed>"""
SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>https://paper.example/1</loc></url>
<url><loc> https://paper.example/2 </loc></url></urlset>"""


@pytest.fixture
def loader() -> Iterator[Loader]:
    with Loader(allow_private=["localhost"]) as loader:
        yield loader


@pytest.fixture
def site(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/robots.txt").respond_with_data(status=404)
    return httpserver


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.md", "deep/c.pdf", "deep/d.HTML", ".git/e.txt", ".f.txt", "g.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("text")
    return tmp_path


def names(sources: list[str], folder: Path) -> list[str]:
    return [Path(source).relative_to(folder).as_posix() for source in sources]


def test_a_folder_is_its_readable_files(loader: Loader, folder: Path) -> None:
    expected = ["a.md", "b.txt", "deep/c.pdf", "deep/d.HTML"]
    assert names(loader.expand(folder), folder) == expected
    assert names(loader.expand(str(folder / "*.txt")), folder) == ["b.txt"]
    assert names(loader.expand(str(folder / "**/*.pdf")), folder) == ["deep/c.pdf"]


def test_anything_else_stands_for_itself(loader: Loader, folder: Path) -> None:
    (folder / "what [sic].txt").write_text("text")
    for source in (
        str(folder / "b.txt"),
        str(folder / "what [sic].txt"),
        "missing.txt",
        "-",
        "https://paper.example/story",
        "x" * 5000,
        "nul\0byte",
    ):
        assert loader.expand(source) == [source]


def test_an_empty_folder_says_so(loader: Loader, tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="holds no text"):
        loader.expand(tmp_path)
    with pytest.raises(ArticleError, match="holds no text"):
        loader.expand(str(tmp_path / "*.pdf"))


@pytest.mark.parametrize(
    ("name", "content", "links"),
    [
        ("feed.xml", FEED, ["https://paper.example/1", "https://paper.example/2"]),
        ("sitemap.xml", SITEMAP, ["https://paper.example/1", "https://paper.example/2"]),
        ("page.xml", "<html><body>not a list</body></html>", None),
    ],
)
def test_a_list_in_a_file_is_its_links(
    loader: Loader, tmp_path: Path, name: str, content: str, links: list[str] | None
) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert loader.expand(path) == (links or [str(path)])


def test_a_list_behind_a_url_is_its_links(loader: Loader, site: HTTPServer) -> None:
    site.expect_request("/rss").respond_with_data(ATOM, content_type="application/atom+xml")
    assert loader.expand(site.url_for("/rss")) == [site.url_for("/a")]
    index = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>'
        f"{site.url_for('/sitemap-1.xml')}</loc></sitemap></sitemapindex>"
    )
    site.expect_request("/sitemap.xml").respond_with_data(index, content_type="text/xml")
    site.expect_request("/sitemap-1.xml").respond_with_data(SITEMAP, content_type="text/xml")
    assert loader.expand(site.url_for("/sitemap.xml")) == [
        "https://paper.example/1",
        "https://paper.example/2",
    ]


LINKS = ["https://paper.example/1", "https://paper.example/2"]


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        ("/sitemap.xml.gz", SITEMAP, {"Content-Type": "application/gzip"}),
        ("/sitemap.xml.gz", SITEMAP, {"Content-Type": "application/x-gzip"}),
        ("/sitemap.xml.gz", SITEMAP, {"Content-Type": "application/octet-stream"}),
        ("/news.xml.gz", SITEMAP, {"Content-Type": "application/gzip"}),
        ("/feed.gz", FEED, {"Content-Type": "application/gzip"}),
        # The file's own packing told as the connection's, which unpacks it.
        (
            "/sitemap.xml.gz",
            SITEMAP,
            {"Content-Type": "application/x-gzip", "Content-Encoding": "gzip"},
        ),
        ("/rss", FEED, {"Content-Type": "application/rss+xml", "Content-Encoding": "gzip"}),
    ],
)
def test_packed_lists_are_their_links(
    loader: Loader, site: HTTPServer, path: str, content: str, headers: dict[str, str]
) -> None:
    site.expect_request(path).respond_with_data(gzip.compress(content.encode()), headers=headers)
    assert loader.expand(site.url_for(path)) == LINKS


def test_packed_sitemaps_in_a_sitemap_are_followed(loader: Loader, site: HTTPServer) -> None:
    index = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>'
        f"{site.url_for('/sitemap-1.xml.gz')}</loc></sitemap></sitemapindex>"
    )
    packed = {"Content-Type": "application/gzip"}
    site.expect_request("/sitemap.xml.gz").respond_with_data(
        gzip.compress(index.encode()), headers=packed
    )
    site.expect_request("/sitemap-1.xml.gz").respond_with_data(
        gzip.compress(SITEMAP.encode()), headers=packed
    )
    assert loader.expand(site.url_for("/sitemap.xml.gz")) == LINKS


def test_a_packed_list_in_a_file_is_its_links(loader: Loader, tmp_path: Path) -> None:
    path = tmp_path / "sitemap.xml.gz"
    # Two parts one after the other are one file.
    half = len(SITEMAP) // 2
    path.write_bytes(
        gzip.compress(SITEMAP[:half].encode()) + gzip.compress(SITEMAP[half:].encode())
    )
    assert loader.expand(path) == LINKS
    with pytest.raises(ListedError) as raised:
        loader.load(path)
    assert raised.value.links == LINKS


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(SITEMAP.encode())[:-12], "damaged or cut off"),
        (b"\x1f\x8b and no more of it", "damaged or cut off"),
        (gzip.compress(gzip.compress(SITEMAP.encode())), "unpack it first"),
        (gzip.compress(b"%PDF-1.7 a paper"), "unpack it first"),
    ],
    ids=["cut", "forged", "packed twice", "no list"],
)
def test_packed_files_that_are_no_lists_say_so(
    loader: Loader, site: HTTPServer, data: bytes, message: str
) -> None:
    headers = {"Content-Type": "application/gzip"}
    site.expect_request("/sitemap.xml.gz").respond_with_data(data, headers=headers)
    for read in (loader.expand, loader.load):
        with pytest.raises(ArticleError, match=message):
            read(site.url_for("/sitemap.xml.gz"))


@pytest.mark.parametrize("parts", [1, 40], ids=["one part", "many parts"])
def test_a_bomb_is_not_unpacked(site: HTTPServer, parts: int) -> None:
    size = 400_000_000
    bomb = gzip.compress(bytes(size // parts), 1) * parts
    headers = {"Content-Type": "application/gzip"}
    site.expect_request("/sitemap.xml.gz").respond_with_data(bomb, headers=headers)
    with Loader(allow_private=["localhost"], max_bytes=2_000_000) as loader:
        tracemalloc.start()
        with pytest.raises(ArticleError, match="unpacks to more than 2,000,000 bytes"):
            loader.expand(site.url_for("/sitemap.xml.gz"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 30_000_000 < size


@pytest.mark.parametrize(
    "content",
    [
        "<rss version='2.0'><channel></channel></rss>",
        "<urlset></urlset>",
        "<urlset><url><loc>",
        '<?xml version="1.0"?><urlset><url><loc>&a;</loc></url></urlset>',
    ],
)
def test_damaged_and_empty_lists_say_so(loader: Loader, tmp_path: Path, content: str) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(content)
    with pytest.raises(ArticleError, match=r"feed\.xml: "):
        loader.expand(path)


def test_a_url_becomes_an_article(loader: Loader, site: HTTPServer) -> None:
    site.expect_request("/g7").respond_with_data(
        page(story(), JSON_LD), content_type="text/html; charset=utf-8"
    )
    article = loader.load(site.url_for("/g7"))
    assert article.source == site.url_for("/g7")
    assert article.url == "https://paper.example/g7"
    assert article.text.split("\n\n") == PARAGRAPHS


def index_of(*urls: str) -> str:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>'


def test_no_sitemap_of_many_is_left_out(
    loader: Loader, site: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "MAX_SITEMAPS", 1)
    paths = [f"/sitemap-{number}.xml" for number in range(3)]
    for number, path in enumerate(paths):
        content = f"<urlset><url><loc>https://paper.example/{number}</loc></url></urlset>"
        site.expect_request(path).respond_with_data(content, content_type="text/xml")
    urls = list(map(site.url_for, paths))
    site.expect_request("/sitemap.xml").respond_with_data(index_of(*urls), content_type="text/xml")
    found = loader.expand(site.url_for("/sitemap.xml"))
    # Those that are not opened yet stand for themselves, and loading them gives what they list.
    assert found == ["https://paper.example/0", *urls[1:]]
    with pytest.raises(ListedError) as raised:
        loader.load(found[1])
    assert raised.value.links == ["https://paper.example/1"]


def test_an_index_of_indexes_stands_for_the_inner_ones(loader: Loader, site: HTTPServer) -> None:
    inner, innermost = site.url_for("/inner.xml"), site.url_for("/innermost.xml")
    site.expect_request("/sitemap.xml").respond_with_data(index_of(inner), content_type="text/xml")
    site.expect_request("/inner.xml").respond_with_data(
        index_of(innermost), content_type="text/xml"
    )
    assert loader.expand(site.url_for("/sitemap.xml")) == [inner]
    with pytest.raises(ListedError) as raised:
        loader.load(inner)
    assert raised.value.links == [innermost]


def test_a_list_in_a_file_that_is_too_large_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(FEED + "\n" * 600)
    with (
        Loader(max_bytes=len(FEED) + 500) as loader,
        pytest.raises(ArticleError, match="is larger than"),
    ):
        loader.expand(path)


def test_a_list_of_too_many_is_not_cut() -> None:
    entries = "".join(f"<url><loc>https://a.example/{n}</loc></url>" for n in range(50_001))
    with pytest.raises(ArticleError, match="lists 50,001 addresses"):
        feeds.sitemap_links(f"<urlset>{entries}</urlset>".encode(), url=None)
    items = "".join(f"<item><link>https://a.example/{n}</link></item>" for n in range(3))
    feed = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feeds, "MAX_LINKS", 2)
        with pytest.raises(ArticleError, match="lists 3 addresses"):
            feeds.feed_links(feed, url=None)


def test_an_address_that_is_none_spoils_no_list() -> None:
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in ("http://[bad", "/a"))
    sitemap = f"<urlset>{entries}</urlset>".encode()
    found, _ = feeds.sitemap_links(sitemap, url="https://paper.example/sitemap.xml")
    # What it is, loading it will say.
    assert found == ["http://[bad", "https://paper.example/a"]


@pytest.mark.parametrize("pattern", ["**.txt", "a**", "deep/***"])
def test_a_pattern_that_is_none_says_what_one_is(
    loader: Loader, folder: Path, pattern: str
) -> None:
    with pytest.raises(ArticleError, match=r"not a usable pattern.*\*\*/\*\.txt"):
        loader.expand(str(folder / pattern))


@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_name_is_not_the_current_folder(
    loader: Loader, folder: Path, monkeypatch: pytest.MonkeyPatch, nothing: str
) -> None:
    monkeypatch.chdir(folder)
    for read in (loader.expand, loader.load):
        with pytest.raises(ArticleError, match="the name given is empty"):
            read(nothing)
    assert len(loader.expand(".")) == 4


def test_a_redirection_is_remembered(loader: Loader, site: HTTPServer) -> None:
    site.expect_request("/old").respond_with_data(status=301, headers={"Location": "/new"})
    site.expect_request("/new").respond_with_data(page(story()), content_type="text/html")
    article = loader.load(site.url_for("/old"))
    assert article.source == site.url_for("/old")
    assert article.url == site.url_for("/new")


@pytest.mark.parametrize(
    "url", ["ftp://paper.example/a", "http://127.0.0.1/", "file:///etc/passwd"]
)
def test_urls_that_must_not_be_fetched_are_not(loader: Loader, url: str) -> None:
    with pytest.raises(FetchError):
        loader.load(url)


def test_standard_input_is_an_article(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.TextIOWrapper(io.BytesIO("Größe über alles.".encode("utf-16")))
    monkeypatch.setattr(sys, "stdin", piped)
    article = loader.load("-")
    assert (article.text, article.source) == ("Größe über alles.", "standard input")
