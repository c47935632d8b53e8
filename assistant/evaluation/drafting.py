"""Draft a question set from an article, for a person to review.

A model writes questions; code cuts the gold evidence from the article, throws away what is not
a question of its own, and asks the assistant each one. What that check could not confirm is
kept and marked: a question the assistant fails may be the best one of all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.aliases import countries
from assistant.evaluation.overlap import says, words
from assistant.evaluation.runner import Answerer
from assistant.evaluation.scorers import is_refusal, plain_text, score
from assistant.models import endpoint_errors
from assistant.passages import split_article
from assistant.prompts import render
from assistant.schema import Article, GoldEvidence, Question
from assistant.wording import names, numbers

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

UNANSWERABLE_SHARE = 0.25
"""Of the questions drafted, the share that the article should not answer."""

_SENTENCE_CHARS = (50, 450)
_WINDOW = 4  # sentences shown when something left out is to be asked for
_QUESTION_WORDS = (4, 40)
_ANSWER_WORDS = 12
_TALKS_ABOUT_THE_TEXT = re.compile(
    r"\b(?:sentence|article|passage|text|author|mentioned|according to)\b", re.IGNORECASE
)
_STRANGERS = ("Brazil", "Norway", "Kenya", "Portugal", "Thailand", "New Zealand", "Chile", "Ghana")
_LINE = re.compile(r"^\W*(question|answer)[ \d*]*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted question; ``note`` says what the check found when it is not ``confirmed``."""

    question: Question
    confirmed: bool
    note: str = ""


def draft_questions(
    assistant: Answerer,
    model: BaseChatModel,
    article: Article,
    n: int,
    *,
    prompts: Path | None = None,
) -> Iterator[Draft]:
    """Up to ``n`` drafts, a quarter of them unanswerable, spread over the article.

    The article must be in the assistant's library; ``prompts`` is a folder of templates that
    replace the packaged ones. An article with few sentences gives fewer.

    Raises:
        ModelError, EndpointError: the model fails.
    """
    unanswerable = round(n * UNANSWERABLE_SHARE)
    drafter = _Drafter(assistant, model, article, prompts)
    made: list[Draft] = []
    for draft in drafter.answerable():
        if len(made) >= n - unanswerable:
            break
        made.append(draft)
        yield draft
    asked = [draft.question.question for draft in made]
    for count, draft in enumerate(drafter.unanswerable(asked)):
        if count >= unanswerable:
            break
        yield draft


def write_drafts(drafts: Iterable[Draft], article: Article, path: Path) -> int:
    """Write drafts line by line as a question file; the article goes to ``articles`` beside it.

    Returns the number of questions written.
    """
    name = path.name.split(".")[0]
    folder = path.parent / "articles"
    folder.mkdir(parents=True, exist_ok=True)
    stored = {"id": name, "title": article.title, "text": article.text, "source": article.source}
    (folder / f"{name}.json").write_text(
        json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for count, draft in enumerate(drafts, start=1):
            file.write(json.dumps(_row(draft, f"{name}-{count:02}", name), ensure_ascii=False))
            file.write("\n")
            file.flush()
    return count


def _row(draft: Draft, question_id: str, name: str) -> dict[str, object]:
    question = draft.question
    return {
        "id": question_id,
        "article": name,
        "question": question.question,
        "answerable": question.answerable,
        "answers": question.answers,
        "evidence": [gold.quote for gold in question.evidence],
        "kind": question.kind,
        "confirmed": draft.confirmed,
        "note": draft.note,
    }


class _Drafter:
    """One article, what has been asked about it so far, and the two ways of asking."""

    def __init__(
        self, assistant: Answerer, model: BaseChatModel, article: Article, prompts: Path | None
    ) -> None:
        self._assistant = assistant
        self._model = model
        self._article = article
        self._prompts = prompts
        self._passages = split_article(article)
        self._asked: set[str] = set()

    def answerable(self) -> Iterator[Draft]:
        """Drafts from the sentences that lend themselves to one: the first of each, then others."""
        later: list[Question] = []
        for place in _spread(self._telling()):
            before = self._passages[place - 1].text if place else "(none)"
            sentence = self._passages[place].text
            reply = self._reply("draft_question", before=before, sentence=sentence)
            pairs = zip(reply["question"], reply["answer"], strict=False)
            fit = [
                self._fact(question, answer, sentence)
                for question, answer in pairs
                if self._is_question(question) and _answers(answer, question, sentence)
            ]
            later += fit[1:]
            for question in fit[:1]:
                yield self._checked(question)
        for question in later:
            yield self._checked(question)

    def _fact(self, question: str, answer: str, sentence: str) -> Question:
        return Question(
            id="",
            question=question,
            scope=(self._article.id,),
            answers=((answer,),),
            evidence=(GoldEvidence(self._article.id, sentence),),
            kind="fact",
        )

    def unanswerable(self, asked: Sequence[str]) -> Iterator[Draft]:
        """Questions of this article with a country it never mentions, then what a model misses."""
        swapped = _swapped(asked, self._article.text)
        for question in (*swapped, *self._left_out()):
            if self._is_question(question):
                yield self._checked(
                    Question(
                        id="",
                        question=question,
                        scope=(self._article.id,),
                        answerable=False,
                        kind="unanswerable",
                    )
                )

    def _left_out(self) -> Iterator[str]:
        for place in _spread(range(0, len(self._passages), _WINDOW)):
            window = self._passages[place : place + _WINDOW]
            text = "\n".join(passage.text for passage in window)
            yield from self._reply("draft_unanswerable", passages=text)["question"]

    def _telling(self) -> list[int]:
        """Places of sentences that name someone or something, or give a number."""
        low, high = _SENTENCE_CHARS
        return [
            place
            for place, passage in enumerate(self._passages)
            if low <= len(passage.text) <= high
            and passage.text != passage.heading
            and (names(passage.text) or numbers(passage.text))
        ]

    def _reply(self, prompt: str, **variables: str) -> dict[str, list[str]]:
        """The lines of the model's reply that begin with "Question:" and with "Answer:"."""
        title = self._article.title or "(no title)"
        text = render(prompt, self._prompts, title=title, **variables)
        with endpoint_errors(self._model):
            written = self._model.invoke([("user", text)]).text
        lines = _LINE.findall(written)
        return {
            label: [text.strip("*_<> ") for name, text in lines if name.lower() == label]
            for label in ("question", "answer")
        }

    def _is_question(self, question: str) -> bool:
        """Whether it can stand alone and has not been asked before."""
        key = " ".join(words(question))
        low, high = _QUESTION_WORDS
        fits = question.endswith("?") and low <= len(key.split()) <= high
        if not fits or key in self._asked or _TALKS_ABOUT_THE_TEXT.search(question):
            return False
        self._asked.add(key)
        return True

    def _checked(self, question: Question) -> Draft:
        answer = self._assistant.ask(question.question, articles=[self._article.id])
        found = {item.metric: item.value for item in score(question, answer, [self._article])}
        if found["trusted"] == 1:
            return Draft(question, True)
        if is_refusal(answer):
            return Draft(question, False, "the assistant did not find this in the article")
        said = plain_text(answer)[:200]
        return Draft(question, False, f"the assistant answered: {said}")


def _answers(answer: str, question: str, sentence: str) -> bool:
    """Whether the answer stands in the sentence, is less than all of it, and is not given away."""
    count = len(words(answer))
    return (
        0 < count <= min(_ANSWER_WORDS, 0.5 * len(words(sentence)))
        and says(sentence, answer)
        and not says(question, answer)
    )


def _swapped(questions: Sequence[str], text: str) -> Iterator[str]:
    """Questions that name a country, asked of one that the article never mentions."""
    mentioned = countries(text)
    strangers = iter([name for name in _STRANGERS if name not in mentioned])
    for question in questions:
        named = [
            name
            for name in sorted(countries(question))
            if re.search(rf"\b{re.escape(name)}\b", question)
        ]
        if named and (stranger := next(strangers, None)):
            yield re.sub(rf"\b{re.escape(named[0])}\b", stranger, question)


def _spread(places: Sequence[int]) -> list[int]:
    """The same places, in an order whose every beginning is spread over the whole."""
    ordered, step = [], max(1, len(places))
    seen: set[int] = set()
    while step:
        for place in range(0, len(places), step):
            if place not in seen:
                seen.add(place)
                ordered.append(places[place])
        step //= 2
    return ordered
