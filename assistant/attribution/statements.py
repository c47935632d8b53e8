"""Who said what in an article: each attributed sentence with its speaker, by rules.

From a verb of speaking the subject is sought to the left ("Blinken said"), to the right after a
quotation ("“…,” said Blinken") or across an apposition; quotations without attribution stay
with the voice that opened them. Not handled: irony, and speakers that only the meaning tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.attribution.clauses import agent, is_verb, phrase_end, source_end
from assistant.attribution.people import Cast, Member, Mention, Person
from assistant.attribution.references import Memory, first_pronoun
from assistant.attribution.speech import WRITINGS, singular
from assistant.attribution.subjects import Subjects, Voice
from assistant.attribution.tokens import QUOTATION, Token, quotations, tokens
from assistant.schema import Article, Passage


@dataclass(frozen=True, slots=True)
class Statement:
    """One passage's worth of what someone said.

    ``start`` and ``end`` span the quoted words when it is ``direct``, else the whole passage,
    in the article's text; ``text`` is the whole passage. ``explicit`` tells whether the passage
    itself names the speaker, or the name comes from a pronoun or from the passages around it.
    """

    passage_id: str
    article_id: str
    text: str
    start: int
    end: int
    speaker: Person
    verb: str
    addressee: Person | None = None
    direct: bool = False
    explicit: bool = True


@dataclass(frozen=True, slots=True)
class SpeakerIndex:
    """The persons of an article, their statements in reading order, and whom pronouns mean.

    ``antecedents`` maps the id of a passage to the person its first he, she, they, his or her
    stands for.
    """

    people: tuple[Person, ...]
    statements: tuple[Statement, ...]
    antecedents: Mapping[str, Person]


def speaker_index(article: Article, passages: Sequence[Passage]) -> SpeakerIndex:
    """Read an article's passages (all of them, in order) for who says what."""
    reader = _Reader(article.text, passages)
    voices = reader.read()
    people = reader.cast.freeze()
    made = tuple(
        _statement(passage, voice, reader.quoted(i), people)
        for i, passage in enumerate(passages)
        for voice in voices[i]
    )
    spoke = {id(statement.speaker) for statement in made}
    kept = [p for p in people.values() if p.kind == "person" or id(p) in spoke]
    kept.sort(key=lambda person: person.mentions[:1])
    meant = {passages[i].id: people[id(member)] for i, member in reader.meant.items()}
    return SpeakerIndex(tuple(kept), made, meant)


_SIGNED = re.compile(r"^[—–-]{1,2}\s*(\S.{1,60}?)\s*\(@\w+\)")
_LINKS = re.compile(r"(?:\s*(?:https?://|pic\.twitter\.com/)\S+)+\s*")
_MOSTLY = 0.6
"""Share of a passage inside quotation marks that makes it someone's words going on."""

_FRAGMENT = 8
"""Tokens of a passage that may be the attribution of the one before: "Sanborn said."."""


class _Reader:
    """Walks the passages in order, remembering who speaks and whom pronouns mean."""

    def __init__(self, text: str, passages: Sequence[Passage]) -> None:
        self.cast = Cast(text, passages)
        self.meant: dict[int, Member] = {}
        self._text = text
        self._passages = passages
        self._quotations = quotations(text, passages)
        self._words = [tokens(text, p.start, p.end, self._quotations) for p in passages]
        self._memory = Memory(self.cast)
        self._subjects = Subjects(self.cast, self._memory, text)

    def quoted(self, i: int) -> list[Token]:
        """The quotations of a passage."""
        return [token for token in self._words[i] if token.text == QUOTATION]

    def read(self) -> list[list[Voice]]:
        """The voices of each passage: attributed, then carried along quotations and posts."""
        voices: list[list[Voice]] = []
        left_open: list[Voice] = []
        for i, words in enumerate(self._words):
            found = list(self._attributed(words))
            before = voices[i - 1] if i else []
            if not found and self._goes_on(i) and (left_open or before):
                last = (left_open or before)[-1]
                found = [Voice(last.member, last.verb, -1, explicit=False)]
            self._note(i, words, found)
            if found:
                self._memory.heard([voice.member for voice in found])
            else:
                self._memory.read(words)
            left_open = found if self._left_open(i) else left_open if not found else []
            voices.append(found)
        self._look_ahead(voices)
        self._signatures(voices)
        return voices

    def _attributed(self, words: Sequence[Token]) -> Iterator[Voice]:
        """The voices that a passage itself names, one for each speaker."""
        found: list[Voice] = []
        for i, word in enumerate(words):
            if word.lower == "according" and i + 2 < len(words) and words[i + 1].lower == "to":
                found += self._subjects.of_phrase(words, i + 2, source_end(words, i + 2), i)
            elif is_verb(words, i):
                found += self._subjects.of_verb(words, i, found)
            if by := agent(words, i):
                found += self._subjects.of_phrase(words, by, phrase_end(words, by), i, strict=True)
            if found and found[-1].explicit and found[-1].member.named:
                self._memory.mind(found[-1].member)
        spoken = any(voice.verb != "according to" for voice in found)
        seen: set[int] = set()
        for voice in found:
            # "…, Netanyahu told settlers, according to a statement": the words are his.
            written = voice.verb == "according to" and _is_writing(voice.member)
            if id(voice.member) not in seen and not (spoken and written):
                seen.add(id(voice.member))
                yield voice

    def _note(self, i: int, words: Sequence[Token], found: Sequence[Voice]) -> None:
        """Whom the first pronoun outside quotations means: the nearest name that may be it."""
        at = first_pronoun(words)
        if at is None:
            return
        speaking = [v.member for v in found if not v.explicit and v.at in range(at, at + 4)]
        plural = words[at].lower in ("they", "their")
        before = [v for v in found if v.explicit and v.at < at]
        before = [v for v in before if plural or v.member.kind == "person"]
        # "Taylor told Dempsey he …": whom one speaks to is passed over.
        told = [voice.addressee for voice in before]
        start = words[before[-1].at].start if before else words[0].start
        names = [m.member for m in self._outside(i, start, words[at].start) if m.member not in told]
        meant = speaking or names[-1:] or [voice.member for voice in before]
        if not meant and self._memory.person and not plural:
            meant = [self._memory.person]
        if meant:
            self.meant[i] = meant[0]

    def _outside(self, i: int, start: int, end: int) -> list[Mention]:
        """Mentions between two offsets of passage ``i`` that stand outside quotations."""
        quoted = [range(token.start, token.end) for token in self.quoted(i)]
        named = self.cast.named(start, end)
        return [m for m in named if not any(m.start in span for span in quoted)]

    def _goes_on(self, i: int) -> bool:
        """Whether a passage is nothing but a quotation, or the rest of one."""
        passage = self._passages[i]
        inside = sum(token.end - token.start for token in self.quoted(i))
        share = inside / (passage.end - passage.start)
        opens = bool(self._words[i]) and self._words[i][0].text == QUOTATION
        return share > (1 + _MOSTLY) / 2 or (opens and share >= _MOSTLY)

    def _left_open(self, i: int) -> bool:
        """Whether a passage ends inside a quotation whose marks its paragraph never closes."""
        quoted = self.quoted(i)
        ends = bool(quoted) and quoted[-1].end == self._passages[i].end
        return ends and self._text[quoted[-1].end - 1] not in "”\"’'»"

    def _look_ahead(self, voices: list[list[Voice]]) -> None:
        """Give a quotation without a voice the one that follows it ("“…?” / Sanborn said.")."""
        for i in range(len(voices) - 2, -1, -1):
            carried = all(voice.at < 0 for voice in voices[i])
            following = voices[i + 1]
            if not carried or not following or not self._goes_on(i):
                continue
            words = self._words[i + 1]
            fragment = len(words) <= _FRAGMENT and not self.quoted(i + 1) and following[0].at >= 0
            if fragment or (words[0].text == QUOTATION and self._one_quotation(i)):
                voice = following[0]
                voices[i] = [Voice(voice.member, voice.verb, -1, explicit=False)]

    def _one_quotation(self, i: int) -> bool:
        """Whether one quotation runs on from passage ``i`` into the next."""
        end, start = self._passages[i].end, self._passages[i + 1].start
        last = self.quoted(i)[-1:]
        return bool(last) and any(a <= last[0].start and b > start for a, b in self._over(end))

    def _over(self, offset: int) -> list[tuple[int, int]]:
        return [(a, b) for a, b in self._quotations if a < offset < b]

    def _signatures(self, voices: list[list[Voice]]) -> None:
        """A post ends with its author's name and handle: the paragraph before is theirs."""
        for i, passage in enumerate(self._passages):
            signed = _SIGNED.match(passage.text)
            if not signed or not i:
                continue
            start, end = (passage.start + at for at in signed.span(1))
            named = self.cast.named(start, end)
            member = named[0].member if named else self.cast.body(signed[1], start, end, "person")
            for k in self._post(i):
                if not any(voice.explicit for voice in voices[k]):
                    voices[k] = [Voice(member, "posted", -1, explicit=False)]

    def _post(self, i: int) -> Iterator[int]:
        """The passages of the post that passage ``i`` signs: a paragraph, and links below it."""
        words = False
        for k in range(i - 1, -1, -1):
            linked = _LINKS.fullmatch(self._passages[k].text) is not None
            if not linked:
                yield k
            words = words or not linked
            gap = self._text[self._passages[k - 1].end : self._passages[k].start]
            if words and "\n" in gap:
                return


def _statement(
    passage: Passage, voice: Voice, quoted: Sequence[Token], people: Mapping[int, Person]
) -> Statement:
    return Statement(
        passage_id=passage.id,
        article_id=passage.article_id,
        text=passage.text,
        start=quoted[0].start if quoted else passage.start,
        end=quoted[-1].end if quoted else passage.end,
        speaker=people[id(voice.member)],
        verb=voice.verb,
        addressee=people[id(voice.addressee)] if voice.addressee else None,
        direct=bool(quoted),
        explicit=voice.explicit,
    )


def _is_writing(member: Member) -> bool:
    return member.kind == "body" and singular(member.words[-1].casefold()) in WRITINGS
