"""What goes from an answer of several sentences, by the odds of their quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.grounding import quote
from assistant.inquiry import Inquiry
from assistant.schema import Passage, RetrievedPassage
from assistant.testing import HashEmbedder, ScriptedChatModel

TEXT = """The bridge was opened in 1932 by the king.

It carries trains and cars across the harbour.

Painters take ten years to paint it."""


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(
        tmp_path, model=ScriptedChatModel(replies=["Yes."]), embedder=HashEmbedder()
    ) as opened:
        opened.add(text=TEXT)
        yield opened


def left(
    assistant: Assistant, question: str, odds: Sequence[float | None]
) -> tuple[list[str], list[Sequence[Passage]]]:
    """The sentences left of the whole article as an answer, and what was judged."""
    library = assistant.library
    [key] = library.article_ids()
    passages = library.passages(key)
    task = Inquiry(question, question, [key], [RetrievedPassage(passages[0], 1.0, 1)], library)
    judged: list[Sequence[Passage]] = []

    def odds_of(shown: Sequence[Passage]) -> float | None:
        judged.append(shown)
        return odds[passages.index(shown[0])]

    answer = quote(passages[: len(odds)], task.articles)
    told = task.without_outshone(answer, odds_of, 2.0)
    assert [one.marker for one in told.citations] == list(range(1, len(told.citations) + 1))
    return [one.text for one in told.sentences], judged


OPENED, CARRIES, PAINTED = TEXT.split("\n\n")


@pytest.mark.parametrize(
    ("odds", "expected"),
    [
        ([2.5, 0.4, -4.0], [OPENED]),
        ([2.5, 0.6, 1.0], [OPENED, CARRIES, PAINTED]),
        ([-3.0, -1.5, 0.0], [CARRIES, PAINTED]),
        ([None, None, None], [OPENED, CARRIES, PAINTED]),
    ],
)
def test_what_answers_far_less_likely_than_another_goes(
    assistant: Assistant, odds: Sequence[float | None], expected: list[str]
) -> None:
    assert left(assistant, "When was the bridge opened?", odds)[0] == expected


def test_a_single_sentence_is_not_judged(assistant: Assistant) -> None:
    assert left(assistant, "When was the bridge opened?", [-9.0]) == ([OPENED], [])


@pytest.mark.parametrize(
    "question",
    ["bridge opened", "Why was the bridge opened?", "When was it opened, and what does it carry?"],
)
def test_what_wants_more_than_one_sentence_keeps_them(assistant: Assistant, question: str) -> None:
    assert left(assistant, question, [9.0, -9.0]) == ([OPENED, CARRIES], [])


def test_words_of_somebody_unnamed_come_after_the_name(tmp_path: Path) -> None:
    text = (
        "Painter Ada Lund said that the bridge is hers. “It takes ten years,” she said. "
        "The bridge carries trains, a report says. The report says that it is old."
    )
    with Assistant.open(
        tmp_path, model=ScriptedChatModel(replies=["Yes."]), embedder=HashEmbedder()
    ) as opened:
        opened.add(text=text)
        [key] = opened.library.article_ids()
        passages = opened.library.passages(key)
        task = Inquiry("?", "?", [key], [RetrievedPassage(passages[0], 1.0, 1)], opened.library)
        told = task.in_its_words(passages)
    assert [one.text for one in told.sentences] == [
        passages[0].text,
        f"Painter Ada Lund: {passages[1].text}",
        passages[2].text,
        passages[3].text,
    ]
    assert [one.quote for one in told.citations] == [one.text for one in passages]
