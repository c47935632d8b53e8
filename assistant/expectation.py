"""What kind of thing a question asks for, and whether an answer brings it.

An answer without a number is none to "How many?", however well it is supported. English
questions; others expect nothing. Not handled: who and where.
"""

from __future__ import annotations

import re

from assistant.naming import gives_name, new_names
from assistant.wording import content_words, dates, numbers

_COUNTING = re.compile(
    r"\bhow (?:many|much|old|long|far|big|large|tall|high|often|large a|big a)\b"
    r"|\bwhat figures?\b"
    r"|\bwhat (?:is|was|are|were) .{2,60}\bpaid\b(?! (?:for|with|in)\b)"
    r"|\bwhat (?:did|does|do|will|would) .{2,60}\b(?:cost|earn)\W*$"
    r"|\b(?:what|which) (?:number|percentage|percent|share|proportion|amount|sum|price|fraction"
    r"|rise|increase|decrease|drop|decline|growth|margin|rate|age|height|length|weight|speed"
    r"|distance|temperature)\b",
    re.IGNORECASE,
)
_TIMING = re.compile(
    r"^\W*(?:and |but )?(?:(?:since|by|until|from) )?when\b|\bhow soon\b"
    r"|\b(?:what|which) (?:date|day|year|month|time|century|decade)s?\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:what|which) years?\b", re.IGNORECASE)
_LASTING = re.compile(r"\bhow (?:long|old)\b|\bage\b", re.IGNORECASE)
_IN_YEAR = re.compile(
    r"\b(?:in|since|until|till|during|before|after|by|from) (?:1\d|20)\d\d\b"
    r"(?! (?!(?:and|or|but|to|the|an?|at|by|for|in|on|with|when|as|after|until|he|she|it|they|was"
    r"|were|is|had)\b)\w)",
    re.IGNORECASE,
)
"""When something was, and no number of things, unless things follow: "by 1500 men"."""
_FAR = re.compile(
    r"\bhow far (?:is|are|was|were|away|from|apart)\b|\bwhat distance\b", re.IGNORECASE
)
_DISTANCE = re.compile(
    r"\b(?:(?:kilo|centi|milli)?met(?:er|re)s?|miles?|km|yards?|feet|foot|inch(?:es)?|blocks?"
    r"|leagues?|light[- ]years?|hours?|minutes?|walk|drive|ride|steps?|doors?)\b"
    r"|\d ?(?:m|mi|ft)\b|\b(?:half|quarter)[- ]?way\b",
    re.IGNORECASE,
)
_NAMING = re.compile(
    r"^\W*(?:who|whom)\b|\bwhat(?: is|['’]s| are| was| were) the names?\b"
    r"|^\W*which (?:two|three|four|five|other)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\bwhat(?: is|['’]s| are| was| were) (?:the|his|her|its|their) (?:[\w’']+ ){0,3}names?\b",
    re.IGNORECASE,
)
_WHY = re.compile(r"^\W*(?:and |but )?(?:why|how come|for what reason)\b", re.IGNORECASE)
_EXPLAINING = re.compile(
    r"^\W*(?:and |but |so )?(?:why|how come)\b"
    r"|\bhow (?!(?:many|much|old|long|far|big|large|tall|high|often|late|early|soon|wide|deep"
    r"|fast|heavy|near|close|likely|come)\b)"
    r"|\bwhat (?:happen|caus|led|made|explain)\w*"
    r"|\bwhat(?: is|['’]?s| are| was| were) the (?:\w+ )?(?:difference|meaning|purpose|point"
    r"|reason|cause|effect|role|function|story|plot|background|significance|importance)s?\b"
    r"|\bwhat do(?:es)?\b.*\b(?:mean|do|stand for)\b|\bwhat\b.*\babout\W*$"
    r"|\band (?:why|how)\W*$"
    r"|\b(?:describe|explain|summary|outline|tell me|list|identify|compare|define)\b",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"\bhow (?:do|does|did|has|have|had|would)\b.*\b(?:describe|see|rate|view|call|regard|judge"
    r"|assess|feel|react|respond|answer|defend|characteri[sz]e)[ds]?\b",
    re.IGNORECASE,
)
"""Asks for someone's words, of which the nearest are wanted and not everything around them."""

_QUESTION = re.compile(
    r"\?\s*$|\b(?:who|whom|whose|what|when|where|which|why|how)\b"
    r"|^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b",
    re.IGNORECASE,
)
_CAUSAL = re.compile(
    r"\b(?:because|due to|since|so that|so as|in order|owing|thanks to|over|after|for"
    r"|reasons?|amid|fear\w*|caus\w*|result\w*|lack\w*|given)\b",
    re.IGNORECASE,
)
_QUANTITIES = frozenset(
    "no none half quarter several dozen dozens hundreds thousands millions billions all every "
    "few couple most majority both twice once many some daily weekly monthly yearly annually "
    "always never forever decades years months weeks days hours centuries nothing free "
    "double triple single pair minority unanimous unanimously unanimity entire "
    "entirely whole".split()
)
_TIMES = frozenset(
    "today yesterday tomorrow tonight day days week weeks month months year years morning "
    "afternoon evening night noon midnight spring summer autumn fall winter century centuries "
    "decade decades weekend after before during ago since until while later earlier once "
    "when following upon early late end beginning era period age war reign".split()
)


def is_met(question: str, answer: str) -> bool:
    """Whether the answer has a number, a time or a name where the question asks for one.

    A number or a date that the question has is not the one it asks for.
    """
    words = set(re.findall(r"[^\W\d_]+", answer.casefold()))
    if _FAR.search(question) and not _DISTANCE.search(answer):
        return False
    if _COUNTING.search(question):
        counted = answer if _LASTING.search(question) else _IN_YEAR.sub("", answer)
        return bool(numbers(counted) - numbers(question) or words & _QUANTITIES)
    if _TIMING.search(question):
        told = (numbers(answer) | dates(answer)) - numbers(question) - dates(question)
        # "During Mass" is a time, and no year.
        return bool(told or (words & _TIMES and not _YEAR.search(question)))
    if _NAME.search(question):
        return gives_name(question, answer)
    return True


def hint(question: str, answer: str) -> str:
    """What to add to a question whose answer leaves out the kind of thing asked for, or ``""``."""
    if _COUNTING.search(question) and not is_met(question, answer):
        return "Give the number."
    if _TIMING.search(question) and not is_met(question, answer):
        return "Give the date or time."
    if _NAMING.search(question) and not new_names(question, answer):
        return "Give the name."
    if _WHY.search(question) and not _CAUSAL.search(answer):
        return "Give the reason, after the word “because”."
    return ""


def explains(question: str) -> bool:
    """Whether one sentence is seldom a whole answer: why, how, what it means, what happened.

    A few words that ask nothing ("molasses act purpose") want to be told about, too.
    """
    if _TELLING.search(question):
        return False
    return bool(_EXPLAINING.search(question)) or not _QUESTION.search(question)


def is_search(question: str) -> bool:
    """Whether it is typed as into a search engine: without a question mark of any script.

    Who begins with a capital and asks has only left the mark out.
    """
    if re.search(r"[?？؟;]\W*$", question):
        return False
    return not (re.match(r"\W*[A-Z]", question) and _QUESTION.search(question))


def novelty(question: str, answer: str) -> float:
    """How much an answer says that its question did not: 0 nothing, 1 three words or more."""
    return min(1.0, len(set(content_words(answer)) - set(content_words(question))) / 3)
