"""An answer as Markdown: its doubts beside its words, and a footnote for every quote.

What is written stands in other people's documents, where nobody can ask the assistant any more:
it says what was not confirmed as plainly as what was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant import labels

if TYPE_CHECKING:
    from assistant.schema import Answer, Citation, Place, Sentence

_MARKUP = re.compile(r"([\\`\[\]<>])")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Control, direction and invisible tag characters."""


def with_footnotes(answer: Answer) -> str:
    """The question, the answer, how sure it is, what a reader should know, and the quotes."""
    return "\n\n".join([f"**{markdown_text(answer.question)}**", *paragraphs(answer)]) + "\n"


def paragraphs(answer: Answer, prefix: str = "") -> list[str]:
    """All but the question; ``prefix`` tells its footnotes from those of other answers."""
    parts = [_words(answer, prefix), _status(answer)]
    if answer.notices:
        parts.append("\n".join(f"- {markdown_text(notice)}" for notice in answer.notices))
    if answer.related:
        nearest = "\n".join(f"- “{markdown_text(hit.passage.text)}”" for hit in answer.related)
        parts.append(f"Related passages (not an answer):\n\n{nearest}")
    if answer.citations:
        places = {place.marker: place for place in answer.places}
        notes = [
            f"[^{prefix}{c.marker}]: {footnote(c, places.get(c.marker))}" for c in answer.citations
        ]
        parts.append("\n".join(notes))
    return parts


def _words(answer: Answer, prefix: str) -> str:
    """What the answer says, with the marks of its footnotes and of its doubts."""
    sentences = [
        markdown_text(sentence.text)
        + "".join(f"[^{prefix}{citation.marker}]" for citation in sentence.citations)
        + doubt(sentence)
        for sentence in answer.sentences
    ]
    return " ".join(sentences) or markdown_text(answer.text)


def doubt(sentence: Sentence) -> str:
    """`` (not confirmed: why)`` after a sentence that is not, else ``""``."""
    label = labels.UNCONFIRMED.get(sentence.support, "").lower()
    if not label:
        return ""
    return f" ({label}: {markdown_text(sentence.reason)})" if sentence.reason else f" ({label})"


def footnote(citation: Citation, place: Place | None = None) -> str:
    """A citation as the text of a Markdown footnote: quote, title, source and place."""
    pages = f"{markdown_text(place.pages)}, " if place and place.pages else ""
    days = f" ({'; '.join(map(markdown_text, place.days))})" if place and place.days else ""
    return (
        f"“{markdown_text(citation.quote)}” – {markdown_text(citation.title)}, "
        f"{markdown_text(citation.source)}, {pages}characters {citation.start}–{citation.end}{days}"
    )


def markdown_text(text: str) -> str:
    """One line of Markdown that shows these very letters, whatever they are.

    What an article says must not become a link, an image that is loaded, HTML or code, nor turn
    the reading direction of what stands beside it.
    """
    return _MARKUP.sub(r"\\\1", _UNSEEN.sub("", " ".join(text.split())))


def _status(answer: Answer) -> str:
    sure = labels.confidence(answer.confidence)
    return f"Status: {labels.STATUS[answer.status]}, confidence {sure}"
