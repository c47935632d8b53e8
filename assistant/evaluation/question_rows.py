"""One row of a question file: its fields, their bounds, and what is said of a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

MAX_TEXT = 20_000
"""Longest string of a row, in characters."""

NAMELESS = "\0"
"""What stands in for an id or a question that is missing or wrong."""

Mistake = tuple[int, str]
"""A line of the file, and what was expected and found there."""

_Name = Annotated[str, Field(min_length=1, max_length=300)]
_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class EvidenceRow(BaseModel):
    """A gold sentence; ``article`` may be left out where the row has one article."""

    model_config = ConfigDict(strict=True, extra="forbid")

    quote: _Text
    article: _Name | None = None


def _as_evidence(value: Any) -> Any:
    return {"quote": value} if isinstance(value, str) else value


def _as_turn(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"question", "answer"}:
        return [value["question"], value["answer"]]
    return value


class Row(BaseModel):
    """A question as it stands in the file, types checked, nothing looked up yet."""

    model_config = ConfigDict(strict=True, extra="ignore")

    id: _Name
    question: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
    article: _Name | None = None
    articles: Annotated[list[_Name], Field(max_length=1000)] = []
    scope: Annotated[list[_Name], Field(max_length=1000)] = []
    answerable: bool = True
    history: Annotated[
        list[
            Annotated[
                list[Annotated[str, Field(max_length=MAX_TEXT)]],
                Field(min_length=2, max_length=2),
                BeforeValidator(_as_turn),
            ]
        ],
        Field(max_length=100),
    ] = []
    answers: Annotated[
        list[Annotated[list[_Text], Field(min_length=1, max_length=200)]], Field(max_length=50)
    ] = []
    evidence: Annotated[
        list[Annotated[EvidenceRow, BeforeValidator(_as_evidence)]], Field(max_length=200)
    ] = []
    reference: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    kind: Annotated[str, Field(max_length=100)] = ""

    @property
    def scoped(self) -> list[str]:
        """The articles the question is asked of, without repetition."""
        own = [self.article] if self.article else []
        return list(dict.fromkeys(self.scope or [*own, *self.articles]))


_SHAPES = {
    "answers": 'groups of alternatives, as in [["four", "4"], ["Tuesday"]]',
    "history": "earlier turns, as in [[question, answer]]",
    "evidence": 'verbatim sentences, or {"article": name, "quote": sentence}',
}


def read_row(values: Mapping[str, Any]) -> tuple[Row, list[str]]:
    """The row and every mistake in it, as "expected …, found …".

    A field with a mistake is left out of the row, so that the others can still be looked up.
    """
    mistakes = _misspelt(values)
    wrong: set[int | str] = set()
    try:
        row = Row.model_validate(dict(values))
    except ValidationError as error:
        mistakes += _explain(error)
        wrong = {item["loc"][0] for item in error.errors()}
        right = {name: value for name, value in values.items() if name not in wrong}
        row = Row.model_validate({"id": NAMELESS, "question": NAMELESS} | right)
    if not row.scoped and not wrong & {"article", "articles", "scope"}:
        mistakes.append("expected 'article', 'articles' or 'scope', found none of them")
    return row, mistakes + _contradictions(row)


def _misspelt(values: Mapping[str, Any]) -> list[str]:
    """Unknown keys may stay (people keep notes), but not one that looks like a slip."""
    missing = [name for name in Row.model_fields if name not in values]
    unknown = [name for name in values if name not in Row.model_fields]
    slips = ((name, difflib.get_close_matches(name, missing, n=1, cutoff=0.8)) for name in unknown)
    return [f"expected '{match[0]}', found {shown(name)}" for name, match in slips if match]


def _contradictions(row: Row) -> list[str]:
    return [
        f"expected no '{name}' because 'answerable' is false, found {shown(getattr(row, name))}"
        for name in ("answers", "evidence", "reference")
        if not row.answerable and getattr(row, name)
    ]


def _explain(error: ValidationError) -> list[str]:
    lines: dict[str, None] = {}
    for item in error.errors(include_url=False, include_context=True):
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]
        )
        field = str(item["loc"][0])
        expected = item["msg"].replace("Input should be ", "").replace("Input should have ", "")
        if item["type"] == "missing":
            lines[f"expected '{place[1:]}', found no such key"] = None
            continue
        if item["type"] in ("list_type", "model_type", "too_short", "too_long"):
            expected = _SHAPES.get(field, expected)
        if item["type"] == "string_pattern_mismatch":
            expected = "a question"
        expected = expected[:1].lower() + expected[1:]
        lines[f"'{place[1:]}': expected {expected}, found {shown(item['input'])}"] = None
    return list(lines)


def shown(value: Any, limit: int = 80) -> str:
    """A value as it is shown in a message: on one line, not too long, harmless to a terminal."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
