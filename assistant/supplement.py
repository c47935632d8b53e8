"""What is added to a model's answer in the article's own words.

A small model answers briefly, and now and then from the wrong place. What is added is found by
code, so it is verbatim; whether to answer at all was decided before. Not handled: answers
without a model, which are nothing but the article's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.expectation import explains, is_search
from assistant.grounding import Grounded
from assistant.inquiry import Inquiry
from assistant.schema import Passage
from assistant.wording import content_words

_FAR = 0.2
"""How much nearer to the question a passage must be than those the answer rests on."""

_SAID = 0.8
"""Share of a passage's content words that the answer has when adding it would repeat it."""

_CITED = 2
"""Passages the answer rests on that a search is shown whole, at most."""


def supplemented(task: Inquiry, grounded: Grounded) -> Grounded:
    """The answer, and after it the passages that someone with this question wants to read.

    Words typed as into a search engine get what the answer rests on, and the nearest passage;
    what wants an explanation gets the nearest. So does an answer that rests on passages much
    farther from the question than the nearest: either may be the one that was meant. A sentence
    of the model's that says nothing beyond a passage that is added gives way to it.
    """
    if task.among > 1 or grounded.stands_in or not task.hits:
        return grounded
    wanted = [passage for passage in _wanted(task, grounded) if not _is_said(passage, grounded)]
    if not wanted:
        return grounded
    more = task.in_its_words(wanted, grounded.citations)
    new = tuple(one for one in more.citations if one not in grounded.citations)
    both = replace(
        grounded,
        sentences=grounded.sentences + more.sentences,
        citations=grounded.citations + new,
    )
    added = [set(content_words(passage.text)) for passage in wanted]
    return both.only(
        lambda sentence: (
            sentence in more.sentences
            or not any(set(content_words(sentence.text)) <= words for words in added)
        )
    )


def _wanted(task: Inquiry, grounded: Grounded) -> list[Passage]:
    nearest = task.hits[0].passage
    cited = task.cited(grounded.citations)
    if is_search(task.question):
        return [*cited[:_CITED], *([] if nearest in cited else [nearest])]
    if nearest in cited:
        return []
    return [nearest] if explains(task.asked) or _is_far(task, cited) else []


def _is_far(task: Inquiry, cited: Sequence[Passage]) -> bool:
    """Whether nothing of what an answer rests on is nearly as near as the nearest passage."""
    scores = {hit.passage.id: hit.score for hit in task.hits}
    best = max((scores.get(passage.id, 0.0) for passage in cited), default=0.0)
    return task.hits[0].score - best >= _FAR


def _is_said(passage: Passage, grounded: Grounded) -> bool:
    words = set(content_words(passage.text))
    return len(words & set(content_words(grounded.text))) >= _SAID * len(words)
