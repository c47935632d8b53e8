"""Are questions about a whole article answered: its summary, who is quoted, what is named?

    python benchmarks/whole_article.py                      # 20 questions, the default model
    python benchmarks/whole_article.py --model extractive   # without a language model
    python benchmarks/whole_article.py --again              # ask nothing, check what was answered

whole_article.jsonl is a question set (docs/questions.md) over the sample article and eight news
articles, which are read from ``../shared/articles``: where they are absent, only the questions
about the sample are asked, and that is said. What to expect was written by a person who read the
articles and had seen no answer. Two columns are its own: ``also`` holds groups of names that may
stand in a list but need not, ``wrong`` patterns of what no item of an answer may say.

An answer passes when every sentence of it is cited, every quote is the article's, every expected
name or point is there, nothing false is, and a summary rests on at least two thirds of the
article. Answers are kept in ``--out`` for a person to read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import seeds
from assistant.answering import Assistant
from assistant.articles import load_article
from assistant.evaluation import load_question_set
from assistant.evaluation.figures import mean_figure
from assistant.evaluation.overlap import says, words
from assistant.evaluation.scorers import citation_holds, is_refusal, plain_text
from assistant.schema import Answer, Article, Question, Sentence

QUESTIONS = Path(__file__).with_name("whole_article.jsonl")
SHARED = Path(__file__).parents[2] / "shared" / "articles"
COLUMNS = ("passed", "answered", "cited", "verbatim", "points", "true", "precision", "thirds")
LISTS = ("speakers", "countries", "organisations", "criticism")
"""Kinds whose answers are lists: each sentence has to name something that belongs there."""

_THIRDS = 2 / 3
_NUMBERS = ("", *"one two three four five six seven eight nine ten eleven twelve".split())
_COUNT = re.compile(
    rf"(?<![\d,.])\b(\d+|{'|'.join(_NUMBERS[1:])}) (?:different |named |football )?"
    r"(?:speakers?|people|countr(?:y|ies)|organi[sz]ations?|clubs?)\b",
    re.IGNORECASE,
)
_PROPER = re.compile(r"(?<=[\w,;:)”\"'] )(?:[A-ZÀ-Þ][\w&.’'-]+|\d[\d,.]*)")
_ITEMS = re.compile(r"[:;,\n]\s+|\s+and\s+")

Group = Sequence[str]
"""A name or a point in its alternatives."""


@dataclass(frozen=True)
class Expected:
    """A question and what a reader of the article expects: see the head of this file."""

    question: Question
    also: tuple[tuple[str, ...], ...]
    wrong: tuple[str, ...]

    @property
    def named(self) -> list[Group]:
        """The groups that are names or points, not the number a "how many" asks for."""
        return [group for group in self.question.answers if not group[0].isdigit()]


@dataclass(frozen=True)
class Checked:
    """What became of one question: 0 to 1 by column, ``None`` where there is nothing to judge."""

    values: Mapping[str, float | None]
    remarks: tuple[str, ...]


def expected(folder: Path) -> tuple[list[Expected], dict[str, Article], int]:
    """The questions whose articles are there, these articles, and how many questions are left out.

    Raises:
        QuestionSetError: evidence that is not in its article, or another mistake in the file.
    """
    lines = [line for line in QUESTIONS.read_text(encoding="utf-8").split("\n") if line]
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    more = {row["id"]: row for row in rows}
    found: list[Expected] = []
    articles: dict[str, Article] = {}
    sample = seeds.article()
    # A question set looks for articles in one folder, and these stand in two.
    for place, mine in ((sample.parent, True), (folder, False)):
        chosen = [
            line
            for line, row in zip(lines, rows, strict=True)
            if (row["article"] == sample.stem) is mine
        ]
        if not mine and not folder.is_dir():
            continue
        with tempfile.TemporaryDirectory() as temporary:
            part = Path(temporary) / QUESTIONS.name
            part.write_text("\n".join(chosen), encoding="utf-8")
            loaded = load_question_set(part, place)
        articles |= loaded.articles
        for question in loaded.questions:
            row = more[question.id]
            also = tuple(tuple(group) for group in row.get("also", ()))
            found.append(Expected(question, also, tuple(row.get("wrong", ()))))
    return found, articles, len(rows) - len(found)


def check(one: Expected, answer: Answer, article: Article) -> Checked:
    """Every check of one answer about ``article``, whose id the citations carry."""
    refused = is_refusal(answer)
    text = plain_text(answer)
    missing = [group[0] for group in one.question.answers if not _said(text, group)]
    points = 1 - len(missing) / len(one.question.answers)
    bare = [sentence.text for sentence in answer.sentences if not sentence.citations]
    forged = [c.quote for c in answer.citations if article.text[c.start : c.end] != c.quote]
    false = [] if refused else list(_falsehoods(one, answer, text, article))
    summary = one.question.kind == "summary"
    values: dict[str, float | None] = {
        "answered": float(not refused),
        "cited": None if refused else float(bool(answer.sentences) and not bare),
        "verbatim": None if refused else float(not forged),
        "points": points,
        "true": None if refused else float(not false),
        "precision": None if refused or summary else _precision(one, answer),
        "thirds": (0.0 if refused else thirds(answer, article)) if summary else None,
    }
    narrow = not refused and values["thirds"] is not None and values["thirds"] < _THIRDS
    passed = not (refused or missing or bare or forged or false or narrow)
    remarks = [
        *(["refused"] if refused else [f"does not say {name}" for name in missing]),
        *([] if refused else [f"uncited: {part}" for part in bare]),
        *(f"not in the article: {quote}" for quote in forged),
        *false,
        *([f"rests on {values['thirds']:.0%} of the article"] if narrow else []),
    ]
    return Checked({"passed": float(passed), **values}, tuple(remarks))


def thirds(answer: Answer, article: Article) -> float:
    """The share of the article's thirds, by characters, in which a quote begins."""
    places = {min(2, 3 * c.start // max(1, len(article.text))) for c in answer.citations}
    return len(places) / 3


def _said(text: str, group: Group) -> bool:
    return any(says(text, alternative) for alternative in group)


def _falsehoods(one: Expected, answer: Answer, text: str, article: Article) -> Iterator[str]:
    for sentence in answer.sentences:
        for item in (sentence.text, *_ITEMS.split(sentence.text)):
            found = (re.search(pattern, item.strip(' .“"')) for pattern in one.wrong)
            if said := next(filter(None, found), None):
                yield f"false: {said[0]} in {sentence.text}"
                break
    if one.question.kind in LISTS:
        belongs = [*one.named, *one.also]
        yield from (
            f"does not belong there: {sentence.text}"
            for sentence in answer.sentences
            if not sentence.text.endswith(":")
            and not any(_said(sentence.text, group) for group in belongs)
        )
        for count in _COUNT.findall(text):
            number = int(count) if count.isdigit() else _NUMBERS.index(count.lower())
            if not len(one.named) <= number <= len(belongs):
                yield f"counts {number}, not {len(one.named)} to {len(belongs)}"
    yield from (f"made up: {word}" for word in _invented(one, text, article))


def _invented(one: Expected, text: str, article: Article) -> list[str]:
    """Names and numbers of an answer that neither the article nor the expectation holds."""
    groups = (*one.question.answers, *one.also)
    known = {word for group in groups for name in group for word in words(name)}
    known |= set(words(article.text)) | set(words(article.text, joiner=""))
    return [
        word
        for word in dict.fromkeys(_PROPER.findall(_COUNT.sub("", text)))
        if not all(part in known or len(part) == 1 for part in words(word))
        and not set(words(word, joiner="")) <= known
    ]


def _precision(one: Expected, answer: Answer) -> float | None:
    """The share of citations that show what their sentence names.

    Where the question has evidence they have to hold some of it, else to say the name itself.
    """
    shown: list[bool] = []
    for sentence in answer.sentences:
        names = [group for group in one.named if _said(sentence.text, group)]
        if names:
            shown += [_shows(one, names, sentence, n) for n in range(len(sentence.citations))]
    return sum(shown) / len(shown) if shown else None


def _shows(one: Expected, names: Iterable[Group], sentence: Sentence, number: int) -> bool:
    citation = sentence.citations[number]
    if one.question.evidence:
        return any(citation_holds(citation, gold.quote) for gold in one.question.evidence)
    return any(_said(citation.quote, group) for group in names)


def ask(
    questions: Sequence[Expected], articles: Mapping[str, Article], model: str | None, path: Path
) -> None:
    """Ask every question of its article alone; the answers go to ``path``, line by line."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as store,
        Assistant.open(store, model=model, offline=True) as assistant,
        path.open("w", encoding="utf-8") as kept,
    ):
        added = {
            name: assistant.add(text=article.text, title=article.title or None)
            for name, article in articles.items()
        }
        for number, one in enumerate(questions, start=1):
            scope = [added[one.question.scope[0]].id]
            answer = assistant.ask(one.question.question, articles=scope)
            row = {"id": one.question.id, "answer": answer.to_dict()}
            kept.write(json.dumps(row, ensure_ascii=False) + "\n")
            kept.flush()
            print(f"\r{number} of {len(questions)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def read(path: Path) -> dict[str, Answer]:
    """The answers of a run, by the question's id; SystemExit where there has been none."""
    if not path.exists():
        raise SystemExit(f"{path} is not there: run without --again first")
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["id"]: Answer.from_dict(row["answer"]) for row in rows}


def as_added(article: Article) -> Article:
    """The article as the library stores it, which is what citations count in."""
    return load_article(text=article.text, title=article.title or None)


def table(results: Sequence[tuple[Expected, Checked]]) -> str:
    """Means with 95 % intervals, over all questions and by kind, as Markdown."""
    kinds = dict.fromkeys(one.question.kind for one, _ in results)
    lines = ["| kind | n | " + " | ".join(COLUMNS) + " |", "|---|---:|" + "---|" * len(COLUMNS)]
    for kind in ("all", *kinds):
        rows = [checked for one, checked in results if kind in ("all", one.question.kind)]
        cells = [_cell([row.values[name] for row in rows]) for name in COLUMNS]
        lines.append(f"| {kind} | {len(rows)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    figure = mean_figure(known)
    return f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--model", help="another model than the default one, or extractive")
    parser.add_argument("--articles", type=Path, default=SHARED, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("runs/whole_article"))
    parser.add_argument("--again", action="store_true", help="check the answers of the last run")
    chosen = parser.parse_args()
    questions, articles, left_out = expected(chosen.articles)
    if left_out:
        print(f"{left_out} questions are left out: {chosen.articles} is not there", file=sys.stderr)
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / f"{chosen.model or 'default'}.jsonl".replace("/", "_")
    if not chosen.again:
        ask(questions, articles, chosen.model, path)
    answers = read(path)
    results: list[tuple[Expected, Checked]] = []
    for one in questions:
        if one.question.id in answers:
            answer = answers[one.question.id]
            checked = check(one, answer, as_added(articles[one.question.scope[0]]))
            results.append((one, checked))
            said = "passed" if checked.values["passed"] else "; ".join(checked.remarks)
            print(f"{one.question.id} {answer.timings.total:.1f} s: {said}", file=sys.stderr)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
