"""Score one answer to one question. Every scorer is a pure function; ``None`` is unscored.

What each metric means stands in ``metrics`` and, at length, in ``docs/questions.md``. Not
handled here: rankings (``ranking``), averages and intervals (``figures``), a ``judge``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

from assistant.evaluation.overlap import (
    rouge_l,
    says,
    share_held,
    squad_exact,
    token_overlap,
)
from assistant.evaluation.ranking import HELD, passage_holds
from assistant.schema import Answer, Article, Citation, Question, Score

LONG_FORM_RECALL = 0.5
"""Share of a reference's words a long-form answer must hold, in any order, to be correct."""

_MOST_COMBINATIONS = 64
_MARKER = re.compile(r"(?<=\S)\[\d{1,3}\]")


def score(question: Question, answer: Answer, articles: Iterable[Article]) -> tuple[Score, ...]:
    """Every metric of one answer except ranking.

    ``articles`` are those of the library, whose ids and offsets the citations use.
    """
    texts = {article.id: article.text for article in articles}
    correct, cited = _correct(question, answer), _cited(question, answer)
    return (
        _trusted(question, answer, correct, cited),
        correct,
        cited,
        _citation_precision(question, answer),
        _evidence_cited(question, answer),
        _verbatim(answer, texts),
        _refused(question, answer),
        _false_refusal(question, answer),
        *_uncited(answer),
        *_short_overlap(question, answer),
        *_long_overlap(question, answer),
        *_support(answer),
        _evidence_read(question, answer),
    )


def score_error(question: Question) -> tuple[Score, ...]:
    """The scores of a question that could not be asked: nobody could trust that.

    Only the headline metrics; the others are unscored, and so are absent.
    """
    said = "asking failed"
    if not question.answerable:
        return Score("trusted", 0.0, said), Score("refused", 0.0, said)
    gradable = bool(question.answers or question.reference)
    wanted = {
        "trusted": gradable and bool(question.evidence),
        "correct": gradable,
        "cited": bool(question.evidence),
    }
    return tuple(Score(name, 0.0, said) for name, scored in wanted.items() if scored)


def citation_holds(citation: Citation, evidence: str) -> bool:
    """Whether a citation holds at least half of an evidence sentence's words, in order."""
    return share_held(citation.quote, evidence) >= HELD


def plain_text(answer: Answer) -> str:
    """The answer's words without citation markers; a refusal is the empty string."""
    if is_refusal(answer):
        return ""
    return _MARKER.sub("", " ".join(item.text for item in answer.sentences) or answer.text)


def is_refusal(answer: Answer) -> bool:
    """Whether the answer says that the article does not say."""
    return answer.status == "not_in_article"


def _trusted(question: Question, answer: Answer, correct: Score, cited: Score) -> Score:
    if not question.answerable:
        return Score("trusted", float(is_refusal(answer)), _refusal_words(answer))
    if correct.value is None or cited.value is None:
        return Score(
            "trusted", None, correct.explanation if correct.value is None else cited.explanation
        )
    return Score(
        "trusted",
        float(correct.value == 1 and cited.value == 1),
        f"{correct.explanation}; {cited.explanation}",
    )


def _correct(question: Question, answer: Answer) -> Score:
    if not question.answerable:
        return Score("correct", None, "the question is unanswerable")
    if not question.answers and not question.reference:
        return Score("correct", None, "the question has no gold answer")
    if is_refusal(answer):
        return Score("correct", 0.0, "refused")
    text = plain_text(answer)
    if not question.answers:
        recall = token_overlap(text, question.reference)[1]
        return Score(
            "correct",
            float(recall >= LONG_FORM_RECALL),
            f"says {recall:.0%} of the reference's words, {LONG_FORM_RECALL:.0%} are needed",
        )
    missing = [group for group in question.answers if not any(says(text, alt) for alt in group)]
    if missing:
        return Score("correct", 0.0, "does not say " + " or ".join(map(repr, missing[0])))
    return Score("correct", 1.0, "says what is expected")


def _cited(question: Question, answer: Answer) -> Score:
    if unscored := _without_evidence("cited", question):
        return unscored
    if is_refusal(answer):
        return Score("cited", 0.0, "refused")
    held = any(
        citation_holds(citation, gold.quote)
        for citation in answer.citations
        for gold in question.evidence
    )
    return Score("cited", float(held), "cites evidence" if held else "cites no gold evidence")


def _citation_precision(question: Question, answer: Answer) -> Score:
    name = "citation_precision"
    if unscored := _without_evidence(name, question):
        return unscored
    if is_refusal(answer) or not answer.citations:
        return Score(name, None, "nothing is cited")
    good = sum(
        any(citation_holds(citation, gold.quote) for gold in question.evidence)
        for citation in answer.citations
    )
    count = len(answer.citations)
    return Score(name, good / count, f"{good} of {count} citations hold gold evidence")


def _evidence_cited(question: Question, answer: Answer) -> Score:
    name = "evidence_cited"
    if unscored := _without_evidence(name, question):
        return unscored
    if is_refusal(answer):
        return Score(name, 0.0, "refused")
    good = sum(
        any(citation_holds(citation, gold.quote) for citation in answer.citations)
        for gold in question.evidence
    )
    count = len(question.evidence)
    return Score(name, good / count, f"{good} of {count} gold sentences are cited")


def _verbatim(answer: Answer, texts: Mapping[str, str]) -> Score:
    if not answer.citations:
        return Score("verbatim", None, "nothing is cited")
    wrong = [
        citation.marker
        for citation in answer.citations
        if not citation.quote
        or texts.get(citation.article_id, "")[citation.start : citation.end] != citation.quote
    ]
    count = len(answer.citations)
    said = f"not at their offsets: {wrong}" if wrong else f"{count} quotes stand in their article"
    return Score("verbatim", (count - len(wrong)) / count, said)


def _refused(question: Question, answer: Answer) -> Score:
    if question.answerable:
        return Score("refused", None, "the question is answerable")
    return Score("refused", float(is_refusal(answer)), _refusal_words(answer))


def _false_refusal(question: Question, answer: Answer) -> Score:
    if not question.answerable:
        return Score("false_refusal", None, "the question is unanswerable")
    return Score("false_refusal", float(is_refusal(answer)), _refusal_words(answer))


def _uncited(answer: Answer) -> tuple[Score, Score]:
    names = ("uncited", "uncited_sentences")
    if is_refusal(answer):
        return Score(names[0], None, "refused"), Score(names[1], None, "refused")
    bare = sum(not sentence.citations for sentence in answer.sentences)
    count = len(answer.sentences)
    share = bare / count if count else None
    return (
        Score(names[0], float(not answer.citations), f"{len(answer.citations)} citations"),
        Score(names[1], share, f"{bare} of {count} sentences have no citation"),
    )


def _short_overlap(question: Question, answer: Answer) -> tuple[Score, Score]:
    if not question.answers:
        return Score("f1", None, "no gold answers"), Score("exact", None, "no gold answers")
    text = plain_text(answer)
    # One alternative of every group is an answer; with one group this is SQuAD's rule.
    golds = [
        " ".join(choice)
        for choice in itertools.islice(itertools.product(*question.answers), _MOST_COMBINATIONS)
    ]
    f1, gold = max((token_overlap(text, gold)[2], gold) for gold in golds)
    exact = max(squad_exact(text, gold) for gold in golds)
    return Score("f1", f1, f"nearest: {gold!r}"), Score("exact", exact)


def _long_overlap(question: Question, answer: Answer) -> tuple[Score, Score]:
    if not question.reference:
        return Score("reference_f1", None, "no reference"), Score("rouge_l", None, "no reference")
    text = plain_text(answer)
    return (
        Score("reference_f1", token_overlap(text, question.reference)[2]),
        Score("rouge_l", rouge_l(text, question.reference)[2]),
    )


def _support(answer: Answer) -> tuple[Score, ...]:
    names = ("quoted", "supported", "weak", "unsupported")
    if is_refusal(answer) or not answer.sentences:
        return tuple(Score(name, None, "nothing was answered") for name in names)
    states = [sentence.support for sentence in answer.sentences]
    share = {name: states.count(name) / len(states) for name in ("quoted", "weak", "unsupported")}
    backed = sum(state in ("quoted", "supported") for state in states) / len(states)
    said = ", ".join(states)
    return tuple(Score(name, share.get(name, backed), said) for name in names)


def _evidence_read(question: Question, answer: Answer) -> Score:
    name = "evidence_read"
    if unscored := _without_evidence(name, question):
        return unscored
    read = sum(
        any(passage_holds(item.passage.text, gold.quote) for item in answer.retrieved)
        for gold in question.evidence
    )
    count = len(question.evidence)
    return Score(name, read / count, f"{read} of {count} gold sentences were read")


def _without_evidence(name: str, question: Question) -> Score | None:
    if not question.answerable:
        return Score(name, None, "the question is unanswerable")
    return None if question.evidence else Score(name, None, "the question has no gold evidence")


def _refusal_words(answer: Answer) -> str:
    return "refused" if is_refusal(answer) else "answered"
