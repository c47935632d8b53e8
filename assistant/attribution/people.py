"""Who is in an article: persons by name, role and mention, and bodies that speak.

Not handled: two persons of one surname where the article leaves the given name out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile
from typing import Literal

from assistant.aliases import countries, expansions
from assistant.attribution.names import Candidate, candidates, unlike_a_name
from assistant.attribution.speech import is_role, singular
from assistant.attribution.tokens import Span, tokens
from assistant.schema import Passage

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
        short = self.role and len(self.role) <= 60 and self.kind == "person"
        return f"{self.role} {self.name}" if short else self.name

    @property
    def last_name(self) -> str:
        """The last word of the name, by which an article goes on to call a person."""
        return self.name.split()[-1]


@dataclass(slots=True, eq=False)
class Member:
    """A person or body while the article is being read: what is known so far."""

    words: tuple[str, ...]
    kind: Kind = "person"
    named: bool = True
    roles: list[str] = field(default_factory=list)
    mentions: list[Span] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The fullest name seen."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Mention:
    """A person's name in the text; ``outer`` is where the role before it begins."""

    start: int
    end: int
    outer: int
    member: Member


class Cast:
    """The persons and bodies of one article, grown while it is read."""

    def __init__(self, text: str, passages: Sequence[Passage]) -> None:
        self.members: list[Member] = []
        self._text = text
        self._mentions: list[Mention] = []
        self._surnames: dict[str, list[Member]] = defaultdict(list)
        self._given: dict[str, Member] = {}
        self._bodies: dict[str, Member] = {}
        self._runs: dict[str, list[Span]] = defaultdict(list)
        found = [c for p in passages for c in candidates(text, tokens(text, p.start, p.end))]
        self._candidates = {c.start: c for c in found}
        self._starts = sorted(self._candidates)
        self._by_run = {c.run: c.start for c in found}
        self._runs_at = sorted(self._by_run)
        alone = {c.words[0] for c in found if len(c.words) == 1 and c.start == c.run[0]}
        for c in found:
            self._runs[text[slice(*c.run)]].append(c.run)
            if len(c.words) > 1 and (c.certain or c.words[-1] in alone) and not unlike_a_name(c):
                self._introduce(c)
        for c in found:
            if len(c.words) == 1 and c.certain and not unlike_a_name(c):
                self._introduce(c)
        for c in found:
            if (member := self._known(c.words)) is not None:
                self._mention(c, member)

    def named(self, start: int, end: int) -> list[Mention]:
        """Mentions of persons between two offsets, in order."""
        at = bisect_left(self._mentions, start, key=lambda mention: mention.start)
        return list(takewhile(lambda m: m.end <= end, islice(self._mentions, at, None)))

    def capitalised(self, start: int) -> bool:
        """Whether the word at an offset has a capital for more than opening its sentence."""
        at = bisect_right(self._runs_at, (start, len(self._text))) - 1
        if at < 0 or start >= self._runs_at[at][1]:
            return False
        c = self._candidates[self._by_run[self._runs_at[at]]]
        name = self._text[slice(*c.run)]
        return not c.opening or " " in name or len(self._runs[name]) > 1

    def promote(self, start: int, end: int) -> Member | None:
        """Take the capitals that end a phrase for a person, now that they are seen to speak."""
        for at in self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]:
            c = self._candidates[at]
            common = any(word.casefold() in self._common for word in c.words)
            if c.end != end or len(c.words) not in (2, 3) or common or unlike_a_name(c):
                continue
            member = self._introduce(c)
            for other in self._candidates.values():
                if self._known(other.words) is member:
                    self._introduce(other)
                    self._mention(other, member)
            return member
        return None

    def body(self, name: str, start: int, end: int, kind: Kind = "body") -> Member:
        """The body of a name (made when new), mentioned at a place."""
        bare = re.sub(r"^(?:the|an?|one|some|many)\s+", "", name, flags=re.IGNORECASE)
        member = self._bodies.get(bare.casefold())
        if member is None:
            words = (bare if bare[:1].isupper() else name).split()
            member = Member(tuple(words), kind, named=False)
            member.mentions += self._runs.get(bare, ())
            self._bodies[bare.casefold()] = member
            self.members.append(member)
        if (start, end) not in member.mentions and bare not in self._runs:
            member.mentions.append((start, end))
        return member

    def organisation(self, noun: str, before: int) -> Member | None:
        """What "the company" means: the run of capitals named most, or the last "… Company"."""
        for name, spans in self._organisations:
            if spans[0][0] < before and singular(name.split()[-1].casefold()) == noun:
                return self.body(name, *spans[0])
        for name, spans in self._organisations:
            if spans[0][0] < before and len(spans) > 1:
                return self.body(name, *spans[0])
        return None

    def freeze(self) -> dict[int, Person]:
        """A :class:`Person` for each member, by ``id(member)``."""
        everywhere = countries(". ".join(self._runs))
        return {id(member): _person(member, everywhere) for member in self.members}

    @cached_property
    def _common(self) -> frozenset[str]:
        """Words the article also writes without a capital: they name nobody."""
        return frozenset(re.findall(r"\b[a-z]+\b", self._text))

    @cached_property
    def _organisations(self) -> list[tuple[str, list[Span]]]:
        people = {self._text[slice(*self._candidates[m.start].run)] for m in self._mentions}
        found = [pair for pair in self._runs.items() if pair[0] not in people]
        solid = {self._text[slice(*c.run)] for c in self._candidates.values() if not c.opening}
        found = [pair for pair in found if pair[0] in solid and not countries(pair[0])]
        return sorted(found, key=lambda pair: -len(pair[1]))

    def _introduce(self, c: Candidate) -> Member:
        member = self._known(c.words)
        if member is None:
            member = Member(c.words)
            self.members.append(member)
            self._surnames[c.words[-1]].append(member)
            self._given.setdefault(c.words[0], member)
        elif len(c.words) > len(member.words):
            member.words = c.words
        return member

    def _known(self, words: tuple[str, ...]) -> Member | None:
        for member in reversed(self._surnames.get(words[-1], [])):
            short, full = sorted((words, member.words), key=len)
            if full[-len(short) :] == short or (short[0], short[-1]) == (full[0], full[-1]):
                return member
        # Some name themselves surname first ("Liu Xiaoming", "Liu").
        return self._given.get(words[0]) if len(words) == 1 else None

    def _mention(self, c: Candidate, member: Member) -> None:
        mention = Mention(c.start, c.end, c.outer, member)
        at = bisect_left(self._mentions, c.start, key=lambda other: other.start)
        if at < len(self._mentions) and self._mentions[at].start == c.start:
            return
        insort(self._mentions, mention, key=lambda other: other.start)
        member.mentions.append((c.start, c.end))
        if c.role and c.role not in member.roles:
            member.roles.append(c.role)


def _person(member: Member, everywhere: frozenset[str]) -> Person:
    person = member.kind == "person"
    lands = [countries(role) for role in member.roles]
    role = next((role for role, land in zip(member.roles, lands, strict=True) if land), "")
    role = role or next(iter(member.roles), "")
    own = frozenset().union(*lands) if person else countries(member.name)
    others = dict.fromkeys((*member.roles, *_office_aliases(role)))
    if person and member.words[0][:1].isupper():
        others[member.words[-1]] = None
    others.pop(member.name, None)
    spans = tuple(sorted(member.mentions))
    return Person(member.name, role, member.kind, tuple(others), spans, own or everywhere)


def _office_aliases(role: str) -> Iterator[str]:
    """For "British Foreign Secretary": "the secretary", "UK Foreign Secretary" and so on."""
    words = tokens(role, 0, len(role))
    heads = [token.lower for token in words if is_role(token.text)]
    if heads:
        yield f"the {heads[-1]}"
        office = " ".join(token.text for token in words if not countries(token.text))
        for name in expansions(role) if len(words) <= 6 else ():
            yield f"{name} {office}"
