"""Bytes to text: byte order mark, strict UTF-8, the declared encoding, then a careful guess."""

from __future__ import annotations

import codecs
import re

from assistant.errors import ArticleError

# UTF-32 before UTF-16: the little-endian mark of the first begins with that of the second.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = "this is binary data, not text; add a text, HTML, PDF or DOCX file"
_MIN_DETECTABLE = 32
_GUESSED_FROM = 500_000  # bytes: more of a text does not tell more
_SAMPLE = 65_536
_STRAY_SHARE = 0.01  # of control bytes, which a damaged text may have and a binary file exceeds
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_ACCENTS = 0.4
_WESTERN = set(
    "àáâãäåæçèéêëìíîïñòóôõöøœùúûüÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜ€‘’“”„–—…«»°§¡¿·•©®ºª\xa0"
)
# As browsers read these labels: the first are supersets of what the second promise.
_LABELS = {
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **{"iso-8859-9": "cp1254", "tis-620": "cp874", "windows-1252": "cp1252"},
}
# Python's own notations: never what a page is in, and slow or surprising to decode.
_NO_CHARACTER_SETS = {"idna", "punycode", "raw_unicode_escape", "unicode_escape", "utf_7", "utf7"}


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
    sample = data[:_SAMPLE]
    if len(_CONTROL_BYTES.findall(sample)) > _STRAY_SHARE * len(sample):
        raise ArticleError(_BINARY)
    if b"\x1b" in data and (text := _decoded_strictly(data, "iso2022_jp_2")) is not None:
        return text  # seven-bit Japanese, which is valid UTF-8 as well, and gibberish in it
    text = _decoded_strictly(data, "utf-8") or _decoded_as_declared(data, declared)
    return _decode_by_guess(data) if text is None else text


def _decoded_as_declared(data: bytes, declared: str | None) -> str | None:
    """``data`` in the encoding it is said to have, unless that makes it gibberish."""
    encoding = _LABELS.get((declared or "").lower(), declared)
    if encoding and encoding.lower().replace("-", "_") in _NO_CHARACTER_SETS:
        return None
    text = _decoded_strictly(data, encoding)
    if text is None or encoding != "cp1252":
        return text
    # Cyrillic or Japanese bytes are valid Western text too, of accented letters only.
    letters = [c for c in text[:_SAMPLE] if c.isalpha()]
    accented = sum(not c.isascii() for c in letters)
    return text if accented <= _MOST_ACCENTS * len(letters) else None


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
        controls = 0 if text is None else len(text) - len(_CONTROLS.sub("", text))
        if text is not None and controls <= _STRAY_SHARE * len(text):
            return text
    if data.count(0) <= _STRAY_SHARE * len(data):  # dropped here as it is when cleaning
        return decode(data.replace(b"\x00", b""))
    raise ArticleError(_BINARY)


def _decode_by_guess(data: bytes) -> str:
    damaged = data.decode("utf-8", errors="replace")
    # Counted without listing them: a list of ten million characters takes a gigabyte.
    beyond_ascii = len(damaged) - len(damaged.encode("ascii", "ignore"))
    if damaged.count("\ufffd") * 5 <= beyond_ascii:
        return damaged  # UTF-8 with a wrong byte here and there, as pages pieced together have
    if len(data) >= _MIN_DETECTABLE:
        from charset_normalizer import from_bytes

        best = from_bytes(_beginning(data)).best()
        if best is not None:
            return _western(data) or data.decode(best.encoding, errors="replace")
    text = _decoded_strictly(data, "cp1252")
    if text is None:
        raise ArticleError("the character encoding is not recognised; save the file as UTF-8")
    return text


def _beginning(data: bytes) -> bytes:
    """As much as a guess needs, cut where no encoding of several bytes has a character."""
    if len(data) <= _GUESSED_FROM:
        return data
    cut = max(data.rfind(sign, 0, _GUESSED_FROM) for sign in (b"\n", b" "))
    return data[: cut + 1] if cut > 0 else data[:_GUESSED_FROM]


def _western(data: bytes) -> str | None:
    """``data`` as Western European text if it uses no other letters; guesses favour Polish."""
    text = _decoded_strictly(data, "cp1252")
    if text is None or not {sign for sign in set(text) if not sign.isascii()} <= _WESTERN:
        return None
    hungarian = "õ" in text and "û" in text  # what its ő and ű look like
    return None if hungarian else text
