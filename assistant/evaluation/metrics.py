"""Every metric: what it is called, what it measures, and which way is better."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

CUTOFFS = (1, 3, 5, 8, 10)
"""Ranks at which recall is measured."""


class Metric(NamedTuple):
    """How a metric is shown: its title, what it measures, and which way is better."""

    title: str
    meaning: str
    higher_is_better: bool = True


METRICS: Mapping[str, Metric] = {
    "trusted": Metric(
        "Trusted",
        "answerable: correct and cites gold evidence; unanswerable: refused",
    ),
    "correct": Metric("Correct", "of answerable questions, the answer says what is expected"),
    "cited": Metric("Cited", "of answerable questions, a citation holds gold evidence"),
    "citation_precision": Metric(
        "Citation precision", "share of an answer's citations that hold gold evidence"
    ),
    "evidence_cited": Metric("Evidence cited", "share of a question's gold evidence that is cited"),
    "verbatim": Metric(
        "Verbatim quotes", "share of quotes that stand in the article, at their offsets"
    ),
    "refused": Metric("Refused", "of unanswerable questions, refused"),
    "false_refusal": Metric("False refusals", "of answerable questions, refused", False),
    "uncited": Metric("Uncited answers", "of answers given, without any citation", False),
    "uncited_sentences": Metric(
        "Uncited sentences", "share of an answer's sentences without a citation", False
    ),
    "f1": Metric("Answer F1", "SQuAD's token F1, best alternative, answerable questions"),
    "exact": Metric("Exact match", "SQuAD's exact match, best alternative, answerable questions"),
    "reference_f1": Metric("Reference F1", "SQuAD's token F1 with the long-form reference"),
    "rouge_l": Metric("ROUGE-L", "ROUGE-L F1 with the long-form reference"),
    "quoted": Metric("Sentences quoted", "share of an answer's sentences in the article's words"),
    "supported": Metric("Sentences supported", "share of sentences quoted or supported"),
    "weak": Metric("Sentences weak", "share of an answer's sentences weakly supported", False),
    "unsupported": Metric(
        "Sentences unsupported", "share of an answer's sentences without support", False
    ),
    "evidence_read": Metric(
        "Evidence read", "share of gold evidence among the passages the answer was made from"
    ),
    **{
        f"recall@{cutoff}": Metric(
            f"Recall@{cutoff}", f"share of gold evidence among the first {cutoff} passages"
        )
        for cutoff in CUTOFFS
    },
    "mrr": Metric("MRR", "1 / rank of the first passage that holds gold evidence"),
    "judged": Metric("Judged correct", "the judge's verdict, where one was asked"),
}


def headline(measured: Container[str]) -> str:
    """The one figure a run is judged by: trusted, or recall@5 where nothing was answered."""
    return "trusted" if "trusted" in measured else "recall@5"
