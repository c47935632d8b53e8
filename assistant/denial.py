"""Does a quote deny what a claim says, or a claim what its quote says? By rules, for English.

A negation reaches over the words that follow it, up to the end of its clause. A claim and a
quote disagree when most of the words they share stand under a negation in one of them alone.
Not handled: opposites by meaning ("rose" for "fell", see ``opposites``), irony.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from assistant.wording import content_words

_REACH = 14
"""Words a negation reaches over: "nothing that leads us to believe that … are serious"."""

_SHORT_REACH = 4
"""Words a "no" or "without" reaches over: it denies a thing, not a sentence."""

_UNDOING = 9
"""Words after a negation within which another undoes it."""

_MOST = 0.6
_FEWEST = 2
"""One shared word alone tells nothing: it may stand in another part of the sentence."""

_TOKEN = re.compile(
    r"[^\W_]+(?:[.'’-][^\W_]+)*|[.;:!?()“”\"]|,(?= (?:and|or|but|which|who|where)\b)"
)
DENYING = frozenset(
    "no not never none nobody nothing neither nor without cannot cant wont dont doesnt didnt isnt "
    "arent wasnt werent hasnt havent hadnt wouldnt couldnt shouldnt".split()
)
# Words that deny without a "not". They excuse a negation on the other side, and demand none.
_DOUBTING = re.compile(
    r"(?:rather|instead|against|unlikely|hardly|barely|few|little|unable|ruled|lacks?|"
    r"(?:declin|refus|reject|den[iy]|fail|oppos|avoid|prevent|stop|bann?|block|doubt|dismiss|"
    r"disput|question|contradict|halt|cancel|exclud|unclear|uncertain|unknown)\w*)$"
)
_ENDING = frozenset(
    ". ; : ! ? ( ) ” , but although though however while whereas because due adding added".split()
)
_DENYING_THINGS = frozenset("no without neither nor".split())
ASSERTING = frozenset("only just merely doubt wonder".split())
"""After "not" or "no" these make an assertion: "not only", "no doubt"."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Stems of a text's content words: said plainly, said under a negation or a doubt.

    ``heads`` are the first words under each negation, what is denied before all.
    """

    plain: frozenset[str]
    denied: frozenset[str]
    doubted: frozenset[str]
    heads: frozenset[str]


def denies(text: str) -> bool:
    """Whether a text has a negation; "not only" is none."""
    tokens = _tokens(text)
    return any(
        _is_negation(token) and following not in ASSERTING
        for token, following in pairwise([*tokens, ""])
    )


def doubts(text: str) -> bool:
    """Whether a text denies something without a "not": refused, failed, unable, hardly."""
    return any(_DOUBTING.match(token) for token in _tokens(text))


def contradicts(claim: str, quote: str) -> bool:
    """Whether one of the two denies what the other says."""
    said, given = _read(claim), _read(quote)
    denied_by_quote = given.denied - given.plain - given.doubted
    if not said.denied and not said.doubted and _mostly(said.plain, denied_by_quote, given):
        return True
    plain_in_quote = given.plain - given.denied - given.doubted
    return bool(said.heads & plain_in_quote) and _mostly(
        said.denied - said.plain, plain_in_quote, given
    )


def _mostly(words: Collection[str], wanted: Collection[str], given: _Reading) -> bool:
    shared = set(words) & (given.plain | given.denied | given.doubted)
    hits = shared & set(wanted)
    return len(hits) >= _FEWEST and len(hits) >= _MOST * len(shared)


def _read(text: str) -> _Reading:
    plain: set[str] = set()
    denied: set[str] = set()
    doubted: set[str] = set()
    heads: set[str] = set()
    denying = doubting = since = 0
    is_head = False
    for token, following in pairwise([*_tokens(text), ""]):
        denying, doubting, since = max(0, denying - 1), max(0, doubting - 1), since + 1
        if token in _ENDING:
            denying = doubting = 0
        elif _is_negation(token):
            # "Nobody did not agree": two negations make none, where they are near each other.
            undone = denying > 0 and since <= _UNDOING
            since = 0
            reach = _SHORT_REACH if token in _DENYING_THINGS else _REACH
            # And "No 10" is a house.
            denying = 0 if undone or following in ASSERTING or following.isdigit() else reach
            is_head = True
        elif _DOUBTING.match(token):
            doubting = _REACH
            doubted.update(content_words(token))
        elif stems := content_words(token):
            (doubted if doubting else denied if denying else plain).update(stems)
            if denying and is_head:
                heads.update(stems)
            is_head = False
    return _Reading(*map(frozenset, (plain, denied, doubted, heads)))


def _tokens(text: str) -> list[str]:
    return [token.casefold() for token in _TOKEN.findall(text.replace("’", "'"))]


def _is_negation(token: str) -> bool:
    return token in DENYING or token.endswith("n't")
