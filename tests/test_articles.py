"""load_article on plain text and Markdown: decoding, cleaning, identity, titles, errors."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Loader, load_article
from assistant.articles.decoding import decode
from assistant.articles.languages import language_notice, language_of
from assistant.articles.text import clean_text, text_id
from assistant.errors import ArticleError

GERMAN = (
    "Die Außenminister der sieben Länder trafen sich am Mittwoch in Tokio, um über den Krieg "
    "zu sprechen. Großbritannien äußerte sich zurückhaltend über mögliche Schritte für die Leute."
)
FRENCH = (
    "Les ministres des sept pays se sont réunis mercredi à Tokyo pour évoquer la guerre. Après "
    "deux journées, ils ont adopté une déclaration brève, où ils réclament l’accès à la région."
)
POLISH = (
    "Ministrowie siedmiu państw spotkali się w środę w Tokio, żeby rozmawiać o wojnie. Po dwóch "
    "dniach uzgodnili krótkie oświadczenie, w którym żądają dostępu pomocy dla ludności."
)
HUNGARIAN = (
    "Hét ország külügyminiszterei szerdán Tokióban találkoztak, hogy a háborúról beszéljenek. "
    "Tárgyalás után elfogadták, hogy követelik a segélyek bejutását, és több élelmiszert ígértek, "
    "majd gyűlést tartottak a külföldi szervezőkkel."
)
RUSSIAN = (
    "Министры иностранных дел семи стран встретились в среду в Токио, чтобы обсудить войну. После "
    "двух дней переговоров они приняли краткое заявление о помощи населению региона."
)
GREEK = (
    "Οι υπουργοί επτά χωρών συναντήθηκαν την Τετάρτη στο Τόκιο για να συζητήσουν τον πόλεμο. Μετά "
    "από δύο ημέρες συμφώνησαν σε μια σύντομη δήλωση για τη βοήθεια προς τον πληθυσμό."
)
TURKISH = (
    "Yedi ülkenin dışişleri bakanları çarşamba günü Tokyo'da savaşı görüşmek için bir araya geldi. "
    "İki gün süren görüşmelerin ardından bölgeye yardımın ulaştırılmasını istediler."
)
HEBREW = (
    "שרי החוץ של שבע המדינות נפגשו ביום רביעי בטוקיו כדי לדון במלחמה. לאחר יומיים של שיחות הם "
    "הסכימו על הצהרה קצרה ובה דרישה להכנסת סיוע לאוכלוסייה באזור."
)
ARABIC = (
    "اجتمع وزراء خارجية سبع دول يوم الأربعاء في طوكيو لبحث الحرب. وبعد يومين من المحادثات اتفقوا "
    "على بيان قصير يطالب بوصول المساعدات إلى سكان المنطقة."
)
JAPANESE = (
    "主要七カ国の外相は水曜日に東京で会合を開き、戦争について協議した。二日間の話し合いの後、"
    "住民への支援を求める短い声明で合意した。次の会合は来月に開かれる予定である。"
)
CHINESE = (
    "七国外长星期三在东京举行会议，讨论战争问题。经过两天的会谈，他们就一份简短的声明达成一致，"
    "要求向该地区居民提供援助。下次会议将在下个月举行。"
)
KOREAN = (
    "일곱 나라의 외무장관들이 수요일 도쿄에서 만나 전쟁에 대해 논의했다. 이틀간의 회담 끝에 그들은 "
    "주민들에 대한 지원을 요구하는 짧은 성명에 합의했다."
)
ENCODINGS = [
    *((GERMAN, e) for e in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    *((GERMAN, e) for e in ("latin-1", "iso-8859-15")),
    (FRENCH, "cp1252"),
    (POLISH, "cp1250"),
    (HUNGARIAN, "iso-8859-2"),
    *((RUSSIAN, e) for e in ("cp1251", "koi8-r", "iso-8859-5")),
    *((GREEK, e) for e in ("cp1253", "iso-8859-7")),
    (TURKISH, "cp1254"),
    (HEBREW, "cp1255"),
    (ARABIC, "cp1256"),
    *((JAPANESE, e) for e in ("shift_jis", "euc-jp", "iso2022_jp")),
    (CHINESE, "gb18030"),
    (CHINESE, "gb2312"),
    (KOREAN, "euc-kr"),
]
GUESSED = [(text, encoding) for text, encoding in ENCODINGS if encoding != "cp1254"]


@pytest.mark.parametrize(("text", "encoding"), ENCODINGS)
def test_text_reads_the_same_in_its_declared_encoding(text: str, encoding: str) -> None:
    # utf-16-le and -be have no mark; "utf-16" is what servers call them.
    assert clean_text(decode(text.encode(encoding), declared=encoding)) == text


@pytest.mark.parametrize("declared", [None, "utf-8", "x-nonsense", "hex", "unicode-escape"])
@pytest.mark.parametrize(("text", "encoding"), GUESSED)
def test_text_reads_the_same_without_or_against_a_declaration(
    text: str, encoding: str, declared: str | None
) -> None:
    assert clean_text(decode(text.encode(encoding), declared=declared)) == text


@pytest.mark.parametrize(("text", "encoding"), [(RUSSIAN, "cp1251"), (CHINESE, "gb18030")])
def test_a_large_text_is_guessed_from_its_beginning(text: str, encoding: str) -> None:
    large = f"{text}\n" * (1_200_000 // len(text))
    assert decode(large.encode(encoding)) == large


@pytest.mark.parametrize(("text", "encoding"), GUESSED)
def test_western_declarations_of_other_scripts_are_not_believed(text: str, encoding: str) -> None:
    if text not in (POLISH, HUNGARIAN):  # nearly all their bytes are Western letters as well
        assert clean_text(decode(text.encode(encoding), declared="iso-8859-1")) == text


@pytest.mark.parametrize(
    ("text", "stated", "language"),
    [
        (GERMAN, "en", "de"),
        (FRENCH, None, "fr"),
        (RUSSIAN, "en-US", "ru"),
        (ARABIC, None, "ar"),
        (JAPANESE + "Kindle for PC, KeePass, Windows 10", "en", "ja"),
        (CHINESE, None, "zh"),
        (KOREAN, None, "ko"),
        ("The minister said that the talks went on and that they had been good. " * 3, None, "en"),
        ("The minister said that the talks went on and that they had been good.", "en_gb", "en-GB"),
        ("Bonjour.", None, None),
        ("Bonjour.", "fr", "fr"),
        ("1234 5678 !!", None, None),
    ],
)
def test_the_text_tells_its_language(text: str, stated: str | None, language: str | None) -> None:
    assert language_of(text, stated=stated and stated.replace("_", "-")) == language
    notice = language_notice(language)
    assert (notice is None) == ((language or "en").startswith("en"))


def test_a_wrong_byte_does_not_spoil_a_utf8_text() -> None:
    data = GERMAN.encode().replace(b"Tokio", b"Tok\xe4io")
    assert decode(data) == GERMAN.replace("Tokio", "Tok\ufffdio")


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


@pytest.mark.parametrize(
    "text", ["", " \n", "\x00\x1b", "\u200b\u200d\u2060", "\u00ad \ufeff\u202e", "\u0301"]
)
def test_a_text_with_nothing_to_read_is_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "blank.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArticleError, match="is empty; there is nothing to ask about"):
        load_article(text=text)
    with pytest.raises(ArticleError, match=r"is empty; there is nothing|this is binary data"):
        load_article(path)


@pytest.mark.parametrize("text", ["x", "\u0915\u094d\u200d", "…", "\u200b7", "🙂"])
def test_a_text_of_one_letter_is_not(text: str) -> None:
    assert load_article(text=text).text == text


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
