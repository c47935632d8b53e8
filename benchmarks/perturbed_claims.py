"""Are claims with one thing wrong caught, and those with nothing wrong let pass?

    python benchmarks/perturbed_claims.py [FOLDER] [--each N] [--seed N] [--half 0|1] [--led]
                                           [--show]

Claims are built by code from the sentences of the articles in FOLDER (default
``../shared/articles``) and of the sample article. Each is cited over the eight passages a
reader would have and judged by :func:`assistant.support.check`. *Caught*: a perturbed claim
that is unsupported. *Alarm*: a faithful claim that is. ``--half`` keeps every other article,
so that rules can be made on one half and checked on the other. ``--led`` asks whether the claim
is true: what a question brings in is excused, so a question that misleads is harder to withstand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.aliases import mentions
from assistant.articles import load_article
from assistant.citations import align
from assistant.schema import Article, Passage
from assistant.seeds import article as seed_path
from assistant.support import Verdict, check
from assistant.wording import content_words
from benchmarks.swaps import NUMBER, SWAPS, WORDS, YEAR, Claim, Source, bare, forms

QUESTION = "What does the article say?"
CONTEXT = 8
FORMS = ("sentence", "short", "bare", "resolved", "reordered", "numeral", "country")
_LEAD = re.compile(r"^(?:On|In|At|After|Before|By|As|While|Since|During|However|But)\b[^,“”\"]*, ")


@dataclass(frozen=True)
class Judged:
    """A claim, the context it was judged in, and the verdict; ``seconds`` for both steps."""

    claim: Claim
    verdict: Verdict
    cited: Sequence[Passage]
    seconds: float

    @property
    def wrong(self) -> bool:
        """Whether it was let pass though perturbed, or not though faithful."""
        return self.claim.faithful == (self.verdict.support == "unsupported")


def load(folder: Path) -> list[Source]:
    """The sample article and all articles of a folder (JSON files with ``id`` and ``text``)."""
    articles = [load_article(seed_path())]
    for path in sorted(folder.glob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        title = str(held.get("title", ""))
        articles.append(Article(path.stem, title, str(held["text"]), path.name))
    return [Source.of(article) for article in articles]


def build(sources: Sequence[Source], each: int, seed: int = 11) -> list[Claim]:
    """At most ``each`` perturbed claims of every kind and as many faithful ones of every form.

    Articles take turns, kinds of articles too: there are many more short ones than long ones.
    """
    rng = random.Random(seed)
    faithful: dict[str, list[Claim]] = defaultdict(list)
    perturbed: dict[str, list[Claim]] = defaultdict(list)
    for source, passage in _in_turns(sources, rng):
        claims = faithful_forms(source, passage)
        for claim in claims:
            faithful[claim.kind].append(claim)
        for kind, swap in SWAPS.items():
            base = rng.choice(claims)
            if len(perturbed[kind]) < each and (text := swap(base, sources, rng)):
                perturbed[kind].append(replace(base, text=text, kind=kind, faithful=False))
    kept = [claim for kind in FORMS for claim in faithful[kind][:each]]
    return kept + [claim for kind in SWAPS for claim in perturbed[kind]]


def faithful_forms(source: Source, passage: Passage) -> list[Claim]:
    """The sentence itself and what can be made of it by code without changing what it says."""
    text = " ".join(passage.text.split())
    made = {
        "sentence": text,
        "short": _shortened(text),
        "bare": bare(text, source),
        "resolved": _resolved(text, source, passage),
        "reordered": _reordered(text),
        "numeral": _renumbered(text),
        "country": _demonym(text),
    }
    return [Claim(t, kind, source, passage, faithful=True) for kind, t in made.items() if t]


def context_of(claim: Claim) -> list[Passage]:
    """The passage, two before, two after, and those that share most words with the claim."""
    passages = claim.source.passages
    at = passages.index(claim.passage)
    near = set(range(max(0, at - 2), min(len(passages), at + 3)))
    words = set(content_words(claim.text))
    shared = [len(words & set(content_words(p.text))) for p in passages]
    rest = sorted(set(range(len(passages))) - near, key=lambda i: (-shared[i], i))
    return [passages[i] for i in sorted(near | set(rest[: max(0, CONTEXT - len(near))]))]


def judge(claim: Claim, *, led: bool = False) -> Judged:
    context = context_of(claim)
    question = f"Is it true that {claim.text.rstrip('.')}?" if led else QUESTION
    indexes = {claim.source.article.id: claim.source.index}
    start = time.perf_counter()
    alignment = align(claim.text, question, context)
    verdict = check(claim.text, alignment, context, question, indexes)
    return Judged(claim, verdict, alignment.passages, time.perf_counter() - start)


def _in_turns(sources: Sequence[Source], rng: random.Random) -> Iterator[tuple[Source, Passage]]:
    groups: dict[str, list[Iterator[tuple[Source, Passage]]]] = defaultdict(list)
    for source in sources:
        usable = [p for p in source.passages if _is_usable(p)]
        rng.shuffle(usable)
        kind = re.match(r"[a-z]*-|", source.article.id)
        groups[kind.group() if kind else ""].append(zip(itertools.repeat(source), usable))
    queues = [_around(group) for group in groups.values()]
    yield from _around(queues)


def _around(
    queues: Sequence[Iterator[tuple[Source, Passage]]],
) -> Iterator[tuple[Source, Passage]]:
    left = list(queues)
    while left:
        for queue in list(left):
            if (item := next(queue, None)) is None:
                left.remove(queue)
            else:
                yield item


def _is_usable(passage: Passage) -> bool:
    words = passage.text.split()
    return 8 <= len(words) <= 45 and bool(re.search(r"[a-z0-9)”\"][.”\"]$", passage.text))


def _shortened(text: str) -> str | None:
    """Without an opening phrase, or else without what follows the last comma."""
    if match := _LEAD.match(text):
        rest = text[match.end() :]
        return rest[0].upper() + rest[1:]
    head, _, tail = text.rpartition(", ")
    inside = head.count("“") != head.count("”") or head.count('"') % 2
    listing = tail.startswith(("and ", "or ")) or any(c in tail for c in '“”"')
    return f"{head}." if len(head.split()) >= 7 and not inside and not listing else None


def _resolved(text: str, source: Source, passage: Passage) -> str | None:
    """With the full name for the "he" or "she" that opens the sentence or speaks."""
    said = [s for s in source.index.statements if s.passage_id == passage.id and not s.explicit]
    person = source.index.antecedents.get(passage.id) or (said[0].speaker if said else None)
    match = re.match(r"(?:He|She)\b", text) or re.search(r"(?<=” )(?:he|she)\b", text)
    if person is None or match is None or person.kind != "person":
        return None
    return text[: match.start()] + person.name + text[match.end() :]


def _reordered(text: str) -> str | None:
    """ "X said (that) Y." as "According to X, Y." and the other way round."""
    if match := re.match(r"According to ([^,“”]{3,60}), (\w.*)\.$", text):
        return f"{match[1][0].upper()}{match[1][1:]} said {match[2]}."
    if match := re.match(r"([A-Z][^,“”\"]{2,60}?) said (?:that )?([^“”\"]+)\.$", text):
        return f"According to {match[1]}, {match[2]}."
    if match := re.match(r"([^“”\"]{20,}), ((?:[A-Z]\w+ ?){1,3}) said\.$", text):
        return f"{match[2]} said that {match[1]}."
    return None


def _renumbered(text: str) -> str | None:
    """Words for digits, digits for words, in one number below twenty-one."""
    values = {word: str(value) for value, word in WORDS.items()}
    for match in NUMBER.finditer(text):
        new = values.get(match.group().lower())
        if match[1] and match[1] == match.group() and match[1].isdigit():
            before = text[: match.start()].split()[-1:]
            is_day = before and re.match(r"[A-Z]", before[0])
            new = None if is_day else WORDS.get(int(match[1]))
        if new and match.start() and not YEAR.match(match.group()):
            return text[: match.start()] + new + text[match.end() :]
    return None


def _demonym(text: str) -> str | None:
    """ "the French government" as "the government of France"."""
    names = {c: n for n, form in forms().items() if form == "name" for _, _, c in mentions(n)}
    for start, end, country in mentions(text):
        noun = re.match(r" (government|president|army|people|economy|officials?)\b", text[end:])
        if noun and forms().get(text[start:end]) == "demonym" and country in names:
            rest = text[end + noun.end() :]
            return f"{text[:start]}{noun[1]} of {names[country]}{rest}"
    return None


def table(judged: Sequence[Judged]) -> str:
    """Counts by kind with 95 % intervals (Wilson), the sums below."""
    from scipy.stats import binomtest

    lines = []
    for faithful, verb in ((False, "caught"), (True, "alarms")):
        rows = [one for one in judged if one.claim.faithful is faithful]
        kinds = [*Counter(one.claim.kind for one in rows), "all"]
        for kind in kinds:
            own = [one for one in rows if kind in (one.claim.kind, "all")]
            hits = sum(one.verdict.support == "unsupported" for one in own)
            low, high = binomtest(hits, len(own)).proportion_ci(method="wilson")
            share = f"{hits / len(own):7.1%}  [{low:.1%}, {high:.1%}]"
            lines.append(f"{verb}  {kind:10} {hits:4}/{len(own):<4} {share}")
    slowest = 1000 * sorted(one.seconds for one in judged)[int(0.95 * len(judged))]
    mean = 1000 * sum(one.seconds for one in judged) / len(judged)
    return "\n".join([*lines, f"{mean:.1f} ms a claim, 95 % under {slowest:.1f} ms"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/articles"))
    parser.add_argument("--each", type=int, default=60, help="claims of each kind")
    parser.add_argument("--half", type=int, choices=(0, 1), help="every other article only")
    parser.add_argument("--seed", type=int, default=11, help="another draw of the claims")
    parser.add_argument("--led", action="store_true", help="the question repeats the claim")
    parser.add_argument("--show", action="store_true", help="print what was judged wrongly")
    args = parser.parse_args()
    sources = load(args.folder)
    if args.half is not None:
        sources = sources[args.half :: 2]
    judged = [judge(claim, led=args.led) for claim in build(sources, args.each, args.seed)]
    for one in judged if args.show else ():
        if one.wrong:
            print(f"{one.claim.kind}: {one.claim.text}\n    from: {one.claim.passage.text}")
            print(f"    {one.verdict.support} {one.verdict.reason}")
            for passage in one.cited:
                if passage != one.claim.passage:
                    print(f"    cited: {passage.text}")
    print(table(judged))


if __name__ == "__main__":
    main()
