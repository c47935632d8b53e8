"""Find what the articles say to one inquiry: read, ground, and have it judged.

Nothing is shown because a model said it: what it writes is grounded in passages. Not handled:
whether it is shown (``judging``), what to search for, and putting several articles side by side
(``comparing``).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import nullcontext, suppress

from assistant import expectation, overview
from assistant.decision import Decision
from assistant.errors import ModelError
from assistant.grounding import Grounded, ground, split_sentences
from assistant.inquiry import Inquiry
from assistant.judging import Finding, Judge, Reading, refusal
from assistant.parts import parts_of
from assistant.readahead import ReadAhead
from assistant.reading import Halt, Reader
from assistant.replies import Reply, clean
from assistant.schema import Delta, Passage, Sentence
from assistant.stopwatch import Stopwatch

_FULL = 4
"""Sentences that a question which wants an explanation gets at most."""

_BEGUN = 20
"""Characters of a sentence after which it is taken for one of its own."""

_LISTED = 0.9
"""Confidence in what code has listed: names are found by rules, and rules miss some."""

_QUOTED = 2
"""Passages an answer without a language model consists of."""


class Finder:
    """Finds answers with one model, or without any (``reader`` is None), at one caution."""

    def __init__(
        self,
        reader: Reader | None,
        ahead: ReadAhead | None,
        decision: Decision,
        *,
        caution: float,
        evidence: int,
    ) -> None:
        """``evidence`` passages are read where the model has not read the whole article."""
        self._reader = reader
        self._ahead = ahead
        self._judge = Judge(decision, caution)
        self._evidence = evidence

    def find(
        self, task: Inquiry, reply: Reply, clock: Stopwatch, stopped: Halt
    ) -> Generator[Delta, None, Finding]:
        """Yields the model's words as it writes them; ``reply`` and ``clock`` are filled in.

        Raises:
            ModelError, EndpointError: the model failed.
            Stopped: ``stopped`` said so.
        """
        if self._reader is None:
            found = self._extract(task)
            clock.lap("check")
            return found
        with self._ahead or nullcontext():
            return (yield from self._read(task, self._reader, reply, clock, stopped))

    def survey(
        self, kind: overview.Kind, task: Inquiry, reply: Reply, clock: Stopwatch, stopped: Halt
    ) -> Generator[Delta, None, Finding]:
        """Like :meth:`find`, for a question about the whole of one article."""
        [article] = task.articles.values()
        passages = task.passages(article.id)
        if kind == "speakers":
            return _listed(overview.speakers(task.voices[article.id], passages, article))
        if kind == "countries":
            return _listed(overview.named_countries(passages, article))
        if self._reader is None:
            return _listed(task.gist()) if kind == "summary" else self._extract(task)
        with self._ahead or nullcontext():
            return (yield from self._write(kind, task, self._reader, reply, clock, stopped))

    def _write(
        self,
        kind: overview.Kind,
        task: Inquiry,
        reader: Reader,
        reply: Reply,
        clock: Stopwatch,
        stopped: Halt,
    ) -> Generator[Delta, None, Finding]:
        """A summary or a list by the model; sentences that nothing supports are left out."""
        context = task.central(lambda size: reader.fits("x" * size, task.asked))
        text = task.text(context)
        prompt = "summary" if kind == "summary" else "listing"
        state = self._state(task, stopped)
        for piece in reader.stream(text, task.asked, reply, state, stopped, prompt):
            clock.mark("first_token")
            yield Delta(piece)
        clock.lap("generate")
        grounded = ground(clean(reply.text), "", context, [], task.articles, task.voices)
        clock.lap("check")
        if not grounded.backed:
            return refusal(0.5)
        kept = grounded.without_unsupported()
        sure = sum(one.support != "weak" for one in kept.sentences) / len(grounded.sentences)
        return Finding(kept, 1.0, _LISTED * sure)

    def _read(
        self,
        task: Inquiry,
        reader: Reader,
        reply: Reply,
        clock: Stopwatch,
        stopped: Halt,
    ) -> Generator[Delta, None, Finding]:
        state = self._state(task, stopped)
        context, text = task.context_for(reader, self._evidence if state is None else None)
        reading = Reading(task, reader, text, state, stopped)
        before = task.signals(reading.says_yes())
        if self._judge.is_hopeless(before):
            clock.lap("generate")
            return self._judge.withheld(before)
        full = expectation.explains(task.asked) or len(parts_of(task.asked)) > 1
        prompt = "explain" if full else "answer"
        for piece in reader.stream(text, task.asked, reply, state, stopped, prompt):
            clock.mark("first_token")
            yield Delta(piece)
            if full and _has_more_than(_FULL, reply.text):
                break
        grounded = self._grounded(task, context, reply, full)
        if not grounded.declined:
            grounded = self._better(reading, context, grounded, reply) or grounded
        clock.lap("generate")
        found = self._judge.judged(reading, task.with_statements(grounded), before)
        clock.lap("check")
        return found

    def _better(
        self, reading: Reading, context: Sequence[Passage], grounded: Grounded, reply: Reply
    ) -> Grounded | None:
        """The answer to a question asked again for what it left out, if that brings it."""
        task = reading.task
        missed = expectation.hint(task.asked, grounded.text)
        if not missed:
            return None
        reply.text, cut, reply.cut = "", reply.cut, ""
        with suppress(ModelError):  # the first answer still stands
            hinted = f"{task.asked} {missed}"
            for _ in reading.reader.stream(reading.text, hinted, reply, None, reading.stopped):
                pass
        better = self._grounded(task, context, reply)
        if better.confirmed and not expectation.hint(task.asked, better.text):
            return better
        reply.cut = cut
        return None

    @staticmethod
    def _grounded(
        task: Inquiry, context: Sequence[Passage], reply: Reply, full: bool = False
    ) -> Grounded:
        text = clean(reply.text)
        if full:
            text = _first(text, _FULL)
        grounded = ground(text, task.asked, context, task.hits, task.articles, task.voices)
        if full:
            grounded = grounded.without_unsupported()
        return _to_the_point(task.asked, grounded)

    def _state(self, task: Inquiry, stopped: Halt) -> str | None:
        """What the model has read of the one article that the passages are from."""
        if self._ahead is None or len(task.articles) != 1:
            return None
        [article_id] = task.articles
        text = task.text(task.passages(article_id))
        return self._ahead.state(article_id, text, stopped, among=task.among)

    def _extract(self, task: Inquiry) -> Finding:
        signals = task.signals(None)
        if self._judge.refuses(signals):
            return self._judge.withheld(signals)
        best = [hit.passage for hit in task.hits[:_QUOTED]]
        told = task.without_outshone(task.in_its_words(best))
        if self._judge.is_beside(task, told):
            return self._judge.withheld(signals)
        return self._judge.shown(told, signals)


def _to_the_point(question: str, grounded: Grounded) -> Grounded:
    """Without what is said beside the number or the time, where that is all that is asked for."""
    if len(parts_of(question)) > 1:
        return grounded

    def tells(sentence: Sentence) -> bool:
        return expectation.is_met(question, sentence.text)

    told = any(sentence.citations and tells(sentence) for sentence in grounded.sentences)
    return grounded.only(tells) if told else grounded


def _has_more_than(most: int, text: str) -> bool:
    """Whether a text that is still being written has begun another sentence for certain.

    "(c. 450 BC)" looks like the end of one and the beginning of the next until its bracket closes.
    """
    sentences = split_sentences(text)
    return len(sentences) > most and len(sentences[-1]) >= _BEGUN


def _first(text: str, most: int) -> str:
    """The first whole sentences of a text; a last one that was cut off goes, unless alone."""
    sentences = split_sentences(text)
    if len(sentences) > 1 and not sentences[-1].endswith((".", "!", "?", "”", '"')):
        sentences.pop()
    return "\n".join(sentences[:most])


def _listed(grounded: Grounded | None) -> Finding:
    return refusal(0.1) if grounded is None else Finding(grounded, 1.0, _LISTED)
