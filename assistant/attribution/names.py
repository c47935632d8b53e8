"""Names in running text: runs of capitals, with the role before or after split off.

What makes a run a person's name is what stands beside it: a role ("Foreign Minister X",
"X, president of Y,"), an age, or a relative clause. Not handled: names without capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.aliases import countries
from assistant.attribution.speech import (
    BODIES,
    BOUNDARIES,
    DAYS,
    DETERMINERS,
    HONORIFICS,
    PREPOSITIONS,
    VERBS,
    can_speak,
    is_role,
    singular,
)
from assistant.attribution.tokens import Span, Token
from assistant.wording import STOPWORDS

_LONGEST_ROLE = 24
"""Tokens of a role."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run of capitals that may be a person's name.

    ``words`` are the name without role; ``run`` spans all the capitals, ``outer`` is where the
    role before the name begins. ``certain``: something beside it says that it is a person;
    ``opening``: it has its capital by right, as it opens a sentence or follows a mark.
    """

    words: tuple[str, ...]
    start: int
    end: int
    outer: int
    run: Span
    role: str
    certain: bool
    opening: bool


_PARTICLES = frozenset(
    "de da del della der di du dos van von bin al el la le ben ibn ter & mac".split()
)
_SURNAME_ROLES = frozenset("king prince pope bishop dean marshal lord judge farmer justice".split())
_SUFFIXES = frozenset("jr sr ii iii iv".split())
_GIVEN = frozenset("will may april june".split())
_NEVER_NAMES = (
    STOPWORDS
    | DAYS
    | frozenset(
        """
    january february march april may june july august september october november december tomorrow
    according speaking meanwhile however although though since still yet now one two three many
    most some another asked instead indeed earlier later also even like unlike despite during
    including following hey welcome enter dear meet remember consider
    """.split()
    )
)
_PLACES = frozenset(
    """
    act affairs agreement airport avenue award bay beach bill book bowl bridge building capital
    center centre championship city clinic coast co college corp county crisis cup day district
    east education election exchange fair festival forum fund gate hall health herald hill house
    inc industries infirmary international island islands journal lake law ltd magazine media
    mountain museum nations news north ocean park plaza policy post press prize project research
    reuters rights river road room safety sciences sea security south square st state states
    station store strategy street strip studies system systems technologies territories territory
    theater theatre times today tower town trade treaty tribune tv valley village war week west
    world year zone dynasty empire kingdom order republic revolution
    """.split()
)
"""Last words of names of places, bodies and things."""

_BEFORE_TITLES = frozenset(
    "acting current deputy ex former incoming longtime new opposition outgoing senior then veteran "
    "vice".split()
)

_DIRECTIONS = frozenset(
    """
    cape central east eastern fort great greater inter lake las los lower mount new north northern
    port real saint san santa south southern st the upper west western
    """.split()
)
"""First words of names of places and clubs."""


def candidates(text: str, words: Sequence[Token]) -> Iterator[Candidate]:
    """The runs of capitals among the tokens of a passage (quotations opened up)."""
    for i, j in _runs(words):
        run = words[i].start, words[j - 1].end
        left, name = _split_role(words, i, j)
        if name >= j:
            # A bare role may yet be someone's surname.
            left = name = i
        last = j - 1 if j - name > 2 and words[j - 1].lower.rstrip(".") in _SUFFIXES else j
        names = tuple(token.text for token in words[name:last])
        before = text[words[left].start : words[name].start].strip(" ,")
        after = _role_after(text, words, j)
        role = _without_honorific(before) or after
        full = len(names) > 1
        known = full and (bool(after) or _introduced(words, j))
        # "the governor of South Dakota": what follows an office is not yet its holder.
        certain = known or (
            bool(before) and (full or i == 0 or words[i - 1].lower not in ("of", "to"))
        )
        if name > left and not any(is_role(token.text) for token in words[left:name]):
            certain = known
        if len(names) <= 4:
            at = words[name].start
            opening = i == 0 or not words[i - 1].word
            yield Candidate(
                names, at, words[j - 1].end, words[left].start, run, role, certain, opening
            )


def unlike_a_name(c: Candidate) -> bool:
    """Whether a candidate looks like a place, a body or a thing."""
    folded = [word.casefold().rstrip(".") for word in c.words]
    if folded[-1] in _PLACES or any(singular(w) in BODIES or w in ("the", "&") for w in folded):
        return True
    if any(char.isdigit() for word in c.words for char in word):
        return True
    shouted = any(word.isupper() and len(word) > 2 for word in c.words)
    if c.certain or len(c.words) == 1:
        return shouted
    abbreviated = any(word.isupper() and len(word) == 2 for word in c.words)
    return shouted or abbreviated or folded[0] in _DIRECTIONS or _is_country(c.words)


def _is_country(words: Sequence[str]) -> bool:
    # A capital's name is many a surname (Hamilton, Jackson): it must not decide alone.
    whole = countries(" ".join(words))
    return bool(whole) and bool(whole - countries(words[-1]) or countries(words[0]))


def _runs(words: Sequence[Token]) -> Iterator[Span]:
    """Index ranges of capitals side by side, particles allowed inside."""
    i = 0
    while i < len(words):
        if not _may_name(words, i):
            i += 1
            continue
        j = i + 1
        while j < len(words) and words[j].start - words[j - 1].end == 1:
            joined = words[j].lower in _PARTICLES and j + 1 < len(words) and words[j + 1].capital
            if not joined and not _may_name(words, j):
                break
            j += 1
        yield i, j
        i = j


def _may_name(words: Sequence[Token], k: int) -> bool:
    word = words[k]
    if not word.capital or word.lower.endswith("-based"):
        return False
    # In capitals "US" and "IT" are no function words.
    if (len(word.text) > 1 and word.text.isupper()) or word.lower not in _NEVER_NAMES:
        return True
    following = words[k + 1] if k + 1 < len(words) else None
    return word.lower in _GIVEN and k > 0 and following is not None and following.capital


def _split_role(words: Sequence[Token], i: int, j: int) -> Span:
    """Where in a run of capitals the role begins (or before it), and where the name."""
    led = i > 0 and is_role(words[i - 1].text) and not words[i - 1].capital
    roles = [k for k in range(i, j) if is_role(words[k].text)]
    surname = bool(roles) and roles[-1] == j - 1 and j - i < 4
    if roles and not (surname and (led or words[j - 1].lower in _SURNAME_ROLES)):
        return _role_start(words, i), roles[-1] + 1
    if i >= 2 and words[i - 1].lower in ("of", "to") and is_role(words[i - 2].text):
        # "Secretary of State Antony Blinken": a full name has two words, or three with an initial.
        middle = j - i > 3 and len(words[j - 2].text.rstrip(".")) == 1
        size = 3 if middle else 2 if j - i > 2 else 1
        return _role_start(words, i - 2), j - size if j - i > 1 else j
    if led:
        return _role_start(words, i - 1), i
    comma = i >= 2 and words[i - 1].text == "," and is_role(words[i - 2].text)
    if comma and j - i > 1 and (j == len(words) or not words[j].word):
        return _role_start(words, i - 2), i
    nationality = j - i > 2 and bool(countries(words[i].text))
    return i, i + 1 if nationality else i


def _role_start(words: Sequence[Token], at: int) -> int:
    """Walk left from a role to its first word."""
    stop = max(0, at - _LONGEST_ROLE)
    while at > stop and _belongs(words, at - 1):
        at -= 1
    return at


def _belongs(words: Sequence[Token], k: int) -> bool:
    """Whether a word left of a role is a part of it."""
    word, before = words[k], words[k - 1] if k else None
    if word.lower in ("'s", "&"):
        return True
    if word.lower in (",", "and", "of", "to"):
        return before is not None and is_role(before.text)
    if not word.word or word.lower in DETERMINERS | BOUNDARIES | PREPOSITIONS:
        return False
    if word.capital:
        return before is not None or _may_name(words, k)
    if words[k + 1].capital and not (can_speak(word.lower) or word.lower in _BEFORE_TITLES):
        return False  # "threatening to kill U.S. Rep. X"
    verb = word.lower in VERBS and not is_role(word.text)
    verb = verb or (word.lower.endswith("ed") and before is not None and before.capital)
    return not verb and word.lower not in STOPWORDS


def _role_after(text: str, words: Sequence[Token], j: int) -> str:
    """The role in apposition after a name ("X, president of Y," or "X is the head of Y")."""
    k = j
    if k == len(words) or words[k].lower not in (",", "is", "was"):
        return ""
    copula = words[k].text != ","
    k += 1
    if k + 1 < len(words) and words[k].text.isdigit() and words[k + 1].text == ",":
        k += 2
    determined = k < len(words) and words[k].lower in ("the", "a", "an", "its", "their")
    if copula and not determined:
        return ""
    k += determined
    end = k
    while end < min(len(words), k + _LONGEST_ROLE) and words[end].word:
        if words[end].lower in BOUNDARIES or words[end].lower in ("said", "is", "was", "has"):
            break
        end += 1
    return _role_in(text, words[k:end])


def _role_in(text: str, part: Sequence[Token]) -> str:
    heads = [n for n, token in enumerate(part[:9]) if is_role(token.text)]
    if not heads or part[0].lower in STOPWORDS:
        return ""
    after = part[heads[-1] + 1] if heads[-1] + 1 < len(part) else None
    if after is not None and after.capital and part[heads[-1]].capital:
        return ""  # Another person: "X, Foreign Minister Y".
    return text[part[0].start : part[-1].end]


def _without_honorific(role: str) -> str:
    words = role.split()
    while words and words[-1].casefold().rstrip(".") in HONORIFICS:
        words.pop()
    return " ".join(words)


def _introduced(words: Sequence[Token], j: int) -> bool:
    """Whether an age or a relative clause follows, as it does after persons."""
    if j + 1 >= len(words) or words[j].text != ",":
        return False
    return words[j + 1].lower in ("who", "whose") or bool(re.fullmatch(r"\d\d", words[j + 1].text))
