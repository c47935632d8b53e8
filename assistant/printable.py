"""Text from articles and models, made safe to print in a terminal.

Nothing an article says may move the cursor, change colours or titles, or turn the reading
direction of what stands beside it. Quotes in an ``Answer`` stay verbatim: this is for screens.
"""

from __future__ import annotations

import unicodedata

_LINE_ENDS = frozenset("\n\u2028\u2029\x85")

_VISIBLE = frozenset("\u200c\u200d\u06dd\u070f\u08e2") | {chr(code) for code in range(0x600, 0x606)}
"""Format characters kept: joiners, without which some scripts are misspelt, and Arabic signs."""


def printable(text: str) -> str:
    """The text without control, direction and invisible tag characters; lines are kept."""
    return "".join(map(_shown, text))


def one_line(text: str) -> str:
    """:func:`printable`, with every run of white space made one space."""
    return " ".join(printable(text).split())


def _shown(letter: str) -> str:
    if letter in _LINE_ENDS:
        return "\n"
    if letter == "\t":
        return " "
    category = unicodedata.category(letter)
    if category == "Cc" or (category == "Cf" and letter not in _VISIBLE):
        return ""
    return "\ufffd" if category == "Cs" else letter
