"""An exchange as HTML: the question, the answer with its markers, its status, what one can do.

The page's script reads ``data-marks`` (what to highlight in the article) and ``data-do`` (what
a button asks for).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assistant import labels
from assistant.schema import NOT_IN_ARTICLE, Answer, Citation, RetrievedPassage, Sentence
from assistant.web.conversation import Exchange
from assistant.web.feedback import RATINGS
from assistant.web.formatting import (
    attributes,
    joined,
    place_words,
    plural,
    seconds,
    shorten,
    text,
)

HIGHLIGHTED = 4
"""Passages marked in the article before there is an answer: the best of what was found."""

_LONGEST_WORD = 24


def exchange_html(exchange: Exchange, index: int, *, last: bool, settled: bool = True) -> str:
    """One finished exchange. Only the last one can be asked again or edited.

    While another question is under way (not ``settled``) none can be rated: the conversation
    is written anew at its end.
    """
    answer = exchange.answer
    body = _answer(answer) if answer else _unanswered(exchange)
    status = answer.status if answer else "unanswered"
    frame = attributes(
        class_=f"turn {status}",
        data_turn=index,
        data_marks=marks(answer) if answer else "[]",
        aria_label=f"Question {index + 1}",
    )
    return (
        f"<article{frame}>{_question(exchange.question)}<div class='answer'>{body}"
        f"{_actions(exchange, index, last, settled)}</div></article>"
    )


def pending_html(
    question: str,
    stage: str,
    index: int = 0,
    found: Sequence[RetrievedPassage] = (),
    written: str = "",
) -> str:
    """The exchange that is under way: ``written`` is the model's text, not yet checked.

    ``index`` is the one it will have, so that the page knows it again when it is finished.
    """
    frame = attributes(class_="turn pending", data_turn=index, data_marks=json.dumps(_found(found)))
    draft = f'<p class="draft">{text(written)}<span class="caret"></span></p>' if written else ""
    return (
        f"<article{frame}>{_question(question)}<div class='answer'>{draft}"
        f'<p class="stage"><span class="spinner"></span>{text(stage)}</p></div></article>'
    )


def marks(answer: Answer) -> str:
    """What the answer highlights, as JSON rows ``[article, start, end, kind, marker]``."""
    rows: list[list[object]] = [
        [c.article_id, c.start, c.end, "cited", c.marker] for c in answer.citations
    ]
    related = answer.related or (answer.retrieved if not answer.citations else ())
    return json.dumps(rows + _found(related))


def status_words(answer: Answer) -> str:
    """How a question was answered, and how sure that is, as plain words."""
    return f"{labels.STATUS[answer.status]}, confidence {labels.confidence(answer.confidence)}"


def _outcome(answer: Answer) -> str:
    return joined(
        (
            labels.STATUS[answer.status],
            f"confidence {labels.confidence(answer.confidence)}",
            seconds(answer.timings.total),
            answer.model,
        )
    )


def _found(hits: Sequence[RetrievedPassage]) -> list[list[object]]:
    passages = [hit.passage for hit in hits[:HIGHLIGHTED]]
    return [[p.article_id, p.start, p.end, "found", 0] for p in passages]


def _question(question: str) -> str:
    return f'<h2 class="question">{text(question)}</h2>'


def _answer(answer: Answer) -> str:
    places = {place.marker: place_words(place) for place in answer.places}
    paragraphs = [
        f"<p>{' '.join(_sentence(sentence, places) for sentence in told)}</p>"
        for told in _by_article(answer.sentences)
    ]
    notices = "".join(f"<li>{text(notice)}</li>" for notice in answer.notices)
    return (
        f'<div class="words">{" ".join(paragraphs) or text(answer.text)}</div>'
        + _related(answer)
        + (f'<ul class="notices">{notices}</ul>' if notices else "")
        + f'<p class="outcome"><span class="dot"></span>{_outcome(answer)}</p>'
        + _details(answer, places)
    )


def _by_article(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """The sentences in paragraphs: what another article says begins a new one."""
    paragraphs: list[list[Sentence]] = []
    before = ""
    for sentence in sentences:
        cited = sentence.citations[0].article_id if sentence.citations else before
        if not paragraphs or (before and cited != before):
            paragraphs.append([])
        paragraphs[-1].append(sentence)
        before = cited
    return paragraphs


def _unanswered(exchange: Exchange) -> str:
    partial = f'<p class="draft">{text(exchange.partial)}</p>' if exchange.partial else ""
    return f'{partial}<p class="problem">{text(exchange.note)}</p>'


def _sentence(sentence: Sentence, places: Mapping[int, str]) -> str:
    if sentence.text == NOT_IN_ARTICLE:
        return f'<span class="refusal">{text(sentence.text)}</span>'
    why = _reason(sentence) if sentence.support in labels.UNCONFIRMED else None
    marks = _doubt(sentence, why) if why else ""
    marks += "".join(
        _marker(citation, places.get(citation.marker)) for citation in sentence.citations
    )
    # Pointing at any of its words tells why; the button is for those who cannot point.
    frame = attributes(class_=sentence.support, data_tip=why)
    # Marks stay with the last word; one too long for a line has to break.
    head, blank, last = sentence.text.rpartition(" ")
    if len(last) > _LONGEST_WORD:
        return f"<span{frame}>{text(sentence.text)}{marks}</span>"
    return f'<span{frame}>{text(head)}{blank}<span class="end">{text(last)}{marks}</span></span>'


def _reason(sentence: Sentence) -> str:
    return sentence.reason or "Nothing in the article was found that says this."


def _doubt(sentence: Sentence, reason: str) -> str:
    button = attributes(
        type="button",
        class_="doubt",
        data_tip=reason,
        aria_label=f"{labels.UNCONFIRMED[sentence.support]}: {reason}",
    )
    return f"<button{button}>?</button>"


def _marker(citation: Citation, place: str | None) -> str:
    quote = shorten(citation.quote)
    source = ", ".join(filter(None, (citation.title, place)))
    button = attributes(
        type="button",
        class_="cite",
        data_do="show",
        data_article=citation.article_id,
        data_start=citation.start,
        data_end=citation.end,
        data_tip=f"“{quote}”",
        data_source=citation.title,
        data_place=place,
        aria_label=f"Source {citation.marker}: “{quote}” – {source}",
    )
    return f"<button{button}>{citation.marker}</button>"


def _related(answer: Answer) -> str:
    if answer.status != "not_in_article" or not answer.related:
        return ""
    rows = []
    for hit in answer.related:
        where = attributes(
            type="button",
            data_do="show",
            data_article=hit.passage.article_id,
            data_start=hit.passage.start,
            data_end=hit.passage.end,
        )
        rows.append(f"<li><button{where}>{text(shorten(hit.passage.text, 220))}</button></li>")
    return f'<div class="related"><h3>Related, but not an answer</h3><ul>{"".join(rows)}</ul></div>'


def _details(answer: Answer, places: Mapping[int, str]) -> str:
    rows = [
        f"<dt>{label.capitalize()}</dt><dd>{seconds(value)}</dd>"
        for name, label in labels.STAGES.items()
        if (value := getattr(answer.timings, name)) is not None
    ]
    if answer.timings.prompt_tokens is not None:
        read = plural(answer.timings.prompt_tokens, "token")
        cached = answer.timings.cached_tokens
        known = f", {cached:,} of them known before" if cached else ""
        rows.append(f"<dt>The model read</dt><dd>{read}{known}</dd>")
    if answer.timings.completion_tokens is not None:
        rows.append(
            f"<dt>It wrote</dt><dd>{plural(answer.timings.completion_tokens, 'token')}</dd>"
        )
    rewritten = ""
    if answer.standalone and answer.standalone != answer.question:
        rewritten = f'<p>Searched for: <q class="standalone">{text(answer.standalone)}</q></p>'
    quotes = "".join(
        f'<li value="{c.marker}">“{text(shorten(c.quote))}” '
        f"<cite>{joined((c.title, places.get(c.marker)))}</cite></li>"
        for c in answer.citations
    )
    return (
        '<details class="more"><summary>Quotes and times</summary>'
        + (f"<ol>{quotes}</ol>" if quotes else "")
        + rewritten
        + f"<dl>{''.join(rows)}</dl></details>"
    )


def _actions(exchange: Exchange, index: int, last: bool, settled: bool) -> str:
    buttons, ratings = [], []
    if exchange.answer:
        copied = attributes(data_do="copy", data_copy=exchange.answer.to_markdown())
        buttons.append(f'<button type="button"{copied}>Copy</button>')
        ratings = [_rate(exchange, index, rating) for rating in RATINGS] if settled else []
    if last:
        buttons.append('<button type="button" data-do="again">Ask again</button>')
        buttons.append('<button type="button" data-do="edit">Edit question</button>')
    return (
        f'<div class="actions"><div>{"".join(buttons)}</div>'
        f'<div role="group" aria-label="Rate this answer">{"".join(ratings)}</div></div>'
    )


def _rate(exchange: Exchange, index: int, rating: str) -> str:
    button = attributes(
        type="button",
        class_="rate",
        data_do="rate",
        data_turn=index,
        data_rating=rating,
        aria_pressed="true" if exchange.rating == rating else "false",
    )
    return f"<button{button}>{RATINGS[rating]}</button>"
