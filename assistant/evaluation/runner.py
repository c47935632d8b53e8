"""Ask every question of a set, score every answer, and keep what came of it.

:func:`evaluate` needs only what :class:`Answerer` lists, so that other systems can be measured
by the same yardstick. A question that fails becomes a result with an error; it stops nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from assistant.errors import UserInputError
from assistant.evaluation.facts import facts, identity
from assistant.evaluation.metrics import CUTOFFS
from assistant.evaluation.ranking import score_ranking
from assistant.evaluation.runs import EvaluationReport, RunFolder
from assistant.evaluation.scorers import score, score_error
from assistant.followups import standalone
from assistant.schema import (
    Answer,
    Article,
    Question,
    QuestionResult,
    QuestionSet,
    RetrievedPassage,
    Score,
    Turn,
)
from assistant.settings import Settings


class Answerer(Protocol):
    """What is measured: an ``Assistant``, or anything with these members."""

    @property
    def settings(self) -> Settings: ...

    @property
    def model_name(self) -> str: ...

    def add(
        self, source: str | Path | None = None, *, text: str | None = None, title: str | None = None
    ) -> Article: ...

    def search(
        self, query: str, *, k: int = 8, articles: Sequence[str] | None = None
    ) -> list[RetrievedPassage]: ...

    def ask(
        self,
        question: str,
        *,
        articles: Sequence[str] | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer: ...


class Judge(Protocol):
    """Gives a verdict on an answer; see ``judge``."""

    @property
    def name(self) -> str: ...

    def verdict(self, question: Question, answer: Answer) -> Score: ...


def evaluate(
    assistant: Answerer,
    question_set: QuestionSet,
    *,
    out: Path | None = None,
    retrieval_only: bool = False,
    judge: Judge | None = None,
    on_result: Callable[[QuestionResult], None] | None = None,
) -> EvaluationReport:
    """Ask every question and score every answer.

    The set's articles are added to the assistant's library; each question is asked of the
    articles in its scope, with its history.

    Args:
        assistant: what is measured.
        question_set: from :func:`load_question_set`.
        out: folder for ``results.jsonl`` (a line as soon as an answer exists) and
            ``summary.json``. A run of the same questions, settings and version that was cut
            off there goes on where it stopped.
        retrieval_only: search, but do not ask.
        judge: asked for a verdict on every answer that can be judged.
        on_result: called after every question, in order.

    Raises:
        UserInputError: ``out`` holds another run.
    """
    run = _Run(assistant, question_set, retrieval_only, judge)
    folder = RunFolder(out, run.identity, run.facts) if out is not None else None
    results = []
    try:
        for question in question_set.questions:
            result = folder.done.get(question.id) if folder else None
            if result is None:
                result = run.result(question)
                if folder:
                    folder.add(result)
            results.append(result)
            if on_result:
                on_result(result)
        report = EvaluationReport(question_set.name, tuple(results), run.facts, run.articles)
        if folder:
            folder.finish(report)
        return report
    finally:
        if folder:
            folder.close()


def run_identity(
    assistant: Answerer, question_set: QuestionSet, *, retrieval_only: bool, judge: str | None
) -> dict[str, object]:
    """What makes two runs the same run; ``runs.unfinished`` looks for it."""
    model = "" if retrieval_only else assistant.model_name
    return identity(
        question_set, assistant.settings, model, retrieval_only=retrieval_only, judge=judge
    )


def first(question_set: QuestionSet, limit: int | None) -> QuestionSet:
    """The set with its first ``limit`` questions and the articles they are asked of.

    Raises:
        UserInputError: ``limit`` is less than 1.
    """
    if limit is None:
        return question_set
    if limit < 1:
        raise UserInputError(f"--limit must be 1 or more, not {limit}.")
    questions = question_set.questions[:limit]
    needed = {name for question in questions for name in question.scope}
    articles = {name: item for name, item in question_set.articles.items() if name in needed}
    return replace(question_set, questions=questions, articles=articles)


class _Run:
    """The articles, added once and only when a question needs them, and how to ask."""

    def __init__(
        self,
        assistant: Answerer,
        question_set: QuestionSet,
        retrieval_only: bool,
        judge: Judge | None,
    ) -> None:
        self._assistant = assistant
        self._articles = question_set.articles
        self._retrieval_only = retrieval_only
        self._judge = judge
        self._added: dict[str, Article] = {}
        judge_name = judge.name if judge else None
        self.identity: Mapping[str, object] = run_identity(
            assistant, question_set, retrieval_only=retrieval_only, judge=judge_name
        )
        model = "none (retrieval only)" if retrieval_only else assistant.model_name
        self.facts = {
            **facts(question_set, assistant.settings, model),
            "retrieval_only": retrieval_only,
            "judge": judge_name,
        }

    @property
    def articles(self) -> dict[str, Article]:
        """By the name the questions use; as the library has them, where one was added."""
        return {**self._articles, **self._added}

    def result(self, question: Question) -> QuestionResult:
        begun = time.perf_counter()
        try:
            scope = [self._article(name) for name in question.scope]
            begun = time.perf_counter()
            return self._ask(question, scope, begun)
        except Exception as error:  # noqa: BLE001 - a door: two hours of answers must not be lost
            return QuestionResult(
                question,
                None,
                () if self._retrieval_only else score_error(question),
                error=f"{type(error).__name__}: {error}",
                seconds=time.perf_counter() - begun,
            )

    def _ask(self, question: Question, scope: list[Article], begun: float) -> QuestionResult:
        ids = [article.id for article in scope]
        answer: Answer | None = None
        scores: tuple[Score, ...] = ()
        if self._retrieval_only:
            query = standalone(question.question, question.history, None)
        else:
            answer = self._assistant.ask(question.question, articles=ids, history=question.history)
            scores = score(question, answer, scope)
            query = answer.standalone or question.question
        seconds = time.perf_counter() - begun
        # What was answered from may have been ranked with more care than a search takes.
        ranking = answer.retrieved if answer else ()
        if len(ranking) < max(CUTOFFS):
            ranking = tuple(self._assistant.search(query, k=max(CUTOFFS), articles=ids))
        if answer is None:
            seconds = time.perf_counter() - begun
        elif self._judge:
            scores += (_verdict(self._judge, question, answer),)
        scores += score_ranking(question, ranking)
        return QuestionResult(question, answer, scores, "", ranking, seconds)

    def _article(self, name: str) -> Article:
        if name not in self._added:
            article = self._articles[name]
            self._added[name] = self._assistant.add(text=article.text, title=article.title or None)
        return self._added[name]


def _verdict(judge: Judge, question: Question, answer: Answer) -> Score:
    try:
        return judge.verdict(question, answer)
    except Exception as error:  # noqa: BLE001 - whatever ails the judge is no fault of the answer
        return Score("judged", None, f"the judge failed: {type(error).__name__}: {error}")
