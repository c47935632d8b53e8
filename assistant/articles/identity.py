"""How much two texts have in common, and what changed from one version to the next.

Pure functions over texts. The same text is the same article by its id already; these tell
reprints and updated copies, which differ in a few words.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SKETCH_SIZE = 128
NEAR_DUPLICATE = 0.7
"""Similarity from which two articles are versions or reprints of one another."""

_SHINGLE = 4
# Scripts without spaces count by the character, all others by the word.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_REWORDED = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence that differs: ``old`` is ``None`` if it is new, ``new`` if it is gone."""

    old: str | None
    new: str | None


def similarity(one: str, other: str) -> float:
    """Share of four-word runs that two texts have in common, 0..1 (Jaccard)."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) / len(a | b) if a and b else float(one.split() == other.split())


def containment(part: str, whole: str) -> float:
    """Share of the four-word runs of ``part`` that ``whole`` has too, 0..1."""
    a = _shingles(part)
    return len(a & _shingles(whole)) / len(a) if a else 0.0


def sketch(text: str) -> tuple[int, ...]:
    """At most 128 numbers, ascending, from which :func:`resemblance` estimates similarity.

    Stable between runs and machines, so that it can be stored.
    """
    hashes = (
        int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=6).digest(), "big")
        for shingle in _shingles(text)
    )
    return tuple(heapq.nsmallest(SKETCH_SIZE, hashes))


def resemblance(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimate of the similarity of two texts from their sketches, 0..1, within about 0.09."""
    union = heapq.nsmallest(SKETCH_SIZE, set(one) | set(other))
    common = set(one) & set(other)
    return sum(number in common for number in union) / len(union) if union else 0.0


def changed_sentences(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What differs between two versions given as sentences, in the order of the new one.

    White space does not count. A sentence that was reworded is one change with both sides.
    """
    before, after = ([" ".join(sentence.split()) for sentence in side] for side in (old, new))
    changes: list[Change] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, i, j, k, m in (code for code in matcher.get_opcodes() if code[0] != "equal"):
        changes += _paired(before[i:j], after[k:m])
    return changes


def _paired(gone: list[str], come: list[str]) -> list[Change]:
    changes = []
    for sentence in come:
        best = max(gone, key=lambda other: _likeness(other, sentence), default=None)
        if best is not None and _likeness(best, sentence) >= _REWORDED:
            gone.remove(best)
            changes.append(Change(best, sentence))
        else:
            changes.append(Change(None, sentence))
    return [Change(sentence, None) for sentence in gone] + changes


def _likeness(one: str, other: str) -> float:
    a, b = set(_TOKEN.findall(one.lower())), set(_TOKEN.findall(other.lower()))
    return len(a & b) / len(a | b) if a and b else 0.0


def _shingles(text: str) -> set[str]:
    words = _TOKEN.findall(text.lower())
    count = max(1, len(words) - _SHINGLE + 1) if words else 0
    return {" ".join(words[i : i + _SHINGLE]) for i in range(count)}
