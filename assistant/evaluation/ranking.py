"""Score a ranking of passages against gold evidence: recall and reciprocal rank."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evaluation.metrics import CUTOFFS
from assistant.evaluation.overlap import common_subsequence, words
from assistant.schema import Question, RetrievedPassage, Score

HELD = 0.5
"""Share of an evidence sentence's words that a passage (or a citation) must hold."""

_PIECE = 8  # words; a shorter piece of a sentence can stand anywhere


def score_ranking(question: Question, ranking: Sequence[RetrievedPassage]) -> tuple[Score, ...]:
    """Recall at every cutoff and reciprocal rank of the gold evidence in a ranking.

    Unscored where the question has no gold evidence. A piece of evidence that several
    passages hold counts once, at its best rank.
    """
    names = [f"recall@{cutoff}" for cutoff in CUTOFFS]
    if not question.evidence:
        return tuple(Score(name, None, "no gold evidence") for name in [*names, "mrr"])
    ranks = [
        next((item.rank for item in ranking if passage_holds(item.passage.text, gold.quote)), None)
        for gold in question.evidence
    ]
    found = sorted(rank for rank in ranks if rank is not None)
    said = f"gold evidence at ranks {found} of {len(ranking)}" if found else "not found"
    recalls = (
        Score(name, sum(rank <= cutoff for rank in found) / len(ranks), said)
        for name, cutoff in zip(names, CUTOFFS, strict=True)
    )
    return (*recalls, Score("mrr", 1 / found[0] if found else 0.0, said))


def passage_holds(passage: str, evidence: str) -> bool:
    """Whether a passage holds half of the evidence, or is a piece (8 words or more) of it.

    The second half of the rule is for long sentences that are cut into several passages.
    """
    given, wanted = words(passage), words(evidence)
    if not wanted:
        return False
    if common_subsequence(wanted, given) / len(wanted) >= HELD:
        return True
    return len(given) >= _PIECE and f" {' '.join(given)} " in f" {' '.join(wanted)} "
