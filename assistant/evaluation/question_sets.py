"""Read question files (JSONL, CSV, SQuAD JSON) and the articles they name.

A file is read whole before anything runs, and every mistake in it is reported at once. The
format is described in ``docs/questions.md``. Not handled here: adding articles to a library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import QuestionSetError
from assistant.evaluation.overlap import words
from assistant.evaluation.question_articles import ArticleFinder
from assistant.evaluation.question_csv import read_csv
from assistant.evaluation.question_rows import (
    NAMELESS,
    EvidenceRow,
    Mistake,
    Row,
    read_row,
    shown,
)
from assistant.evaluation.squad import looks_like_squad, read_squad
from assistant.schema import Article, GoldEvidence, Question, QuestionSet, Turn

MAX_BYTES = 256 * 1024 * 1024
"""Largest question file that is read."""

_MOST_MISTAKES = 200


def load_question_set(path: Path | str, articles: Path | str | None = None) -> QuestionSet:
    """Read a question file and every article it names.

    Args:
        path: a ``.jsonl``, ``.csv`` or SQuAD ``.json`` file, in UTF-8.
        articles: the folder to find articles in, as ``NAME``, ``NAME.txt``, ``NAME.md`` or
            ``NAME.json`` (``{"id", "title", "text"}``). Beside the file, and in a folder
            ``articles`` beside it or beside its folder, is searched as well.

    Raises:
        QuestionSetError: naming every mistake as ``file:line: expected …, found …``.
    """
    path = Path(path)
    text = _read_text(path)
    if articles is not None and not Path(articles).is_dir():
        raise QuestionSetError(f"{articles}: expected a folder of articles, found none.")
    finder = ArticleFinder(path, Path(articles) if articles is not None else None)
    mistakes: list[Mistake] = []
    rows: list[tuple[int, Mapping[str, Any]]] = []
    if path.suffix.lower() == ".csv":
        rows = list(read_csv(text, mistakes))
    elif looks_like_squad(path, text):
        rows = list(read_squad(path, text, finder, mistakes))
    elif _is_one_value(text):
        said = f"expected SQuAD's JSON, or one JSON object a line, found {shown(text.strip())}"
        mistakes.append((1, said))
    else:
        rows = list(_jsonl_rows(text, mistakes))
    questions = list(_questions(rows, finder, mistakes))
    if not rows and not mistakes:
        mistakes.append((1, "expected at least one question, found none"))
    if mistakes:
        raise QuestionSetError(_summary(path, mistakes))
    return QuestionSet(path.stem, tuple(questions), finder.found)


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise QuestionSetError(
                f"{path}: expected at most {MAX_BYTES:,} bytes, found {path.stat().st_size:,}. "
                "Split the file."
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise QuestionSetError(
            f"{path}: expected a question file, found: {reason}. Check the path."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise QuestionSetError(
            f"{path}:{line}: expected UTF-8, found byte 0x{error.object[error.start]:02x}. "
            "Save the file as UTF-8."
        ) from None


def _is_one_value(text: str) -> bool:
    """Whether this is one JSON value over several lines: every line of it would be a mistake."""
    if "\n" not in text.strip():
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _jsonl_rows(text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # Not splitlines(): it also breaks at U+2028 and the like, which JSON strings may hold.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            detail = getattr(error, "msg", "nesting too deep")
            mistakes.append(
                (number, f"expected one JSON object, found {shown(line.strip())} ({detail})")
            )
            continue
        if isinstance(values, dict):
            yield number, values
        else:
            mistakes.append((number, f"expected one JSON object, found {shown(values)}"))


def _questions(
    rows: list[tuple[int, Mapping[str, Any]]],
    finder: ArticleFinder,
    mistakes: list[Mistake],
) -> Iterator[Question]:
    first_seen: dict[str, int] = {}
    for line, values in rows:
        row, wrong = read_row(values)
        if row.id in first_seen and row.id != NAMELESS:
            wrong.append(
                f"expected an id of its own, found {shown(row.id)}, "
                f"which line {first_seen[row.id]} has"
            )
        first_seen.setdefault(row.id, line)
        scope = {name: finder.find(name, wrong) for name in row.scoped}
        evidence = [_gold(item, row, scope, wrong) for item in row.evidence]
        wrong += [
            f"'answers': expected a word or a number, found {shown(group)}"
            for group in row.answers
            if not any(words(alternative) for alternative in group)
        ]
        if not wrong:
            yield _question(row, [gold for gold in evidence if gold])
        mistakes += [(line, mistake) for mistake in wrong]


def _question(row: Row, evidence: list[GoldEvidence]) -> Question:
    return Question(
        id=row.id,
        question=row.question,
        scope=tuple(row.scoped),
        answerable=row.answerable,
        history=tuple(Turn(question, answer) for question, answer in row.history),
        answers=tuple(tuple(group) for group in row.answers),
        evidence=tuple(evidence),
        reference=row.reference,
        kind=row.kind,
    )


def _gold(
    item: EvidenceRow, row: Row, scope: Mapping[str, Article | None], wrong: list[str]
) -> GoldEvidence | None:
    """The evidence with its article; a mistake when its words do not stand there."""
    if scope and item.article is not None and item.article not in scope:
        wrong.append(
            f"'evidence': expected one of the articles {shown(list(scope))}, "
            f"found {shown(item.article)}"
        )
        return None
    named = item.article or (row.article if row.article in scope else None)
    places = [named] if named else list(scope)
    known = [(name, article) for name in places if (article := scope.get(name))]
    for name, article in known:
        if item.quote in article.text:
            return GoldEvidence(name, item.quote)
    if known:  # an article that was not found has been reported already
        name, article = known[0]
        wrong.append(
            f"'evidence': expected words that stand verbatim in {shown(name)}, "
            f"found {shown(item.quote)} ({_where_it_leaves(item.quote, article.text)})"
        )
    return None


def _where_it_leaves(quote: str, text: str) -> str:
    """How far the article agrees with a quote, so that a slip of the pen is found at once."""
    low, high = 0, len(quote)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if quote[:middle] in text else (low, middle - 1)
    if low < 8:
        return "nothing like it was found"
    start = text.index(quote[:low]) + low
    return (
        f"after {shown(quote[max(0, low - 30) : low])} the article has {text[start : start + 1]!r}"
    )


def _summary(path: Path, mistakes: list[Mistake]) -> str:
    count = len(mistakes)
    ordered = sorted(mistakes, key=lambda mistake: mistake[0])[:_MOST_MISTAKES]
    lines = [f"{path}:{line}: {mistake}" for line, mistake in ordered]
    if count > _MOST_MISTAKES:
        lines.append(f"… and {count - _MOST_MISTAKES} more")
    noun = "mistake" if count == 1 else "mistakes"
    return f"{path.name} has {count} {noun}; nothing was run.\n" + "\n".join(lines)
