"""Do the numbers of a claim have the currency, the bound and the order that the quote gives them?

"$5" is no "€5", "nearly 60" no "more than 60", and "3-5" no "5-3". Not handled: whether the
number itself stands in the quote (``support``), and numbers written as words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from assistant.contradiction import Contradiction

_NUMBER = r"(?P<number>\d[\d,]*(?:\.\d+)?)"
_SCALE = r"(?:[ -]?(?:hundred|thousand|million|billion|trillion|[mbk]n?\b))?"
_SIGNS = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee", "₽": "ruble"}
_WORDS = {
    **{name: name for name in "dollar euro pound yen yuan franc ruble rupee krona peso".split()},
    "rouble": "ruble",
    "usd": "dollar",
    "eur": "euro",
    "gbp": "pound",
}
_BEFORE = re.compile(rf"(?P<money>[{''.join(map(re.escape, _SIGNS))}]) ?{_NUMBER}")
_AFTER = re.compile(rf"{_NUMBER}{_SCALE}[ -](?P<money>{'|'.join(_WORDS)})s?\b", re.IGNORECASE)
_MORE = r"more than|over|above|at least|exceed(?:s|ed|ing)?|upwards? of|no (?:less|fewer) than"
_LESS = (
    r"(?:less|fewer) than|under|below|at most|up to|nearly|almost|just short of|no more than|"
    r"close to"
)
# In "no more than 60" the "more than 60" is none: what begins first is found first.
_BOUND = re.compile(
    rf"\b(?:(?P<less>{_LESS})|(?P<more>{_MORE})) (?:about |around |the |a )?"
    rf"[{''.join(map(re.escape, _SIGNS))}]?{_NUMBER}",
    re.IGNORECASE,
)
_SCORE = re.compile(r"(?<![\w-])(\d{1,3})[-–](\d{1,3})(?![\w-])")


def difference(claim: str, quote: str) -> Contradiction | None:
    """What is otherwise with a number that both have, if anything."""
    for told in (_currencies, _bounds):
        ours, theirs = _by_number(told(claim)), _by_number(told(quote))
        for number in ours.keys() & theirs.keys():
            if not ours[number].keys() & theirs[number].keys():
                said, given = (next(iter(of[number].values())) for of in (ours, theirs))
                return Contradiction.between(said, given)
    given_scores = set(_SCORE.findall(quote))
    for one, other in _SCORE.findall(claim):
        if (other, one) in given_scores and (one, other) not in given_scores:
            return Contradiction.between(f"{one}-{other}", f"{other}-{one}")
    return None


_Told = Iterator[tuple[str, str, str]]
"""Numbers, each with what is told of it and the words that tell it."""


def _by_number(told: _Told) -> Mapping[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for number, kind, words in told:
        found[number.replace(",", "")].setdefault(kind, words)
    return found


def _currencies(text: str) -> _Told:
    for match in _BEFORE.finditer(text):
        yield match["number"], _SIGNS[match["money"]], match.group()
    for match in _AFTER.finditer(text):
        yield match["number"], _WORDS[match["money"].casefold()], match.group()


def _bounds(text: str) -> _Told:
    for match in _BOUND.finditer(text):
        yield match["number"], "less" if match["less"] else "more", match.group()
