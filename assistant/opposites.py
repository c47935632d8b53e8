"""Words that cannot both be true of one thing: largest and smallest, rose and fell. English.

Only words whose opposite is seldom said of something else in the same breath: no "new" and
"old", no "first" and "last", and none that describe one event from its two sides ("bought" and
"sold", "brother" and "sister"). Not handled: negation (``denial``).
"""

from __future__ import annotations

import re
from functools import cache

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


@cache
def _sides() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    found = []
    for line in _GROUPS.strip().splitlines():
        one, other = (frozenset(side.split()) for side in line.split("|"))
        found += [(one, other), (other, one)]
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


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_OTHERWISE.sub("", text.casefold())))
