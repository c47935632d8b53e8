"""Judge an answer: let the model read once more, and decide whether it is shown, and what of it.

The model's own reading is asked for again, with the passages and with the quotes alone, and the
decision weighs all of that. Not handled: what the model reads and writes first (``finding``), and
what code can tell of an answer by itself (``inquiry``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant import expectation
from assistant.decision import AskedAgain, Decision, Signals, log_odds
from assistant.followups import parts_alone
from assistant.grounding import Grounded
from assistant.inquiry import Inquiry
from assistant.parts import parts_of
from assistant.reading import Adapter, Halt, Reader
from assistant.schema import Passage
from assistant.supplement import supplemented

_HOPELESS = 0.5
"""Share of the threshold below which the model is not even asked for an answer."""

_VERIFIED = 2
"""Quotes the model reads again, alone, to say whether they bear the answer out."""

_OUTDONE = 1.0
"""How much lower than another's the adapter's log-odds of a sentence's quotes are when it is left
out: it tells better than the cross-encoder, so less is enough."""

_OPEN = 0.5
"""Share of the surest part's probability below which another part counts as not answered."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: the answer, or None when it should not be shown.

    ``probability`` (0 to 1) is that the articles answer this question; ``confidence`` that
    what is shown, an answer or a refusal, can be trusted. ``left_open`` are the parts of a
    question with several that the articles do not answer. ``needed`` is the probability from
    which one article, asked alone, is taken to answer.
    """

    grounded: Grounded | None
    probability: float
    confidence: float
    left_open: tuple[str, ...] = ()
    needed: float = 0.0


def refusal(probability: float) -> Finding:
    """That the articles do not answer, as likely as ``probability`` leaves it."""
    return Finding(None, probability, 1 - probability)


@dataclass(frozen=True, slots=True)
class Reading:
    """An inquiry with the passages of its article that a model is given to read, as ``text``.

    ``state`` is what the model has read of the whole article before, if it has, and ``adapter``
    the one that was taught with texts like this one.
    """

    task: Inquiry
    reader: Reader
    text: str
    state: str | None
    stopped: Halt
    adapter: Adapter = "passages"

    def says_yes(self, question: str | None = None) -> float | None:
        """The model's probability that the passages answer the question, or a part of it."""
        asked = self.task.asked if question is None else question
        return self.reader.answerable(self.text, asked, self.state, self.stopped)

    def holds(self) -> float | None:
        """The same by the adapter; None where the model has none or it is not to be asked.

        It takes a question at its word. What is typed as a search is meant loosely. What somebody
        speaks about may have another name in their mouth, and the adapter that was taught with
        misleading questions does not know that.
        """
        task = self.task
        literal = self.adapter == "passages" and task.wants_words
        if literal or expectation.is_search(task.asked):
            return None
        reader, text = self.reader, self.text
        return reader.holds(text, task.asked, self.state, self.stopped, adapter=self.adapter)

    def of(self, passages: Sequence[Passage]) -> Reading:
        """The same inquiry with nothing but some passages to read.

        They are read anew, not taken from the article's state: what stands around them is not to
        help.
        """
        ordered = sorted(passages, key=lambda passage: passage.start)
        return replace(self, text=self.task.text(ordered), state=None, adapter="quotes")


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides what is shown, by the weights of one model and at one caution (0 to 1)."""

    decision: Decision
    caution: float

    def refuses(self, signals: Signals) -> bool:
        """Whether there is too much doubt for one article to answer."""
        return self.decision.probability(signals) < self.decision.threshold(self.caution, signals)

    def is_hopeless(self, signals: Signals) -> bool:
        """Whether it is not worth asking for an answer."""
        limit = self.decision.threshold(self.caution, signals)
        return self.decision.probability(signals) < limit * _HOPELESS

    def is_beside(self, task: Inquiry, grounded: Grounded) -> bool:
        """Whether code withholds an answer that is beside the question; the bold see it."""
        return self.caution > 0 and task.is_beside(grounded)

    def withheld(self, signals: Signals) -> Finding:
        """A refusal for another reason than doubt."""
        limit = self.decision.threshold(self.caution, signals)
        return refusal(min(self.decision.probability(signals), limit))

    def shown(
        self, grounded: Grounded, signals: Signals, left_open: tuple[str, ...] = ()
    ) -> Finding:
        """An answer as likely and as sure as the signals make it."""
        probability = self.decision.probability(signals)
        needed = self.decision.threshold(self.caution, signals)
        return Finding(grounded, probability, self.decision.confidence(signals), left_open, needed)

    def judged(self, reading: Reading, grounded: Grounded, before: Signals) -> Finding:
        """What becomes of an answer; ``before`` are the signals of before it was written.

        Raises:
            ModelError, EndpointError: the model failed.
            Stopped: the reading was stopped.
        """
        task = reading.task
        if grounded.declined or not grounded.backed or self.is_beside(task, grounded):
            return self.withheld(before)
        # Before the adapter is asked: after it the model would read the passages once more.
        left_open = self._left_open(reading, before)
        signals = self._asked_again(reading, grounded, before)
        if self.refuses(signals):
            return refusal(self.decision.probability(signals))
        told = task.without_outshone(supplemented(task, grounded))
        if signals.again.holds is not None:
            # It is slower than the cross-encoder: what that has left is put to it.
            told = task.without_outshone(
                told, lambda passages: log_odds(reading.of(passages).holds()), _OUTDONE
            )
            if self.caution > 0 and signals.unmet is False and not _is_met(task.asked, told):
                # What brought the thing asked for is outdone by what does not bring it.
                return self.withheld(before)
        return self.shown(told.focused(task.asked), signals, left_open)

    def _asked_again(self, reading: Reading, grounded: Grounded, before: Signals) -> Signals:
        """The signals with what the model says once there is an answer, where that is weighed."""
        task = reading.task
        again = AskedAgain()
        if self.decision.weighs("known_alone", before):
            quotes = reading.of(task.cited(grounded.citations[:_VERIFIED])).text
            known = reading.reader.known(quotes, task.asked, reading.state, reading.stopped)
            again = AskedAgain(known_alone=known)
        elif self.decision.weighs("holds", before):
            again = AskedAgain(holds=reading.holds())
        signals = task.signals(before.yes, grounded, again)
        weighed = self.decision.weighs("quotes_hold", before)
        if not weighed or self.decision.is_sure(self.caution, signals, task.among):
            return signals
        quotes_hold = reading.of(task.cited(grounded.citations)).holds()
        if quotes_hold is None:
            return signals
        return task.signals(before.yes, grounded, replace(again, quotes_hold=quotes_hold))

    def _left_open(self, reading: Reading, whole: Signals) -> tuple[str, ...]:
        """The parts of a question with several that the passages seem not to answer."""
        parts = parts_alone(reading.task.asked)
        if len(parts) == 1 or whole.yes is None:
            return ()
        sure: dict[str, float] = {}
        for part, alone in parts:
            yes = reading.says_yes(alone)
            sure[part] = self.decision.probability(replace(whole, yes=yes))
        limit = _OPEN * max(sure.values())
        return tuple(part for part, chance in sure.items() if chance < limit)


def _is_met(question: str, grounded: Grounded) -> bool:
    """Whether what is left has the thing asked for; of several parts one may be left out."""
    return len(parts_of(question)) > 1 or expectation.is_met(question, grounded.text)
