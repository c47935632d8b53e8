"""Question sets, scorers, runs and reports: how good the answers are, measured.

questions.jsonl ─load_question_set→ QuestionSet ─evaluate→ EvaluationReport ─→ files, tables
"""

from assistant.evaluation.commands import EvalRequest, parse_limits, run_eval
from assistant.evaluation.compare import Comparison, compare
from assistant.evaluation.draft_file import run_questions
from assistant.evaluation.drafting import Draft, draft_questions
from assistant.evaluation.figures import Figure, summarise
from assistant.evaluation.judge import ModelJudge
from assistant.evaluation.metrics import METRICS
from assistant.evaluation.question_sets import load_question_set
from assistant.evaluation.ranking import score_ranking
from assistant.evaluation.report import render_report, write_report
from assistant.evaluation.runner import evaluate
from assistant.evaluation.runs import EvaluationReport, read_run
from assistant.evaluation.scorers import score

__all__ = [
    "METRICS",
    "Comparison",
    "Draft",
    "EvalRequest",
    "EvaluationReport",
    "Figure",
    "ModelJudge",
    "compare",
    "draft_questions",
    "evaluate",
    "load_question_set",
    "parse_limits",
    "read_run",
    "render_report",
    "run_eval",
    "run_questions",
    "score",
    "score_ranking",
    "summarise",
    "write_report",
]
