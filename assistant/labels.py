"""The words in which an answer's status, confidence, support and timings are shown to people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.schema import Status, Support

STATUS: Mapping[Status, str] = MappingProxyType(
    {
        "answered": "Answered",
        "partly": "Partly answered",
        "not_in_article": "Not in the article",
    }
)

UNCONFIRMED: Mapping[Support, str] = MappingProxyType(
    {"weak": "Only partly confirmed", "unsupported": "Not confirmed"}
)
"""The kinds of support that a reader is warned of."""

STAGES: Mapping[str, str] = MappingProxyType(
    {
        "rewrite": "understanding the follow-up",
        "retrieve": "finding evidence",
        "evidence": "evidence found after",
        "first_token": "first word after",
        "generate": "reading and writing",
        "check": "checking",
        "total": "in all",
    }
)
"""The fields of ``Timings`` that hold seconds, in the order in which they happen."""


def confidence(value: float) -> str:
    """A confidence, 0 to 1, in a word."""
    if value >= 0.8:
        return "high"
    return "fair" if value >= 0.6 else "low"
