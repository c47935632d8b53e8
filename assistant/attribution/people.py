"""Who is in an article: persons by name, role and mention, and bodies that speak.

Names are told from other capitals by what stands beside them: a role ("Foreign Minister X",
"X, president of Y,"), an age, a relative clause, or the surname alone elsewhere. No list of
names is used. Not handled: names written without capitals, and two persons of one surname who
are told apart by a first name left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Literal

from assistant.aliases import countries, expansions
from assistant.attribution.speech import (
    BODIES,
    HONORIFICS,
    JUDGING,
    SAYING,
    Token,
    is_role,
    plain_tokens,
    singular,
)
from assistant.schema import Article, Passage
from assistant.wording import STOPWORDS

Span = tuple[int, int]
Kind = Literal["person", "body"]


@dataclass(frozen=True, slots=True)
class Person:
    """A person or a speaking body (an office, a ministry, "U.S. officials", a company).

    ``role`` is as the article writes it, or ``""``. ``aliases`` are other ways an article or a
    question may mean it. ``mentions`` are spans of the article's text, increasing.
    ``countries`` are canonical names: those of the role or name, or, where an office is written
    without one, every country the article mentions.
    """

    name: str
    role: str = ""
    kind: Kind = "person"
    aliases: tuple[str, ...] = ()
    mentions: tuple[Span, ...] = field(default=(), compare=False)
    countries: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """Role and name, as one would introduce it."""
        joined = f"{self.role} {self.name}" if len(self.role) <= 60 else self.name
        return joined if self.role and self.kind == "person" else self.name


@dataclass(slots=True, eq=False)
class Member:
    """A person while the article is being read: what is known so far."""

    words: tuple[str, ...]
    kind: Kind = "person"
    roles: list[str] = field(default_factory=list)
    mentions: list[Span] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The fullest name seen."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the text: ``outer`` is where its role begins, when that stands before it."""

    start: int
    end: int
    outer: int
    member: Member


@dataclass(frozen=True, slots=True)
class _Candidate:
    words: tuple[str, ...]
    start: int
    end: int
    outer: int
    role: str
    certain: bool


_PARTICLES = frozenset(
    "de da del della der di du dos van von bin al el la le ben ibn ter & mac".split()
)
_SURNAME_ROLES = frozenset("king prince pope bishop dean marshal lord judge farmer justice".split())
_NEVER_NAMES = (
    frozenset(
        """
    monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december according speaking meanwhile however
    although though since still yet now today yesterday tomorrow one two three many most some
    another asked instead indeed earlier later also even like unlike despite during including
    """.split()
    )
    | STOPWORDS
)
_NOT_SURNAMES = frozenset(
    """
    act agreement airport avenue award bay beach bill book bowl bridge building capital center
    centre championship city clinic coast co college corp county crisis cup day district east
    election exchange fair festival forum fund gate hall hill house inc industries infirmary
    international island islands lake law ltd magazine media mountain museum nations news north
    ocean office park plaza post press prize project reuters river road room school sea security
    south square st state states station store strategy street strip system systems technologies
    territories territory theater theatre times today tower town trade treaty tv union valley
    village war week west world year zone
    """.split()
)
_STOPS_ROLE = frozenset("of for and in at".split())


class Cast:
    """The persons and bodies of one article, grown while it is read."""

    def __init__(self, article: Article, passages: Sequence[Passage]) -> None:
        self._article = article
        self.members: list[Member] = []
        self.mentions: list[Mention] = []
        self._surnames: dict[str, list[Member]] = defaultdict(list)
        self._bodies: dict[str, Member] = {}
        found = [c for passage in passages for c in _candidates(article.text, passage)]
        alone = {c.words[0] for c in found if len(c.words) == 1}
        for c in found:
            if len(c.words) > 1 and (c.certain or c.words[-1] in alone) and not _unlike_a_name(c):
                self._introduce(c)
        for c in found:
            if len(c.words) == 1 and c.certain and not _unlike_a_name(c):
                self._introduce(c)
        self._common = frozenset(re.findall(r"\b[a-z]+\b", article.text))
        self._pending = {c.start: c for c in found}
        for c in found:
            if (member := self._known(c.words)) is not None:
                self._mention(c, member)
        self.mentions.sort(key=lambda mention: mention.start)

    def named(self, start: int, end: int) -> list[Mention]:
        """Mentions of persons between two offsets, in order."""
        at = bisect_left(self.mentions, start, key=lambda mention: mention.start)
        return list(takewhile(lambda mention: mention.end <= end, islice(self.mentions, at, None)))

    def promote(self, start: int, end: int) -> Member | None:
        """Take the capitals at a place for a person, now that they are seen to speak."""
        for c in (c for at, c in self._pending.items() if start <= at < end):
            common = any(word.casefold() in self._common for word in c.words)
            if len(c.words) in (2, 3) and not common and not _unlike_a_name(c):
                member = self._introduce(c)
                for other in self._pending.values():
                    if self._known(other.words) is member:
                        self._mention(other, member)
                self.mentions.sort(key=lambda mention: mention.start)
                return member
        return None

    def body(self, name: str, start: int, end: int, kind: Kind = "body") -> Member:
        """The body of a name (made when new), mentioned at a place."""
        bare = re.sub(r"^(?:the|a|an|one|some|many)\s+", "", name, flags=re.IGNORECASE)
        key = bare.casefold()
        member = self._bodies.get(key)
        if member is None:
            member = Member(tuple((bare if bare[:1].isupper() else name).split()), kind)
            member.mentions += _occurrences(self._article.text, bare) or [(start, end)]
            self._bodies[key] = member
            self.members.append(member)
        elif (start, end) not in member.mentions and not bare[:1].isupper():
            member.mentions.append((start, end))
        return member

    def freeze(self) -> dict[int, Person]:
        """A :class:`Person` for each member, by ``id(member)``."""
        everywhere = countries(self._article.text)
        return {id(member): _person(member, everywhere) for member in self.members}

    def _introduce(self, c: _Candidate) -> Member:
        member = self._known(c.words)
        if member is None:
            member = Member(c.words)
            self.members.append(member)
            self._surnames[c.words[-1]].append(member)
        elif len(c.words) > len(member.words):
            member.words = c.words
        return member

    def _known(self, words: tuple[str, ...]) -> Member | None:
        same = self._surnames.get(words[-1], [])
        for member in reversed(same):
            short, full = sorted((words, member.words), key=len)
            if full[-len(short) :] == short or (short[0], short[-1]) == (full[0], full[-1]):
                return member
        return None

    def _mention(self, c: _Candidate, member: Member) -> None:
        if (c.start, c.end) in member.mentions:
            return
        member.mentions.append((c.start, c.end))
        self.mentions.append(Mention(c.start, c.end, c.outer, member))
        if c.role and c.role not in member.roles:
            member.roles.append(c.role)


def _candidates(text: str, passage: Passage) -> Iterator[_Candidate]:
    words = plain_tokens(text, passage.start, passage.end)
    for i, j in _runs(text, words):
        name, left = _split_role(words, i, j)
        if name >= j:
            continue
        right = _role_after(text, words, j)
        role = text[words[left].start : words[name].start] if left < name else ""
        role = role.strip(" ,") or right
        names = tuple(token.text for token in words[name:j])
        certain = bool(role) or (len(names) > 1 and _introduced(words, j))
        if len(names) <= 4:
            start = words[name].start
            role = "" if role.casefold().rstrip(".") in HONORIFICS else role
            yield _Candidate(names, start, words[j - 1].end, words[left].start, role, certain)


def _runs(text: str, words: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Runs of capitals (particles allowed inside), as index ranges."""
    i = 0
    while i < len(words):
        if not _may_name(words[i]):
            i += 1
            continue
        j = i + 1
        while j < len(words) and words[j].start - words[j - 1].end == 1:
            inside = words[j].lower in _PARTICLES and j + 1 < len(words) and words[j + 1].capital
            if not inside and not _may_name(words[j]):
                break
            j += 1
        yield i, j
        i = j


def _may_name(word: Token) -> bool:
    # In capitals "US" and "IT" are no function words.
    shouted = len(word.text) > 1 and word.text.isupper()
    return word.capital and (shouted or word.lower not in _NEVER_NAMES)


def _split_role(words: Sequence[Token], i: int, j: int) -> tuple[int, int]:
    """Where the name begins in a run of capitals, and where the role before it does."""
    roles = [k for k in range(i, j) if is_role(words[k].text)]
    if roles and not (roles[-1] == j - 1 and words[j - 1].lower in _SURNAME_ROLES and j - i < 4):
        name = roles[-1] + 1
        return name, _role_start(words, i)
    if i >= 2 and words[i - 1].lower == "of" and is_role(words[i - 2].text):
        size = 3 if j - i > 3 and len(words[j - 2].text.rstrip(".")) == 1 else 2
        return (j - size if j - i > size else j - 1 if j - i == 2 else j), _role_start(words, i - 2)
    if i and is_role(words[i - 1].text) and not words[i - 1].capital:
        return i, _role_start(words, i - 1)
    comma = i >= 2 and words[i - 1].text == "," and is_role(words[i - 2].text)
    if comma and j - i > 1 and (j == len(words) or words[j].text in ",.()"):
        return i, _role_start(words, i - 2)
    if j - i > 2 and countries(words[i].text):
        return i + 1, i
    return i, i


def _role_start(words: Sequence[Token], at: int) -> int:
    """Walk left from a role's last word to its first."""
    while at > 0 and words[at].start - 8 < words[at - 1].end:
        word = words[at - 1].lower
        if word in ("'s", "&") or (word == "," and at > 1 and is_role(words[at - 2].text)):
            at -= 1
            continue
        function = word in STOPWORDS and not words[at - 1].text.isupper()
        stop = (function and word not in _STOPS_ROLE) or not word[:1].isalpha()
        verb = word in SAYING | JUDGING and not is_role(word)
        joins = word in _STOPS_ROLE and not (
            word == "and" and at > 1 and is_role(words[at - 2].text)
        )
        if stop or verb or (joins and not (word == "of" and is_role(words[at - 2].text))):
            break
        at -= 1
    return at


def _role_after(text: str, words: Sequence[Token], j: int) -> str:
    """The role in apposition after a name ("X, president of Y," or "X is the head of Y")."""
    k = j
    if k == len(words) or words[k].lower not in (",", "is", "was"):
        return ""
    k += 1
    if k + 1 < len(words) and words[k].text.isdigit() and words[k + 1].text == ",":
        k += 2
    if k < len(words) and words[k].lower in ("the", "a", "an", "its", "their"):
        k += 1
    end = k
    while end < len(words) and words[end].text[0] not in ',;:.!?()—–“”"':
        if words[end].lower in ("who", "which", "that", "said", "says", "told", "is", "was", "has"):
            break
        end += 1
    part = words[k:end]
    heads = [n for n, token in enumerate(part[:9]) if is_role(token.text)]
    if not heads or len(part) > 18 or part[0].lower in STOPWORDS:
        return ""
    following = part[heads[-1] + 1] if heads[-1] + 1 < len(part) else None
    if following is not None and following.capital and part[heads[-1]].capital:
        return ""
    return text[part[0].start : part[-1].end]


def _introduced(words: Sequence[Token], j: int) -> bool:
    """Whether an age or a relative clause follows, as after persons only."""
    if j + 1 >= len(words) or words[j].text != ",":
        return False
    return words[j + 1].lower in ("who", "whose") or bool(re.fullmatch(r"\d\d", words[j + 1].text))


def _unlike_a_name(c: _Candidate) -> bool:
    folded = [word.casefold().rstrip(".") for word in c.words]
    return (
        folded[-1] in _NOT_SURNAMES
        or any(singular(word) in BODIES or word in ("the", "new", "&") for word in folded)
        or any(word.isupper() and len(word) > 2 for word in c.words)
        or any(char.isdigit() for char in "".join(c.words))
        or (not c.certain and bool(countries(c.words[0]) or countries(c.words[-1])))
    )


def _occurrences(text: str, name: str) -> list[Span]:
    if not name[:1].isupper():
        return []
    return [m.span() for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def _person(member: Member, everywhere: frozenset[str]) -> Person:
    role = max(member.roles, key=lambda role: len(countries(role)), default="")
    own = countries(f"{role} {'' if member.kind == 'person' else member.name}")
    others = dict.fromkeys((*member.roles, *_office_aliases(role)))
    if member.kind == "person" and role:
        others |= {member.words[-1]: None}
    elif member.kind == "person":
        others = {member.words[-1]: None}
    others.pop(member.name, None)
    spans = tuple(sorted(set(member.mentions)))
    return Person(member.name, role, member.kind, tuple(others), spans, own or everywhere)


def _office_aliases(role: str) -> Iterator[str]:
    """ "British Foreign Secretary" as "the secretary", "Britain's Foreign Secretary"..."""
    words = plain_tokens(role)
    heads = [token.text for token in words if is_role(token.text)]
    if not heads:
        return
    yield f"the {heads[-1].casefold()}"
    office = [token.text for token in words if not countries(token.text)]
    if len(office) < len(words) <= 6:
        for name in expansions(role):
            yield f"{name} {' '.join(office)}"
