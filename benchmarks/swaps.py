"""One swap each makes a true claim false: its number, name, speaker, date, negation, place …

Purely mechanical, over the article's own numbers, names and places, so that what is put in
reads as likely as what was there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from assistant.aliases import countries, mentions
from assistant.attribution import SpeakerIndex, Statement, speaker_index
from assistant.passages import split_article
from assistant.schema import Article, Passage

WORDS = dict(
    enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split(),
        start=2,
    )
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
CALENDAR = re.compile(rf"\b(?:{'|'.join(DAYS + MONTHS)})\b")
YEAR = re.compile(r"(?<![\d$€£,.-])(?:1[0-9]|20)\d\d(?![\d,.]*\d|[-–]|%)")
NUMBER = re.compile(
    rf"(?<![\w.,$-])\$?(\d+(?:[.,]\d+)*)(?![\w-])|\b({'|'.join(WORDS.values())})\b", re.I
)
PLACED = re.compile(r"\b(?:in|near|from|at) ((?:[A-Z][a-z]{2,})(?: [A-Z][a-z]{2,})?)\b")
RUN = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]{2,}(?: [A-Z][\w’'-]+)*")
_FINITE = r"is|are|was|were|has|have|had|will|would|can|could|should"
_PLAIN = re.compile(rf"(?<!to )(?<!if )(?<!ether )(?<!that )\b({_FINITE}) (?=(\w+))")
_DENIED = re.compile(rf"\b(?:{_FINITE}|do|does|did)(?: not\b|n[’']t\b)")
_NEGATING = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nobody|nothing|without)\b|n[’']t\b", re.I
)


@dataclass(frozen=True)
class Source:
    """An article as claims are made of it."""

    article: Article
    passages: Sequence[Passage]
    index: SpeakerIndex

    @classmethod
    def of(cls, article: Article) -> Source:
        passages = split_article(article)
        return cls(article, passages, speaker_index(article, passages))

    @property
    def people(self) -> list[str]:
        """The names of its persons."""
        return [person.name for person in self.index.people if person.kind == "person"]

    @property
    def bodies(self) -> list[str]:
        """Its other names: runs of capitals that are no person's, country's or month's."""
        runs = {match.group() for match in RUN.finditer(self.article.text)}
        return sorted(run for run in runs if _is_body(run, self.people))


@dataclass(frozen=True)
class Claim:
    """A claim about ``passage``; ``kind`` is how it was made. Faithful ones say what it says."""

    text: str
    kind: str
    source: Source
    passage: Passage
    faithful: bool

    def statements(self) -> list[Statement]:
        return [s for s in self.source.index.statements if s.passage_id == self.passage.id]


_VERB = r"(?:is|are|was|were|has|have|had|will|would|said|says|\w{3,}ed)\b"
_MEASURES = (
    "minutes|hours|days|weeks|months|years",
    "miles|kilometers|meters",
    "million|billion|thousand",
    "more than|fewer than",
    "at least|at most",
    "morning|afternoon|evening",
    "all of|most of|half of|none of",
    "before|after",
    "rose|fell",
)
_IRREGULAR = (
    "be have do go get take give make come see put let say hold win run lose pay lead meet keep "
    "become begin build buy find feel know tell leave mean send sell show stand think bring fall "
    "cut hit set grow rise speak write not also only never still then help"
).split()
_UNDONE = re.compile(
    r"\b(?:will|may|might|could|should|(?:is|are) (?:likely|set|due|expected) to|"
    r"(?:plan|hope|want|intend|threaten|promise|pledge|refuse|fail|decline|expect|try|tri|need|vow)"
    rf"(?:s|es|d|ed)? to) (?!(?:{'|'.join(_IRREGULAR)})\b)(?P<verb>[a-z]{{3,}})"
    r"(?= (?:the|a|an|to|in|on|at|by|from|for|with|its|his|her|their|that|more|any|all|some|up|out"
    r"|off|new|into|[A-Z\d])\b)"
)
_Y = re.compile(r"[^aeiou]y$")
_APPOSITION = re.compile(rf" ?, [^,“”\"]{{5,90}}, (?={_VERB})")
_SECOND = re.compile(r" [^,;:“”\"]{10,120} (?:and|but|that (?:he|she|it|they)) (?=\w{3,}ed\b)")
_MORE = re.compile(rf" (?={_VERB})")


def bare(text: str, source: Source) -> str | None:
    """Somebody's name and what the sentence says of them, without what stands around and between.

    Left out are what comes before the name, an apposition, and the first of two things said.
    """
    bodies = [m.group() for m in RUN.finditer(text) if _is_body(m.group(), source.people)]
    for match in _found(_parts(source.people) + bodies, text):
        if not _is_subject(text[: match.start()]):
            continue
        for between in (_APPOSITION, _SECOND, _MORE):
            if (gap := between.match(text, match.end())) and match.start() + len(gap[0]) > 12:
                rest = text[gap.end() :]
                quoted = any(mark in rest for mark in '“”"')
                if len(rest.split()) >= 6 and not quoted:
                    return f"{match.group()} {rest}"
    return None


def _is_subject(before: str) -> bool:
    """Whether a name that follows begins its clause, titles and offices aside."""
    return bool(
        re.search(r"(?:^|, |; | but )(?:(?:The |the )?(?:[A-Z][\w.-]+ )*(?:\w+ (?=$))?)$", before)
    )


Swap = Callable[[Claim, Sequence[Source], random.Random], str | None]


def number(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Another number as long as this one, of the article or near it."""
    found = [m for m in NUMBER.finditer(claim.text) if not YEAR.fullmatch(m.group())]
    if not found:
        return None
    match = rng.choice(found)
    place = 1 if match[1] else 2
    old = match[place]
    rivals = [m[place] for m in NUMBER.finditer(claim.source.article.text) if m[place]]
    if place == 2:
        rivals += WORDS.values()
    rivals += [str(rng.randint(2, 98)) + old[2:], "".join(_digit(c, rng) for c in old)]
    fits = [r for r in rivals if len(r) == len(old) or place == 2]
    new = _other(old, fits, claim.passage.text, rng)
    return new and _put(claim.text, match.span(place), new)


def name(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Another person of the article for a person, another run of capitals for another one."""
    people, bodies = claim.source.people, claim.source.bodies
    afar = [person for source in sources for person in source.people]
    mine = [(m.span(), people, afar) for m in _found(_parts(people), claim.text)]
    other = [m.group() for s in sources for m in RUN.finditer(s.article.text)]
    strange = [r for r in other if _is_body(r, [])]
    mine += [(m.span(), bodies, strange) for m in _found(bodies, claim.text)]
    if not mine:
        return None
    span, near, far = rng.choice(mine)
    return _rename(claim, span, near, rng) or _rename(claim, span, far, rng)


def speaker(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """What one person of the article said in the mouth of another one."""
    people = claim.source.people
    people += [p.name for s in sources for p in s.index.people if len(people) < 2]
    for statement in claim.statements():
        spoken = _parts([statement.speaker.name])
        for match in _found(spoken, claim.text):
            around = claim.text[max(0, match.start() - 14) : match.end() + 40]
            if statement.verb in around or "ccording" in around:
                return _rename(claim, match.span(), people, rng)
    return None


def date(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Another weekday, month or year."""
    found = [m.span() for p in (CALENDAR, YEAR) for m in p.finditer(claim.text)]
    if not found:
        return None
    span = rng.choice(found)
    old = claim.text[slice(*span)]
    years = [m.group() for m in YEAR.finditer(claim.source.article.text)]
    near = [str(int(old) + step) for step in (-10, -3, -1, 1, 2, 5)] if old.isdigit() else []
    rivals = DAYS if old in DAYS else MONTHS if old in MONTHS else years + near
    new = _other(old, rivals, claim.passage.text, rng)
    return new and _put(claim.text, span, new)


def negation(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Take a "not" out of a claim that has one, put one into a claim that has none."""
    if denied := _DENIED.search(claim.text):
        if len(_NEGATING.findall(claim.text)) > 1:
            return None
        plain = re.sub(r" not$|n[’']t$", "", denied.group())
        if plain not in ("do", "does", "did", "ca", "wo"):
            return _put(claim.text, denied.span(), plain)
        return None
    if _NEGATING.search(claim.text):
        return None
    found = [m for m in _PLAIN.finditer(claim.text) if _is_auxiliary(m[1], m[2])]
    if not found:
        return None
    match = rng.choice(found)
    return _put(claim.text, match.span(1), f"{match[1]} not")


def place(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Another country, capital or town of the articles, in the same form ("French": "Dutch")."""
    spans = [(s, e) for s, e, _ in mentions(claim.text) if claim.text[s:e] in forms()]
    towns = [m.span(1) for m in PLACED.finditer(claim.text) if _is_town(m[1], claim.source)]
    if not spans + towns:
        return None
    span = rng.choice(spans + towns)
    old = claim.text[slice(*span)]
    for text in (claim.source.article.text, " ".join(s.article.text for s in sources)):
        if span in spans:
            named = [text[s:e] for s, e, _ in mentions(text)]
            rivals = [n for n in named if forms().get(n) == forms()[old]]
            rivals = [n for n in rivals if not countries(n) & countries(claim.passage.text)]
        else:
            rivals = [m[1] for m in PLACED.finditer(text) if _is_town(m[1], claim.source)]
        if new := _other(old, rivals, claim.passage.text, rng):
            return _put(claim.text, span, new)
    return None


def subject(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """What is said of one person or body said of another one of the article."""
    if claim.kind != "bare":
        return None
    people, bodies = claim.source.people, claim.source.bodies
    for wanted, rivals in ((_parts(people), people), (bodies, bodies)):
        for match in _found(wanted, claim.text):
            if match.start() == 0:
                return _rename(claim, match.span(), rivals, rng)
    return None


def exchange(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Two persons, bodies or countries of the claim, each in the other's place."""
    lands = [claim.text[s:e] for s, e, _ in mentions(claim.text)]
    for group in (_parts(claim.source.people), claim.source.bodies, lands):
        found = list(_found(group, claim.text))
        pairs = [
            (one.span(), other.span())
            for i, one in enumerate(found)
            for other in found[i + 1 :]
            if not set(one.group().split()) & set(other.group().split())
            and _are_parted(claim.text[one.end() : other.start()])
        ]
        if pairs:
            (a, b), (c, d) = rng.choice(pairs)
            first, second = claim.text[a:b], claim.text[c:d]
            return claim.text[:a] + second + claim.text[b:c] + first + claim.text[d:]
    return None


def _are_parted(between: str) -> bool:
    """Whether a verb stands between two names, so that which comes first tells them apart."""
    return bool(re.search(_VERB, between)) and not re.search(r"\b(?:with|and|between)\b", between)


def modality(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """What will, may or was to happen, or was refused, told as done."""
    found = list(_UNDONE.finditer(claim.text))
    if not found:
        return None
    match = rng.choice(found)
    verb = match["verb"]
    done = (
        verb + "d" if verb.endswith("e") else verb[:-1] + "ied" if _Y.search(verb) else verb + "ed"
    )
    return _put(claim.text, match.span(), done)


def measure(claim: Claim, sources: Sequence[Source], rng: random.Random) -> str | None:
    """Another currency, unit, bound, share or time of the day in the place of one."""
    found = [m for kind in _MEASURES for m in re.finditer(rf"(?<!\w)(?:{kind})(?!\w)", claim.text)]
    found += re.finditer(r"[$€£](?=\d)", claim.text)
    if not found:
        return None
    match = rng.choice(found)
    rows = [kind.split("|") for kind in _MEASURES] + [["[$]", "€", "£"]]
    row = next(row for row in rows if any(re.fullmatch(one, match.group()) for one in row))
    rivals = [one.strip("[]") for one in row if not re.fullmatch(one, match.group())]
    return _put(claim.text, match.span(), rng.choice(rivals))


SWAPS: Mapping[str, Swap] = {
    "number": number,
    "name": name,
    "speaker": speaker,
    "date": date,
    "negation": negation,
    "place": place,
    "subject": subject,
    "exchange": exchange,
    "modality": modality,
    "measure": measure,
}


@cache
def forms() -> Mapping[str, str]:
    """Of each everyday name of a country whether it is its name, demonym or capital."""
    from countryinfo import all_countries

    table: dict[str, str] = {}
    for country in all_countries():
        info = country.info()
        for form in ("capital", "demonym", "name"):
            if isinstance(info.get(form), str) and len(info[form]) > 3:
                table[info[form]] = form
    return table


def _is_auxiliary(verb: str, following: str) -> bool:
    if following in ("not", "no", "only", "never", "n"):
        return False
    return verb not in ("has", "have", "had") or following.endswith(("ed", "en"))


def _is_town(text: str, source: Source) -> bool:
    people = " ".join(source.people)
    return not (CALENDAR.search(text) or countries(text) or text.split()[0] in people)


def _is_body(run: str, people: Iterable[str]) -> bool:
    strange = not any(word in person for word in run.split() for person in people)
    return strange and not (countries(run) or CALENDAR.search(run) or run.endswith("’s"))


def _parts(people: Iterable[str]) -> list[str]:
    """Full names before last names, so that the longest is found."""
    both = {part for full in people for part in (full, full.split()[-1]) if part[:1].isupper()}
    return sorted(both, key=len, reverse=True)


def _found(wanted: Sequence[str], text: str) -> Iterator[re.Match[str]]:
    if wanted:
        longest = sorted(wanted, key=len, reverse=True)
        yield from re.finditer(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", text)


def _rename(
    claim: Claim, span: tuple[int, int], people: Iterable[str], rng: random.Random
) -> str | None:
    old = claim.text[slice(*span)]
    known = claim.passage.text + claim.text
    rivals = [p for p in people if not any(word in known for word in p.split() if len(word) > 2)]
    shown = [p if " " in old else p.split()[-1] for p in rivals]
    new = _other(old, [p for p in shown if p[:1].isupper()], known, rng)
    return new and _put(claim.text, span, new)


def _other(old: str, rivals: Iterable[str], known: str, rng: random.Random) -> str | None:
    words = set(re.findall(r"[\w.,]*\w", known.casefold()))
    fits = {r for r in rivals if r.casefold() != old.casefold() and r.casefold() not in words}
    fits = {r for r in fits if " " not in r or r not in known}
    if not fits:
        return None
    new = rng.choice(sorted(fits))
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _digit(character: str, rng: random.Random) -> str:
    return str(rng.randint(1, 9)) if character.isdigit() else character


def _put(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]
