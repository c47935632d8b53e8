"""Bytes to text, and text as it is stored: decoded once, cleaned once, then never changed.

Everything an article is cited from passes through :func:`clean_text`. It only removes what
cannot be shown or stored (control characters, lone surrogates, byte order marks) and makes
line ends uniform; letters, spaces and punctuation stay as the source has them, so that a
quote is the source's own words.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata

from assistant.articles.parsed import Facts, Parsed
from assistant.errors import ArticleError

# UTF-32 before UTF-16: the little-endian mark of the first begins with that of the second.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_UNSTORABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_ATX_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FRONT_LINE = re.compile(r"^([A-Za-z_]+)[ \t]*:[ \t]*(\S.*)$", re.MULTILINE)
_FRONT_FACTS = {
    "title": "title",
    "author": "byline",
    "byline": "byline",
    "date": "published",
    "published": "published",
    "updated": "updated",
    "lang": "language",
    "language": "language",
    "url": "url",
}
_TITLE_CHARS = 160
_EXCERPT_CHARS = 60
_MIN_DETECTABLE = 32


def decode(data: bytes, *, declared: str | None = None) -> str:
    """The text that ``data`` spells: byte order mark, then strict UTF-8, ``declared``, a guess.

    Raises:
        ArticleError: if the bytes are no text in any encoding known.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\x00" in data:
        return _decode_wide(data)
    text = _decoded_strictly(data, "utf-8") or _decoded_strictly(data, declared)
    return _decode_by_guess(data) if text is None else text


def clean_text(text: str) -> str:
    """``text`` as it is stored and cited: uniform line ends, nothing unstorable, trimmed."""
    text = text.replace("\u2029", "\n\n")
    return _UNSTORABLE.sub("", _LINE_ENDS.sub("\n", text)).strip()


def text_id(text: str) -> str:
    """Sixteen hex digits that do not depend on white space or on how accents are composed."""
    canonical = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def parse_markdown(text: str) -> Parsed:
    """Markdown as it is, without its front matter, whose facts are kept."""
    text = clean_text(text)
    facts: Facts = {}
    front = _FRONT_MATTER.match(text)
    if front:
        for key, value in _FRONT_LINE.findall(front[1]):
            name = _FRONT_FACTS.get(key.lower())
            value = value.strip().strip("\"'")
            if name and value and not value.startswith(("[", "{", "|", ">")):
                facts.setdefault(name, (value, f"front matter {key.lower()}"))
        text = text[front.end() :].strip()
    for heading in _ATX_HEADING.finditer(text):
        if len(heading[1]) == 1 and heading[2]:
            facts.setdefault("title", (heading[2][:_TITLE_CHARS], "first heading"))
            break
    return Parsed(text, facts)


def first_line_title(text: str) -> str | None:
    """The first line, where it stands like a headline: short, apart, and not a sentence."""
    line, _, rest = text.partition("\n")
    line = line.strip()
    apart = rest.startswith("\n") and rest.strip() != ""
    if not apart or len(line) > _TITLE_CHARS or line.endswith((".", "!", ";", ":", ",", "…", "。")):
        return None
    return line or None


def excerpt(text: str) -> str:
    """The opening words, at most 60 characters: a label for a text that has no name."""
    opening = " ".join(text[: 4 * _EXCERPT_CHARS].split())
    if len(opening) <= _EXCERPT_CHARS:
        return opening
    cut = opening[:_EXCERPT_CHARS]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"


def _decoded_strictly(data: bytes, encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:  # LookupError: also for codecs that are no character sets, such as "hex"
        return data.decode(encoding)
    except (LookupError, UnicodeError):
        return None


def _decode_wide(data: bytes) -> str:
    """UTF-16 without a mark shows as NULs at every other place; other NULs mean no text."""
    half = len(data) // 2
    odd, even = data[1::2].count(0), data[::2].count(0)
    if half and max(odd, even) > 0.4 * half and min(odd, even) < 0.05 * half:
        text = _decoded_strictly(data[: 2 * half], "utf-16-le" if odd > even else "utf-16-be")
        if text is not None and len(_UNSTORABLE.findall(text)) * 100 <= len(text):
            return text
    if data.count(0) * 1000 <= len(data):  # a stray NUL in a text file: dropped when cleaned
        return decode(data.replace(b"\x00", b""))
    raise ArticleError("this is binary data, not text; add a text, HTML, PDF or DOCX file")


def _decode_by_guess(data: bytes) -> str:
    if sum(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in data[:65_536]) > 2:
        raise ArticleError("this is binary data, not text; add a text, HTML, PDF or DOCX file")
    from charset_normalizer import from_bytes

    if len(data) >= _MIN_DETECTABLE:
        best = from_bytes(data).best()
        if best is not None:
            return str(best)
    text = _decoded_strictly(data, "cp1252")
    if text is None:
        raise ArticleError("the character encoding is not recognised; save the file as UTF-8")
    return text
