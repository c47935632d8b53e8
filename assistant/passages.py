"""Cut an article into passages: whole sentences, with exact offsets, and nothing lost.

Sentence boundaries are sentencex's (it knows quotes, initials and abbreviations in some three
hundred languages); what is added here is paragraphs, headings, very short and very long
sentences. Every non-space character of an article lies in exactly one passage.
Not handled: reading order and layout, which are settled when the article is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.schema import Article, Passage

SPLITTER_VERSION = "2"
"""Part of the index fingerprint: raise it whenever the same text would be cut differently."""

MAX_CHARS = 480
"""A longer sentence is cut: unbalanced quotation marks can swallow a page."""

MIN_CHARS = 12
"""A shorter one ("Dr.", "“OK.”") joins its neighbour: alone it says nothing."""

_HEADING_MAX = 90
_WINDOW = 6_000
"""Characters sentencex sees at once: its time grows with their square, and 350,000 characters
of opened quotations kept it busy for a minute."""

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*\s+")
_CLAUSE_END = re.compile(r"[;:,]\s+|[、，；]|\s[–—-]\s")
_SPACE = re.compile(r"\s+")
_TERMINAL = tuple(".!?…:;,。！？”’\"'»)")

Span = tuple[int, int]


def split_article(article: Article) -> list[Passage]:
    """Cut an article into passages, in reading order.

    Returns passages with ``article.text[p.start:p.end] == p.text``, increasing and disjoint,
    each at most :data:`MAX_CHARS` characters, without leading or trailing space.
    """
    text, language = article.text, (article.language or "en").split("-")[0]
    passages: list[Passage] = []
    heading = ""
    for start, end in _paragraphs(text):
        title = _heading(text, start, end)
        if title:
            heading = title
            spans = [(start, end)]
        else:
            spans = _sentences(text, start, end, language)
        for s, e in (piece for span in spans for piece in _bounded(text, *span)):
            passages.append(Passage(f"{article.id}:{s}-{e}", article.id, text[s:e], s, e, heading))
    return passages


def context_texts(article: Article, passages: Sequence[Passage]) -> list[str]:
    """For each passage the text that is embedded beside it and never quoted.

    Title, section heading, the sentence before, the sentence itself and the one after: a
    pronoun or a "the office said" is found by the name that stands a line earlier.
    """
    texts = []
    for i, passage in enumerate(passages):
        before = passages[i - 1].text if i else ""
        after = passages[i + 1].text if i + 1 < len(passages) else ""
        head = headline(article, passage)
        texts.append(" ".join(part for part in (head, before, passage.text, after) if part))
    return texts


def headline(article: Article, passage: Passage) -> str:
    """What stands over a passage: the article's title and the section's heading."""
    return " – ".join(part for part in (article.title, passage.heading) if part)


def _paragraphs(text: str) -> Iterator[Span]:
    """Spans of paragraphs: blocks between blank lines, and lines, unless they are hard-wrapped."""
    for block in re.finditer(r"\S(?:.|\n(?!\s*\n))*", text):
        lines = [
            (block.start() + m.start(), block.start() + m.end())
            for m in re.finditer(r"[^\n]+", block.group())
        ]
        lines = [span for span in (_strip(text, *line) for line in lines) if span]
        if _hard_wrapped(text, lines):
            yield lines[0][0], lines[-1][1]
        else:
            yield from lines


def _hard_wrapped(text: str, lines: Sequence[Span]) -> bool:
    """Whether line ends inside a block are only the width of someone's screen."""
    inner = [text[s:e] for s, e in lines[:-1]]
    if not inner or any(line.startswith(("#", "-", "*", "•", "|", ">")) for line in inner):
        return False
    if not all(40 <= len(line) <= 100 for line in inner):
        return False
    unfinished = sum(line.endswith((",", ";")) or not line.endswith(_TERMINAL) for line in inner)
    return unfinished * 2 > len(inner)


def _heading(text: str, start: int, end: int) -> str:
    """The heading's words when the paragraph is one, else ``""``."""
    line = text[start:end]
    if line.startswith("#"):
        return line.lstrip("#").strip().rstrip("#").strip()
    alone = text.endswith("\n\n", 0, start) and text.startswith("\n\n", end)
    wordy = len(line) <= _HEADING_MAX and "\n" not in line and line[:1].isupper()
    return line if alone and wordy and not line.endswith(_TERMINAL) else ""


def _sentences(text: str, start: int, end: int, language: str) -> list[Span]:
    spans: list[Span] = []
    for piece in _boundaries(text, start, end, language):
        span = _strip(text, *piece)
        if span is None:
            continue
        if spans and min(spans[-1][1] - spans[-1][0], span[1] - span[0]) < MIN_CHARS:
            spans[-1] = (spans[-1][0], span[1])
        else:
            spans.append(span)
    return spans


def _boundaries(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    # Imported here: a native module that `import assistant` does not need.
    from sentencex import get_sentence_boundaries

    while start < end:
        stop = min(start + _WINDOW, end)
        rows = get_sentence_boundaries(language, text[start:stop])
        ends = [start + row["end_index"] for row in rows]
        if stop < end:
            # The last sentence may go on beyond the window: the next window begins with it.
            ends = ends[:-1] or [text.rfind(" ", start, stop)]
        for sentence_end in [place for place in ends if place > start] or [stop]:
            yield start, sentence_end
            start = sentence_end


def _bounded(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut an overlong span after a sentence end, else after a comma, else at a space."""
    while end - start > MAX_CHARS:
        window = text[start : start + MAX_CHARS]
        cut = 0
        for pattern in (_SENTENCE_END, _CLAUSE_END, _SPACE):
            ends = [m.end() for m in pattern.finditer(window) if m.end() >= MAX_CHARS // 4]
            if ends:
                cut = ends[-1]
                break
        piece = _strip(text, start, start + (cut or MAX_CHARS))
        if piece:
            yield piece
        start += cut or MAX_CHARS
    rest = _strip(text, start, end)
    if rest:
        yield rest


def _strip(text: str, start: int, end: int) -> Span | None:
    """The span without surrounding white space, or None when nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
