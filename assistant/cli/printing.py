"""Answers, passages and errors as they are printed in a terminal or into a pipe.

In a terminal lines are wrapped and coloured; in a pipe every line is whole and plain. Whatever
articles, models or files say goes through :mod:`assistant.printable`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from assistant import labels
from assistant.printable import one_line, printable

if TYPE_CHECKING:
    from assistant.schema import (
        Answer,
        Article,
        Citation,
        Place,
        RetrievedPassage,
        Sentence,
        Timings,
    )
    from assistant.tracing import Stage

_DOUBT = "[?]"
_LEAST_WIDTH = 20
_STATUS_STYLES = {
    "answered": "bold green",
    "partly": "bold yellow",
    "not_in_article": "bold yellow",
}


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error for all that is not the result itself."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def print_json(data: Any) -> None:
    """Data as indented JSON on standard output, not escaped to ASCII."""
    print(json.dumps(data, ensure_ascii=False, indent=2))


def print_error(message: str) -> None:
    """An error as it is shown everywhere: ``error: …`` on standard error."""
    text = Text.assemble(("error: ", "bold red"), printable(message).strip())
    say(console(stderr=True), text)


def say(screen: Console, text: Text | str, *, lead: str = "", style: str = "") -> None:
    """Print a paragraph; ``lead`` stands before its first line, the others are set in as far.

    Lines are wrapped in a terminal only.
    """
    paragraph = Text(text, style=style) if isinstance(text, str) else text
    if screen.is_terminal:
        lines = paragraph.wrap(screen, max(_LEAST_WIDTH, screen.width - len(lead)))
    else:
        lines = paragraph.split("\n")
    for number, line in enumerate(lines):
        line.rstrip()
        margin = (lead if number == 0 else " " * len(lead), "cyan")
        screen.print(Text.assemble(margin, line), soft_wrap=True)


def print_answer(
    answer: Answer, screen: Console, articles: Mapping[str, Article], *, timings: bool = False
) -> None:
    """The answer with markers, its doubts, quotes or related passages, status and timings.

    ``articles`` holds those of the related passages, by id.
    """
    say(screen, _body(answer))
    for sentence in answer.sentences:
        if sentence.support in labels.UNCONFIRMED:
            say(screen, _doubt(sentence), lead=f"{_DOUBT} ", style="yellow")
    if answer.citations:
        screen.print()
    places = {place.marker: place for place in answer.places}
    for citation in answer.citations:
        _print_citation(citation, screen, places.get(citation.marker))
    if answer.related:
        screen.print()
        say(screen, "Related, not an answer:", style="bold")
    for hit in answer.related:
        _print_related(hit, screen, articles)
    screen.print()
    if answer.standalone and answer.standalone != answer.question:
        say(screen, one_line(answer.standalone), lead="Searched for: ", style="dim")
    for notice in answer.notices:
        say(screen, one_line(notice), lead="Note: ", style="yellow")
    say(screen, _outcome(answer))
    if timings:
        print_timings(answer.timings, screen)


def print_hits(
    hits: Sequence[RetrievedPassage], screen: Console, articles: Mapping[str, Article]
) -> None:
    """Ranked passages with score and place, best first."""
    for hit in hits:
        say(screen, f"“{one_line(hit.passage.text)}”", lead=f"{hit.rank:>2}. ")
        place = _place(articles.get(hit.passage.article_id), hit.passage.start, hit.passage.end)
        say(screen, f"score {hit.score:.3f} · {place}", lead="    ", style="dim")


def print_timings(timings: Timings, screen: Console) -> None:
    """Milliseconds by stage, and the language model's tokens."""
    for name, label in labels.STAGES.items():
        if (seconds := getattr(timings, name)) is not None:
            say(screen, f"{label:<28}{seconds * 1000:>8,.0f} ms", lead="  ", style="dim")
    if timings.prompt_tokens is not None:
        known = f", {timings.cached_tokens:,} of them known before" if timings.cached_tokens else ""
        read = f"{'tokens read':<28}{timings.prompt_tokens:>8,}{known}"
        say(screen, read, lead="  ", style="dim")
    if timings.completion_tokens is not None:
        written = f"{'tokens written':<28}{timings.completion_tokens:>8,}"
        say(screen, written, lead="  ", style="dim")


def print_stages(stages: Sequence[Stage], total: float, screen: Console) -> None:
    """How long each stage took, how often it was done where that was more than once, and all."""
    for stage in stages:
        label = f"{'  ' * (len(stage.path) - 1)}{stage.path[-1]}"
        often = f"  {stage.times:,} times" if stage.times > 1 else ""
        say(screen, f"{label:<28}{stage.seconds * 1000:>8,.0f} ms{often}", lead="  ", style="dim")
    say(screen, f"{'the command':<28}{total * 1000:>8,.0f} ms", lead="  ", style="dim")


def _body(answer: Answer) -> Text:
    body = Text()
    for sentence in answer.sentences:
        body.append(f"{' ' if body else ''}{one_line(sentence.text)}")
        markers = [f"[{citation.marker}]" for citation in sentence.citations]
        if sentence.support in labels.UNCONFIRMED:
            markers.append(_DOUBT)
        if markers:
            body.append(f" {''.join(markers)}", style="cyan")
    return body


def _doubt(sentence: Sentence) -> str:
    reason = one_line(sentence.reason) or "nothing was found in the article that says this"
    return f"{labels.UNCONFIRMED[sentence.support]}: “{one_line(sentence.text)}” – {reason}"


def _print_citation(citation: Citation, screen: Console, place: Place | None) -> None:
    lead = f"[{citation.marker}] "
    margin = " " * len(lead)
    say(screen, f"“{one_line(citation.quote)}”", lead=lead)
    where = f"{one_line(citation.title)} · {one_line(citation.source)}"
    span = _span(place.pages if place else "", citation.start, citation.end)
    say(screen, f"{where} · {span}", lead=margin, style="dim")
    if place and place.days:
        say(screen, "; ".join(map(one_line, place.days)), lead=margin, style="dim")


def _print_related(hit: RetrievedPassage, screen: Console, articles: Mapping[str, Article]) -> None:
    passage = hit.passage
    say(screen, f"“{one_line(passage.text)}”", lead="  – ")
    place = _place(articles.get(passage.article_id), passage.start, passage.end)
    say(screen, place, lead="    ", style="dim")


def _place(article: Article | None, start: int, end: int) -> str:
    from assistant.articles.places import pages_of

    if article is None:
        return _span("", start, end)
    where = f"{one_line(article.title)} · {one_line(article.source)}"
    return f"{where} · {_span(pages_of(article, start, end), start, end)}"


def _span(pages: str, start: int, end: int) -> str:
    """Where in the article: the page, where there are pages, and the characters."""
    characters = f"characters {start}–{end}"
    return f"{pages}, {characters}" if pages else characters


def _outcome(answer: Answer) -> Text:
    outcome = Text(labels.STATUS[answer.status], style=_STATUS_STYLES[answer.status])
    confidence = f"confidence {labels.confidence(answer.confidence)} ({answer.confidence:.2f})"
    seconds = f"{answer.timings.total:.1f} s"
    rest = " · ".join(("", confidence, seconds, one_line(answer.model)))
    return outcome.append(rest, style="dim not bold")
