"""The conversation: ask, stop, ask again, edit, rate, and what the page shows meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from assistant.errors import AssistantError, UserInputError
from assistant.reading import Halt
from assistant.schema import Answer, Delta, Evidence, RetrievedPassage, StreamEvent
from assistant.web.answer_card import pending_html, status_words
from assistant.web.chat_view import View, log_html, welcome_html
from assistant.web.conversation import Conversation, Exchange
from assistant.web.feedback import RATINGS
from assistant.web.formatting import plural
from assistant.web.line import Line, Place
from assistant.web.runs import Run, Stopped
from assistant.web.suggestions import Suggestions
from assistant.web.variants import Choice
from assistant.web.workspace import Workspace

STOPPED = "Stopped."
INTERRUPTED = "Interrupted."
"""What is kept of a question from its first moment: a page that is closed meanwhile has it."""

BUSY = "An answer is under way: stop it, or wait for it, then try again."


@dataclass(slots=True)
class _Progress:
    """An answer as far as it has come."""

    question: str
    index: int
    settings: str = ""
    found: tuple[RetrievedPassage, ...] = ()
    written: str = ""
    answer: Answer | None = None
    stopped: bool = False

    def take(self, event: StreamEvent | Stopped) -> None:
        match event:
            case Evidence(passages=passages):
                self.found = passages
            case Delta(text=piece):
                self.written += piece
            case Answer():
                self.answer = event
            case Stopped():
                self.stopped = True

    def stage(self) -> str:
        if self.written:
            return "Writing; every sentence will be checked."
        if self.found:
            return f"Found {plural(len(self.found), 'passage')}. Reading them …"
        return "Looking for evidence …"

    def exchange(self) -> Exchange:
        if self.answer:
            return Exchange(self.question, self.answer, settings=self.settings)
        return Exchange(self.question, note=STOPPED, partial=self.written)

    def html(self, stage: str) -> str:
        return pending_html(self.question, stage, self.index, self.found, self.written)


@dataclass(slots=True)
class Asked:
    """A question from the moment it joins the line until its answer is there."""

    place: Place
    run: Run | None = None

    def stop(self) -> None:
        self.place.leave()
        if self.run:
            self.run.stop()


@dataclass(slots=True)
class Chat:
    """The steps of a conversation, pages kept apart by Gradio's session."""

    workspace: Workspace
    line: Line
    suggestions: Suggestions = field(default_factory=Suggestions)
    _asked: dict[str, Asked] = field(default_factory=dict)

    async def ask(
        self,
        question: str,
        conversation: Conversation,
        choice: Choice,
        session: str,
        *,
        instead: bool = False,
    ) -> AsyncGenerator[View, None]:
        """Ask, and show the answer growing; the last view has the finished conversation.

        With ``instead`` the answer takes the place of the last exchange, once it is there.
        """
        question = question.strip()
        if not question:
            yield View(status="Write a question first.")
            return
        if session in self._asked:
            yield View(status="One question at a time: stop this one, or wait for its answer.")
            return
        instead = instead and bool(conversation.exchanges)
        before = conversation.without_last() if instead else conversation
        progress = _Progress(question, len(before.exchanges))
        ready = self.workspace.opening.done()
        waiting = progress.stage() if ready else "Loading the model; your question is next …"
        interrupted = Exchange(question, note=INTERRUPTED)
        yield View(
            log=log_html(before, finished=False),
            live=progress.html(waiting),
            status="",
            spoken=waiting,
            kept=_ended(conversation, interrupted, instead=instead).keep(),
            asking=True,
            question="",
            editing=False,
        )
        try:
            # Closed at once when the page goes away, so that the model stops.
            async with aclosing(self._answer(progress, before, choice, session)) as views:
                async for view in views:
                    yield view
            exchange = progress.exchange()
        except AssistantError as error:
            exchange = Exchange(question, note=str(error))
        yield _finished(_ended(conversation, exchange, instead=instead), exchange)

    async def _answer(
        self, progress: _Progress, conversation: Conversation, choice: Choice, session: str
    ) -> AsyncGenerator[View, None]:
        """What to show while the question waits for its turn, is read and answered."""
        lane = self.workspace.variants.lane(choice)
        asked = self._asked[session] = Asked(self.line.join(lane))
        try:
            async for before in asked.place.waiting():
                stage = f"{plural(before, 'question')} before yours …"
                yield View(live=progress.html(stage), status="", spoken=stage)
            if asked.place.left:
                progress.stopped = True
                return
            asked.run = Run(partial(self._stream, progress, conversation, choice))
            async for batch in asked.run.batches():
                for event in batch:
                    progress.take(event)
                if not (progress.answer or progress.stopped):
                    stage = progress.stage()
                    yield View(live=progress.html(stage), status="", spoken=stage)
        finally:
            asked.stop()
            del self._asked[session]

    def asking(self, session: str) -> bool:
        """Whether this page waits for an answer, which is what its conversation ends with."""
        return session in self._asked

    def stop(self, session: str) -> None:
        """Stop the answer this page is waiting for; the view comes from :meth:`ask`."""
        if asked := self._asked.get(session):
            asked.stop()

    def rate(self, conversation: Conversation, index: int, rating: str, comment: str) -> View:
        """Keep a reader's judgement of an answer.

        Raises:
            UserInputError, LibraryError: it was not kept.
        """
        if not 0 <= index < len(conversation.exchanges):
            raise UserInputError("That answer is no longer here.")
        self.workspace.feedback.add(conversation.exchanges[index], rating, comment)
        conversation = conversation.rated(index, rating)
        thanks = f"Kept on this computer: {RATINGS[rating].lower()}."
        return View(log=log_html(conversation), status=thanks, kept=conversation.keep())

    def cleared(self, conversation: Conversation) -> View:
        """An empty conversation about the same articles."""
        empty = Conversation(left_out=conversation.left_out)
        live = self.welcome(empty)
        return View(log="", live=live, status="", kept=empty.keep(), editing=False)

    def welcome(self, conversation: Conversation, *, at_once: bool = False) -> str:
        """What an empty conversation begins with; ``at_once`` without looking for questions."""
        assistant = self.workspace.assistant
        find = self.suggestions.known if at_once else self.suggestions.find
        with self.workspace.at_work():
            scope = conversation.scope(assistant.library.article_ids())
            return welcome_html(find(assistant, scope) or ())

    def settle(self, conversation: Conversation, choice: Choice, session: str) -> str | None:
        """After articles were chosen: let the model read them, and suggest questions about them.

        None where there is something else to be seen than suggestions.
        """
        self.look(conversation, choice)
        if conversation.exchanges:
            return None
        welcome = self.welcome(conversation)
        return None if session in self._asked else welcome

    def look(self, conversation: Conversation, choice: Choice, article_id: str = "") -> None:
        """Let the model read the chosen articles: the one that is shown, then the last added."""
        library = self.workspace.assistant.library
        with self.workspace.at_work():
            scope = conversation.scope(library.article_ids())
            scope.sort(key=lambda key: key == article_id)
            self.workspace.read_ahead(choice, scope[::-1])

    def _stream(
        self, progress: _Progress, conversation: Conversation, choice: Choice, stopped: Halt
    ) -> Generator[StreamEvent, None, None]:
        # A model that has to be loaded first is work too.
        with self.workspace.at_work(), self.workspace.variants.using(choice) as assistant:
            progress.settings = assistant.settings.fingerprint()
            yield from self.workspace.stream(
                assistant,
                progress.question,
                articles=conversation.asked(assistant.library.article_ids()),
                history=conversation.history(),
                stopped=stopped,
            )


def _ended(conversation: Conversation, exchange: Exchange, *, instead: bool) -> Conversation:
    """The conversation with one more exchange. Only an answer takes an answer's place."""
    if not instead:
        return conversation.with_exchange(exchange)
    last = conversation.exchanges[-1]
    if exchange.answer or not last.answer:
        return conversation.without_last().with_exchange(exchange)
    same = last.question == exchange.question
    return conversation if same else conversation.with_exchange(exchange)


def _finished(conversation: Conversation, exchange: Exchange) -> View:
    status, spoken = "", exchange.note
    if exchange.answer:
        spoken = f"{status_words(exchange.answer)}. {exchange.answer.text}"
    elif conversation.exchanges[-1] != exchange:
        status, spoken = f"{exchange.note} The answer from before is still here.", ""
    return View(
        log=log_html(conversation),
        live="",
        status=status,
        spoken=spoken,
        kept=conversation.keep(),
        asking=False,
    )
