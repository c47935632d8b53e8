"""Question sets, scorers, runs and reports: how good the answers are, measured."""

from assistant.evaluation.figures import Figure, summarise
from assistant.evaluation.question_sets import load_question_set
from assistant.evaluation.scorers import METRICS, score, score_ranking

__all__ = [
    "METRICS",
    "Figure",
    "load_question_set",
    "score",
    "score_ranking",
    "summarise",
]
