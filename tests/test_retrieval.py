"""Searching for passages that are worth reading again."""

from __future__ import annotations

from pathlib import Path

from assistant.answering import Assistant
from assistant.retrieval import candidates, search
from assistant.testing import HashEmbedder

QUESTION = "How did the harbour war between Norwick and Selby begin?"
WAR = "The harbour war between Norwick and Selby was the longest in the history of both towns."
BETWEEN = "People on both sides still sing of it when the nights are long."
ANAPHORIC = "It broke out over a dispute about eels."
FAR = [f"In {year} the harbour of the island had a mayor named Berg." for year in range(1900, 1940)]
QUIET = [f"The {n}th lighthouse keeper on these cliffs liked to knit socks." for n in range(4, 14)]


def test_what_stands_beside_the_best_is_worth_reading_again(tmp_path: Path) -> None:
    paragraphs = [*FAR, *QUIET, f"{WAR} {BETWEEN} {ANAPHORIC}"]
    with Assistant.open(tmp_path, model="extractive", embedder=HashEmbedder()) as assistant:
        article = assistant.add(text="\n\n".join(paragraphs), title="The coast")
        library, scope = assistant.library, [article.id]
        found = search(library, QUESTION, k=6, article_ids=scope)
        worth = candidates(library, QUESTION, k=6, article_ids=scope)
    assert ANAPHORIC not in [hit.passage.text for hit in found]
    assert ANAPHORIC in [hit.passage.text for hit in worth]
    assert worth[0] == found[0]
    assert [hit.rank for hit in worth] == list(range(1, 7))
    assert [hit.score for hit in worth] == sorted((hit.score for hit in worth), reverse=True)


def test_another_article_lends_nothing(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, model="extractive", embedder=HashEmbedder()) as assistant:
        assistant.add(text=WAR, title="The war")
        assistant.add(text="\n\n".join([ANAPHORIC, *FAR]), title="The coast")
        worth = candidates(assistant.library, QUESTION, k=6)
    assert worth[0].passage.text == WAR
    assert ANAPHORIC not in [hit.passage.text for hit in worth]
