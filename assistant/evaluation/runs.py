"""What a run leaves behind: its folder, line by line, and the report read back from it.

``run.json`` says what is being run, ``results.jsonl`` holds one result a line as soon as it
exists, ``summary.json`` the figures once the run is complete. Not handled here: asking.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UserInputError
from assistant.evaluation.calibration import calibrate
from assistant.evaluation.figures import Figure, by_article, by_kind, summarise
from assistant.schema import (
    Answer,
    Article,
    GoldEvidence,
    Question,
    QuestionResult,
    RetrievedPassage,
    Score,
    Turn,
)

if TYPE_CHECKING:
    from filelock import BaseFileLock

RUN, RESULTS, SUMMARY = "run.json", "results.jsonl", "summary.json"


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """A run: its results in the order of the question set, and the figures made of them.

    ``facts`` names what was run and where (model, settings, versions, machine). ``articles``
    holds the articles by the name the questions use; empty when read from a run's folder.
    """

    name: str
    results: tuple[QuestionResult, ...]
    facts: Mapping[str, Any]
    articles: Mapping[str, Article]

    @property
    def figures(self) -> dict[str, Figure]:
        """Every metric with its 95 % interval."""
        return summarise(self.results)

    @property
    def errors(self) -> tuple[QuestionResult, ...]:
        """The questions that could not be asked."""
        return tuple(result for result in self.results if result.error)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``summary.json``: facts, and figures in all, by kind, by article."""
        return {
            "name": self.name,
            "questions": len(self.results),
            "errors": len(self.errors),
            "facts": dict(self.facts),
            "figures": _figures(self.results),
            "calibration": asdict(found) if (found := calibrate(self.results)) else None,
            "by_kind": {kind: _figures(rows) for kind, rows in by_kind(self.results).items()},
            "by_article": {name: _figures(rows) for name, rows in by_article(self.results).items()},
        }


def _figures(results: Any) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in summarise(results).items()}


class RunFolder:
    """The folder of one run. Opening it decides whether the run is new or goes on.

    ``identity`` is what must be equal for two runs to be one: the same questions, articles,
    settings and version. ``facts`` are written beside it and may differ.

    Raises:
        UserInputError: the folder holds something else, or a run that is complete or under way.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        self.path = path
        begun = _read_json(path / RUN)
        if begun is None:
            if path.is_dir() and any(path.iterdir()):
                raise UserInputError(f"{path} is not empty and holds no run. Name another folder.")
            path.mkdir(parents=True, exist_ok=True)
            _write_json(path / RUN, {"identity": dict(identity), "facts": dict(facts)})
        elif begun.get("identity") != dict(identity):
            raise UserInputError(
                f"{path} holds a run of other questions, settings or another version. "
                "Name another folder with --out."
            )
        elif (path / SUMMARY).exists():
            raise UserInputError(
                f"{path} holds a run that is complete. Name another folder with --out, "
                "or remove that one."
            )
        if (lock := _lock(path)) is None:
            raise UserInputError(f"{path} holds a run that is under way. Wait for it to end.")
        self._lock = lock
        results = _read_results(path / RESULTS)
        self.done = {result.question.id: result for result in results if not result.error}
        # Written anew: the last line may be torn, and questions that failed are asked again.
        _write(path / RESULTS, "".join(map(_line, self.done.values())))
        self._file = (path / RESULTS).open("a", encoding="utf-8", newline="\n")

    def add(self, result: QuestionResult) -> None:
        """Write one result, at once: a run may be cut off at any moment."""
        self._file.write(_line(result))
        self._file.flush()

    def finish(self, report: EvaluationReport) -> None:
        """Write the summary, which marks the run as complete."""
        _write_json(self.path / SUMMARY, report.to_dict())
        self.close()

    def close(self) -> None:
        """Let go of the folder; what has been written stays. Idempotent."""
        self._file.close()
        self._lock.release()


def _lock(path: Path) -> BaseFileLock | None:
    """The right to write to a run's folder; ``None`` while somebody else has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path / "run.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _line(result: QuestionResult) -> str:
    line = json.dumps(asdict(result), ensure_ascii=False)
    # An unpaired surrogate can come out of a damaged article; no file can hold it.
    return line.encode("utf-8", "replace").decode("utf-8") + "\n"


def unfinished(folder: Path, identity: Mapping[str, Any]) -> Path | None:
    """The newest run below ``folder`` that was cut off, has this identity, and is not under way."""
    runs = sorted(folder.glob(f"*/{RUN}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in runs:
        begun = _read_json(path)
        same = begun is not None and begun.get("identity") == dict(identity)
        if same and not (path.parent / SUMMARY).exists() and (lock := _lock(path.parent)):
            lock.release()
            return path.parent
    return None


def read_run(folder: Path) -> EvaluationReport:
    """A complete or a broken-off run, read from its folder (or from its ``results.jsonl``).

    Raises:
        UserInputError: there is no run here.
    """
    folder = folder.parent if folder.name == RESULTS else folder
    begun = _read_json(folder / RUN)
    if begun is None or not (folder / RESULTS).is_file():
        raise UserInputError(
            f"{folder} holds no run of `assistant eval`: expected {RUN} and {RESULTS} in it."
        )
    results = tuple(_read_results(folder / RESULTS))
    facts = begun.get("facts", {})
    return EvaluationReport(str(facts.get("question_set", folder.name)), results, facts, {})


def _read_results(path: Path) -> list[QuestionResult]:
    """Results up to the first line that is torn; nothing where there is no file."""
    results = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").split("\n"):
            try:
                results.append(_result(json.loads(line)))
            except (ValueError, KeyError, TypeError):
                break
    return results


def _result(row: Mapping[str, Any]) -> QuestionResult:
    return QuestionResult(
        question=_question(row["question"]),
        answer=Answer.from_dict(row["answer"]) if row["answer"] else None,
        scores=tuple(Score(**item) for item in row["scores"]),
        error=row["error"],
        retrieved=tuple(RetrievedPassage.from_dict(item) for item in row["retrieved"]),
        seconds=row["seconds"],
    )


def _question(row: Mapping[str, Any]) -> Question:
    return Question(
        **{
            **row,
            "scope": tuple(row["scope"]),
            "history": tuple(Turn(**turn) for turn in row["history"]),
            "answers": tuple(tuple(group) for group in row["answers"]),
            "evidence": tuple(GoldEvidence(**gold) for gold in row["evidence"]),
        }
    )


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    _write(path, json.dumps(values, ensure_ascii=False, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    """Replace a file in one step: whoever is cut off here leaves the old one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8", newline="\n")
    fresh.replace(path)
