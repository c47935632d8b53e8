"""Whether an answer's confidence means what it says, and what refusing more would buy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assistant.schema import QuestionResult

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: its mean, the share of them trusted, how many."""

    confidence: float
    trusted: float
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence against what came of it.

    ``ece`` is the expected calibration error over ten equal bins (0 is perfect), ``brier``
    the mean squared error, ``auroc`` the chance that a trusted answer is more confident than
    one that is not (``None`` where all came out the same way). ``risk_coverage`` holds
    points (share of answers kept, share of those not trusted), most confident first.
    """

    bins: tuple[Bin, ...]
    ece: float
    brier: float
    auroc: float | None
    risk_coverage: tuple[tuple[float, float], ...]
    n: int

    def __str__(self) -> str:
        auroc = "" if self.auroc is None else f", AUROC {self.auroc:.2f}"
        return (
            f"calibration error (ECE) {self.ece:.3f}, Brier {self.brier:.3f}{auroc}, "
            f"{self.n} answers"
        )


def calibrate(results: Iterable[QuestionResult]) -> Calibration | None:
    """The calibration of every scored answer; ``None`` where there is none.

    A refusal counts like an answer: its confidence is that the article does not say.
    """
    import numpy as np
    from sklearn.metrics import brier_score_loss, roc_auc_score

    pairs = [
        (result.answer.confidence, item.value)
        for result in results
        if result.answer is not None
        for item in result.scores
        if item.metric == "trusted" and item.value is not None
    ]
    if not pairs:
        return None
    confidence = np.clip(np.array([pair[0] for pair in pairs], dtype=float), 0, 1)
    trusted = np.array([pair[1] for pair in pairs], dtype=int)
    places = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    bins = tuple(
        Bin(float(confidence[here].mean()), float(trusted[here].mean()), int(here.sum()))
        for place in range(BINS)
        if (here := places == place).any()
    )
    ece = sum(abs(item.confidence - item.trusted) * item.n for item in bins) / len(pairs)
    both = 0 < trusted.sum() < trusted.size
    return Calibration(
        bins=bins,
        ece=float(ece),
        brier=float(brier_score_loss(trusted, confidence, pos_label=1)),
        auroc=float(roc_auc_score(trusted, confidence)) if both else None,
        risk_coverage=_risk_coverage(list(map(float, confidence)), list(map(int, trusted))),
        n=len(pairs),
    )


def _risk_coverage(confidence: list[float], trusted: list[int]) -> tuple[tuple[float, float], ...]:
    order = sorted(range(len(confidence)), key=lambda place: -confidence[place])
    points, wrong = [], 0
    for kept, place in enumerate(order, start=1):
        wrong += not trusted[place]
        last = kept == len(order)
        # Answers of equal confidence are kept or refused together.
        if last or confidence[order[kept]] != confidence[place]:
            points.append((kept / len(order), wrong / kept))
    return tuple(points)
