"""The words of speaking: tokens outside quotations, verbs that report, words for roles.

English rules. What counts as a word here is what `people` and `attribution` need to walk from a
verb to its subject; a quotation is one token, so that nothing inside it is taken for grammar.
Not handled: quotations in guillemets or dashes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.schema import Passage

QUOTATION = "“”"
"""Text of the one token that stands for a whole quotation."""

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?"  # U.S., J.K.
    r"|(?:Dr|Mr|Mrs|Ms|Prof|Sen|Rep|Gov|Gen|Col|Capt|Lt|Sgt|Rev|Hon|St|Jr|Sr|Inc|Co|Corp|Ltd"
    r"|Adm|Maj|Supt|Det|[A-Z])\.(?=\s|$)"
    r"|['’]s\b"
    r"|[^\W_]+(?:[.&/-][^\W_]+|['’](?!s\b)[^\W_]+)*"
    r"|[^\w\s]"
)
_DOUBLE = re.compile(r"[“”„\"«»]|''|’’|``|‘‘")
_SINGLE = re.compile(
    r"(?<!\w)[‘'](?=\w)[^‘\n]{12,}?[,.?!…][’'](?!\w)|(?<!\w)‘(?=\w)[^‘’\n]+’(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark, or a whole quotation; ``start`` and ``end`` count in the article's text."""

    text: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()

    @property
    def lower(self) -> str:
        """Folded, with typographic apostrophes made plain."""
        return self.text.casefold().replace("’", "'")


def quotations(text: str, passages: Sequence[Passage]) -> list[tuple[int, int]]:
    """Spans of the quotations, marks included, increasing and disjoint.

    A quotation that a paragraph leaves open ends with the paragraph.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _paragraphs(text, passages):
        opened: int | None = None
        for mark in _DOUBLE.finditer(text, start, end):
            if opened is None and _opens(text, mark, start):
                opened = mark.start()
            elif opened is not None and not _only_opens(mark.group()):
                spans.append((opened, mark.end()))
                opened = None
        if opened is not None:
            spans.append((opened, end))
    singles = [m.span() for m in _SINGLE.finditer(text)] if _uses_single(text) else []
    free = [s for s in singles if not any(a < s[1] and s[0] < b for a, b in spans)]
    return sorted(spans + free)


def tokens(text: str, start: int, end: int, quoted: Sequence[tuple[int, int]]) -> list[Token]:
    """Tokens of ``text[start:end]``, each quotation (or its part in here) as one token."""
    found: list[Token] = []
    at = start
    index = max(0, bisect_right(quoted, (start, 0)) - 1)
    for a, b in quoted[index:]:
        if a >= end:
            break
        if b <= at:
            continue
        found += plain_tokens(text, at, max(a, at))
        found.append(Token(QUOTATION, max(a, start), min(b, end)))
        at = min(b, end)
    return found + plain_tokens(text, at, end)


def plain_tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Tokens of ``text[start:end]``, quotations opened up."""
    end = len(text) if end is None else end
    return [Token(m.group(), *m.span()) for m in _TOKEN.finditer(text, start, end)]


def _paragraphs(text: str, passages: Sequence[Passage]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for passage in passages:
        if spans and "\n" not in text[spans[-1][1] : passage.start]:
            spans[-1] = (spans[-1][0], passage.end)
        else:
            spans.append((passage.start, passage.end))
    return spans


def _opens(text: str, mark: re.Match[str], start: int) -> bool:
    if mark.group() in "”’’''»":
        return False
    before = text[mark.start() - 1] if mark.start() > start else " "
    after = text[mark.end() : mark.end() + 1]
    return _only_opens(mark.group()) or (not before.isalnum() and bool(after.strip()))


def _only_opens(mark: str) -> bool:
    return mark in ("“", "„", "«", "``", "‘‘")


def _uses_single(text: str) -> bool:
    """Whether single marks quote here: where double ones do, single ones are apostrophes."""
    return len(_DOUBLE.findall(text)) < 2


def _forms(lemmas: str) -> frozenset[str]:
    """Past, present and participle of regular verbs; "+" before an ending that doubles."""
    forms: set[str] = set()
    for lemma in lemmas.split():
        stem = lemma[:-1] if lemma.endswith("e") else lemma
        stem = stem + stem[-1] if lemma in ("quip", "slam", "rebut", "admit") else stem
        forms |= {lemma, lemma + "s", stem + "ed", stem + "ing"}
        if lemma.endswith("y"):
            forms |= {lemma[:-1] + "ies", lemma[:-1] + "ied"}
        if lemma.endswith(("s", "sh", "ss")):
            forms.add(lemma + "es")
    return frozenset(forms)


SAYING = _forms(
    """
    add warn argue explain insist claim note declare remark reply quip joke recall comment
    conclude continue admit acknowledge allege assert stress reiterate emphasise emphasize
    announce observe ask testify predict tweet post respond
    """
) | frozenset(
    """
    say says said saying tell tells told telling write writes wrote writing stated stating
    """.split()
)
"""Forms of verbs whose subject speaks, whoever it is; they also stand before it."""

JUDGING = _forms(
    """
    call describe urge commend praise condemn criticise criticize welcome accuse pledge promise
    vow demand confirm deny report reveal suggest contend caution complain defend reject dismiss
    blast slam denounce believe estimate apologise apologize thank blame disclose decline dub
    appeal rebut propose recommend label characterise characterize hail regret rule
    """
) | frozenset("thinks think thought thinking points pointed pointing".split())
"""Forms of verbs whose subject speaks when it is someone who can."""

NOUN_LIKE = frozenset(
    """
    call calls claim claims note notes comment comments demand demands promise promises pledge
    pledges vow vows estimate estimates appeal appeals blast slam joke jokes reply replies blame
    urge praise welcome report reports tweet tweets post posts label labels thanks thank points
    regret regrets rule rules quip quips remark remarks hail thought warning warnings
    """.split()
)
"""Forms that are as often nouns: they count as verbs after a name or a pronoun only."""

ROLES = frozenset(
    """
    activist adviser advisor ambassador analyst archbishop architect artist astronaut attorney
    author bishop boss broker campaigner captain cardinal ceo cfo chair chairman chairperson
    chairwoman chancellor chief clerk coach co-author co-chair co-founder colonel columnist
    commander commissioner congressman congresswoman consultant coordinator coroner correspondent
    councillor councilman councilwoman counsel creator critic curator dean defender delegate
    deputy designer detective developer diplomat director doctor economist editor employee
    engineer entrepreneur envoy epidemiologist executive expert farmer fellow founder general
    governor head historian imam inspector instructor investigator investor journalist judge
    justice king landlord lawmaker lawyer leader legislator lieutenant lord manager marshal mayor
    mediator member minister mp monarch negotiator nurse observer officer official organiser
    organizer owner partner pastor physician pilot player policeman pope premier president priest
    prince princess principal producer professor programmer prosecutor queen rabbi ranger
    reporter representative researcher scholar scientist secretary senator sergeant sheriff
    singer speaker specialist spokesman spokesperson spokeswoman strategist student
    superintendent supervisor surgeon sultan teacher technician therapist trader treasurer
    trustee undersecretary veteran whistleblower witness writer
    dr mr mrs ms prof sir dame lady sen rep gov gen col capt lt sgt rev hon adm maj supt det
    """.split()
)
"""Words that name what a person is, singular; :func:`is_role` also knows plurals and endings."""

HONORIFICS = frozenset("dr mr mrs ms prof sir dame lady lord hon".split())
"""Roles that say nothing about an office."""

PEOPLE_NOUNS = frozenset(
    """
    man woman men women boy girl patient victim survivor mother father parent son daughter
    brother sister wife husband widow friend neighbour neighbor colleague supporter opponent
    protester demonstrator voter resident user customer worker staffer trader colleague relative
    insider source person people teammate insurgent settler rival ally
    """.split()
)
"""Words for people without an office, singular (and irregular plurals)."""

BODIES = frozenset(
    """
    administration agency airline alliance army assembly association authority bank board bureau
    cabinet campaign chamber charity church club coalition commission committee company
    congress corporation council court department embassy family federation firm force foundation
    government group headquarters hospital institute institution kremlin league legislature
    manufacturer maker military ministry mission movement network newspaper office operator
    organisation organization paper parliament party police prosecution publisher regulator
    retailer school secretariat senate service side society staff supplier team treasury tribunal
    union university utility watchdog
    """.split()
)
"""Words for bodies that speak."""

SOURCES = frozenset(
    """
    article biography book complaint data document email filing indictment lawsuit letter list
    memo paper poll record release report review statement story study survey website
    """.split()
)
"""Words for writings that are named as where a statement comes from."""

_ROLE_ENDINGS = ("ologist", "person", "woman", "ician", "crat")


def singular(word: str) -> str:
    """A noun without its plural ending, roughly: "officials" as "official"."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("men") and len(word) > 4:
        return word[:-3] + "man"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def is_role(word: str) -> bool:
    """Whether a word, of any case and number, names an office or a profession."""
    folded = word.casefold().rstrip(".")
    one = singular(folded)
    return folded in ROLES or one in ROLES or (one.endswith(_ROLE_ENDINGS) and len(one) > 6)
