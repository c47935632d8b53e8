"""Words that cannot both be true of one thing: largest and smallest, rose and fell. English.

Words whose opposite is seldom said of something else in the same breath: no "new" and "old", no
"first" and "last". Those that describe one event from its two sides ("bought" and "sold") are
opposites only where one stands in the other's place. Not handled: negation (``denial``).
"""

from __future__ import annotations

import re
from functools import cache
from itertools import permutations

_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")

_OTHERWISE = re.compile(
    r"\b(?:at (?:the very )?(?:least|most|best|worst)"
    r"|(?:(?:the|at|by|an?|year|week|weekend|in) )end\b|end of"
    r"|(?:the|from|at) (?:start|beginning)"
    r"|(?:this|last|next|each|every|in|the) (?:fall|rise of))\b"
)
"""Where a word of the groups says something else: "at least", "by the end of May", "this fall"."""

_HOW = re.compile(r"\bhow \w+")
"""How large something is, it answers that it is small."""

_GROUPS = """
largest biggest greatest | smallest tiniest
larger bigger greater | smaller
large big huge | small tiny
highest tallest | lowest
higher taller | lower
longest | shortest
longer | shorter
oldest earliest | youngest newest latest
fastest quickest | slowest
best | worst
better | worse
most | least
strongest | weakest
stronger | weaker
strength strengths | weakness weaknesses
richest wealthiest | poorest
increase increases increased increasing rise rises rose risen rising grow grows grew grown growth \
gained | decrease decreases decreased decreasing fall falls fell fallen falling shrink shrank \
dropped reduce reduced reduction
begin begins began begun beginning start starts started launch launched open opened | end ends \
ended ending stop stops stopped finish finished cease ceased
opened opens opening | closed closes shut closure
support supports supported supporter supporters favour favoured favor favored backed | oppose \
opposes opposed opponent opponents
accept accepts accepted approve approved agree agreed | reject rejects rejected refuse refused
agree agreed agreement | disagree disagreed disagreement
allow allows allowed permit permitted let | ban bans banned forbid forbidden prohibit prohibited \
prevent prevented
encourage encouraged | discourage discouraged
create created creation | destroy destroyed destruction
include includes included including | exclude excluded excludes excluding
north | south
northern | southern
eastern | western
northeast northeastern | southwest southwestern
northwest northwestern | southeast southeastern
upper | lower
above | below beneath
inside | outside
male males man men | female females woman women
majority | minority
maximum | minimum
public publicly | private privately
internal | external
rural | urban
import imports imported | export exports exported
advantage advantages | disadvantage disadvantages
common frequent | rare
major | minor
primary | secondary
positive | negative
direct directly | indirect indirectly
permanent | temporary
summer | winter
always | never
"""

_TWO_SIDED = """
give gives gave given giving | take takes took taken taking receive receives received
buy buys bought buying purchase purchased purchases | sell sells sold selling
lend lends lent loaned | borrow borrows borrowed
win wins won winning winner | lose loses lost losing loser
send sends sent | receive receives received
hire hires hired appoint appointed | fire fires fired sack sacked dismiss dismissed
arrive arrives arrived enter enters entered join joins joined | leave leaves left depart departed
arrest arrested detain detained jail jailed | release released free freed
convict convicted | acquit acquitted
attack attacks attacked | defend defends defended
victory | defeat
husband | wife
parent parents | child children
father mother | son daughter
buyer buyers | seller sellers
lender lenders | borrower borrowers
before | after
more | less fewer
"""

_KINDS = """
second seconds | minute minutes | hour hours | day days | week weeks | month months | year years \
| decade decades | century centuries
morning | afternoon | evening night | midnight | noon
spring | summer | autumn fall | winter
mile miles | kilometre kilometres kilometer kilometers km | metre metres meter meters | foot feet \
| inch inches | yard yards | centimetre centimetres centimeter centimeters cm
kilogram kilograms kg | ton tons tonne tonnes | gram grams | ounce ounces
litre litres liter liters | gallon gallons | barrel barrels
all every each everyone everybody | most | half | some several many | few | none
doubled double | tripled triple trebled | quadrupled | halved
wife husband | daughter son | mother father | sister brother | aunt uncle | niece nephew \
| grandmother grandfather | cousin
sister | brother
daughter | son
red | blue | green | yellow | black | white | orange | purple | pink | brown
dollar dollars | euro euros | pound pounds | yen | yuan | franc francs
"""
"""Of each row one kind alone is meant, where one stands in the other's place."""

_DENIED = re.compile(r"(?:un|in|il|im|ir|dis|non-?)(?=[a-z]{4})")


@cache
def _sides(groups: str = _GROUPS) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    found = []
    for line in groups.strip().splitlines():
        sides = [frozenset(side.split()) for side in line.split("|")]
        found += list(permutations(sides, 2))
    return tuple(found)


def opposed(asked: str, given: str, around: str = "") -> bool:
    """Whether a text has the opposite of a word of ``asked``, and not what the word means.

    What ``given`` lacks may stand ``around`` it. Who names both opposites means both.
    """
    ours, theirs = _words(_HOW.sub("", asked.casefold())), _words(given)
    near = theirs | _words(around)
    return any(
        ours & side and theirs & other and not near & side and not ours & other
        for side, other in _sides()
    )


def turned(claimed: str, given: str) -> bool:
    """Whether words put in the place of others tell the thing from its other side, or deny it.

    "Sold" for "bought", "after" for "before", "from" for "to", "legal" for "illegal"; or they
    are of another kind, as "weeks" and "months".
    """
    ours, theirs = _words(claimed), _words(given)
    if any(ours & one and theirs & other for one, other in _sides(_TWO_SIDED)):
        return True
    if any(
        ours & one and theirs & other and not (ours & other or theirs & one)
        for one, other in _sides(_KINDS)
    ):
        return True
    if {claimed.casefold(), given.casefold()} == {"to", "from"}:
        return True
    return _denying(ours) & theirs != set() or ours & _denying(theirs) != set()


def _denying(words: frozenset[str]) -> set[str]:
    """What words with a prefix that denies ("illegal") are without it."""
    return {_DENIED.sub("", word, count=1) for word in words if _DENIED.match(word)}


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_OTHERWISE.sub("", text.casefold())))
