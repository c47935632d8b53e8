"""Decide whether to answer or to refuse: several signals, one calibrated probability.

The weights are in ``decision.json``, fitted and cross-validated by
``benchmarks/fit_decision.py``, for each model by itself: what one means by "yes" with 0.9 another
says with 0.3. Nothing here is set by hand. Not handled: gathering signals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_LEAST = 1e-4
"""Keeps logarithms of probabilities within bounds."""

_EXTRACTIVE = "extractive_before"
"""Begins the names of the weights that need no language model."""

_ADAPTED = "_adapted"
"""Ends the names of the weights for which the model's adapter for passages was asked, too."""

_QUOTES = "_quotes"
"""Ends, after that, the names of those for which the one for quotes was asked."""

_SURE = 0.7
"""Probability from which nothing that was said of the quotes alone changed a decision
(docs/quality.md), so that they are not read again."""

_SUREST = 0.93
"""The threshold of full caution."""


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """What a model says, as probabilities from 0 to 1, when asked again after its answer.

    ``known_alone``: that a brief answer would not be "unknown" with nothing but the quotes before
    it; ``holds``: that the passages answer, by an adapter that was trained on questions that
    mislead; ``quotes_hold``: that the quotes alone do, by another that was trained on single
    passages. None is what was not asked: what no weights are for, or no adapter.
    """

    known_alone: float | None = None
    holds: float | None = None
    quotes_hold: float | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for the articles answering a question, before and after reading.

    Before reading: ``nearest`` is the best retrieval score, ``asked`` the share of the
    question's words found in the passages, ``together`` the largest share found in one of
    them; ``strangers`` counts names and numbers of the question that no chosen article has;
    ``unsaid`` tells that the question asks what someone said and the article has no such
    statement; ``yes`` is the model's own probability that the passages answer (None without
    a model); ``answers`` the cross-encoder's highest log-odds that one of them does (None
    without it).

    After reading, else None: ``coverage`` is the share of the answer's weight found in what it
    cites, ``unsupported`` the share of its sentences that failed the check, ``unmet`` tells that a
    number or a time was asked for and none is given, ``novelty`` how much the answer says that the
    question did not, ``quotes_answer`` is ``answers`` for the passages that the answer cites,
    ``said`` tells that somebody's words are asked for and these are among them.
    """

    yes: float | None
    nearest: float
    asked: float
    together: float
    strangers: int
    unsaid: bool
    answers: float | None = None
    coverage: float | None = None
    unsupported: float | None = None
    unmet: bool | None = None
    novelty: float | None = None
    quotes_answer: float | None = None
    said: bool | None = None
    again: AskedAgain = AskedAgain()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer, by the weights of one model; they are by stage and then by signal."""

    weights: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, model: str) -> Decision:
        """For a model by its name; one that nothing was fitted on is taken for the default one."""
        written = _written()
        known = written["models"]
        default = known[written["default"]]
        own = known.get(model, default)["weights"]
        without = {
            head: row for head, row in default["weights"].items() if head.startswith(_EXTRACTIVE)
        }
        return cls(MappingProxyType({**without, **own}))

    def probability(self, signals: Signals) -> float:
        """The calibrated probability, 0 to 1, that the question is answered by the articles."""
        return self._logistic(self._stage(signals), signals)

    def confidence(self, signals: Signals) -> float:
        """The calibrated probability, 0 to 1, that the answer given is right and rightly cited."""
        stage = self._stage(signals)
        return self._logistic(stage.replace("model_after", "model_right"), signals)

    def weighs(self, name: str, signals: Signals) -> bool:
        """Whether a signal counts in the end, once an answer has been read."""
        stage = self._last_stage(signals)
        heads = (f"{stage}{asked}" for asked in ("", _ADAPTED, _QUOTES, f"{_ADAPTED}{_QUOTES}"))
        return any(name in self.weights.get(head, ()) for head in heads)

    def is_sure(self, caution: float, signals: Signals, among: int = 1) -> bool:
        """Whether it will answer, whatever else is asked; the bold want to know how sure it is.

        One of ``among`` articles may have to make up for the silence of the others.
        """
        enough = max(_SURE, self.threshold(caution, signals))
        return caution > 0 and outweighs(self.probability(signals), enough, among)

    def threshold(self, caution: float, signals: Signals) -> float:
        """The probability below which ``caution`` (0 bold to 1 cautious) refuses.

        0 never refuses for doubt, 0.5 is the fitted balance, 1 refuses all but the surest.
        """
        middle = self.weights[self._last_stage(signals)]["balanced"]
        if caution <= 0.5:
            return middle * caution * 2
        return middle + (_SUREST - middle) * (caution - 0.5) * 2

    def _stage(self, signals: Signals) -> str:
        """The name of the weights for what is known so far."""
        if signals.yes is None:
            # An answer that quotes itself tells nothing new.
            stage = _EXTRACTIVE
        else:
            stage = "model_before" if signals.coverage is None else "model_after"
        # Not every model was fitted with the cross-encoder beside it.
        encoded = f"{stage}_with_encoder"
        if signals.answers is None or encoded not in self.weights:
            return stage
        known = encoded
        for answer, end in ((signals.again.holds, _ADAPTED), (signals.again.quotes_hold, _QUOTES)):
            if answer is not None and f"{known}{end}" in self.weights:
                known += end
        return known

    def _last_stage(self, signals: Signals) -> str:
        return self._stage(signals).replace("model_before", "model_after")

    def _logistic(self, head: str, signals: Signals) -> float:
        weights = self.weights[head]
        total = weights["bias"] + sum(
            weights[name] * value for name, value in features(signals).items() if name in weights
        )
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def features(signals: Signals) -> dict[str, float]:
    """The signals as the numbers the weights are for; what is None is left out."""
    again = signals.again
    given = {
        "yes": log_odds(signals.yes),
        "nearest": signals.nearest,
        "asked": signals.asked,
        "together": signals.together,
        "strangers": min(signals.strangers, 3),
        "unsaid": signals.unsaid,
        "answers": signals.answers,
        "quotes_answer": signals.quotes_answer,
        "known_alone": None
        if again.known_alone is None
        else -math.log(1 - again.known_alone + _LEAST),
        "coverage": signals.coverage,
        "unsupported": signals.unsupported,
        "unmet": signals.unmet,
        "novelty": signals.novelty,
        "said": signals.said,
        "holds": log_odds(again.holds),
        "quotes_hold": log_odds(again.quotes_hold),
    }
    return {name: float(value) for name, value in given.items() if value is not None}


def outweighs(chance: float, limit: float, times: float) -> bool:
    """Whether the odds of one probability are ``times`` those of another, or more."""
    return chance * (1 - limit) >= times * limit * (1 - chance)


def log_odds(chance: float | None) -> float | None:
    """Of a probability, -6.9 to 6.9; None of what is not known."""
    if chance is None:
        return None
    bounded = min(max(chance, 1e-3), 1 - 1e-3)
    return math.log(bounded / (1 - bounded))


@cache
def _written() -> Mapping[str, Any]:
    path = Path(__file__).with_name("decision.json")
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType(written)
