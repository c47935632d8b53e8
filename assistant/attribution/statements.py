"""Who said what in an article: each attributed sentence with its speaker, by rules.

From a verb of speaking the subject is sought to the left ("Blinken said"), to the right after a
quotation ("“…,” said Blinken") or across an apposition; pronouns go to whoever the sentences
before were about, whatever their gender; quotations without attribution stay with the voice
that opened them. Not handled: irony, and speakers that only the meaning tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.attribution.people import Cast, Member, Mention, Person
from assistant.attribution.speech import (
    BODIES,
    JUDGING,
    NOUN_LIKE,
    PEOPLE_NOUNS,
    QUOTATION,
    SAYING,
    SOURCES,
    Token,
    is_role,
    quotations,
    singular,
    tokens,
)
from assistant.schema import Article, Passage

Span = tuple[int, int]


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
    reader = _Reader(article, passages)
    voices = reader.read()
    people = reader.cast.freeze()
    made = tuple(
        _statement(passage, voice, reader.quoted_in(i), people)
        for i, passage in enumerate(passages)
        for voice in voices[i]
    )
    spoke = {id(statement.speaker) for statement in made}
    kept = [p for p in people.values() if p.kind == "person" or id(p) in spoke]
    kept.sort(key=lambda person: person.mentions[:1])
    meant = {passages[i].id: people[id(member)] for i, member in reader.meant.items()}
    return SpeakerIndex(tuple(kept), made, meant)


@dataclass(frozen=True, slots=True)
class _Voice:
    """A member speaking in a passage; ``at`` is the token index of the verb."""

    member: Member
    verb: str
    at: int
    explicit: bool = True
    addressee: Member | None = None


_PRONOUNS = frozenset("he she they it".split())
_BE = frozenset("is are was were be been being am 's".split())
_AUXILIARIES = frozenset("has have had did does do having".split()) | _BE
_MODALS = frozenset("to would will may might can could should must not never cannot".split())
_BOUNDARIES = frozenset(
    """
    that because when while as if although though whether since until unless after before where
    which who whom how what why but so whereas
    """.split()
)
_PREPOSITIONS = frozenset(
    "of for to from with by at in on against about over under between into than like among".split()
)
_OPENERS = frozenset(
    """
    but and or yet so however meanwhile still instead indeed then later earlier also nor plus
    separately additionally ironically finally again even only unfortunately moreover
    """.split()
)
_ADVERBS = frozenset(
    "also later then again once first now still further already often long ever".split()
)
_DAYS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday yesterday today".split()
)
_DASHES = frozenset("-–—")
_DETERMINERS = frozenset(
    "the a an this these his her their its one some many several both two".split()
)
_NO_SUBJECT = frozenset("this there what all i we you me us my our which these those".split())
_CLAUSE = frozenset("that how why he she it they we there this".split())
_NEEDS_CLAUSE = ("add", "report", "post", "respond", "continu", "conclud", "estimat")
_DECLINED = frozenset(
    "comment say discuss answer elaborate address disclose specify give provide confirm".split()
)
_PLAIN = frozenset(
    """
    say says said write writes wrote tell tells told tweeted quipped joked replied recalled argued
    argues insisted insists warned warns explained explains according
    """.split()
)
_SUBORDINATE = frozenset(
    "when while after as before because although though if since speaking in at".split()
)
_SIGNED = re.compile(r"^[—–-]{1,2}\s*(\S.{1,60}?)\s*\(@\w+\)")
_SPEAKABLE = BODIES | PEOPLE_NOUNS


class _Reader:
    """Walks the passages in order, remembering whom pronouns would mean."""

    def __init__(self, article: Article, passages: Sequence[Passage]) -> None:
        self.cast = Cast(article, passages)
        self.meant: dict[int, Member] = {}
        self._article = article
        self._passages = passages
        self._quotations = quotations(article.text, passages)
        self._words = [tokens(article.text, p.start, p.end, self._quotations) for p in passages]
        self._focus: Member | None = None
        self._body: Member | None = None

    def quoted_in(self, i: int) -> list[Token]:
        """The quotations of a passage."""
        return [token for token in self._words[i] if token.text == QUOTATION]

    def read(self) -> list[list[_Voice]]:
        """The voices of each passage, attributed first, then carried across quotations."""
        voices: list[list[_Voice]] = []
        for i, words in enumerate(self._words):
            before = self._focus
            found = self._attributed(words)
            self._focus, after = before, self._focus
            self._note_pronoun(i, words, found)
            self._focus = after
            if not found and i and self._goes_on(i) and voices[i - 1]:
                last = voices[i - 1][-1]
                found = [_Voice(last.member, last.verb, -1, explicit=False)]
            voices.append(found)
            self._refocus(words, found)
        self._look_ahead(voices)
        self._signatures(voices)
        return [_once(found) for found in voices]

    # Attribution inside one passage.

    def _attributed(self, words: Sequence[Token]) -> list[_Voice]:
        found: list[_Voice] = []
        for i, word in enumerate(words):
            if word.lower == "according" and i + 2 < len(words) and words[i + 1].lower == "to":
                k = _right_end(words, i + 2)
                found += self._speakers(words, i + 2, k, word, i, asserting=False)
            elif _is_verb(words, i):
                found += self._subjects(words, i, found)
            if found and found[-1].explicit and found[-1].member.kind == "person":
                self._focus = found[-1].member
        spoken = [voice for voice in found if voice.verb != "according to"]
        return [v for v in found if not spoken or not _is_writing(v.member)]

    def _subjects(self, words: Sequence[Token], i: int, found: Sequence[_Voice]) -> list[_Voice]:
        word = words[i]
        j = _before_verb(words, i)
        if _inverted(words, i, j) and (words[j].text != "," or self._nominal(words, i + 1)):
            return self._speakers(words, i + 1, _right_end(words, i + 1), word, i)
        elided = (
            j < 0 or words[j].text == QUOTATION or words[j].lower in ("and", "but", "or", "then")
        )
        participle = word.lower.endswith("ing") and words[j].lower not in _BE
        if elided or (participle and words[j].text == ","):
            return self._continued(words, i, found)
        if words[j].text in (",", ")") or words[j].text in _DASHES:
            left = self._across(words, j)
            return self._speakers(words, *left, word, i) if left else []
        start = _segment_start(words, j)
        if start > j:
            if words[start - 1].lower in ("who", "which", "that") and start >= 2:
                end = start - 2 if words[start - 2].text == "," else start - 1
                return self._speakers(words, _segment_start(words, end), end + 1, word, i)
            return self._continued(words, i, found)
        if participle and not (start and words[start - 1].lower == "with"):
            named = self.cast.named(words[start].start, words[j].end)
            if not (start <= j and words[start].lower == "with" and named):
                return []
            start += 1
        return self._speakers(words, start, j + 1, word, i)

    def _nominal(self, words: Sequence[Token], start: int) -> bool:
        """Whether what follows a verb is someone, and not the beginning of what was said."""
        part = words[start : _right_end(words, start)]
        if not part or any(w.lower in _AUXILIARIES - {"'s"} for w in part):
            return False
        named = self.cast.named(part[0].start, part[-1].end)
        head = _head(part)
        someone = is_role(head) or singular(head) in _SPEAKABLE or head in _PRONOUNS
        return someone or (bool(named) and named[-1].end == part[-1].end)

    def _across(self, words: Sequence[Token], j: int) -> Span | None:
        """The subject before an apposition that ends at ``j``: its token range."""
        if words[j].text in _DASHES or words[j].text == ")":
            marks = _DASHES if words[j].text in _DASHES else {"("}
            k = next((k for k in range(j - 1, -1, -1) if words[k].text in marks), -1)
            return (_segment_start(words, k - 1), k) if k > 0 else None
        end, fallback = j, None
        while end > 0 and words[end].text == ",":
            start = _segment_start(words, end - 1)
            named = self.cast.named(words[start].start, words[end - 1].end) if start < end else []
            if named and named[-1].end == words[end - 1].end and self._led(words, start, named[-1]):
                return start, end
            if start < end and words[start].lower in ("the", "a") and start == 0:
                fallback = start, end
            end = start - 1
            while end > 0 and words[end].text != ",":
                end -= 1
        if end <= 0 and fallback is None and words[j - 1].text != QUOTATION:
            first = next((k for k, word in enumerate(words) if word.text == ","), j)
            fallback = (0, first) if 0 < first < j and words[0].capital else None
        return fallback

    def _led(self, words: Sequence[Token], start: int, mention: Mention) -> bool:
        """Whether nothing but openers and a role stands before a name in its segment."""
        before = [w for w in words[start:] if w.end <= mention.outer]
        return all(w.lower in _OPENERS | _DETERMINERS for w in before)

    def _continued(self, words: Sequence[Token], i: int, found: Sequence[_Voice]) -> list[_Voice]:
        """The subject that a participle or a second verb shares with what stands before it."""
        if found:
            return [_Voice(found[-1].member, words[i].lower, i, found[-1].explicit)]
        for mention in self.cast.named(words[0].start, words[i].start):
            if self._subject_like(words, mention):
                return [_Voice(mention.member, words[i].lower, i)]
        for k, word in enumerate(words[:i]):
            if word.lower in _PRONOUNS and (member := self._meant_by(word.lower, words, k)):
                return [_Voice(member, words[i].lower, i, explicit=False)]
        marks = (k for k in range(1, i) if not words[k].text[0].isalnum())
        verbs = (k for k in range(i) if words[k].lower in _AUXILIARIES)
        end = min(next(marks, 4), next(verbs, 4), i)
        return self._speakers(words, 0, end, words[i], i, strict=True)

    def _speakers(
        self,
        words: Sequence[Token],
        start: int,
        end: int,
        verb: Token,
        at: int,
        *,
        asserting: bool = True,
        strict: bool = False,
    ) -> list[_Voice]:
        """The members that a range of tokens names as speaking."""
        while start < end and _skipped(words[start]):
            start += 1
        part = words[start:end]
        if not part or len(part) > 16 or part[0].lower in _NO_SUBJECT:
            return []
        addressee = (
            self._addressee(words, at)
            if verb.lower in ("told", "tells", "tell", "telling")
            else None
        )
        said = verb.lower if asserting else "according to"
        if part[0].lower in _PRONOUNS | {"him", "her", "them"} and len(part) == 1:
            member = self._meant_by(part[0].lower, words, start)
            return [_Voice(member, said, at, False, addressee)] if member else []
        named = [m for m in self.cast.named(part[0].start, part[-1].end) if _heads(words, m, start)]
        if named:
            return [_Voice(m.member, said, at, True, addressee) for m in named]
        end = next((k for k, w in enumerate(part) if w.lower in _PREPOSITIONS), len(part))
        if end and (promoted := self.cast.promote(part[0].start, part[end - 1].end)):
            return [_Voice(promoted, said, at, True, addressee)]
        voices = []
        for piece in _joined(part):
            member, explicit = self._described(piece, verb, strict=strict)
            voices += [_Voice(member, said, at, explicit, addressee)] if member else []
        return voices

    def _described(
        self, part: Sequence[Token], verb: Token, *, strict: bool
    ) -> tuple[Member | None, bool]:
        """A body or someone without a name: "the minister", "his office", "U.S. officials"."""
        while part and part[0].lower in _PREPOSITIONS:
            return None, False
        head = _head(part)
        can = any(w.capital for w in part) or is_role(head) or singular(head) in _SPEAKABLE
        free = (verb.lower in _PLAIN and not strict) or verb.lower == "according"
        if not can and not (free and (part[0].lower in _DETERMINERS or singular(head) in SOURCES)):
            return None, False
        if any(w.lower in _AUXILIARIES - {"'s"} for w in part):
            return None, False
        short = len(part) <= 4 and not any(w.capital for w in part[1:])
        if short and (member := self._referred(part[0].lower, head, part[-1].end)):
            return member, False
        text = self._article.text[part[0].start : part[-1].end]
        name = " ".join(text.split())
        if len(name) > 90:
            return None, False
        one = is_role(head) and singular(head) == head and part[0].lower not in ("two", "both")
        return self.cast.body(name, part[0].start, part[-1].end, "person" if one else "body"), True

    def _referred(self, determiner: str, head: str, before: int) -> Member | None:
        """Whom "the minister", "his office" or "the company" means."""
        if determiner in ("his", "her", "their") and head == "office" and self._focus:
            name = f"{self._focus.name}'s office"
            return self.cast.body(name, before - len(head), before)
        if determiner not in ("the", "this", "that"):
            return None
        members = [m for m in self.cast.members if m.mentions and min(m.mentions)[0] < before]
        members.sort(key=lambda m: max(s for s, _ in m.mentions if s < before), reverse=True)
        for member in members:
            labels = " ".join((*member.roles, *(() if member.kind == "person" else member.words)))
            known = {singular(word) for word in re.findall(r"[^\W_]+", labels.casefold())}
            if singular(head) in known and not (member.name.casefold().startswith("the ")):
                return member
        if singular(head) in BODIES and self._body is not None:
            return self._body
        return None

    def _addressee(self, words: Sequence[Token], i: int) -> Member | None:
        end = _right_end(words, i + 1)
        if end <= i + 1:
            return None
        named = self.cast.named(words[i + 1].start, words[end - 1].end)
        return named[0].member if named and _heads(words, named[0], i + 1) else None

    # Pronouns.

    def _meant_by(self, pronoun: str, words: Sequence[Token], at: int) -> Member | None:
        if pronoun == "it":
            return self._body or self._focus
        if words[0].lower in _SUBORDINATE | _OPENERS or pronoun in ("his", "her"):
            for mention in self.cast.named(words[0].start, words[at].start):
                if self._subject_like(words, mention) or words[0].lower in _SUBORDINATE:
                    return mention.member
        if pronoun in ("they", "them") and self._body is not None and self._plural:
            return self._body
        return self._focus or self._body

    _plural = False

    def _note_pronoun(self, i: int, words: Sequence[Token], found: Sequence[_Voice]) -> None:
        for at, word in enumerate(words):
            if word.lower not in ("he", "she", "they", "his", "her", "him"):
                continue
            named = [voice for voice in found if voice.explicit and voice.at < at]
            if named:
                self.meant[i] = named[0].member
            elif word.lower != "they" or self._plural:
                member = self._meant_by(word.lower, words, at)
                self.meant |= {i: member} if member else {}
            return

    def _refocus(self, words: Sequence[Token], voices: Sequence[_Voice]) -> None:
        for voice in voices:
            if voice.member.kind == "person":
                self._focus = voice.member
                self._plural = False
                break
        else:
            if not voices and words and words[0].lower not in _PRONOUNS:
                for mention in self.cast.named(words[0].start, words[-1].end):
                    if self._subject_like(words, mention):
                        self._focus = mention.member
                        self._plural = False
                        break
        for voice in voices:
            if voice.member.kind == "body":
                self._body = voice.member
                self._plural = not any(v.member.kind == "person" for v in voices)
                break

    def _subject_like(self, words: Sequence[Token], mention: Mention) -> bool:
        """Whether a name begins a clause (and is no possessive)."""
        before = [w for w in words if w.end <= mention.outer]
        after = next((w for w in words if w.start >= mention.end), None)
        if after is not None and after.text in ("'s", "’s"):
            return False
        while before and before[-1].lower in _DETERMINERS:
            before.pop()
        if not before or not before[-1].text[0].isalpha():
            return not before or before[-1].text in (",", QUOTATION, ":", "(", "—", "–")
        last = before[-1].lower
        return last in _BOUNDARIES | _OPENERS or last.endswith("ly")

    # Quotations that go on without attribution.

    def _goes_on(self, i: int) -> bool:
        """Whether a passage is nothing but a quotation, or the rest of one."""
        words = self._words[i]
        inside = sum(w.end - w.start for w in words if w.text == QUOTATION)
        passage = self._passages[i]
        return inside >= 0.6 * (passage.end - passage.start)

    def _look_ahead(self, voices: list[list[_Voice]]) -> None:
        """Give a quotation without a voice the one that follows it ("“…?” / Sanborn said.")."""
        for i in range(len(voices) - 2, -1, -1):
            following, words = self._words[i + 1], self._words[i + 1]
            carried = not voices[i] or (not voices[i][0].explicit and voices[i][0].at < 0)
            if not carried or not self._goes_on(i) or not voices[i + 1]:
                continue
            voice = voices[i + 1][0]
            fragment = len(words) <= 8 and not self.quoted_in(i + 1) and voice.explicit
            same = following[0].text == QUOTATION and any(
                a < self._passages[i].end and self._passages[i + 1].start < b
                for a, b in self._quotations
            )
            if (fragment or same) and voice.at >= 0:
                voices[i] = [_Voice(voice.member, voice.verb, -1, explicit=False)]

    def _signatures(self, voices: list[list[_Voice]]) -> None:
        """A post ends with its author's name and handle; the paragraph before it is theirs."""
        for i, passage in enumerate(self._passages):
            signed = _SIGNED.match(passage.text)
            if not signed or not i:
                continue
            start, end = (passage.start + at for at in signed.span(1))
            named = self.cast.named(start, end)
            member = named[0].member if named else self.cast.body(signed[1], start, end, "person")
            for k in range(i - 1, -1, -1):
                if not voices[k] or not voices[k][0].explicit:
                    voices[k] = [_Voice(member, "posted", -1, explicit=False)]
                gap = self._article.text[self._passages[k - 1].end : self._passages[k].start]
                if "\n" in gap:
                    break


def _statement(
    passage: Passage, voice: _Voice, quoted: Sequence[Token], people: Mapping[int, Person]
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


def _once(voices: Sequence[_Voice]) -> list[_Voice]:
    """One voice for each speaker: the first, with an addressee if any of them has one."""
    kept: dict[int, _Voice] = {}
    for voice in voices:
        kept.setdefault(id(voice.member), voice)
    return list(kept.values())


def _is_verb(words: Sequence[Token], i: int) -> bool:
    """Whether a token is a verb of speaking whose subject speaks here and now."""
    word = words[i].lower
    if (word not in SAYING and word not in JUDGING) or (words[i].capital and i):
        return False
    j = i - 1
    while j >= 0 and (words[j].lower in _ADVERBS or words[j].lower.endswith("ly")):
        j -= 1
    before = words[j].lower if j >= 0 else ""
    after = words[i + 1].lower if i + 1 < len(words) else ""
    if before in _MODALS or before.endswith(("n't", "n’t")):
        return False
    if before in _BE and not word.endswith("ing"):
        return False
    if word in NOUN_LIKE and not (j >= 0 and (words[j].capital or before in _PRONOUNS | {"who"})):
        return False
    if word.startswith("declin"):
        return after == "to" and i + 2 < len(words) and words[i + 2].lower in _DECLINED
    if word.startswith("point"):
        return after == "out"
    bare = ("call", "describ", "label", "dub", "think", "thought")
    if after == "by" or (word.startswith(bare) and after in ("", ".", ",")):
        return False
    if word.startswith("ask") and after == "to":
        return False
    return not word.startswith(_NEEDS_CLAUSE) or _has_clause(words, i)


def _has_clause(words: Sequence[Token], i: int) -> bool:
    """Whether what is said stands beside the verb: "added that", "Menear continued.”"."""
    coming = [word.lower for word in words[i + 1 : i + 6]]
    if coming[:1] == ["to"]:
        return False
    near = any(word.text in (QUOTATION, ",") for word in words[max(0, i - 6) : i])
    closes = (near and (not coming or coming[0] in ".,")) or (i and words[i - 1].text == QUOTATION)
    if closes or QUOTATION in coming or (coming and coming[0] in _CLAUSE):
        return True
    return "that" in coming and (coming[0] in ("on", "in", "last", "this") or coming[0] in _DAYS)


def _before_verb(words: Sequence[Token], i: int) -> int:
    """Index of the last token before a verb's adverbs, auxiliaries and days."""
    j = i - 1
    while j >= 0:
        word = words[j].lower
        aside = word == "," and j >= 2 and words[j - 1].lower == "however"
        if aside and words[j - 2].text == ",":
            j -= 3
        elif _passed_over(words[j]) or (word == "on" and words[j + 1].lower in _DAYS):
            j -= 1
        else:
            break
    return j


def _passed_over(word: Token) -> bool:
    adverb = word.lower in _ADVERBS or (word.lower.endswith("ly") and not word.capital)
    return adverb or word.lower in _DAYS or word.lower in _AUXILIARIES - {"'s"}


def _inverted(words: Sequence[Token], i: int, j: int) -> bool:
    """Whether the subject follows: "“…,” said NAME", "…, says NAME." """
    word = words[i].lower
    if word not in SAYING or word.endswith("ing") or j != i - 1 or i + 1 >= len(words):
        return False
    after = words[i + 1]
    if j >= 0 and words[j].text not in (QUOTATION, ","):
        return False
    noun = (
        after.capital
        or after.lower in ("a", "an", "the", "his", "her", "one")
        or is_role(after.text)
    )
    pronoun = after.lower in _PRONOUNS and (
        i + 2 >= len(words) or not words[i + 2].text[0].isalpha()
    )
    return after.lower not in _DAYS and after.text != QUOTATION and (noun or pronoun)


def _segment_start(words: Sequence[Token], j: int) -> int:
    """First token of the stretch that ends at ``j`` and holds no clause boundary."""
    while j >= 0:
        word = words[j]
        mark = not word.text[0].isalnum() and word.text not in ("'s", "’s", "&", "'", "’")
        verb = word.lower in SAYING and word.lower not in NOUN_LIKE and not word.capital
        if mark or verb or word.text == QUOTATION or word.lower in _BOUNDARIES:
            break
        j -= 1
    return j + 1


def _right_end(words: Sequence[Token], k: int) -> int:
    """Index after the noun phrase that begins at ``k``."""
    begin = k
    stops = (
        _BOUNDARIES | _DAYS | {"in", "on", "during", "by", "from", "about", "to", "with", "last"}
    )
    while k < len(words):
        word = words[k]
        mark = not word.text[0].isalnum() and word.text not in ("'s", "’s", "&")
        if mark or word.text == QUOTATION or (k > begin and word.lower in stops):
            break
        k += 1
    return k


def _skipped(word: Token) -> bool:
    return word.lower in _OPENERS or (word.lower.endswith("ly") and word.lower != "family")


def _heads(words: Sequence[Token], mention: Mention, start: int) -> bool:
    """Whether a name is the phrase's head: not an owner ("X's") nor after a preposition."""
    after = next((w for w in words if w.start >= mention.end), None)
    if after is not None and after.text in ("'s", "’s"):
        return False
    before = [w for w in words[start:] if w.end <= mention.outer]
    return not any(w.lower in _PREPOSITIONS for w in before)


def _joined(part: Sequence[Token]) -> list[Sequence[Token]]:
    """ "The United Nations and European Union" as two."""
    if len(part) > 3 and not any(w.lower in _PREPOSITIONS for w in part):
        for k in range(1, len(part) - 1):
            if part[k].lower == "and" and part[k - 1].capital and part[k + 1].capital:
                return [part[:k], *_joined(part[k + 1 :])]
    return [part]


def _is_writing(member: Member) -> bool:
    return member.kind == "body" and singular(member.words[-1].casefold()) in SOURCES


def _head(part: Sequence[Token]) -> str:
    """The noun a phrase is about: the last one before a preposition."""
    end = next((k for k, w in enumerate(part) if k and w.lower in _PREPOSITIONS), len(part))
    return part[end - 1].lower
