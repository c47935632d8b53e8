"""The conversation: ask, stop, ask again, edit, rate, and what the page shows meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gradio as gr

from assistant.answering import Assistant
from assistant.errors import AssistantError, UserInputError
from assistant.schema import Answer, Delta, Evidence, RetrievedPassage, StreamEvent
from assistant.web.answer_card import exchange_html, pending_html, status_words
from assistant.web.conversation import Conversation, Exchange
from assistant.web.feedback import RATINGS
from assistant.web.formatting import attributes, plural, text
from assistant.web.runs import Run, Stopped
from assistant.web.workspace import SEED_SOURCE, Choice, Workspace

SUGGESTIONS = (
    "What was the UK's position?",
    "What did Germany's foreign minister say about Israel?",
    "What did Kishida say about G7 unity?",
)
"""For the sample article; a test holds that it answers every one of them."""

STOPPED = "Stopped."


@dataclass(frozen=True, slots=True)
class View:
    """What the chat shows after a step. None leaves a part of the page as it is.

    ``status`` is a line for everybody; ``spoken`` is for screen readers, who are not told of
    every piece of an answer as it comes.
    """

    log: str | None = None
    live: str | None = None
    status: str | None = None
    spoken: str = ""
    kept: dict[str, Any] | None = None
    asking: bool | None = None
    question: str | None = None
    editing: bool | None = None


@dataclass(slots=True)
class _Progress:
    """An answer as far as it has come."""

    question: str
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
            return Exchange(self.question, self.answer)
        return Exchange(self.question, note=STOPPED, partial=self.written)


@dataclass(slots=True)
class Chat:
    """The steps of a conversation, one page's runs kept apart by Gradio's session."""

    workspace: Workspace
    _runs: dict[str, Run] = field(default_factory=dict)

    async def ask(
        self, question: str, conversation: Conversation, choice: Choice, session: str
    ) -> AsyncGenerator[View, None]:
        """Ask, and show the answer growing; the last view has the finished conversation."""
        question = question.strip()
        if not question:
            yield View(status="Write a question first.")
            return
        progress = _Progress(question)
        ready = self.workspace.opening.done()
        waiting = progress.stage() if ready else "Loading the model; your question is next …"
        yield View(
            log=log_html(conversation, finished=False),
            live=pending_html(question, waiting),
            status="",
            spoken=waiting,
            asking=True,
            question="",
            editing=False,
        )
        run = self._runs[session] = Run(partial(self._stream, question, conversation, choice))
        try:
            async for batch in run.batches():
                for event in batch:
                    progress.take(event)
                if not (progress.answer or progress.stopped):
                    stage = progress.stage()
                    live = pending_html(question, stage, progress.found, progress.written)
                    yield View(live=live, status="", spoken=stage)
            exchange = progress.exchange()
        except AssistantError as error:
            exchange = Exchange(question, note=str(error))
        finally:
            run.stop()
            if self._runs.get(session) is run:
                del self._runs[session]
        yield self._finished(conversation.with_exchange(exchange))

    def stop(self, session: str) -> None:
        """Stop the answer this page is waiting for; the view comes from :meth:`ask`."""
        run = self._runs.get(session)
        if run:
            run.stop()

    def rate(
        self, conversation: Conversation, index: int, rating: str, comment: str, choice: Choice
    ) -> View:
        """Keep a reader's judgement of an answer.

        Raises:
            UserInputError, LibraryError: it was not kept.
        """
        if not 0 <= index < len(conversation.exchanges):
            raise UserInputError("That answer is no longer here.")
        settings = self.workspace.assistant_for(choice).settings
        exchange = conversation.exchanges[index]
        self.workspace.feedback.add(exchange, rating, comment, settings.fingerprint())
        conversation = conversation.rated(index, rating)
        thanks = f"Kept on this computer: {RATINGS[rating].lower()}."
        return View(log=log_html(conversation), status=thanks, kept=conversation.keep())

    def cleared(self) -> View:
        """An empty conversation; every article is chosen again."""
        live = welcome_html(suggestions(self.workspace.assistant))
        return View(log="", live=live, status="", kept=Conversation().keep(), editing=False)

    def _stream(self, question: str, conversation: Conversation, choice: Choice) -> Any:
        assistant = self.workspace.assistant_for(choice)
        ids = assistant.library.article_ids()
        scope = conversation.scope(ids)
        if ids and not scope:
            raise UserInputError("No article is chosen. Tick one in the library, then ask again.")
        return assistant.stream(question, articles=scope or None, history=conversation.history())

    def _finished(self, conversation: Conversation) -> View:
        exchange = conversation.exchanges[-1]
        spoken = exchange.note
        if exchange.answer:
            spoken = f"{status_words(exchange.answer)}. {exchange.answer.text}"
        return View(
            log=log_html(conversation),
            live="",
            status="",
            spoken=spoken,
            kept=conversation.keep(),
            asking=False,
        )


def log_html(conversation: Conversation, *, finished: bool = True) -> str:
    """The finished exchanges; while another is under way, none of them is the last."""
    count = len(conversation.exchanges)
    tools = (
        '<div class="log-tools"><button type="button" data-do="clear">New conversation</button>'
        '<button type="button" data-do="export" data-format="md">Save as Markdown</button>'
        '<button type="button" data-do="export" data-format="json">Save as JSON</button></div>'
    )
    return (tools if count else "") + "".join(
        exchange_html(exchange, index, last=finished and index == count - 1)
        for index, exchange in enumerate(conversation.exchanges)
    )


def suggestions(assistant: Assistant) -> tuple[str, ...]:
    """Questions to begin with: for the sample article only, whose answers are known."""
    sources = {article.source for article in assistant.articles()}
    return SUGGESTIONS if SEED_SOURCE in sources else ()


def welcome_html(questions: Sequence[str]) -> str:
    """What an empty conversation shows: what this is, and questions to begin with."""
    buttons = "".join(
        f"<li><button{attributes(type='button', data_do='suggest', data_question=question)}>"
        f"{text(question)}</button></li>"
        for question in questions
    )
    first = f"<h3>Try one of these</h3><ul>{buttons}</ul>" if buttons else ""
    return (
        '<div class="welcome"><h2>Ask the article</h2><p>Every sentence of an answer carries '
        "the sentence of the article it rests on. Click a number to see it. What the article "
        f"does not say, you are told.</p>{first}</div>"
    )


def status_html(status: str = "", spoken: str = "") -> str:
    """The line above the question, which screen readers read out when it changes."""
    hidden = f'<span class="sr">{text(spoken)}</span>' if spoken else ""
    return f'<p role="status">{text(status)}{hidden}</p>'


def show(view: View) -> list[Any]:
    """A view as the page's updates, in the order of ``chat_pane``'s outputs."""
    asking = view.asking
    status = None if view.status is None else status_html(view.status, view.spoken)
    return [
        *(gr.skip() if value is None else value for value in (view.log, view.live, status)),
        gr.skip() if view.kept is None else view.kept,
        gr.skip() if view.question is None else view.question,
        gr.skip() if asking is None else gr.update(visible=not asking),
        gr.skip() if asking is None else gr.update(visible=asking),
        gr.skip() if view.editing is None else view.editing,
        gr.skip() if view.editing is None else gr.update(visible=view.editing),
    ]
