"""Find what the articles say to one inquiry: read, ground, check again, and decide.

Nothing is shown because a model said it: what it writes is grounded in passages, its own
reading is asked for again with the quotes alone, and the decision weighs all of that. Not
handled: what to search for, and putting several articles side by side (``comparing``).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

from assistant import expectation, overview
from assistant.decision import AskedAgain, Decision, Signals, log_odds
from assistant.errors import ModelError
from assistant.followups import standalone
from assistant.grounding import Grounded, ground, quote, split_sentences
from assistant.inquiry import Inquiry
from assistant.parts import parts_of
from assistant.readahead import ReadAhead
from assistant.reading import Halt, Reader
from assistant.replies import Reply, clean
from assistant.schema import Delta, Passage, Sentence, Turn
from assistant.stopwatch import Stopwatch
from assistant.supplement import supplemented

_HOPELESS = 0.5
"""Share of the threshold below which the model is not even asked for an answer."""

_VERIFIED = 2
"""Quotes the model reads again, alone, to say whether they bear the answer out."""

_OPEN = 0.5
"""Share of the surest part's probability below which another part counts as not answered."""

_FULL = 4
"""Sentences that a question which wants an explanation gets at most."""

_BEGUN = 20
"""Characters of a sentence after which it is taken for one of its own."""

_LISTED = 0.9
"""Confidence in what code has listed: names are found by rules, and rules miss some."""

_QUOTED = 2
"""Passages an answer without a language model consists of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: the answer, or None when it should not be shown.

    ``probability`` (0 to 1) is that the articles answer this question; ``confidence`` that
    what is shown, an answer or a refusal, can be trusted. ``left_open`` are the parts of a
    question with several that the articles do not answer.
    """

    grounded: Grounded | None
    probability: float
    confidence: float
    left_open: tuple[str, ...] = ()


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
        self._decision = decision
        self._caution = caution
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
            return _refusal(0.5)
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
        yes = reader.answerable(text, task.asked, state, stopped)
        before = task.signals(yes)
        limit = self._decision.threshold(self._caution, before)
        probability = self._decision.probability(before)
        if probability < limit * _HOPELESS:
            clock.lap("generate")
            return _refusal(probability)
        full = expectation.explains(task.asked) or len(parts_of(task.asked)) > 1
        prompt = "explain" if full else "answer"
        for piece in reader.stream(text, task.asked, reply, state, stopped, prompt):
            clock.mark("first_token")
            yield Delta(piece)
            if full and _has_more_than(_FULL, reply.text):
                break
        grounded = self._grounded(task, context, reply, full)
        missed = expectation.hint(task.asked, grounded.text)
        if missed and not grounded.declined:
            hinted = f"{task.asked} {missed}"
            grounded = self._better(task, reader, hinted, context, text, reply, stopped) or grounded
        clock.lap("generate")
        grounded = task.with_statements(grounded)
        if grounded.declined or not grounded.backed or self._is_beside(task, grounded):
            clock.lap("check")
            return _refusal(min(probability, limit))
        # Before the adapter is asked: after it the model would read the passages once more.
        left_open = self._left_open(task, reader, text, before, state, stopped)
        again = self._asked_again(task, reader, grounded, text, before, state, stopped)
        after = task.signals(yes, grounded, again)
        if again.holds is not None and not self._decision.is_sure(self._caution, after):
            # Read anew, not taken from the article's state: nothing around the quotes is to help.
            quotes = task.quoted(grounded.citations)
            again = replace(
                again,
                quotes_yes=reader.answerable(quotes, task.asked, None, stopped),
                quotes_hold=reader.holds(quotes, task.asked, None, stopped),
            )
            after = task.signals(yes, grounded, again)
        clock.lap("check")
        probability = self._decision.probability(after)
        if probability < self._decision.threshold(self._caution, after):
            return _refusal(probability)
        told = task.without_outshone(supplemented(task, grounded))
        if again.holds is not None:
            # It tells better than the cross-encoder, and is slower: what that left is put to it.
            told = task.without_outshone(
                told,
                lambda passages: log_odds(
                    reader.holds(task.text(passages), task.asked, None, stopped)
                ),
            )
            if self._caution > 0 and after.unmet is False and not _is_met(task.asked, told):
                # What brought the thing asked for is outdone by what does not bring it.
                return _refusal(min(probability, limit))
        return Finding(told, probability, self._decision.confidence(after), left_open)

    def _asked_again(
        self,
        task: Inquiry,
        reader: Reader,
        grounded: Grounded,
        text: str,
        before: Signals,
        state: str | None,
        stopped: Halt,
    ) -> AskedAgain:
        """What the model says to the question once there is an answer, where that is weighed."""
        if self._decision.weighs("known_alone", before):
            quotes = task.quoted(grounded.citations[:_VERIFIED])
            return AskedAgain(known_alone=reader.known(quotes, task.asked, state, stopped))
        # The adapter takes a question at its word. What is typed as a search is meant loosely, and
        # what somebody speaks about may have another name in their mouth.
        loose = expectation.is_search(task.asked) or task.wants_words
        if loose or not self._decision.weighs("holds", before):
            return AskedAgain()
        return AskedAgain(holds=reader.holds(text, task.asked, state, stopped))

    def _better(
        self,
        task: Inquiry,
        reader: Reader,
        hinted: str,
        context: Sequence[Passage],
        text: str,
        reply: Reply,
        stopped: Halt,
    ) -> Grounded | None:
        """The answer to a question asked again for what it left out, if that brings it."""
        reply.text, cut, reply.cut = "", reply.cut, ""
        with suppress(ModelError):  # the first answer still stands
            for _ in reader.stream(text, hinted, reply, None, stopped):
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

    def _is_beside(self, task: Inquiry, grounded: Grounded) -> bool:
        """Whether code withholds an answer that is beside the question; the bold see it."""
        return self._caution > 0 and task.is_beside(grounded)

    def _left_open(
        self,
        task: Inquiry,
        reader: Reader,
        text: str,
        whole: Signals,
        state: str | None,
        stopped: Halt,
    ) -> tuple[str, ...]:
        """The parts of a question with several that the passages seem not to answer."""
        parts = parts_of(task.asked)
        if len(parts) == 1 or whole.yes is None:
            return ()
        sure: dict[str, float] = {}
        for part in parts:
            alone = standalone(part, [Turn(parts[0], "")] if part != parts[0] else [], None)
            yes = reader.answerable(text, alone, state, stopped)
            sure[part] = self._decision.probability(replace(whole, yes=yes))
        limit = _OPEN * max(sure.values())
        return tuple(part for part, chance in sure.items() if chance < limit)

    def _state(self, task: Inquiry, stopped: Halt) -> str | None:
        """What the model has read of the one article that the passages are from."""
        if self._ahead is None or len(task.articles) != 1:
            return None
        [article_id] = task.articles
        text = task.text(task.passages(article_id))
        return self._ahead.state(article_id, text, stopped, among=task.among)

    def _extract(self, task: Inquiry) -> Finding:
        signals = task.signals(None)
        limit = self._decision.threshold(self._caution, signals)
        probability = self._decision.probability(signals)
        if probability < limit:
            return _refusal(probability)
        best = [hit.passage for hit in task.hits[:_QUOTED]]
        told = task.without_outshone(quote(best, task.articles))
        if self._is_beside(task, told):
            return _refusal(min(probability, limit))
        return Finding(told, probability, self._decision.confidence(signals))


def _to_the_point(question: str, grounded: Grounded) -> Grounded:
    """Without what is said beside the number or the time, where that is all that is asked for."""
    if len(parts_of(question)) > 1:
        return grounded

    def tells(sentence: Sentence) -> bool:
        return expectation.is_met(question, sentence.text)

    told = any(sentence.citations and tells(sentence) for sentence in grounded.sentences)
    return grounded.only(tells) if told else grounded


def _is_met(question: str, grounded: Grounded) -> bool:
    """Whether what is left has the thing asked for; of several parts one may be left out."""
    return len(parts_of(question)) > 1 or expectation.is_met(question, grounded.text)


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
    return _refusal(0.1) if grounded is None else Finding(grounded, 1.0, _LISTED)


def _refusal(probability: float) -> Finding:
    return Finding(None, probability, 1 - probability)
