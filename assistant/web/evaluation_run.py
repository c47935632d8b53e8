"""Run a question set behind the page: in a library of its own, in a thread, stoppable."""

from __future__ import annotations

import logging
import queue
import shutil
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from assistant import seeds
from assistant.answering import Assistant
from assistant.errors import AssistantError, UserInputError
from assistant.evaluation import (
    EvaluationReport,
    Figure,
    evaluate,
    load_question_set,
    write_report,
)
from assistant.evaluation.runner import first
from assistant.library import Library
from assistant.reading import Halt
from assistant.schema import QuestionResult
from assistant.web.variants import Choice
from assistant.web.workspace import Workspace

_LOG = logging.getLogger(__name__)

_QUESTION_ENDINGS = (".jsonl", ".csv", ".json")


@dataclass(slots=True)
class State:
    """How far a run is. ``report`` is the page's HTML once it is over."""

    total: int = 0
    results: list[QuestionResult] = field(default_factory=list)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    report: str = ""
    problem: str = ""


class _Abandoned(Exception):
    """Nobody waits for this run any more, or the library is being closed."""


class EvaluationRun:
    """One run. Iterate :meth:`states` to the end; closing it ends the run after a question."""

    def __init__(
        self, workspace: Workspace, choice: Choice, files: Sequence[Path], limit: int | None
    ) -> None:
        self._workspace = workspace
        self._choice = choice
        self._files = files
        self._limit = limit
        self._state = State()
        self._news: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._abandoned = threading.Event()

    def states(self) -> Generator[State, None, None]:
        """The state after every question, and the last with the report or the problem."""
        thread = threading.Thread(target=self._work, name="evaluation", daemon=True)
        thread.start()
        try:
            while self._news.get():
                yield self._state
            yield self._state
        finally:
            self._abandoned.set()

    def _work(self) -> None:
        try:
            self._run()
        except _Abandoned:
            pass
        except AssistantError as error:
            self._state.problem = str(error)
        except Exception:  # noqa: BLE001 - a door: the page stays usable, the log has the rest
            _LOG.exception("An evaluation failed")
            self._state.problem = "Something went wrong here. Run it again; the log says more."
        finally:
            self._news.put(False)

    def _run(self) -> None:
        with (
            tempfile.TemporaryDirectory(prefix="assistant-eval-") as name,
            self._workspace.at_work() as closing,
        ):
            folder = Path(name)
            questions = load_question_set(_gathered(self._files, folder))
            if self._limit:
                questions = first(questions, self._limit)
            self._state.total = len(questions.questions)
            self._news.put(True)
            embedder = self._workspace.settings.embedder
            with (
                self._workspace.variants.using(self._choice) as chosen,
                Library.open(
                    folder / "store", self._workspace.embedder(), embedder_name=embedder
                ) as library,
            ):
                assistant = Assistant(
                    chosen.settings, library=library, chat_model=chosen.chat_model
                )
                report = evaluate(assistant, questions, on_result=partial(self._heard, closing))
            self._finish(report)

    def _heard(self, closing: Halt, result: QuestionResult) -> None:
        if self._abandoned.is_set() or closing():
            raise _Abandoned
        self._state.results.append(result)
        self._news.put(True)

    def _finish(self, report: EvaluationReport) -> None:
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        out = self._workspace.settings.store / "evaluations" / f"{report.name}-{stamp}"
        out.mkdir(parents=True, exist_ok=True)
        page = write_report(report, out / "report.html")
        self._state.figures = report.figures
        self._state.report = page.read_text(encoding="utf-8")


def _gathered(files: Sequence[Path], folder: Path) -> Path:
    """The question file among the uploads, with the articles beside it.

    Raises:
        UserInputError: not exactly one question file.
    """
    if not files:
        return seeds.questions()
    questions = [path for path in files if path.suffix.lower() in _QUESTION_ENDINGS[:2]]
    questions = questions or [p for p in files if p.suffix.lower() == _QUESTION_ENDINGS[2]]
    if len(questions) != 1:
        raise UserInputError(
            "Give one question file (.jsonl, .csv, or SQuAD .json) and the articles it names "
            f"(.txt, .md, .json); found {len(questions)} question files."
        )
    for path in files:
        shutil.copy(path, folder / path.name)
    return folder / questions[0].name
