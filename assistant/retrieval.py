"""Find the sentences of the chosen articles that bear on a question, best first.

Two rankings are fused: by meaning (cosine) and by words (BM25); a cross-encoder may read the best
of them and rank them again. Also a LangChain retriever.
Not handled: follow-up questions, which ``followups`` makes standalone first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from assistant.aliases import expansions, reworded
from assistant.cross_encoder import CrossEncoder
from assistant.library import Library
from assistant.schema import Passage, RetrievedPassage

LEXICAL_WEIGHT = 0.2
"""What the best BM25 score of a question adds to a cosine.

Adding scaled scores beat fusing by rank in recall of the evidence (docs/quality.md): ranks
forget that one passage fits far better than all the others.
"""

ENCODER_WEIGHT = 0.1
"""What the cross-encoder's log-odds, some -6 to 6, add to a score: docs/quality.md."""

RERANKED = 24
"""Passages that are worth reading again."""

_CANDIDATES = 64
"""Passages each ranking contributes: more changed no figure."""

_LENT = 0.5
"""Share of its score that the best passage near another lends it as a candidate."""

_NEAR = 600
"""Characters within which a passage is near another: some four sentences."""

_FADING = 1 / 3_000
"""How much of that score each character between the two takes."""


def search(
    library: Library, question: str, *, k: int, article_ids: Sequence[str] | None = None
) -> list[RetrievedPassage]:
    """The ``k`` passages nearest to the question, best first; of all articles if None.

    ``score`` is the cosine plus :data:`LEXICAL_WEIGHT` times the share of the best BM25
    score, so -1 to 1.2.
    """
    depth = max(k, _CANDIDATES)
    dense = library.search_dense(question, depth, article_ids)
    names = [name for name in expansions(question) if " " not in name]
    lexical = library.search_lexical(" ".join([question, *names]), depth, article_ids)
    passages = {hit.passage.id: hit.passage for hit in (*dense, *lexical)}
    # A passage the dense ranking did not reach is at most as near as the last one it did.
    floor = min((hit.score for hit in dense), default=0.0)
    scores = dict.fromkeys(passages, floor)
    scores.update((hit.passage.id, hit.score) for hit in dense)
    best = max((hit.score for hit in lexical), default=0.0)
    for hit in lexical:
        if best > 0:
            scores[hit.passage.id] += LEXICAL_WEIGHT * hit.score / best
    order = sorted(scores, key=lambda name: (-scores[name], passages[name].start))
    return [
        RetrievedPassage(passages[name], scores[name], rank)
        for rank, name in enumerate(order[:k], start=1)
    ]


def candidates(
    library: Library, question: str, *, k: int, article_ids: Sequence[str] | None = None
) -> list[RetrievedPassage]:
    """The ``k`` passages most worth reading again, in the order and with scores of :func:`search`.

    What stands near a good passage is: "It began with a dispute" says neither which war nor whose
    dispute, and the sentences before it do.
    """
    hits = search(library, question, k=max(k, _CANDIDATES), article_ids=article_ids)
    worth = {hit.passage.id: hit.score + _LENT * _lent(hit, hits) for hit in hits}
    chosen = sorted(hits, key=lambda hit: -worth[hit.passage.id])[:k]
    chosen.sort(key=lambda hit: hit.rank)
    return [replace(hit, rank=rank) for rank, hit in enumerate(chosen, start=1)]


def _lent(hit: RetrievedPassage, hits: Sequence[RetrievedPassage]) -> float:
    """The best score near a hit, its own counted, less what the distance takes."""
    distances = (
        (other.score, abs(other.passage.start - hit.passage.start))
        for other in hits
        if other.passage.article_id == hit.passage.article_id
    )
    return max(score - _FADING * distance for score, distance in distances if distance <= _NEAR)


def rerank(
    library: Library, encoder: CrossEncoder, question: str, hits: Sequence[RetrievedPassage]
) -> list[RetrievedPassage]:
    """The hits in the order that a cross-encoder gives them; it takes tenths of a second.

    To each score it adds :data:`ENCODER_WEIGHT` times the log-odds that the passage answers.
    """
    odds: dict[str, float] = {}
    for article_id in dict.fromkeys(hit.passage.article_id for hit in hits):
        own = {hit.passage.id for hit in hits if hit.passage.article_id == article_id}
        odds |= answering(encoder, question, library.passages(article_id), own)
    read = [
        replace(hit, score=hit.score + ENCODER_WEIGHT * chance, answers=chance)
        for hit in hits
        if (chance := odds.get(hit.passage.id)) is not None
    ]
    read.sort(key=lambda hit: -hit.score)
    return [replace(hit, rank=rank) for rank, hit in enumerate(read, start=1)]


def answering(
    encoder: CrossEncoder, question: str, passages: Sequence[Passage], chosen: Collection[str]
) -> dict[str, float]:
    """The log-odds that a passage, read after the sentence before it, answers a question.

    ``passages`` are all of an article in order, ``chosen`` the ids of those to read.
    """
    places = [i for i, passage in enumerate(passages) if passage.id in chosen]
    texts = [" ".join(one.text for one in passages[max(0, i - 1) : i + 1]) for i in places]
    # It compares words: that Paris is the French government it has not learnt.
    asked = reworded(question, " ".join(one.text for one in passages))
    odds = encoder.log_odds(asked, texts)
    return {passages[i].id: value for i, value in zip(places, odds, strict=True)}


def with_neighbours(library: Library, hits: Sequence[RetrievedPassage], best: int) -> list[Passage]:
    """The hits in reading order, the ``best`` of them with the sentences before and after.

    Articles come in the order of their best hit.
    """
    articles = list(dict.fromkeys(hit.passage.article_id for hit in hits))
    expanded = {hit.passage.id for hit in hits[:best]}
    wanted = {hit.passage.id for hit in hits}
    context: list[Passage] = []
    for article_id in articles:
        passages = library.passages(article_id)
        for i, passage in enumerate(passages):
            around = passages[max(0, i - 1) : i + 2]
            if passage.id in wanted or any(near.id in expanded for near in around):
                context.append(passage)
    return context


class ArticleRetriever(BaseRetriever):
    """The library as a LangChain retriever; metadata carries ids, offsets and score."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    k: int = 8
    article_ids: Sequence[str] | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        hits = search(self.library, query, k=self.k, article_ids=self.article_ids)
        return [
            Document(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "article_id": hit.passage.article_id,
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                    "heading": hit.passage.heading,
                    "score": hit.score,
                    "rank": hit.rank,
                },
            )
            for hit in hits
        ]
