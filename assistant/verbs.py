"""English verbs: what their forms have in common, and which forms tell that a thing was done.

The irregular verbs are a closed class; those that news is told with are listed. Not handled:
which word of a sentence is its verb.
"""

from __future__ import annotations

import re
from functools import cache

from assistant.wording import STOPWORDS, Word, stem

_IRREGULAR = """
arise arose arisen|beat beat beaten|become became become|begin began begun|bend bent bent
bet bet bet|bid bid bid|bind bound bound|bite bit bitten|bleed bled bled|blow blew blown
break broke broken|bring brought brought|build built built|burst burst burst|buy bought bought
cast cast cast|catch caught caught|choose chose chosen|cling clung clung|come came come
cost cost cost|cut cut cut|deal dealt dealt|dig dug dug|draw drew drawn|drink drank drunk
drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt|fight fought fought
find found found|flee fled fled|fly flew flown|forbid forbade forbidden|forget forgot forgotten
forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone
grow grew grown|hang hung hung|hear heard heard|hide hid hidden|hit hit hit|hold held held
hurt hurt hurt|keep kept kept|know knew known|lay laid laid|lead led led|leave left left
lend lent lent|let let let|lie lay lain|light lit lit|lose lost lost|make made made
mean meant meant|meet met met|mislead misled misled|pay paid paid|put put put|quit quit quit
read read read|ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said
see saw seen|seek sought sought|sell sold sold|send sent sent|set set set|shake shook shaken
shoot shot shot|show showed shown|shrink shrank shrunk|shut shut shut|sing sang sung|sink sank sunk
sit sat sat|sleep slept slept|slide slid slid|speak spoke spoken|spend spent spent|split split split
spread spread spread|stand stood stood|steal stole stolen|stick stuck stuck|strike struck stricken
strive strove striven|sue sued sued|swear swore sworn
sweep swept swept|swim swam swum|swing swung swung
take took taken|teach taught taught|tear tore torn|tell told told|think thought thought
throw threw thrown|undergo underwent undergone|understand understood understood|wake woke woken
wear wore worn|weep wept wept|win won won|withdraw withdrew withdrawn|write wrote written
"""

_AUXILIARIES = frozenset(
    "is are was were has have had will would can could may might must shall should does did".split()
)
_PAST = re.compile(r"[a-z]{2,}ed$")
_PREFIX = re.compile(r"(?:re|under|over|out|up|fore|mis)(?=[a-z]{3})")
_NO_VERBS = frozenset(
    "hundred need indeed exceed proceed succeed speed seed feed weed deed breed shed sacred naked "
    "wicked embed bed wed alleged accused united".split()
)


@cache
def _forms() -> tuple[dict[str, str], frozenset[str]]:
    bases: dict[str, str] = {}
    past: set[str] = set()
    for row in _IRREGULAR.replace("\n", "|").split("|"):
        if not row.strip():
            continue
        base, *done = row.split()
        past.update(form for form in done if form != base)
        for form in (base, *done):
            bases.setdefault(form, stem(base))
    return bases, frozenset(past)


def lemma(word: Word) -> str:
    """What all forms of one verb have in common: "sold", "sells" and "selling" are "sell"."""
    plain = word.text.casefold()
    bases, _ = _forms()
    if base := bases.get(plain) or bases.get(word.stem):
        return base
    prefix = _PREFIX.match(plain)
    base = bases.get(plain[prefix.end() :]) if prefix else None
    return prefix.group() + base if prefix and base else word.stem


def is_verb_like(word: Word) -> bool:
    """Whether a word ends the subject of a simple sentence: "is", "would", "commended"."""
    return word.text.casefold() in _AUXILIARIES or is_past(word)


def is_irregular(word: Word) -> bool:
    """Whether a word is a form of an irregular verb, of whatever tense."""
    return word.text.casefold() in _forms()[0]


def is_past(word: Word) -> bool:
    """Whether a word has the form in which what was done is told: "closed", "sold"."""
    plain = word.text.casefold()
    if word.text[:1].isupper() or plain in _NO_VERBS:
        return False
    _, past = _forms()
    if plain in past or _PREFIX.sub("", plain, count=1) in past:
        return True
    return bool(_PAST.match(plain)) and plain not in STOPWORDS
