"""Read question files in CSV: a question a row, columns named like the keys of JSONL."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.evaluation.question_rows import Mistake, Row, shown

_LIST_COLUMNS = ("articles", "scope", "evidence")
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
# Spreadsheets part cells by what the computer's language does not use in numbers.
_DELIMITERS = ",;\t"


def read_csv(text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The line each row begins on, and its cells as the values JSON would have."""
    first_line = text.lstrip("\n").partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), strict=True, delimiter=max(_DELIMITERS, key=first_line.count)
    )
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not header:
                header = [_column(cell) for cell in cells]
                if wrong := _header_mistakes(header):
                    mistakes += [(line, mistake) for mistake in wrong]
                    return
            elif len(cells) != len(header) and any(cells):
                mistakes.append((line, f"expected {len(header)} columns, found {len(cells)}"))
            elif any(cells):
                try:
                    yield line, _values(dict(zip(header, cells, strict=True)))
                except ValueError as error:
                    mistakes.append((line, str(error)))
            line = reader.line_num + 1
    except csv.Error as error:
        mistakes.append((line, f"expected a CSV row, found: {error}"))


def _column(cell: str) -> str:
    """The column's name; a known one in whatever case it is written."""
    name = cell.strip()
    return name.lower() if name.lower() in Row.model_fields else name


def _header_mistakes(header: Sequence[str]) -> list[str]:
    """What is wrong with the columns, said once and not again for every row."""
    if not any(header):
        return []
    wrong = [
        f"expected every column once, found '{name}' {count} times"
        for name, count in Counter(header).items()
        if name and count > 1
    ]
    missing = [name for name in ("id", "question") if name not in header]
    if not {"article", "articles", "scope"} & set(header):
        missing.append("article")
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        wrong.append(f"expected columns named {names}, found {shown(list(header))}")
    return wrong


def _values(cells: Mapping[str, str]) -> dict[str, Any]:
    """Cells as the values JSON would have; a cell that starts with ``[`` is JSON itself."""
    values: dict[str, Any] = {}
    for name, raw in cells.items():
        cell = raw.strip()
        if not cell:
            continue
        if name in (*_LIST_COLUMNS, "answers", "history") and cell.startswith("["):
            try:
                values[name] = json.loads(cell)
            except json.JSONDecodeError as error:
                raise ValueError(
                    f"'{name}': expected a JSON list, found {shown(cell)} ({error.msg})"
                ) from None
        elif name in _LIST_COLUMNS:
            values[name] = [part.strip() for part in cell.split("|")]
        elif name == "answers":
            values[name] = [[part.strip() for part in cell.split("|")]]
        elif name == "answerable" and cell.lower() in _YES | _NO:
            values[name] = cell.lower() in _YES
        else:
            values[name] = cell
    return values
