"""Ground the words of an answer in passages: sentence by sentence, cite and check.

Text in, checked sentences out. Not handled: whether to show them or to refuse (``decision``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from assistant.attribution import Person, Statement
from assistant.citations import align, cite, telling
from assistant.schema import Article, Citation, Passage, RetrievedPassage, Sentence
from assistant.support import check
from assistant.voices import Indexes, unattributed, unnamed
from assistant.wording import names

MAX_SENTENCES = 8

_NO_ANSWER = re.compile(
    r"(?:\b(?:not|no|never|nothing|neither)|n['’]t)\b.{0,60}?\b(?:mention|state|specif|provide|"
    r"contain|indicat|include|discuss|address|explicit|information|given|available|described|"
    r"answer|clear from|found in)|\bno (?:information|mention|details?|indication)\b"
    r"|\b(?:is|are|was|were) (?:unclear|unknown|unspecified)\b|does not say\b",
    re.IGNORECASE,
)
_SMALL = frozenset(
    "The A An It They He She His Her Its Their This These Those There Because".split()
)
_ABOUT_THE_TEXT = re.compile(r"\b(?:passages?|articles?|text|provided|given|context)\b", re.I)


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer's sentences with their support, its citations in order of first use.

    ``coverage`` is the mean share of a sentence's weight found in its passages (0 to 1);
    ``declined`` tells that the model itself said that the passages do not answer;
    ``stands_in`` that these are the article's sentences, in place of an answer that failed;
    ``misled`` that the answer repeated from the question what the article has otherwise.
    """

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    coverage: float
    declined: bool
    stands_in: bool = False
    misled: bool = False

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def confirmed(self) -> bool:
        """Whether every sentence passed the check."""
        return bool(self.sentences) and all(map(_passed, self.sentences))

    @property
    def partly_confirmed(self) -> bool:
        """Whether any sentence passed the check."""
        return any(map(_passed, self.sentences))

    @property
    def backed(self) -> bool:
        """Whether any sentence has something to stand on."""
        return any(sentence.citations for sentence in self.sentences)

    def without_unsupported(self) -> Grounded:
        """The same without sentences that nothing supports, where others are supported.

        For answers of several sentences, each of which says something of its own.
        """
        return self.only(lambda sentence: sentence.support != "unsupported")

    def only(self, wanted: Callable[[Sentence], bool]) -> Grounded:
        """The sentences that are wanted and what they cite, markers anew; all where none is."""
        kept = [sentence for sentence in self.sentences if wanted(sentence)]
        if not kept or len(kept) == len(self.sentences):
            return self
        used = dict.fromkeys(citation for sentence in kept for citation in sentence.citations)
        return replace(self, sentences=tuple(kept), citations=tuple(used)).numbered()

    def focused(self, question: str) -> Grounded:
        """The same without citations that tell nothing of their sentences, markers anew."""
        sentences = tuple(
            replace(one, citations=telling(one.text, question, one.citations))
            for one in self.sentences
        )
        used = dict.fromkeys(citation for one in sentences for citation in one.citations)
        return replace(self, sentences=sentences, citations=tuple(used)).numbered()

    def numbered(self, after: int = 0) -> Grounded:
        """The same with markers that count up from the one after ``after``."""
        anew = {old: replace(old, marker=n) for n, old in enumerate(self.citations, after + 1)}
        sentences = tuple(
            replace(sentence, citations=tuple(anew[old] for old in sentence.citations))
            for sentence in self.sentences
        )
        return replace(self, sentences=sentences, citations=tuple(anew.values()))


def ground(
    text: str,
    question: str,
    context: Sequence[Passage],
    hits: Sequence[RetrievedPassage],
    articles: Mapping[str, Article],
    indexes: Indexes,
) -> Grounded:
    """Cut an answer's text into sentences, align each to passages of ``context`` and check it.

    Only passages of ``context`` are ever cited. Unsupported sentences keep no citation. What
    someone said and the model states as plain fact gets its speaker back.
    """
    titles = {key: (article.title, article.source) for key, article in articles.items()}
    nearness = {hit.passage.id: hit.score for hit in hits}
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    coverages: list[float] = []
    declined = misled = False
    for claim in split_sentences(text)[:MAX_SENTENCES]:
        if _declines(claim):
            declined = True
            continue
        alignment = align(claim, question, context, nearness)
        verdict = check(claim, alignment, context, question, indexes)
        if verdict.instead is not None:
            # What the model says too much of, the article says right.
            claim = " ".join(verdict.instead.text.split())
            alignment = align(claim, question, [verdict.instead])
            verdict = check(claim, alignment, context, question, indexes)
        misled |= verdict.misled
        cited: tuple[Citation, ...] = ()
        if verdict.support != "unsupported":
            cited = cite(alignment.passages, titles, citations)
            citations += [citation for citation in cited if citation not in citations]
            claim = _attributed(claim, alignment.passages, indexes)
            if _lost_focus(claim, question, cited):
                claim = " ".join(cited[0].quote.split())
        coverages.append(alignment.coverage)
        sentences.append(Sentence(claim, verdict.support, cited, verdict.reason))
    mean = sum(coverages) / len(coverages) if coverages else 0.0
    declined = declined and not sentences
    return Grounded(tuple(sentences), tuple(citations), mean, declined, misled=misled)


def quote_statements(
    statements: Sequence[Statement],
    passages: Mapping[str, Passage],
    articles: Mapping[str, Article],
    known: Sequence[Citation] = (),
) -> Grounded:
    """What someone said, in the article's words; a speaker named only as "he" is put before.

    ``passages`` are those of the statements, by id; markers go on from ``known``.
    """
    told = [passages[statement.passage_id] for statement in statements]
    return quote(told, articles, known, unnamed(statements))


def quote(
    passages: Sequence[Passage],
    articles: Mapping[str, Article],
    known: Sequence[Citation] = (),
    speakers: Mapping[str, Person] = MappingProxyType({}),
) -> Grounded:
    """Passages as an answer in their own words: every sentence quotes itself.

    ``speakers`` are, by passage id, those who speak in a passage and are to be put before it.
    """
    titles = {key: (article.title, article.source) for key, article in articles.items()}
    citations = cite(passages, titles, known)

    def words(passage: Passage) -> str:
        by = speakers.get(passage.id)
        text = " ".join(passage.text.split())
        return f"{by.label[0].upper()}{by.label[1:]}: {text}" if by else text

    sentences = tuple(
        Sentence(words(passage), "quoted", (citation,))
        for passage, citation in zip(passages, citations, strict=True)
    )
    return Grounded(sentences, citations, 1.0 if sentences else 0.0, declined=False)


def split_sentences(text: str) -> list[str]:
    """The sentences of a model's text; list items are sentences of their own."""
    # Imported here: a native module that `import assistant` does not need.
    from sentencex import get_sentence_boundaries

    sentences: list[str] = []
    for line in text.splitlines():
        item = re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", line).strip()
        for row in get_sentence_boundaries("en", item) if item else ():
            piece = item[row["start_index"] : row["end_index"]].strip()
            if len(piece) > 1:
                sentences.append(piece)
    return sentences


def _passed(sentence: Sentence) -> bool:
    return sentence.support in ("quoted", "supported")


def _attributed(claim: str, passages: Sequence[Passage], indexes: Indexes) -> str:
    speaker = unattributed(claim, passages, indexes)
    if speaker is None:
        return claim
    return f"According to {_within(speaker.label)}, {_within(claim)}"


def _within(text: str) -> str:
    """A text as it is written within a sentence: "The doctor" as "the doctor"."""
    return text[0].lower() + text[1:] if text.split()[0] in _SMALL else text


def _lost_focus(claim: str, question: str, cited: Sequence[Citation]) -> bool:
    """Whether a claim leaves out a name that the question asks about and its one quote has.

    Then the model took the wrong half of a long sentence; the whole of it is the answer.
    """
    if len(cited) != 1:
        return False
    asked = names(f"x {question}")
    return bool((asked & names(f"x {cited[0].quote}")) - names(f"x {claim}")) and not bool(
        asked & names(f"x {claim}")
    )


def _declines(sentence: str) -> bool:
    """Whether a sentence speaks of the passages to say that they do not answer."""
    return bool(_NO_ANSWER.search(sentence) and _ABOUT_THE_TEXT.search(sentence)) or bool(
        re.match(r"(?:the article does not say|i (?:do not|don['’]t) know)", sentence, re.I)
    )
