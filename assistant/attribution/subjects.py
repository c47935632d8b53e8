"""Who speaks a verb: the subject's tokens, and the person or body they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.attribution.clauses import (
    TELLING,
    before_verb,
    head,
    is_aged,
    is_inverted,
    is_participle,
    joined,
    opening_subject,
    phrase_end,
    segment_start,
    skipped,
    writes,
)
from assistant.attribution.people import Cast, Member
from assistant.attribution.references import Memory, heads, subject_like
from assistant.attribution.speech import (
    AUXILIARIES,
    DASHES,
    DAYS,
    DETERMINERS,
    JUDGING,
    OPENERS,
    PLAIN,
    PREPOSITIONS,
    PRONOUNS,
    VERBS,
    WRITINGS,
    can_speak,
    is_adverb,
    is_role,
    singular,
)
from assistant.attribution.tokens import QUOTATION, Span, Token

_LONGEST = 16
"""Tokens of a phrase that may still name a speaker."""

_NO_SUBJECT = frozenset("this that there what all i we you me us my our which these no".split())
_OBJECTS = frozenset("him her them".split())


@dataclass(frozen=True, slots=True)
class Voice:
    """A member speaking in a passage; ``at`` is the token index of the verb (-1: carried on)."""

    member: Member
    verb: str
    at: int
    explicit: bool = True
    addressee: Member | None = None


class Subjects:
    """Finds the voices of one sentence's verbs."""

    def __init__(self, cast: Cast, memory: Memory, text: str) -> None:
        self._cast = cast
        self._memory = memory
        self._text = text

    def of_verb(self, words: Sequence[Token], i: int, found: Sequence[Voice]) -> list[Voice]:
        """The voices of the verb at ``i``; ``found`` are those of the verbs before it."""
        j = before_verb(words, i)
        quotes = j < 0 or words[j].text == QUOTATION
        if is_inverted(words, i, j) and (quotes or self._someone(words, i + 1)):
            return self.of_phrase(words, i + 1, phrase_end(words, i + 1), i)
        before = words[j].lower if j >= 0 else QUOTATION
        participle = is_participle(words, i)
        aside = before in (",", ")") or before in DASHES
        if before in ("and", "but", "or", "then", QUOTATION) or (
            participle and (aside or before == "by")
        ):
            return self._shared(words, i, found)
        if aside:
            left = self._across(words, j)
            return self.of_phrase(words, *left, i) if left else []
        start = j if before in PRONOUNS else segment_start(words, j)
        if start > j and before in ("when", "if", "once"):
            return []  # "when asked about it"
        if start and words[start - 1].lower in VERBS and start <= j:
            return self._after_relative(words, start - 2, i)
        if start > j:
            if j == 0 or before not in ("who", "which", "that"):
                return self._shared(words, i, found)
            return self._related(words, j, i)
        if participle:
            if words[start].lower == "with":
                return self.of_phrase(words, start + 1, j + 1, i)
            return self._shared(words, i, found) if writes(words[start : j + 1]) else []
        return self.of_phrase(words, start, j + 1, i)

    def _related(self, words: Sequence[Token], j: int, i: int) -> list[Voice]:
        """The voice in "the United States, which accuses him", from the "which" at ``j``."""
        aside = words[j - 1].text == ","
        end = j - 1 if aside else j
        start = segment_start(words, end - 1)
        if start < end and self._names_one(words, start, end):
            return self.of_phrase(words, start, end, i)
        if words[j].lower == "which":
            # A thing is what stands next before; a person may have a "of Oslo" between.
            inner = (k for k in range(end - 1, start, -1) if words[k - 1].lower in PREPOSITIONS)
            start = next(inner, start)
        return self.of_phrase(words, start, end, i) if aside else []

    def _after_relative(self, words: Sequence[Token], k: int, i: int) -> list[Voice]:
        """The voice in "the man who reported the call recalled …", from the "who" at ``k``."""
        while k > 0 and is_adverb(words[k].lower):
            k -= 1
        if k < 1 or words[k].lower not in ("who", "that", "which"):
            return []
        return self.of_phrase(words, segment_start(words, k - 1), k, i)

    def of_phrase(
        self, words: Sequence[Token], start: int, end: int, at: int, *, strict: bool = False
    ) -> list[Voice]:
        """The voices that the tokens from ``start`` to ``end`` name for the verb at ``at``.

        ``strict``: only of someone who can speak, whatever the verb.
        """
        while start < end and skipped(words[start]):
            start += 1
        # "states to have signed treaties": the subject is what stands before.
        to = (k for k in range(start + 1, end - 1) if words[k].lower == "to")
        end = next((k for k in to if words[k + 1].lower in AUXILIARIES), end)
        # "The 56-year-old said": with an age at its end the phrase is whole.
        while end > start + 1 and skipped(words[end - 1]) and not is_aged(words[end - 1]):
            end -= 1
        part = words[start:end]
        if not part or len(part) > _LONGEST or _is_no_one(part):
            return []
        verb = words[at].lower
        said = "according to" if verb == "according" else verb
        addressee = self._addressee(words, at) if verb in TELLING else None
        if part[0].lower in PRONOUNS | _OBJECTS and len(part) == 1:
            member = self._memory.meant_by(part[0].lower, words, start)
            return [Voice(member, said, at, False, addressee)] if member else []
        named = [m for m in self._cast.named(part[0].start, part[-1].end) if heads(words, m, start)]
        if not named and said == "according to" and any(w.lower == "by" for w in part):
            named = self._cast.named(part[0].start, part[-1].end)
        if named:
            return [Voice(mention.member, said, at, True, addressee) for mention in named]
        cut = next((k for k, word in enumerate(part) if word.lower in PREPOSITIONS), len(part))
        if cut and (member := self._cast.promote(part[0].start, part[cut - 1].end)):
            return [Voice(member, said, at, True, addressee)]
        free = said == "according to" or verb in PLAIN
        # "footage, testimony from people and information reveal": too long for someone.
        strict = strict or (verb in JUDGING and len(part) > _LONGEST // 2)
        voices = (self._described(piece, free=free, strict=strict) for piece in joined(part))
        return [Voice(who, said, at, named, addressee) for who, named in voices if who]

    def _described(
        self, part: Sequence[Token], *, free: bool, strict: bool
    ) -> tuple[Member | None, bool]:
        """A body or someone without a name, and whether the phrase itself says who it is."""
        noun = head(part)
        if part[0].lower in PREPOSITIONS or any(w.lower in AUXILIARIES for w in part):
            return None, False
        capitals = [w.lower for w in part if w.capital and self._cast.capitalised(w.start)]
        proper = noun in capitals or (bool(capitals) and not strict)
        able = can_speak(noun) or singular(noun) in WRITINGS
        if not (proper or able or (free and not strict)):
            return None, False
        if len(part) <= 4 and (member := self._memory.described(part)):
            return member, False
        start, end = part[0].start, part[-1].end
        name = " ".join(self._text[start:end].split())
        one = is_role(noun) and singular(noun) == noun and part[0].lower not in ("two", "both")
        return self._cast.body(name, start, end, "person" if one else "body"), True

    def _shared(self, words: Sequence[Token], i: int, found: Sequence[Voice]) -> list[Voice]:
        """The subject that a participle or a second verb shares with what stands before it."""
        verb = words[i].lower
        if found:
            return [Voice(found[-1].member, verb, i, found[-1].explicit)]
        for mention in self._cast.named(words[0].start, words[i].start):
            if subject_like(words, mention):
                return [Voice(mention.member, verb, i)]
        for k, word in enumerate(words[:i]):
            if word.lower in PRONOUNS and (member := self._memory.meant_by(word.lower, words, k)):
                return [Voice(member, verb, i, explicit=False)]
        return self.of_phrase(words, *opening_subject(words, i), i, strict=True)

    def _across(self, words: Sequence[Token], j: int) -> Span | None:
        """Token range of the subject before the apposition that ends at ``j``."""
        if words[j].text != ",":
            marks = DASHES if words[j].lower in DASHES else {"("}
            k = next((k for k in range(j - 1, -1, -1) if words[k].text in marks), -1)
            return (segment_start(words, k - 1), k) if k > 0 else None
        commas = [k for k in range(j + 1) if words[k].text == ","]
        for end in reversed(commas):
            start = segment_start(words, end - 1)
            if start < end and self._names_one(words, start, end):
                return start, end
        for end in commas[:-1]:
            start = segment_start(words, end - 1)
            if start < end and words[start].lower not in PREPOSITIONS:
                return start, end
        return None

    def _names_one(self, words: Sequence[Token], start: int, end: int) -> bool:
        """Whether a stretch is a name with nothing but openers and a role before it."""
        named = self._cast.named(words[start].start, words[end - 1].end)
        if not named or named[-1].end != words[end - 1].end:
            return False
        before = [word for word in words[start:end] if word.end <= named[-1].outer]
        return all(word.lower in OPENERS | DETERMINERS for word in before)

    def _someone(self, words: Sequence[Token], start: int) -> bool:
        """Whether what follows a verb is someone, and not the beginning of what was said."""
        part = words[start : phrase_end(words, start)]
        if not part or any(word.lower in AUXILIARIES for word in part):
            return False
        named = self._cast.named(part[0].start, part[-1].end)
        pronoun = len(part) == 1 and part[0].lower in PRONOUNS
        if all(word.capital for word in part[-2:]) and self._closes(words, start + len(part)):
            return True
        return pronoun or can_speak(head(part)) or bool(named and named[-1].end == part[-1].end)

    def _closes(self, words: Sequence[Token], k: int) -> bool:
        """Whether a clause is over at ``k``, but for the day on which it was said."""
        rest = [word.lower for word in words[k : k + 2]]
        return not rest or rest[0] == "." or bool(DAYS & set(rest))

    def _addressee(self, words: Sequence[Token], at: int) -> Member | None:
        end = phrase_end(words, at + 1)
        if end <= at + 1:
            return None
        named = self._cast.named(words[at + 1].start, words[end - 1].end)
        return named[0].member if named and heads(words, named[0], at + 1) else None


def _is_no_one(part: Sequence[Token]) -> bool:
    first = part[0]
    if len(part) == 1 and first.lower in ("the", "a", "an"):
        return True
    # In capitals "US" is a country.
    return first.lower in _NO_SUBJECT and (first.text == "I" or not first.text.isupper())
