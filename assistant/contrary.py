"""Do the quotes tell the contrary of what a question asks for? English; others have none.

Who asks which cars were not popular is not answered by a sentence about a popular one, and who
asks for the smallest not by the largest: a small model, and what compares words, takes the one
for the other. Not handled: yes-or-no questions, which the contrary answers.
"""

from __future__ import annotations

import re

from assistant.denial import contradicts, denies, doubts
from assistant.opposites import opposed

_YES_OR_NO = re.compile(
    r"^\W*(?:(?:and|but|so|then)\b\W*)?"
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might"
    r"|must|ca|wo)(?:n['’]?t)?\b(?! not\W*$)",
    re.IGNORECASE,
)
_TAG = re.compile(r",\s*\w+n['’]t\s+(?:\w+\s*){1,2}\?*\s*$", re.IGNORECASE)
"""Asks for nothing that is not: "He resigned, didn't he?"."""

_NAMED = re.compile(r"(?<=\w )(?:No|Not|Never|None|Nobody|Nothing|Neither|Without)\b")
"""In the middle of a question with a capital: "No Time to Die", "No 10"."""

_WHY = re.compile(
    r"\bwhy\b|\bhow come\b|\bwhat (?:reason|caus|stop|prevent|kept|keeps)", re.IGNORECASE
)
"""A reason for what did not happen is seldom told with a "not"."""

_ONLY = re.compile(r"\b(?:only|rather|instead|except|but|without)\b", re.IGNORECASE)
"""Tells a thing by its contrary."""


def is_contrary(question: str, quotes: str, around: str) -> bool:
    """Whether the quotes tell the contrary of what the question asks for.

    ``around`` are the quotes with the sentences before and after, where the missing "not", or
    the word that is asked for, may stand instead.
    """
    if _YES_OR_NO.match(question):
        return False
    asked = _NAMED.sub("", _TAG.sub("", question))
    if _WHY.search(asked):
        return False
    if denies(asked):
        return contradicts(asked, quotes) or not (denies(around) or doubts(around))
    # Who supports nothing but a pause opposes the rest.
    plain = not (denies(quotes) or doubts(quotes) or _ONLY.search(quotes))
    return plain and opposed(asked, quotes, around)
