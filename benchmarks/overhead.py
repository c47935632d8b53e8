"""What a question costs beside the model and the index: this package's own Python.

    python benchmarks/overhead.py [--rounds N] [--profile FILE]

The sample questions are answered by a scripted model that says the expected answer at once, over
an embedder that only hashes words. Searching is timed apart; what is left is splitting,
aligning, checking, deciding. ``--profile`` also writes a profile for ``python -m pstats``.
"""

from __future__ import annotations

import argparse
import cProfile
import statistics
import tempfile
import time
from pathlib import Path

from assistant import seeds
from assistant.answering import Assistant
from assistant.evaluation import load_question_set
from assistant.schema import Question
from assistant.testing import HashEmbedder, ScriptedChatModel


def reply(questions: dict[str, Question], prompt: str) -> str:
    """The evidence of the question in a prompt: the longest there is to align and to check."""
    asked = max((text for text in questions if text in prompt), key=len, default="")
    known = questions.get(asked)
    return " ".join(gold.quote for gold in known.evidence) if known and known.evidence else "Yes."


def measure(rounds: int, profile: Path | None) -> None:
    asked = load_question_set(seeds.questions()).questions
    by_text = {one.question: one for one in asked}
    model = ScriptedChatModel(replies=lambda prompt: reply(by_text, prompt))
    profiler = cProfile.Profile() if profile else None
    with (
        tempfile.TemporaryDirectory() as store,
        Assistant.open(store, model=model, embedder=HashEmbedder()) as assistant,
    ):
        assistant.add(seeds.article())
        assistant.ask(asked[0].question)
        outside, searching = [], []
        for _ in range(rounds):
            for one in asked:
                if profiler:
                    profiler.enable()
                begun = time.perf_counter()
                answer = assistant.ask(one.question, history=one.history)
                seconds = time.perf_counter() - begun
                if profiler:
                    profiler.disable()
                searched = answer.timings.retrieve or 0.0
                outside.append(seconds - searched)
                searching.append(searched)
    for name, values in (("beside model and index", outside), ("searching", searching)):
        p95 = statistics.quantiles(values, n=20)[-1]
        print(f"{name:<24}p50 {statistics.median(values) * 1e3:6.1f} ms  p95 {p95 * 1e3:6.1f} ms")
    if profiler and profile:
        profiler.dump_stats(profile)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5, metavar="N")
    arguments.add_argument("--profile", type=Path, metavar="FILE")
    options = arguments.parse_args()
    measure(options.rounds, options.profile)


if __name__ == "__main__":
    main()
