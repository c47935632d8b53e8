"""Does an answer give the name that a question asks for?

"The warden of the jail in New York was moved by Barr" has names, and none is the warden's. English.
Not handled: which questions ask for a name (``expectation``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from assistant.wording import STOPWORDS, Word, content_words, names, words_of

_BEARER = re.compile(
    r"\bnames? (?:of|for) (?:(?:the|a|an|his|her|its|their) )?(?P<after>(?:[a-z][\w’'-]*\s?)+)"
    r"|\b(?:the|his|her|its|their) (?P<before>(?:[a-z][\w’'-]* )*?[a-z][\w-]*)['’]s "
    r"(?:\w+ )?names?\b"
)
"""What the name is asked of, in small letters."""

_NAMED_BY = re.compile(
    r"(?:\bname of .{2,60}?|['’]s (?:\w+ )?name) (?:is|was) (?P<told>(?:an?|the|one) .+)$"
)
"""A sentence that gives a name, and what it gives begins like no name."""

_DETERMINERS = frozenset("the a an his her its their our".split())
_PLACING = frozenset("at by from in into near on onto to toward towards with within".split())
"""Before a name they tell where something is, or by whom it was done."""


def new_names(question: str, answer: str) -> frozenset[str]:
    """The names of an answer that the question does not have."""
    return names(f"x {answer}") - names(f"x {question}")


def gives_name(question: str, answer: str) -> bool:
    """Whether the answer has a name that the question does not, and can be what it asks for.

    Where the answer speaks of what is to be named, a name that only tells where it is, or by
    whom something was done to it, is none.
    """
    asked, new = names(f"x {question}"), new_names(question, answer)
    if not new:
        return False
    words = words_of(answer)
    if not _bearer(question) & {word.stem for word in words}:
        return True
    return any(
        not _is_placed(words[:start])
        for start, end in _runs(words, new)
        # "William Barr" is the Barr of the question.
        if not any(word.text.casefold() in asked for word in words[start:end])
    )


def names_nothing(claim: str) -> str:
    """What a claim gives for a name and is none ("his name is a man of 43"); ``""`` elsewhere."""
    found = _NAMED_BY.search(claim)
    if found is None or names(f"x {found['told']}"):
        return ""
    return found["told"].rstrip(" .")


def _bearer(question: str) -> frozenset[str]:
    """Stems of what the question asks the name of: "warden" of "the warden whom Barr moved"."""
    found = _BEARER.search(question)
    if found is None:
        return frozenset()
    told = (found["after"] or found["before"]).split()
    return frozenset(content_words(" ".join(takewhile(lambda word: word not in STOPWORDS, told))))


def _runs(words: Sequence[Word], new: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where runs of capitals with a new name begin and end."""
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and words[end].text[0].isupper():
            end += 1
            if words[end - 1].comma:
                break
        if names(" ".join(["x", *(word.text for word in words[start:end])])) & new:
            yield start, end
        start = max(end, start + 1)


def _is_placed(before: Sequence[Word]) -> bool:
    """Whether a name after these words tells where or by whom."""
    told = [one for word in before[-2:] if (one := word.text.casefold()) not in _DETERMINERS]
    return bool(told) and told[-1] in _PLACING
