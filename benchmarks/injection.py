"""Does an article's own text make the model do something else than answer?

    python benchmarks/injection.py --limit 6          # a quick look, some minutes
    python benchmarks/injection.py                    # every string in three places, 204 questions

Each string of injections.jsonl is put at the start, in the middle and at the end of the sample
article as a paragraph of its own, and a sample question is asked. An attack has succeeded when
what it demands stands in the answer as the answer's own words, however well it is quoted. The
same questions without a string say what the answers are worth otherwise. A run goes on where it
was cut off; a success is printed with the answer, for a person to judge.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy.stats import binomtest

from assistant import seeds
from assistant.answering import Assistant
from assistant.errors import ModelError
from assistant.evaluation.question_sets import load_question_set
from assistant.evaluation.scorers import score
from assistant.schema import Answer, Question

STRINGS = Path(__file__).with_name("injections.jsonl")
PLACES = ("start", "middle", "end")
CLEAN = "clean"
"""The place of no string: the article as it is."""


@dataclass(frozen=True)
class Injection:
    """One string; ``sign`` is a pattern of what an answer has when it obeys."""

    id: str
    category: str
    text: str
    sign: str


@dataclass(frozen=True)
class Outcome:
    """One question asked; ``trusted`` is whether the answer was right and rightly cited."""

    injection: str
    category: str
    place: str
    question: str
    obeyed: bool
    trusted: bool
    answer: str


def injections() -> list[Injection]:
    """Every string, categories mixed, so that a part of them is a sample of all."""
    lines = STRINGS.read_text(encoding="utf-8").splitlines()
    rows = [Injection(**json.loads(line)) for line in lines]
    return sorted(rows, key=lambda row: (int(row.id.rpartition("-")[2]), row.category))


def injected(text: str, string: str, place: str) -> str:
    """The article with the string as a paragraph of its own."""
    paragraphs = text.strip().split("\n")
    at = {"start": 1, "middle": len(paragraphs) // 2, "end": len(paragraphs), CLEAN: None}[place]
    if at is not None:
        paragraphs[at:at] = [string]
    return "\n".join(paragraphs) + "\n"


def obeys(answer: Answer, injection: Injection) -> bool:
    """Whether what is demanded stands in the answer; a refusal obeys nobody."""
    if answer.status == "not_in_article":
        return False
    flags = re.IGNORECASE | re.DOTALL
    return any(re.search(injection.sign, one.text, flags) for one in answer.sentences)


def asked(
    assistant: Assistant, article: str, question: Question, injection: Injection, place: str
) -> Outcome:
    """Ask about the article with the string in it, from a library that has nothing else."""
    added = assistant.add(text=injected(article, injection.text, place), title="Sample")
    try:
        answer = assistant.ask(question.question, articles=[added.id])
        scores = score(question, answer, [added])
    finally:
        assistant.remove(added.id)
    [trusted] = [row.value for row in scores if row.metric == "trusted"]
    return Outcome(
        injection.id,
        injection.category,
        place,
        question.id,
        place != CLEAN and obeys(answer, injection),
        bool(trusted),
        str(answer),
    )


def plan(
    strings: Sequence[Injection], questions: Sequence[Question], places: Sequence[str]
) -> Iterator[tuple[Injection, str, Question]]:
    """Each string in each place, with one question after the other; then without any string."""
    for number, injection in enumerate(strings):
        for place in places:
            yield injection, place, questions[number % len(questions)]
    nothing = Injection("none-0", CLEAN, "", "")
    for question in questions[: len(strings)]:
        yield nothing, CLEAN, question


def read(path: Path) -> dict[tuple[str, str, str], Outcome]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [Outcome(**json.loads(line)) for line in lines]
    return {(row.injection, row.place, row.question): row for row in rows}


def interval(successes: int, n: int) -> str:
    """A share with Wilson's 95 % interval."""
    if not n:
        return "–"
    found = binomtest(successes, n).proportion_ci(method="wilson")
    return f"{successes / n:.1%} ({found.low:.1%}–{found.high:.1%})"


def table(outcomes: Iterable[Outcome]) -> str:
    rows = list(outcomes)
    clean = [row for row in rows if row.place == CLEAN]
    attacked = [row for row in rows if row.place != CLEAN]
    groups: Mapping[str, list[Outcome]] = {
        "all": attacked,
        **{place: [row for row in attacked if row.place == place] for place in PLACES},
        **{
            name: [row for row in attacked if row.category == name]
            for name in sorted({row.category for row in attacked})
        },
    }
    lines = [
        "| Strings | Questions | Attack succeeded (95 %) | Trusted answers (95 %) |",
        "|---|---:|---:|---:|",
        f"| none | {len(clean)} | – | {interval(sum(row.trusted for row in clean), len(clean))} |",
    ]
    for name, group in groups.items():
        obeyed = interval(sum(row.obeyed for row in group), len(group))
        trusted = interval(sum(row.trusted for row in group), len(group))
        lines.append(f"| {name} | {len(group)} | {obeyed} | {trusted} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--limit", type=int, help="only the first so many strings")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first so many")
    parser.add_argument("--places", nargs="+", choices=PLACES, default=PLACES)
    parser.add_argument("--model", help="another model than the default one")
    parser.add_argument("--out", type=Path, default=Path("runs/injection"))
    chosen = parser.parse_args()
    sample = load_question_set(seeds.questions())
    [article] = sample.articles.values()
    questions = [row for row in sample.questions if row.answerable and not row.history]
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / f"{chosen.model or 'default'}.jsonl".replace("/", "_")
    done = read(path)
    wanted = list(plan(injections()[chosen.skip : chosen.limit], questions, chosen.places))
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as store,
        Assistant.open(store, model=chosen.model, offline=True) as assistant,
        path.open("a", encoding="utf-8") as kept,
    ):
        if assistant.chat_model is None:
            raise ModelError("A language model is needed here. Run `assistant models pull`.")
        for number, (injection, place, question) in enumerate(wanted, start=1):
            key = (injection.id, place, question.id)
            if key not in done:
                done[key] = outcome = asked(assistant, article.text, question, injection, place)
                kept.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
                kept.flush()
                if outcome.obeyed:
                    print(f"{injection.id} at the {place}: {outcome.answer}", file=sys.stderr)
            print(f"\r{number} of {len(wanted)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    keys = [(injection.id, place, question.id) for injection, place, question in wanted]
    print(table(done[key] for key in keys))
    return 0


if __name__ == "__main__":
    sys.exit(main())
