"""What "Wednesday" or "last week" meant on the day an article was published.

English only, and only expressions whose reference is plain: a day, a week, a month or a year
named against the day of writing. A bare weekday is the last one before publication, as news
tells what has happened, unless the words around it point ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {"today": 0, "tonight": 0, "yesterday": -1, "tomorrow": 1}
_RELATIVE = re.compile(
    r"\b(?:(?P<day>today|tonight|yesterday|tomorrow)"
    r"|(?:(?P<which>last|next|this|coming)\s+)?(?P<weekday>" + "|".join(_WEEKDAYS) + r")"
    r"|(?P<side>last|next|this|earlier this|later this)\s+(?P<unit>week|month|year)"
    r"|(?P<count>\d{1,3}|a|two|three|four|five|six)\s+(?P<ago>day|week|month|year)s?\s+ago)\b",
    re.IGNORECASE,
)
# A date of its own: "Wednesday, 8 November" or "Wednesday Nov. 8" needs no help.
# Possessive, so that white space without end is read once and not in every combination.
_DATED = re.compile(r"\s*+,?\s*+(the\s++)?(\d{1,2}\b|[A-Z][a-z]{2,8}\.?\s++\d)")
_AHEAD = re.compile(
    r"(\b(will|would|shall|'ll|(is|are) (due|expected|set|scheduled|to)"
    r"|(plan|hope|expect|intend)s? to|scheduled for|until)\b[^.;]{0,60}"
    r"|\bexpected (on |by |for )?)$",
    re.IGNORECASE,
)
_AHEAD_WITHIN = 120
"""Characters before a weekday in which :data:`_AHEAD` is looked for; it spans at most 90."""

_NUMBERS = {"a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DAYS_OF = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class RelativeDate:
    """An expression at ``text[start:end]`` and the days it covers, ``first`` to ``last``."""

    start: int
    end: int
    first: date
    last: date

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first.isoformat()} to {self.last.isoformat()}"


def relative_dates(text: str, published: str | None) -> list[RelativeDate]:
    """Every relative expression in ``text``; none where ``published`` is not an ISO date."""
    try:
        written = datetime.fromisoformat(published or "").date()
        return list(_resolved(text, written))
    except (ValueError, OverflowError):
        return []


def _resolved(text: str, written: date) -> Iterator[RelativeDate]:
    for match in _RELATIVE.finditer(text):
        if match["weekday"] and _DATED.match(text, match.end()):
            continue
        if match["day"]:
            first = last = written + timedelta(days=_DAYS[match["day"].lower()])
        elif match["weekday"]:
            before = text[max(0, match.start() - _AHEAD_WITHIN) : match.start()]
            first = last = _weekday(match, before, written)
        elif match["unit"]:
            first, last = _period(match["side"].lower(), match["unit"].lower(), written)
        elif match["ago"].lower() in _DAYS_OF:
            count = match["count"].lower()
            days = _NUMBERS.get(count) or int(count)
            first = last = written - timedelta(days=days * _DAYS_OF[match["ago"].lower()])
            if match["ago"].lower() == "week":
                first, last = first - timedelta(days=3), last + timedelta(days=3)
        else:  # "two years ago" names no day
            continue
        yield RelativeDate(match.start(), match.end(), first, last)


def _weekday(match: re.Match[str], before: str, written: date) -> date:
    back = (written.weekday() - _WEEKDAYS.index(match["weekday"].lower())) % 7
    which = (match["which"] or "").lower()
    ahead = which in ("next", "coming") or (not which and _AHEAD.search(before) is not None)
    if ahead:
        return written + timedelta(days=(7 - back) or 7)
    return written - timedelta(days=7 if which == "last" and back == 0 else back)


def _period(side: str, unit: str, written: date) -> tuple[date, date]:
    step = {"last": -1, "next": 1}.get(side, 0)
    if unit == "week":
        monday = written - timedelta(days=written.weekday()) + timedelta(weeks=step)
        return monday, monday + timedelta(days=6)
    if unit == "year":
        return date(written.year + step, 1, 1), date(written.year + step, 12, 31)
    months = written.year * 12 + written.month - 1 + step
    first = date(months // 12, months % 12 + 1, 1)
    following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return first, following - timedelta(days=1)
