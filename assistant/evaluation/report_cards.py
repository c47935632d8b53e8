"""One card of the report: a question, what was expected, what was answered, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.evaluation.metrics import METRICS
from assistant.evaluation.ranking import passage_holds
from assistant.evaluation.runs import EvaluationReport
from assistant.evaluation.scorers import citation_holds, is_refusal
from assistant.schema import (
    NOT_IN_ARTICLE,
    Answer,
    Article,
    Citation,
    GoldEvidence,
    Question,
    QuestionResult,
    RetrievedPassage,
    Score,
    Sentence,
)

_MOST_PASSAGES = 10


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote under an answer; ``gold`` when it holds gold evidence."""

    marker: int
    text: str
    article: str
    gold: bool


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold sentence, whether it was cited, and the rank it was found at."""

    text: str
    article: str
    cited: bool
    rank: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A passage of the ranking."""

    rank: int
    text: str
    gold: bool


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a person needs to see why a question passed or failed.

    ``outcome`` is passed, failed, unscored or error. ``marks`` are the texts to highlight in
    each article: (article, text, "gold" or "cited").
    """

    question: Question
    outcome: str
    why: str
    expected: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    refused: bool
    quotes: tuple[Quote, ...]
    gold: tuple[Gold, ...]
    found: tuple[Found, ...]
    scores: tuple[tuple[str, str, str], ...]
    marks: tuple[tuple[str, str, str], ...]
    answer: Answer | None
    seconds: float
    error: str

    @property
    def scope(self) -> tuple[str, ...]:
        """The articles of the question, those with something to show first."""
        marked = {name for name, _, _ in self.marks}
        return tuple(sorted(self.question.scope, key=lambda name: name not in marked))


def cards(report: EvaluationReport, headline: str) -> list[Card]:
    """A card for every result, in the order of the run."""
    return [_card(result, headline, report.articles) for result in report.results]


def _card(result: QuestionResult, headline: str, articles: Mapping[str, Article]) -> Card:
    question, answer = result.question, result.answer
    own = next((item for item in result.scores if item.metric == headline), None)
    quotes = _quotes(question, answer, articles)
    return Card(
        question=question,
        outcome=_outcome(result, own),
        why=own.explanation if own else "",
        expected=_expected(question),
        sentences=_sentences(answer),
        refused=answer is not None and is_refusal(answer),
        quotes=quotes,
        gold=tuple(_gold(gold, result) for gold in question.evidence),
        found=tuple(_found(item, question) for item in result.retrieved[:_MOST_PASSAGES]),
        scores=tuple(
            _score(item)
            for item in result.scores
            if item.value is not None or item.metric == "judged"
        ),
        marks=(
            *((gold.article, gold.quote, "gold") for gold in question.evidence),
            *((quote.article, quote.text, "cited") for quote in quotes),
        ),
        answer=answer,
        seconds=result.seconds,
        error=result.error,
    )


def _outcome(result: QuestionResult, own: Score | None) -> str:
    if result.error:
        return "error"
    if own is None or own.value is None:
        return "unscored"
    return "passed" if own.value == 1 else "failed"


def _expected(question: Question) -> tuple[str, ...]:
    if not question.answerable:
        return (NOT_IN_ARTICLE,)
    groups = tuple(" or ".join(f"“{alt}”" for alt in group) for group in question.answers)
    return groups or ((question.reference,) if question.reference else ())


def _sentences(answer: Answer | None) -> tuple[Sentence, ...]:
    if answer is None:
        return ()
    return answer.sentences or (Sentence(answer.text, "unsupported"),)


def _quotes(
    question: Question, answer: Answer | None, articles: Mapping[str, Article]
) -> tuple[Quote, ...]:
    if answer is None:
        return ()
    return tuple(
        Quote(
            citation.marker,
            citation.quote,
            _quoted(citation, question, articles),
            any(citation_holds(citation, gold.quote) for gold in question.evidence),
        )
        for citation in answer.citations
    )


def _quoted(citation: Citation, question: Question, articles: Mapping[str, Article]) -> str:
    """The name of the article that is quoted.

    Where a run went on, articles that no later question needed have the library's id no more.
    """
    own = [(name, articles[name]) for name in question.scope if name in articles]
    same = [name for name, article in own if article.id == citation.article_id]
    holding = (name for name, article in own if citation.quote in article.text)
    return same[0] if same else next(holding, citation.title)


def _gold(gold: GoldEvidence, result: QuestionResult) -> Gold:
    citations = result.answer.citations if result.answer else ()
    ranks = (item.rank for item in result.retrieved if passage_holds(item.passage.text, gold.quote))
    return Gold(
        gold.quote,
        gold.article,
        any(citation_holds(citation, gold.quote) for citation in citations),
        next(ranks, None),
    )


def _found(item: RetrievedPassage, question: Question) -> Found:
    gold = any(passage_holds(item.passage.text, gold.quote) for gold in question.evidence)
    return Found(item.rank, item.passage.text, gold)


def _score(item: Score) -> tuple[str, str, str]:
    value = "–" if item.value is None else f"{item.value:.2f}"
    return METRICS[item.metric].title, value, item.explanation
