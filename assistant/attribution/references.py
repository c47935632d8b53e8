"""Whom a pronoun or a definite description means: what a reader remembers of the lines before.

Gender is never used: translations get it wrong. Not handled: pronouns that point forward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import nlargest

from assistant.attribution.clauses import is_aged, owns
from assistant.attribution.people import Cast, Member, Mention
from assistant.attribution.speech import (
    BODIES,
    BOUNDARIES,
    DETERMINERS,
    OPENERS,
    PREPOSITIONS,
    SUBORDINATE,
    is_role,
    singular,
)
from assistant.attribution.tokens import Token

_OWNING = frozenset(["'s", "'"])
_REMEMBERED = 48
"""Persons and bodies, the last named first, among whom a description is looked up."""

_PERSONAL = frozenset("he she they his her him their".split())
_PLURAL = frozenset("they them their".split())


class Memory:
    """Who the last sentences were about: the person, and the body if that came later."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self.person: Member | None = None
        self.body: Member | None = None
        self._body_last = False

    def meant_by(self, pronoun: str, words: Sequence[Token], at: int) -> Member | None:
        """Whom the pronoun at token ``at`` means as the subject of a verb of speaking."""
        if pronoun == "it":
            return self.body or self.person
        opening = words[0].lower
        if at and words[at - 1].lower in ("which", "that") and pronoun not in _PLURAL:
            for mention in self._cast.named(words[0].start, words[at].start):
                if subject_like(words, mention):
                    return mention.member  # "X was arrested for a call in which he said …"
        if opening in SUBORDINATE | OPENERS:
            for mention in self._cast.named(words[0].start, words[at].start):
                if opening in SUBORDINATE or subject_like(words, mention):
                    return mention.member
        if pronoun in _PLURAL:
            return self.body if self._body_last else None
        return self.person or self.body

    def described(self, part: Sequence[Token]) -> Member | None:
        """Whom "the minister", "his office", "the company" or "the 56-year-old" means."""
        determiner, noun, before = part[0].lower, singular(part[-1].lower), part[-1].end
        if determiner in ("his", "her", "their") and noun == "office" and self.person:
            name = f"{self.person.name}'s office"
            return self._cast.body(name, part[0].start, before)
        capitals = any(word.capital for word in part[1:])
        if determiner not in ("the", "this", "that") or len(part) < 2 or capitals:
            return None
        if is_aged(part[-1]):
            return self.person
        members = nlargest(
            _REMEMBERED,
            (m for m in self._cast.members if m.mentions and m.mentions[0][0] < before),
            key=lambda m: max(s for s, _ in m.mentions if s < before),
        )
        wanted = {singular(word.lower) for word in part[1:] if word.lower not in _OWNING}
        for member in members:
            heads, label = _labels(member)
            if noun in heads and wanted <= label:
                return member
        if noun not in BODIES or len(part) > 2:
            return None
        if self.body is not None and all(word[0].isupper() for word in self.body.words):
            return self.body
        return self._cast.organisation(noun, before)

    def mind(self, member: Member) -> None:
        """Take note of someone named in the sentence being read ("Kishida said …, his office")."""
        if member.kind == "person":
            self.person = member

    def heard(self, members: Sequence[Member]) -> None:
        """Take note of who spoke in a sentence, in order."""
        people = [member for member in members if member.kind == "person"]
        bodies = [member for member in members if member.kind == "body"]
        self.person = people[0] if people else self.person
        self.body = bodies[0] if bodies else self.body
        if members:
            self._body_last = not people

    def read(self, words: Sequence[Token]) -> None:
        """Take note of whom a sentence in which nobody speaks is about."""
        if not words or words[0].lower in ("he", "she", "they", "his", "her", "their"):
            return
        mentions = self._cast.named(words[0].start, words[-1].end)
        colon = max((w.end for w in words if w.text == ":"), default=0)
        subjects = [m for m in mentions if subject_like(words, m)]
        subjects.sort(key=lambda m: m.start < colon)
        alone = mentions if len({id(m.member) for m in mentions}) == 1 else []
        for mention in (*subjects, *alone):
            self.person, self._body_last = mention.member, False
            return


def first_pronoun(words: Sequence[Token]) -> int | None:
    """Index of a sentence's first personal pronoun outside quotations."""
    found = (k for k, word in enumerate(words) if word.lower in _PERSONAL)
    return next(found, None)


def subject_like(words: Sequence[Token], mention: Mention) -> bool:
    """Whether a name begins a clause (and owns nothing)."""
    if owns(words, mention.end):
        return False
    before = [word for word in words if word.end <= mention.outer]
    while before and before[-1].lower in DETERMINERS:
        before.pop()
    if not before:
        return True
    last = before[-1]
    return not last.word or last.lower in BOUNDARIES | OPENERS or last.lower.endswith("ly")


def heads(words: Sequence[Token], mention: Mention, start: int) -> bool:
    """Whether a name is the head of the phrase from token ``start`` on."""
    before = [word for word in words[start:] if word.end <= mention.outer]
    return not owns(words, mention.end) and not any(w.lower in PREPOSITIONS for w in before)


def _labels(member: Member) -> tuple[frozenset[str], frozenset[str]]:
    """Nouns by which a member may be taken up again, and all words that may stand with them."""
    if member.kind == "body" and member.words[0].casefold() == "the":
        return frozenset(), frozenset()
    told = member.roles if member.kind == "person" else [member.name]
    words = [re.findall(r"[^\W_]+", text.casefold()) for text in told]
    label = frozenset(singular(word) for row in words for word in row)
    if member.kind == "person":
        return frozenset(word for word in label if is_role(word)), label
    body = words[0]
    end = next((k for k, word in enumerate(body) if word in PREPOSITIONS), len(body))
    return frozenset(singular(word) for word in body[max(0, end - 1) : end]), label
