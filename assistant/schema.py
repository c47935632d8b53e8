"""The data types that flow between the parts. Frozen, slotted, no behaviour beyond rendering.

Offsets are always counted in Python characters (Unicode code points) into ``Article.text``;
``end`` is exclusive. Scores are always "higher is better". Times are always seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from assistant.footnotes import with_footnotes

Support = Literal["quoted", "supported", "weak", "unsupported"]
"""How well a sentence of an answer is backed by what it cites, best first.

``quoted``: its words are the article's words; ``supported``: the check confirmed it;
``weak``: something close was found, but not everything agrees; ``unsupported``: nothing
was found, or a number, a name, a date or a negation disagrees.
"""

Status = Literal["answered", "partly", "not_in_article"]
"""Whether the article answers the question: all of it, a part of it, or not."""

NOT_IN_ARTICLE = "The article does not say."
"""The fixed sentence of every refusal. Prompts, code, tests and scorers share it."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article, stored exactly as it is cited from.

    ``id`` is a short hash of the normalised text, so the same text is the same article
    wherever it came from. ``published`` and ``updated`` are ISO 8601 dates or times as the
    source gives them. What is not known is ``None``; the time of adding is never a
    publication date.

    ``url`` is the canonical address. ``captions`` are kept apart from the text. ``pages`` holds
    the offset into ``text`` at which each page begins, where there are pages. ``notices`` are
    sentences for the reader about how well the article could be read. ``origins`` pairs a
    field's name with where its value came from, such as ``("published", "JSON-LD
    datePublished")``.
    """

    id: str
    title: str
    text: str
    source: str
    byline: str | None = None
    outlet: str | None = None
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    url: str | None = None
    captions: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval and of citation: one sentence of an article (a very long one is cut).

    Invariant: ``article.text[start:end] == text``. ``heading`` is the section heading the
    sentence stands under, or ``""``.
    """

    id: str
    article_id: str
    text: str
    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage with its place in a ranking: ``rank`` counts from 1, ``score`` falls with it.

    ``answers`` is the cross-encoder's log-odds that it answers the question; None where that
    did not read it.
    """

    passage: Passage
    score: float
    rank: int
    answers: float | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RetrievedPassage:
        """Read one from its fields, the passage's as a dictionary of its own."""
        return cls(**{**data, "passage": Passage(**data["passage"])})


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that backs a sentence of an answer.

    Invariant: ``article.text[start:end] == quote``, to the character. Code finds quotes; a
    model never writes one. ``marker`` is the number shown as ``[1]``; within an answer the
    same quote has one marker.
    """

    marker: int
    article_id: str
    title: str
    source: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a reader is told of where the citation with this marker stands.

    ``pages`` is such as ``page 3``, or ``""`` where there are none; ``days`` are what its
    relative times mean, such as ``Wednesday: 2023-11-08``. See ``articles.places``.
    """

    marker: int
    pages: str = ""
    days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without markers, and what it rests on.

    ``reason`` says in words why the support is ``weak`` or ``unsupported``; else ``""``.
    """

    text: str
    support: Support
    citations: tuple[Citation, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        return self.text + "".join(f"[{citation.marker}]" for citation in self.citations)


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds by stage, counted from the call, and tokens of the language model.

    ``evidence``, ``first_token`` and ``total`` are points in time after the question was
    asked; the others are durations. ``None`` means that the stage did not happen.
    """

    rewrite: float | None = None
    retrieve: float | None = None
    evidence: float | None = None
    first_token: float | None = None
    generate: float | None = None
    check: float | None = None
    total: float = 0.0
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in which every sentence carries its evidence, or an honest refusal.

    ``standalone`` is the question as it was searched for: equal to ``question`` unless a
    follow-up was rewritten. ``retrieved`` is the evidence that was considered, best first.
    ``related`` holds up to three nearest passages when the article does not say.
    ``confidence`` is the calibrated probability (0 to 1) that the answer can be trusted; for
    a refusal, that the article really does not say. ``signals`` are the numbers it was decided
    by (see ``decision``). ``notices`` are plain sentences a person should see, such as that no
    language model was at hand. ``places`` has the pages and days of those citations that have
    any.
    """

    question: str
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    status: Status
    confidence: float
    related: tuple[RetrievedPassage, ...] = ()
    retrieved: tuple[RetrievedPassage, ...] = ()
    standalone: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    timings: Timings = field(default_factory=Timings)
    model: str = ""
    places: tuple[Place, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(sentence) for sentence in self.sentences) or self.text

    def to_dict(self) -> dict[str, Any]:
        """This answer as plain JSON types; :meth:`from_dict` reads it back."""
        return asdict(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """This answer as JSON text (not escaped to ASCII)."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """Read what :meth:`to_dict` wrote (also after a trip through JSON)."""
        values = dict(data)
        values["sentences"] = tuple(
            Sentence(**{**row, "citations": _citations(row["citations"])})
            for row in values["sentences"]
        )
        values["citations"] = _citations(values["citations"])
        for name in ("related", "retrieved"):
            values[name] = tuple(RetrievedPassage.from_dict(row) for row in values.get(name, ()))
        values["notices"] = tuple(values.get("notices", ()))
        values["places"] = tuple(
            Place(**{**row, "days": tuple(row["days"])}) for row in values.get("places", ())
        )
        values["timings"] = Timings(**values.get("timings", {}))
        if values["status"] not in get_args(Status):
            raise ValueError(f"unknown status {values['status']!r}")
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read what :meth:`to_json` wrote."""
        return cls.from_dict(json.loads(text))

    def to_markdown(self) -> str:
        """The answer with its doubts, its status, its notices, and a footnote for every quote."""
        return with_footnotes(self)


def _citations(rows: Any) -> tuple[Citation, ...]:
    return tuple(Citation(**row) for row in rows)


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange: the question, and the answer's text (or the Answer itself)."""

    question: str
    answer: str | Answer

    @property
    def said(self) -> str:
        """The answer's text."""
        return self.answer if isinstance(self.answer, str) else self.answer.text


@dataclass(frozen=True, slots=True)
class Evidence:
    """First event of a stream: the passages found, before the model has said a word."""

    standalone: str
    passages: tuple[RetrievedPassage, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer's text as the model writes it, not yet checked."""

    text: str


StreamEvent = Evidence | Delta | Answer
"""What :meth:`Assistant.stream` yields: one Evidence, any number of Deltas, one Answer."""


@dataclass(frozen=True, slots=True)
class GoldEvidence:
    """A verbatim sentence of an article that answers a question."""

    article: str
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a question set; the file format is in ``docs/questions.md``.

    ``answers`` is a tuple of groups: a correct answer satisfies every group, by any of the
    group's alternatives. ``article`` is the gold article (or the first of ``scope``);
    ``scope`` lists the articles the question is asked of.
    """

    id: str
    question: str
    scope: tuple[str, ...]
    answerable: bool = True
    history: tuple[Turn, ...] = ()
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[GoldEvidence, ...] = ()
    reference: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions and the articles they are about, by the name the questions use."""

    name: str
    questions: tuple[Question, ...]
    articles: Mapping[str, Article]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one question, 0 to 1; ``None`` means unscored, which is never "wrong"."""

    metric: str
    value: float | None
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """A question, what was answered, and its scores. ``error`` is set when asking failed.

    ``retrieved`` is the ranking that recall was measured on, best first; ``seconds`` is the
    wall-clock time the question took.
    """

    question: Question
    answer: Answer | None
    scores: tuple[Score, ...]
    error: str = ""
    retrieved: tuple[RetrievedPassage, ...] = ()
    seconds: float = 0.0
