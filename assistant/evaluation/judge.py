"""An optional language model that says whether an answer is right. Off unless one is named.

The judge is pinned by name, apart from the model under test, and its name stands in the
report. A reply that is not exactly a verdict is unscored: guessing what a judge meant would
put the judge's slips into the figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.evaluation.scorers import is_refusal, plain_text
from assistant.models import endpoint_errors
from assistant.prompts import render
from assistant.schema import Answer, Question, Score

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_VERDICT = re.compile(r"\s*verdict:\s*(correct|incorrect)[.\s]*", re.IGNORECASE)


@dataclass(frozen=True)
class ModelJudge:
    """Asks a chat model for one line, ``verdict: correct`` or ``verdict: incorrect``."""

    name: str
    model: BaseChatModel
    prompts: Path | None = None

    def verdict(self, question: Question, answer: Answer) -> Score:
        """The score ``judged``; unscored where there is nothing to compare with."""
        if not question.answerable or is_refusal(answer):
            return Score("judged", None, "only answers to answerable questions are judged")
        expected = question.reference or _expected(question)
        if not expected:
            return Score("judged", None, "the question has no gold answer")
        prompt = render(
            "judge",
            self.prompts,
            question=question.question,
            expected=expected,
            evidence="\n".join(gold.quote for gold in question.evidence) or "none given",
            answer=plain_text(answer),
        )
        with endpoint_errors(self.model):
            reply = self.model.invoke([("user", prompt)]).text
        found = _VERDICT.fullmatch(reply)
        if found is None:
            return Score("judged", None, f"no verdict in the judge's reply: {reply[:200]!r}")
        return Score("judged", float(found[1].lower() == "correct"), self.name)


def _expected(question: Question) -> str:
    return "; and ".join(" or ".join(f"“{alt}”" for alt in group) for group in question.answers)
