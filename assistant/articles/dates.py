"""Dates as sources write them, as ISO 8601; what is ambiguous is no date."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

_NAMED_MONTH = re.compile(r"\d{4}.*[^\W\d_]{3}|[^\W\d_]{3}.*\d{4}")


def iso_date(value: str) -> str | None:
    """``value`` as ISO 8601, or ``None`` where it is no date or an obvious placeholder."""
    value = " ".join(value.split())[:64]
    when: datetime | None = None
    for read in (datetime.fromisoformat, parsedate_to_datetime, _named_date):
        try:
            when = read(value)
        except (ValueError, TypeError, OverflowError):
            continue
        break
    if when is None or when.year < 1900 or when.date().isoformat() == "1970-01-01":
        return None
    if re.fullmatch(r"\d{4}-?\d\d-?\d\d", value) or (
        not re.search(r"\d:\d", value) and (when.hour, when.minute) == (0, 0)
    ):
        return when.date().isoformat()
    return when.isoformat()


def _named_date(value: str) -> datetime:
    """A date with its month in words; 03/04/2024 stays unread, as nobody can tell."""
    if not _NAMED_MONTH.search(value):
        raise ValueError(value)
    from dateutil import parser

    read: datetime = parser.parse(value, default=datetime(1, 1, 1))
    return read
