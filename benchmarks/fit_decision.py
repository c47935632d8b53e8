"""Fit the weights of ``assistant/decision.json``: when to refuse, and how sure to be.

Runs to learn from are made with the threshold off, on questions kept for fitting::

    python benchmarks/fit_decision.py sample ../shared/questions/squad2_fit.jsonl 30 > fit.jsonl
    assistant eval fit.jsonl --articles ../shared/articles --caution 0 --out runs/fit
    python benchmarks/fit_decision.py fit [--adapted] runs/fit runs/…

``fit`` prints, on folds held out by article, the area under the ROC curve, the expected
calibration error and the risk-coverage curve, and then writes the weights fitted on all.
Every set weighs the same however many questions it has. The runs are of one model, and so are
the weights; what is decided without a model is fitted on the runs of the default one. With
``--adapted`` only what is decided where the model's adapters were asked is fitted anew.
"""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from assistant.evaluation import read_run
from assistant.schema import QuestionResult

BEFORE = ("nearest", "asked", "strangers", "unsaid")
AFTER = ("known_alone", "coverage", "unsupported", "unmet")
ENCODED = "_with_encoder"
"""Ends the name of what decides where the cross-encoder has read the passages."""

HEADS = {
    # name: (features, what is learned, whether refused answers are left out)
    "model_before": (("yes", *BEFORE), "answerable", False),
    "model_after": (("yes", *AFTER), "answerable", True),
    "model_right": (("yes", *AFTER, "asked", "novelty"), "right", True),
    "extractive_before": (BEFORE, "answerable", False),
}
ADAPTED = "_adapted"
"""Ends the name of what decides where the model's adapter for passages was asked, too."""

QUOTES = "_quotes"
"""Ends, after that, the name of what decides where the one for quotes was asked."""

OUTDONE = ("asked", "answers", "quotes_answer", "coverage")
"""What says nothing new beside an adapter. ``coverage`` even misleads: it is low where a right
answer has other words than the article."""

LITERAL = ("yes", "said")
"""The same beside the one for passages. Whose words are ``said`` is not put to it."""

HEADS |= {
    f"{name}{ENCODED}": (
        (
            # With it, what the model knows with the quotes alone says nothing new.
            *(feature for feature in features if feature != "known_alone"),
            "answers",
            *(("quotes_answer", "said") if "coverage" in features else ()),
        ),
        target,
        read_only,
    )
    for name, (features, target, read_only) in HEADS.items()
}
HEADS |= {
    f"{name}{end}": (
        (*(feature for feature in features if feature not in outdone), *asked),
        target,
        read_only,
    )
    for name, (features, target, read_only) in HEADS.items()
    if name.endswith(ENCODED) and "coverage" in features
    for end, outdone, asked in (
        (ADAPTED, OUTDONE + LITERAL, ("holds",)),
        (QUOTES, OUTDONE, ("quotes_hold",)),
        (ADAPTED + QUOTES, OUTDONE + LITERAL, ("holds", "quotes_hold")),
    )
}
SIGNS = dict.fromkeys(
    (
        *("yes", "nearest", "asked", "known_alone", "coverage", "answers", "quotes_answer"),
        *("said", "holds", "quotes_hold"),
    ),
    1,
) | (dict.fromkeys(("strangers", "unsaid", "unsupported", "unmet"), -1))
"""Which way a signal may speak. What the check found wrong never speaks for an answer, however
few questions it is fitted on."""

PENALTY = 3.0
"""Of the squared weights of standardised features: the sets are small."""

ASKED = {
    ADAPTED + QUOTES: {"holds", "quotes_hold"},
    QUOTES: {"quotes_hold"},
    ADAPTED: {"holds"},
    "": set[str](),
}
"""What a name ends with, the longest first, and the signals that what it is fitted on has."""

FALSE_REFUSALS = {ADAPTED + QUOTES: 0.07, QUOTES: 0.05, ADAPTED: 0.04, "": 0.03}
"""Share of answerable questions that the balanced threshold may refuse for doubt: what code rules
out is refused besides. More where more was asked: its doubts are right more often."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """What is learned from one question. ``ruled`` tells that code refused, not doubt."""

    set: str
    article: str
    answerable: bool
    right: bool
    ruled: bool
    signals: dict[str, float]


def example(result: QuestionResult, name: str) -> Example | None:
    if result.answer is None:
        return None
    scores = {score.metric: score.value for score in result.scores}
    trusted = scores.get("trusted")
    right = result.question.answerable and bool(scores.get("cited") if trusted is None else trusted)
    return Example(
        name,
        result.question.scope[0],
        result.question.answerable,
        right,
        result.answer.status == "not_in_article",
        dict(result.answer.signals),
    )


def table(examples: Sequence[Example], names: Sequence[str]) -> Values:
    return np.array([[e.signals.get(name, 0.0) for name in names] for e in examples])


def weights_of(examples: Sequence[Example]) -> Values:
    counts: dict[str, int] = defaultdict(int)
    for e in examples:
        counts[e.set] += 1
    return np.array([len(examples) / len(counts) / counts[e.set] for e in examples])


def logistic(x: Values, y: Values, weights: Values, names: Sequence[str]) -> tuple[float, Values]:
    """Bias and weights of a penalised logistic regression whose signs are those of SIGNS."""
    center, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = (x - center) / scale

    def loss(w: Values) -> tuple[float, Values]:
        margin = w[0] + z @ w[1:]
        p = expit(margin)
        slope = weights * (p - y)
        value = (weights * (np.logaddexp(0, margin) - y * margin)).sum()
        gradient = np.concatenate([[slope.sum()], z.T @ slope + PENALTY * w[1:]])
        return value + PENALTY / 2 * (w[1:] ** 2).sum(), gradient

    bounds = [(None, None)] + [
        {1: (0, None), -1: (None, 0)}.get(SIGNS.get(name, 0), (None, None)) for name in names
    ]
    w = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds).x
    return float(w[0] - (w[1:] / scale * center).sum()), w[1:] / scale


def held_out(examples: Sequence[Example], names: Sequence[str], target: str) -> Values:
    """Probabilities for each example from a fit on other articles."""
    x, y = table(examples, names), np.array([float(getattr(e, target)) for e in examples])
    folds = GroupKFold(min(8, len({e.article for e in examples})))
    probabilities = np.zeros(len(examples))
    for train, test in folds.split(x, y, [e.article for e in examples]):
        part = weights_of([examples[i] for i in train])
        bias, weights = logistic(x[train], y[train], part, names)
        probabilities[test] = expit(bias + x[test] @ weights)
    return probabilities


def calibration_error(probabilities: Values, truth: Values, bins: int = 10) -> float:
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(probabilities[index == b].mean() - truth[index == b].mean()) * (index == b).mean()
            for b in range(bins)
            if (index == b).any()
        )
    )


def describe(name: str, examples: Sequence[Example], probabilities: Values, target: str) -> None:
    truth = np.array([getattr(e, target) for e in examples], dtype=float)
    parts = [f"{name}: AUC {roc_auc_score(truth, probabilities):.3f}"]
    parts.append(f"ECE {calibration_error(probabilities, truth):.3f} (n={len(examples)})")
    for part in sorted({e.set for e in examples}):
        rows = np.array([e.set == part for e in examples])
        if 0 < truth[rows].mean() < 1:
            parts.append(f"{part} {roc_auc_score(truth[rows], probabilities[rows]):.3f}")
    print(" · ".join(parts))


def balanced(examples: Sequence[Example], probabilities: Values, most: float) -> float:
    """The threshold that refuses ``most`` of the answerable questions, or hardly less.

    It is in the middle between the last that it refuses and the first that it does not.
    """
    kept = sorted(
        (p, w)
        for e, p, w in zip(examples, probabilities, weights_of(examples), strict=True)
        if e.answerable
    )
    total, refused, last = sum(w for _, w in kept), 0.0, 0.0
    for p, w in kept:
        refused += w
        if refused > most * total:
            return float(last + p) / 2
        last = p
    return 0.5


def curve(examples: Sequence[Example], probabilities: Values) -> None:
    print("threshold  set  refused-on-unanswerable  false-refusals  trusted")
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        for name in sorted({e.set for e in examples}):
            rows = [(e, p) for e, p in zip(examples, probabilities, strict=True) if e.set == name]
            refused = [e.ruled or p < threshold for e, p in rows]
            no = [r for r, (e, _) in zip(refused, rows, strict=True) if not e.answerable]
            yes = [r for r, (e, _) in zip(refused, rows, strict=True) if e.answerable]
            good = [
                (e.right and not r) if e.answerable else r
                for r, (e, _) in zip(refused, rows, strict=True)
            ]
            print(
                f"{threshold:.1f}  {name}  {np.mean(no) if no else float('nan'):.2f} ({len(no)})"
                f"  {np.mean(yes) if yes else float('nan'):.2f} ({len(yes)})  {np.mean(good):.2f}"
            )


def fit(folders: Sequence[Path], *, only_adapted: bool = False) -> None:
    runs = [(folder, read_run(folder)) for folder in folders]
    examples = [
        e for folder, run in runs for result in run.results if (e := example(result, folder.name))
    ]
    models = {str(run.facts["model"]) for _, run in runs}
    if len(models) > 1:
        sys.exit(f"The runs are of {', '.join(sorted(models))}. Fit one model at a time.")
    [model] = models
    path = Path(__file__).parent.parent / "assistant" / "decision.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    # A run tells of one way to search, with the cross-encoder or without.
    encoded = any("answers" in e.signals for e in examples)
    heads: dict[str, dict[str, float]] = {}
    for name, (features, target, read_only) in HEADS.items():
        if name.startswith("extractive_before") and model != document["default"]:
            continue
        end = next(one for one in ASKED if name.endswith(one))
        if (ENCODED in name) != encoded or (only_adapted and not end):
            continue
        rows = [
            e for e in examples if not (read_only and e.ruled) and ASKED[end] <= e.signals.keys()
        ]
        if not rows:
            continue
        truth = np.array([float(getattr(e, target)) for e in rows])
        out_of_fold = held_out(rows, features, target)
        describe(name, rows, out_of_fold, target)
        bias, weights = logistic(table(rows, features), truth, weights_of(rows), features)
        heads[name] = {"bias": round(bias, 4)} | {
            feature: round(float(w), 4) for feature, w in zip(features, weights, strict=True)
        }
        stage = name.removesuffix(QUOTES).removesuffix(ADAPTED).removesuffix(ENCODED)
        if stage in ("model_after", "extractive_before"):
            threshold = balanced(rows, out_of_fold, FALSE_REFUSALS[end])
            heads[name]["balanced"] = round(threshold, 4)
        if stage == "model_after":
            by_id = dict(zip(map(id, rows), out_of_fold, strict=True))
            # Nor does it tell of those that this decision is not for.
            told = [e for e in examples if e.ruled or id(e) in by_id]
            curve(told, np.array([by_id.get(id(e), 0.0) for e in told]))
    kept = document["models"].setdefault(model, {"weights": {}})
    what = ADAPTED if only_adapted else ENCODED if encoded else ""
    kept[f"fitted{what}"] = datetime.now(UTC).date().isoformat()
    kept[f"questions{what}"] = {folder.name: len(run.results) for folder, run in runs}
    kept["weights"] |= heads
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"wrote the weights of {model} to {path.name}")


def sample(path: Path, per_cell: int) -> None:
    """Print a seeded sample: ``per_cell`` answerable and as many unanswerable an article."""
    cells: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        cells[row["article"], row["answerable"]].append(line)
    chooser = random.Random(7)
    lines = [
        line
        for key in sorted(cells)
        for line in chooser.sample(cells[key], min(per_cell, len(cells[key])))
    ]
    chooser.shuffle(lines)
    print("\n".join(lines))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sample", path, number]:
            sample(Path(path), int(number))
        case ["fit", "--adapted", *folders] if folders:
            fit([Path(folder) for folder in folders], only_adapted=True)
        case ["fit", *folders] if folders:
            fit([Path(folder) for folder in folders])
        case _:
            sys.exit(__doc__)
