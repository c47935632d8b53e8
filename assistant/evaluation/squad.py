"""Read SQuAD 1.1 and 2.0 files: each title becomes one article, its paragraphs joined."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.evaluation.question_articles import ArticleFinder
from assistant.evaluation.question_rows import Mistake, shown
from assistant.schema import Article

_GAP = "\n\n"


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Asked(BaseModel):
    id: str
    question: str
    answers: list[_Answer] = []
    is_impossible: bool = False


class _Paragraph(BaseModel):
    context: str
    qas: list[_Asked]


class _Titled(BaseModel):
    title: str
    paragraphs: list[_Paragraph]


class _Squad(BaseModel):
    model_config = ConfigDict(extra="ignore")

    data: list[_Titled]

    def paragraphs(self) -> Iterator[tuple[str, _Paragraph]]:
        """Every paragraph with its title, in the order of the file."""
        for titled in self.data:
            for paragraph in titled.paragraphs:
                yield titled.title, paragraph


def looks_like_squad(path: Path, text: str) -> bool:
    """Whether this is SQuAD's one object rather than one question a line."""
    return path.suffix.lower() == ".json" and '"paragraphs"' in text


def read_squad(
    path: Path, text: str, finder: ArticleFinder, mistakes: list[Mistake]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows as a question file has them; the articles are put where the finder finds them."""
    try:
        squad = _Squad.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        mistakes.append((error.lineno, f"expected SQuAD JSON, found: {error.msg}"))
        return
    except ValidationError as error:
        for item in error.errors(include_url=False):
            place = ".".join(str(part) for part in item["loc"])
            expected = item["msg"].replace("Input should be ", "").lower()
            mistakes.append((1, f"{place}: expected {expected}, found {shown(item['input'])}"))
        return
    lines = _LineOfId(text)
    articles = _articles(squad, source=str(path))
    for article in articles.values():
        finder.put(article)
    sentences = {title: _Sentences(article) for title, article in articles.items()}
    begun: Counter[str] = Counter()
    for title, paragraph in squad.paragraphs():
        for asked in paragraph.qas:
            line = lines.of(asked.id)
            mistakes += [(line, said) for said in _misplaced(asked, paragraph.context)]
            yield line, _row(asked, articles[title], begun[title], sentences[title])
        begun[title] += len(paragraph.context) + len(_GAP)


def _articles(squad: _Squad, source: str) -> dict[str, Article]:
    """By title. A file may take a title up again further down: that is the same article."""
    contexts: dict[str, list[str]] = {titled.title: [] for titled in squad.data}
    for title, paragraph in squad.paragraphs():
        contexts[title].append(paragraph.context)
    return {
        title: Article(
            id=title, title=title.replace("_", " "), text=_GAP.join(texts), source=source
        )
        for title, texts in contexts.items()
    }


def _misplaced(asked: _Asked, context: str) -> Iterator[str]:
    for answer in asked.answers:
        start = answer.answer_start
        found = context[max(0, start) : start + len(answer.text)]
        if found != answer.text:
            yield (
                f"question {shown(asked.id)}: expected {shown(answer.text)} at "
                f"answer_start {start}, found {shown(found)}"
            )


def _row(asked: _Asked, article: Article, offset: int, sentences: _Sentences) -> dict[str, Any]:
    answerable = not asked.is_impossible and bool(asked.answers)
    row: dict[str, Any] = {
        "id": asked.id,
        "article": article.id,
        "question": asked.question,
        "answerable": answerable,
        "kind": "fact" if answerable else "unanswerable",
    }
    if answerable:
        first = asked.answers[0]
        start = offset + first.answer_start
        row["answers"] = [list(dict.fromkeys(answer.text for answer in asked.answers))]
        row["evidence"] = [sentences.around(start, start + len(first.text))]
    return row


class _Sentences:
    """The sentences of an article, found once, by position."""

    def __init__(self, article: Article) -> None:
        from assistant.passages import split_article

        self._article = article
        self._spans = [(passage.start, passage.end) for passage in split_article(article)]

    def around(self, start: int, end: int) -> str:
        """The sentence (or sentences) that hold this span, verbatim."""
        touching = [span for span in self._spans if span[0] < end and start < span[1]]
        first = min((span[0] for span in touching), default=start)
        last = max((span[1] for span in touching), default=end)
        return self._article.text[min(first, start) : max(last, end)]


class _LineOfId:
    """Line numbers of question ids in the file, so that a mistake can be found again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1

    def of(self, question_id: str) -> int:
        """The line that mentions this id; ids are asked for in the order of the file."""
        found = self._text.find(json.dumps(question_id, ensure_ascii=False), self._position)
        if found >= 0:
            self._line += self._text.count("\n", self._position, found)
            self._position = found
        return self._line
