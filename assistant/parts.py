"""The parts of a question that asks two things: "Who is he, and what does he want?"

Rules for English. Not handled: parts that share a question word ("Who came and went?").
"""

from __future__ import annotations

import re

_WH = r"(?:what|who|whom|whose|when|where|which|why|how)"
_SPLIT = re.compile(rf"[,;?]?\s+(?:and|or)\s+(?:also\s+)?(?={_WH}\b)|\?\s+(?=\S)", re.IGNORECASE)
_ASKING = re.compile(rf"\b{_WH}\b", re.IGNORECASE)


def parts_of(question: str) -> list[str]:
    """The questions a question consists of, in order; just itself when it asks one thing.

    Each part of several is a question by its form; a pronoun in it means what the others name.
    """
    pieces = [piece.strip(" ?,;") for piece in _SPLIT.split(question)]
    pieces = [piece for piece in pieces if piece]
    if len(pieces) < 2 or not all(_ASKING.search(piece) and " " in piece for piece in pieces):
        return [question]
    return [f"{piece[0].upper()}{piece[1:]}?" for piece in pieces]
