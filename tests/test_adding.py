"""Adding: what is new, what is known, what has changed, and what is nearly the same."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from assistant.adding import Outcome, add_all, add_one
from assistant.articles import Loader
from assistant.articles.identity import Change
from assistant.errors import ArticleError, UnknownArticle, UserInputError
from assistant.library import Library
from assistant.testing import HashEmbedder

OLD = (
    "The harbour of Bergen was closed on Friday. A storm had torn three cranes from the quay. "
    "Nobody was hurt."
)
NEW = (
    "The harbour of Bergen was closed on Friday. A storm had torn five cranes from the quay. "
    "Nobody was hurt. It opens again on Monday."
)
CHANGES = (
    Change(
        "A storm had torn three cranes from the quay.",
        "A storm had torn five cranes from the quay.",
    ),
    Change(None, "It opens again on Monday."),
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "store", HashEmbedder(), embedder_name="hash") as library:
        yield library


@pytest.fixture
def loader() -> Iterator[Loader]:
    with Loader(allow_private=["localhost"]) as loader:
        yield loader


@pytest.fixture
def serve(httpserver: HTTPServer) -> Callable[..., str]:
    """Serves a text under a path, from now on, and returns its URL."""
    httpserver.expect_request("/robots.txt").respond_with_data(status=404)

    def serve(path: str, text: str, media_type: str = "text/plain") -> str:
        for handler in [h for h in httpserver.handlers if h.matcher.uri == path]:
            httpserver.handlers.remove(handler)
        httpserver.expect_request(path).respond_with_data(text, content_type=media_type)
        return httpserver.url_for(path)

    return serve


def written(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def states(outcomes: list[Outcome]) -> list[str]:
    return [outcome.state for outcome in outcomes]


def test_a_page_that_changed_is_a_new_version_and_says_what_changed(
    library: Library, loader: Loader, serve: Callable[..., str]
) -> None:
    url = serve("/harbour", OLD)
    first = add_one(url, loader, library)
    assert add_one(f"{url}#cranes", loader, library).state == "unchanged"
    assert library.history.sources_of(first.id) == [url]
    quoted = library.passages(first.id)[1]
    serve("/harbour", NEW)
    second = add_one(url, loader, library)
    assert (first.state, second.state, second.replaced) == ("added", "updated", first.id)
    assert second.changes == CHANGES
    # What is asked from now on is answered from the new version alone …
    assert library.article_ids() == [second.id]
    for hits in (library.search_dense("cranes", 9), library.search_lexical("cranes", 9)):
        assert {hit.passage.article_id for hit in hits} == {second.id}
    # … and what was answered keeps the text it quoted, to the character.
    assert library.article(first.id).text[quoted.start : quoted.end] == quoted.text
    assert quoted in library.passages(first.id)
    assert [older.id for older in library.history.versions(second.id)] == [first.id]


def test_an_older_version_cannot_be_asked_and_names_the_newer_one(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    first = add_one(written(tmp_path / "a.txt", OLD), loader, library)
    second = add_one(written(tmp_path / "a.txt", NEW), loader, library)
    with pytest.raises(UnknownArticle, match=f"older version.*{second.id}"):
        library.search_lexical("cranes", 3, [first.id])


def test_a_text_that_comes_back_is_the_newest_version_again(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    source = tmp_path / "a.txt"
    first = add_one(written(source, OLD), loader, library)
    second = add_one(written(source, NEW), loader, library)
    third = add_one(written(source, OLD), loader, library)
    assert (third.state, third.id, third.replaced) == ("updated", first.id, second.id)
    assert library.article_ids() == [first.id]
    assert [older.id for older in library.history.versions(first.id)] == [second.id]
    assert library.search_lexical("cranes", 1)[0].passage.article_id == first.id


def test_removing_an_article_removes_its_older_versions(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    source = tmp_path / "a.txt"
    ids = [add_one(written(source, text), loader, library).id for text in (OLD, NEW, OLD + " Yes.")]
    library.remove(ids[0])
    assert [older.id for older in library.history.versions(ids[2])] == [ids[1]]
    library.remove(ids[2])
    for gone in ids:
        with pytest.raises(UnknownArticle):
            library.article(gone)
    assert add_one(written(source, OLD), loader, library).state == "added"


def test_one_text_from_two_places_is_one_article_with_both_sources(
    library: Library, loader: Loader, serve: Callable[..., str], tmp_path: Path
) -> None:
    url, path = serve("/harbour", OLD), written(tmp_path / "a.txt", OLD)
    first, second = add_one(url, loader, library), add_one(path, loader, library)
    assert (second.state, second.id) == ("unchanged", first.id)
    assert any(url in notice for notice in second.notices)
    assert library.history.sources_of(first.id) == [url, path]
    # One of the two changes: what the other still says stays in the library.
    serve("/harbour", NEW)
    third = add_one(url, loader, library)
    assert third.changes == CHANGES
    assert library.article_ids() == [first.id, third.id]
    assert library.history.sources_of(first.id) == [path]
    assert any(path in notice for notice in third.notices)


def test_reprints_are_reported_and_kept_apart(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    words = random.Random(3).choices([f"word{i}" for i in range(3000)], k=500)
    story = " ".join(words) + "."
    one = add_one(written(tmp_path / "one.txt", story), loader, library)
    other = add_one(written(tmp_path / "other.txt", f"Reprinted. {story}"), loader, library)
    far = add_one(written(tmp_path / "far.txt", OLD), loader, library)
    assert (one.similar, other.similar, far.similar) == ((), (one.id,), ())
    assert any("Nearly the same as “one”" in notice for notice in other.notices)
    assert library.article_ids() == [one.id, other.id, far.id]


def test_reprints_of_what_was_added_without_a_source_are_found_too(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    words = random.Random(4).choices([f"word{i}" for i in range(3000)], k=500)
    pasted = loader.load(text=" ".join(words) + ".")
    library.add(pasted)
    added = add_one(written(tmp_path / "a.txt", " ".join(words) + "!"), loader, library)
    assert added.similar == (pasted.id,)


def test_a_file_that_has_not_changed_is_not_read_again(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    source = tmp_path / "a.txt"
    first = add_one(written(source, OLD), loader, library)
    with Loader(max_bytes=1) as refusing:  # it fails at whatever it reads
        again = add_one(str(source), refusing, library)
        assert (again.state, again.id, again.title) == ("unchanged", first.id, "a")
        written(source, NEW)
        with pytest.raises(ArticleError, match="larger"):
            add_one(str(source), refusing, library)


def test_pasted_texts_are_no_versions_of_one_another(
    library: Library, loader: Loader, command_input: Callable[[str], None]
) -> None:
    for text in (OLD, NEW):
        command_input(text)
        assert add_one("-", loader, library).state == "added"
    assert len(library.article_ids()) == 2


@pytest.fixture
def command_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def pipe(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return pipe


def test_one_bad_source_does_not_stop_the_rest(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    written(tmp_path / "in" / "a.txt", OLD)
    (tmp_path / "in" / "b.pdf").write_bytes(b"%PDF-1.4 broken")
    (tmp_path / "in" / "c.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    written(tmp_path / "in" / "d.txt", NEW + " " + NEW)
    told: list[tuple[int, int]] = []
    sources = [str(tmp_path / "missing"), str(tmp_path / "in"), "http://10.0.0.1/"]
    outcomes = list(
        add_all(sources, loader, library, tell=lambda _, done, total: told.append((done, total)))
    )
    assert states(outcomes) == ["failed", "added", "failed", "failed", "added", "failed"]
    assert all(outcome.reason for outcome in outcomes if outcome.state == "failed")
    assert told == [(n, 6) for n in range(6)]


def test_a_list_that_does_not_look_like_one_is_followed(
    library: Library, loader: Loader, serve: Callable[..., str]
) -> None:
    item = "<item><link>{}</link></item>"
    links = [serve("/1", OLD), serve("/2", NEW)]
    feed = f"<rss version='2.0'><channel>{''.join(map(item.format, links))}</channel></rss>"
    outcomes = list(add_all([serve("/latest", feed, "text/xml")], loader, library))
    assert states(outcomes) == ["added", "added"]
    assert [outcome.source for outcome in outcomes] == links


def test_lists_that_list_themselves_end(
    library: Library, loader: Loader, serve: Callable[..., str], httpserver: HTTPServer
) -> None:
    url = httpserver.url_for("/latest")
    feed = f"<rss version='2.0'><channel><item><link>{url}</link></item></channel></rss>"
    serve("/latest", feed, "text/xml")
    (outcome,) = add_all([url], loader, library)
    assert outcome.state == "failed"
    assert "list of articles" in outcome.reason


def test_sitemaps_in_sitemaps_in_sitemaps_are_added(
    library: Library, loader: Loader, serve: Callable[..., str]
) -> None:
    def index(path: str, url: str) -> str:
        inner = f"<sitemap><loc>{url}</loc></sitemap>"
        return serve(path, f"<sitemapindex>{inner}</sitemapindex>", "text/xml")

    article = serve("/harbour", OLD)
    links = f"<urlset><url><loc>{article}</loc></url></urlset>"
    innermost = serve("/innermost.xml", links, "text/xml")
    outer = index("/sitemap.xml", index("/inner.xml", innermost))
    [outcome] = add_all([outer], loader, library)
    assert (outcome.state, outcome.source) == ("added", article)


def test_a_file_name_that_is_no_text_is_added_like_any_other(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in ((b"caf\xe9.txt", OLD), (b"caf\xe8.txt", "Another harbour.")):
        (folder / os.fsdecode(name)).write_text(text)
    written(folder / "plain.txt", "A third harbour.")
    outcomes = list(add_all([str(folder)], loader, library))
    assert states(outcomes) == ["added"] * 3
    assert states(list(add_all([str(folder)], loader, library))) == ["unchanged"] * 3
    sources = [article.source for article in library.articles()]
    assert sources[:2] == [str(folder / "caf\\udce8.txt"), str(folder / "caf\\udce9.txt")]
    assert [library.history.sources_of(one) for one in library.article_ids()] == [
        [source] for source in sources
    ]


@pytest.mark.parametrize(
    "address", ["http://☃.net/", "http://[bad", "http://[bad#part", "http://\ud800.example/#part"]
)
def test_an_address_that_is_none_does_not_stop_the_rest(
    library: Library, loader: Loader, tmp_path: Path, address: str
) -> None:
    sources = [address, written(tmp_path / "a.txt", OLD)]
    failed, added = add_all(sources, loader, library)
    assert (failed.state, added.state) == ("failed", "added")
    assert "usable" in failed.reason


def test_a_title_is_for_one_article(
    library: Library, loader: Loader, serve: Callable[..., str], tmp_path: Path
) -> None:
    one, other = written(tmp_path / "in/a.txt", OLD), written(tmp_path / "in/b.txt", NEW)
    for sources in ([one, other], [str(tmp_path / "in")]):
        with pytest.raises(UserInputError, match="One title cannot serve 2 articles"):
            list(add_all(sources, loader, library, title="Bergen"))
    feed = (
        f"<rss version='2.0'><channel><item><link>{serve('/1', OLD)}</link></item></channel></rss>"
    )
    [listed] = add_all([serve("/latest", feed, "text/xml")], loader, library, title="Bergen")
    assert "leave the title out" in listed.reason
    assert library.article_ids() == []


def test_a_title_given_later_is_the_articles_title(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    source = written(tmp_path / "a.txt", OLD)
    first = add_one(source, loader, library)
    renamed = add_one(source, loader, library, title="Bergen")
    assert (renamed.state, renamed.title) == ("unchanged", "Bergen")
    assert "It was called “a”." in renamed.notices
    article = library.article(first.id)
    assert (article.title, dict(article.origins)["title"]) == ("Bergen", "given")
    # Found again from elsewhere it keeps the name, and is told by it.
    copy = add_one(written(tmp_path / "copy.txt", OLD), loader, library)
    assert (copy.title, library.title(first.id)) == ("Bergen", "Bergen")


def test_a_version_that_cannot_be_read_changes_nothing(
    library: Library, loader: Loader, tmp_path: Path
) -> None:
    source = tmp_path / "a.txt"
    first = add_one(written(source, OLD), loader, library)
    source.write_bytes(b"")
    with pytest.raises(ArticleError, match="empty"):
        add_one(str(source), loader, library)
    assert library.article_ids() == [first.id]
