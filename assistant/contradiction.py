"""Where a claim says something else than the sentence it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What differs: ``claimed`` are the claim's words for it, ``reason`` tells it in words.

    ``sentence`` is the one that has it otherwise, where that may have the claim's words elsewhere.
    """

    claimed: str
    reason: str
    sentence: str = ""

    @classmethod
    def between(cls, claimed: str, given: str, sentence: str = "") -> Contradiction:
        """Of a claim's words and those that the sentence has in their place."""
        return cls(claimed, f"the quote says “{given}”, not “{claimed}”", sentence)

    @classmethod
    def about(cls, claimed: str, given: str, sentence: str) -> Contradiction:
        """Of the one a claim is about and the other one of whom the sentence says it."""
        return cls(claimed, f"the quote says this of “{given}”, not of “{claimed}”", sentence)
