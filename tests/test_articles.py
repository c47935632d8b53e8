"""load_article on plain text and Markdown: decoding, cleaning, identity, titles, errors."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Loader, load_article
from assistant.articles.text import clean_text, decode, text_id
from assistant.errors import ArticleError

GERMAN = (
    "Die Außenminister der G7 trafen sich in Tokio. Sie sprachen über die Lage im Nahen Osten "
    "und über mögliche Hilfen für die Bevölkerung. Großbritannien äußerte sich zurückhaltend.\n"
)
RUSSIAN = (
    "Министры иностранных дел стран Большой семёрки встретились в Токио. Они обсудили "
    "положение на Ближнем Востоке и возможную помощь населению. Итоги объявят в среду.\n"
)
JAPANESE = (
    "主要七カ国の外相は東京で会合を開いた。中東情勢について意見を交わし、人道支援の必要性で"
    "一致した。会合は水曜日に終わる予定である。外相らは共同声明を発表する方針だ。\n"
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "latin-1"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "utf-16"),
    ],
)
def test_a_file_reads_the_same_in_any_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "story.txt"
    path.write_bytes((text * 3).encode(encoding))
    assert load_article(path).text == (text * 3).strip()


def test_the_same_text_is_the_same_article_wherever_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_bytes(b"One  line.\r\n\r\nCaf\xc3\xa9.")
    from_file = load_article(path)
    decomposed = unicodedata.normalize("NFD", "One line.\nCafé.\n")
    assert from_file.id == load_article(text=decomposed).id
    assert from_file.id != load_article(text="One line.").id
    assert len(from_file.id) == 16


def test_line_ends_are_uniform_and_words_are_untouched() -> None:
    assert clean_text("\ufeffA “quote”\r\nB\x00\x1b[31m\rC\u2029D\ud800 \u00a0E\n") == (
        "A “quote”\nB[31m\nC\n\nD \u00a0E"
    )


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.md", "intro\n\n## Part\n\n# The real title #\n\nBody.", "The real title"),
        ("b.md", "No heading here. Just text.", "b"),
        ("c.txt", "Ministers meet in Tokyo\n\nThey talked.", "Ministers meet in Tokyo"),
        ("d.txt", "Ministers met in Tokyo on Monday.\n\nThey talked.", "d"),
        ("e.txt", "Ministers meet in Tokyo\nThey talked.", "e"),
        ("g7-gaza.txt", "Upon arriving, he spoke.\nThen he left.", "g7-gaza"),
    ],
)
def test_a_title_is_found_never_invented(tmp_path: Path, name: str, text: str, title: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert load_article(path).title == title
    assert load_article(path, title=" My\n title ").title == "My title"


def test_a_nameless_text_is_labelled_by_its_opening_words() -> None:
    article = load_article(text="The quick brown fox " * 20)
    assert article.title == "The quick brown fox The quick brown fox The quick brown fox…"
    assert article.source == "text"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00" * 50, "program"),
        (b"\x00\x01\x02\x03" * 50, "binary"),
        (bytes(range(1, 32)) * 4 + b"\xff\xfe\x81", "binary"),
    ],
)
def test_unusable_files_say_why(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    with pytest.raises(ArticleError, match=says) as caught:
        load_article(path)
    assert "file.txt" in str(caught.value)


@pytest.mark.parametrize("source", ["missing.txt", "with\0nul.txt", "x" * 5000])
def test_paths_that_cannot_be_opened_say_why(source: str) -> None:
    with pytest.raises(ArticleError):
        load_article(source)


def test_folders_and_too_long_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="folder"):
        load_article(tmp_path)
    with pytest.raises(ArticleError, match="nothing to add"):
        load_article()
    with pytest.raises(ArticleError, match="split it"):
        Loader(max_chars=99).load(text="word " * 100)
    path = tmp_path / "big.txt"
    path.write_text("word " * 100)
    with pytest.raises(ArticleError, match="split it"):
        Loader(max_bytes=99).load(path)


@given(st.binary(max_size=300))
def test_any_bytes_give_text_or_a_typed_error(data: bytes) -> None:
    try:
        text = clean_text(decode(data))
    except ArticleError:
        return
    assert text.encode("utf-8").decode() == text


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert text_id(once) == text_id(once.replace(" ", "  "))
