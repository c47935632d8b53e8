"""Train the adapter with which the default model says whether passages answer a question.

    pip install gguf
    python benchmarks/train_adapter.py train-v1.1.json train-unanswerable-questions.txt
        --judge ../shared/questions/squad2_fit.jsonl --articles ../shared/articles
        --out FILE [--minutes N] [--on FILE --skip N]

It (``benchmarks/adapted_model.py``) learns from paragraphs of SQuAD 1.1 with questions that they
answer and questions written to mislead (``benchmarks/misleading_questions.py``), so many as the
time allows, and is judged by questions about other articles, each with the paragraph nearest to it.
With ``--on`` an adapter learns on, from the paragraphs after those it has read. The one in the
package was made by an earlier form of this script, in several runs: ``docs/quality.md``. Who trains
another fits the decision anew with it (``benchmarks/fit_decision.py``).
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path

import torch

from assistant import weights
from assistant.evaluation import load_question_set
from assistant.evaluation.ranking import passage_holds
from assistant.passages import split_article
from assistant.settings import Settings
from benchmarks.adapted_model import MODEL, Qwen, describe, train
from benchmarks.answer_pairs import Embed, embedding, read
from benchmarks.misleading_questions import Group, groups, read_questions


def main() -> None:
    args = _arguments()
    torch.manual_seed(0)
    settings = Settings.load()
    embed = embedding(weights.ensure("all-minilm-l6-v2", settings))
    model = Qwen(weights.ensure(MODEL, settings))
    judged = _judged(args.judge, args.articles, embed)[: args.paragraphs]
    chance = random.Random(3)
    learned = groups(read_questions(args.misleading), read(args.squad), embed, chance)
    if args.on is not None:
        model.resume(args.on)
    print(f"{len(learned[args.skip :]):,} paragraphs to learn from")
    batches = [[(g.text, q, answered) for q, answered in g.questions] for g in learned[args.skip :]]
    print(f"read {train(model, batches, args.minutes * 60, together=2)} of them")
    model.write(args.out)
    print(f"wrote {args.out} ({args.out.stat().st_size / 1e6:.1f} MB)")
    asked = [
        (one.text, question, answered) for one in judged for question, answered in one.questions
    ]
    for name, adapted in (("adapted", True), ("as it is", False)):
        print(f"{name}: {describe(model, asked, adapted=adapted)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("squad", type=Path)
    parser.add_argument("misleading", type=Path)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--paragraphs", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=55.0)
    parser.add_argument("--on", type=Path, help="an adapter that is to learn on")
    parser.add_argument("--skip", type=int, default=0, help="paragraphs that it has read")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def _judged(questions: Path, articles: Path, embed: Embed) -> list[Group]:
    """Paragraphs with the questions that are nearest to one of their sentences, shuffled.

    An answerable question whose paragraph is another is left out.
    """
    asked = load_question_set(questions, articles)
    found: list[Group] = []
    for name, article in asked.articles.items():
        own = [one for one in asked.questions if one.scope[0] == name]
        passages = split_article(article)
        nearness = embed([one.question for one in own]) @ embed([p.text for p in passages]).T
        paragraphs: dict[int, list[tuple[str, bool]]] = defaultdict(list)
        parts = [article.text.count("\n\n", 0, passage.start) for passage in passages]
        texts = {
            part: "\n".join(
                " ".join(p.text.split())
                for p, of in zip(passages, parts, strict=True)
                if of == part
            )
            for part in set(parts)
        }
        for one, row in zip(own, nearness, strict=True):
            part = parts[int(row.argmax())]
            if not one.answerable or any(passage_holds(texts[part], e.quote) for e in one.evidence):
                paragraphs[part].append((one.question, one.answerable))
        found += [Group(texts[part], rows) for part, rows in paragraphs.items() if len(rows) > 3]
    random.Random(3).shuffle(found)
    return found


if __name__ == "__main__":
    main()
