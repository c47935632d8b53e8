"""Text as it is stored: cleaned once, then never changed; its identity and its title.

Everything an article is cited from passes through :func:`clean_text`. It only removes what
cannot be shown or stored (control characters, lone surrogates, byte order marks) and makes
line ends uniform; letters, spaces and punctuation stay as the source has them, so that a
quote is the source's own words.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from assistant.articles.dates import iso_date
from assistant.articles.parsed import Facts, Parsed

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})
"""Unicode categories of characters that by themselves leave nothing to read."""

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_UNSTORABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_ACCENTS = re.compile(r"([^\w\s\x00-\u02ff]{100})")  # signs, dashes and emoji do not mind
_ATX_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*)$", re.MULTILINE)
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


def clean_text(text: str) -> str:
    """``text`` as it is stored and cited: uniform line ends, nothing unstorable, trimmed."""
    text = text.replace("\u2029", "\n\n")
    return _UNSTORABLE.sub("", _LINE_ENDS.sub("\n", text)).strip()


def is_blank(text: str) -> bool:
    """Whether there is nothing to read: white space, zero-width and control characters alone."""
    return all(unicodedata.category(letter) in _UNSEEN for letter in text)


def storable(name: str) -> str:
    r"""A name with lone surrogates, which no store takes, made visible: ``caf\udce9.txt``.

    They stand for the bytes of file names that are not UTF-8. Names that differ stay different.
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def text_id(text: str) -> str:
    """Sixteen hex digits that do not depend on white space or on how accents are composed."""
    canonical = " ".join(_composed(text).split())
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _composed(text: str) -> str:
    """``text`` in NFC, for which accents that stand on one letter are compared each with each.

    So a run of them that no writing has is cut: a file of nothing else would take hours.
    """
    return "".join(unicodedata.normalize("NFC", part) for part in _ACCENTS.split(text))


def parse_markdown(text: str) -> Parsed:
    """Markdown as it is, without its front matter, whose facts are kept."""
    text = clean_text(text)
    facts: Facts = {}
    front = _FRONT_MATTER.match(text)
    if front:
        for key, value in _FRONT_LINE.findall(front[1]):
            name = _FRONT_FACTS.get(key.lower())
            value = value.strip().strip("\"'")
            if name in ("published", "updated"):
                value = iso_date(value) or ""
            if name and value and not value.startswith(("[", "{", "|", ">")):
                facts.setdefault(name, (value, f"front matter {key.lower()}"))
        text = text[front.end() :].strip()
    for heading in _ATX_HEADING.finditer(text):
        if len(heading[1]) == 1 and (title := _without_closing(heading[2])):
            facts.setdefault("title", (title[:_TITLE_CHARS], "first heading"))
            break
    return Parsed(text, facts)


def _without_closing(heading: str) -> str:
    """A heading's words: "Title ##" may end in signs that stand apart."""
    heading = heading.strip()
    words = heading.rstrip("#")
    return words.rstrip() if not words or words[-1].isspace() else heading


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
