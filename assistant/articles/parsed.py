"""What every parser gives back; plain values only, as they cross a process border as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Facts = dict[str, tuple[str, str]]
"""Field name (``title``, ``byline``, ``outlet``, ``published``, ``updated``, ``language``,
``url``) to its value and where it came from, such as ``"JSON-LD datePublished"``."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The words of one document, not yet cleaned.

    ``pages`` holds the offset into ``text`` at which each page begins, where there are pages.
    ``captions`` stand apart from the text. ``notices`` are sentences for the reader.
    """

    text: str
    facts: Facts = field(default_factory=dict)
    captions: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            text=str(data["text"]),
            facts={str(k): (str(v[0]), str(v[1])) for k, v in data["facts"].items()},
            captions=tuple(map(str, data["captions"])),
            pages=tuple(map(int, data["pages"])),
            notices=tuple(map(str, data["notices"])),
        )
