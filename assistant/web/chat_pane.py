"""The chat's widgets, and which step each of them takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant.answering import MAX_QUESTION_CHARS
from assistant.errors import AssistantError
from assistant.web import exports
from assistant.web.assets import download_html, html_part
from assistant.web.chat import BUSY, Chat
from assistant.web.chat_view import View, show, status_html
from assistant.web.choices import ChoiceWidgets
from assistant.web.conversation import Conversation

CONCURRENT = 4
"""Questions under way at once, of those that do not wait for a model in this process."""


@dataclass(frozen=True, slots=True)
class ChatWidgets:
    """The parts of the chat that other steps write to."""

    log: gr.HTML
    live: gr.HTML
    status: gr.HTML
    kept: gr.BrowserState
    left_out: gr.BrowserState
    question: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    editing: gr.State
    cancel: gr.Button
    download: gr.HTML

    def outputs(self) -> list[Any]:
        """In the order of :func:`assistant.web.chat.show`."""
        return [
            *(self.log, self.live, self.status, self.kept, self.question),
            *(self.ask, self.stop, self.editing, self.cancel),
        ]


def lay_out(kept: gr.BrowserState, left_out: gr.BrowserState) -> ChatWidgets:
    """Conversation above, question below. Call inside the column it fills."""
    with gr.Column(elem_id="conversation", elem_classes="pane-scroll"):
        log = html_part("", "log", "again", "edit", "rate", "clear", "export")
        live = html_part("", "live", "suggest")
    status = html_part(status_html(), "status")
    download = html_part("", "download")
    with gr.Row(elem_id="composer"):
        question = gr.Textbox(
            label="Your question",
            show_label=False,
            container=False,
            placeholder="Ask about the chosen articles",
            lines=1,
            max_lines=6,
            max_length=MAX_QUESTION_CHARS,
            autofocus=True,
            elem_id="question",
            scale=1,
        )
        cancel = gr.Button("Keep as it was", visible=False, elem_id="cancel-edit", scale=0)
        ask = gr.Button("Ask", variant="primary", elem_id="ask", scale=0)
        stop = gr.Button("Stop", variant="stop", visible=False, elem_id="stop", scale=0)
    return ChatWidgets(
        log,
        live,
        status,
        kept,
        left_out,
        question,
        ask,
        stop,
        gr.State(False, time_to_live=3600),
        cancel,
        download,
    )


class _Steps:
    """What each event of the chat does, from the page's values to the page's values."""

    def __init__(self, chat: Chat, choices: ChoiceWidgets) -> None:
        self._chat = chat
        self._choices = choices

    async def ask(
        self,
        request: gr.Request,
        question: str,
        kept: Any,
        left_out: Any,
        editing: bool,
        *chosen: Any,
    ) -> AsyncGenerator[list[Any], None]:
        conversation = Conversation.restore(kept, left_out)
        choice, session = self._choices.read(chosen), request.session_hash or ""
        async for view in self._chat.ask(question, conversation, choice, session, instead=editing):
            yield show(view)

    async def again(
        self, request: gr.Request, kept: Any, left_out: Any, *chosen: Any
    ) -> AsyncGenerator[list[Any], None]:
        conversation = Conversation.restore(kept)
        if not conversation.exchanges:
            return
        question = conversation.exchanges[-1].question
        async for shown in self.ask(request, question, kept, left_out, True, *chosen):
            yield shown

    def edit(self, kept: Any) -> list[Any]:
        exchanges = Conversation.restore(kept).exchanges
        question = exchanges[-1].question if exchanges else ""
        note = "Change the question, then ask: the new answer takes the old one's place."
        return show(View(question=question, editing=bool(exchanges), status=note))

    async def stop(self, request: gr.Request) -> None:  # in the event loop, where the line is
        self._chat.stop(request.session_hash or "")

    def rate(self, request: gr.Request, event: gr.EventData, kept: Any) -> list[Any]:
        given = event._data
        if self._chat.asking(request.session_hash or ""):
            return show(View(status=BUSY))
        try:
            view = self._chat.rate(
                Conversation.restore(kept),
                int(given.get("turn", -1)),
                str(given.get("rating", "")),
                str(given.get("comment", "")),
            )
        except AssistantError as error:
            view = View(status=str(error))
        return show(view)

    def clear(self, request: gr.Request, kept: Any, left_out: Any) -> list[Any]:
        if self._chat.asking(request.session_hash or ""):
            return show(View(status=BUSY))
        return show(self._chat.cleared(Conversation.restore(kept, left_out)))

    def settle(self, request: gr.Request, kept: Any, left_out: Any, *chosen: Any) -> Any:
        conversation = Conversation.restore(kept, left_out)
        choice, session = self._choices.read(chosen), request.session_hash or ""
        try:
            live = self._chat.settle(conversation, choice, session)
        except AssistantError:  # it could not be opened, which the page says already
            return gr.skip()
        return gr.skip() if live is None else live

    def look(self, event: gr.EventData, kept: Any, left_out: Any, *chosen: Any) -> None:
        conversation = Conversation.restore(kept, left_out)
        article = str(event._data.get("article", ""))
        self._chat.look(conversation, self._choices.read(chosen), article)

    def export(self, event: gr.EventData, kept: Any) -> str:
        conversation = Conversation.restore(kept)
        articles = exports.cited_articles(conversation, self._chat.workspace.assistant.library)
        if event._data.get("format") == "json":
            return download_html("conversation.json", exports.to_json(conversation, articles))
        return download_html("conversation.md", exports.to_markdown(conversation, articles))


def _suggested(event: gr.EventData) -> str:
    return str(event._data.get("question", ""))


def _cancel() -> list[Any]:
    return show(View(question="", editing=False, status=""))


def wire(
    chat: Chat,
    page: ChatWidgets,
    choices: ChoiceWidgets,
    chosen: Sequence[Any],
    opened: Callable[..., Any],
) -> None:
    """Connect every button of the chat to its step.

    ``chosen`` are the events after which other articles are asked; ``opened`` is the event of
    an article that is shown.
    """
    steps = _Steps(chat, choices)
    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    quick: dict[str, Any] = {"queue": False, **hidden}
    conversation = [page.kept, page.left_out]
    own = [*conversation, *choices.inputs()]
    asked: dict[str, Any] = {
        "inputs": [page.question, *conversation, page.editing, *choices.inputs()],
        "outputs": page.outputs(),
        "concurrency_limit": None,  # the chat has a line of its own, in which one sees one's place
        **hidden,
    }
    gr.on([page.question.submit, page.ask.click], steps.ask, **asked)
    page.live.suggest(_suggested, None, page.question, **quick).then(steps.ask, **asked)
    page.log.again(steps.again, **{**asked, "inputs": own})
    page.log.edit(steps.edit, page.kept, page.outputs(), **quick)
    page.log.clear(steps.clear, conversation, page.outputs(), **quick)
    page.log.export(steps.export, page.kept, page.download, **quick)
    page.cancel.click(_cancel, None, page.outputs(), **quick)
    page.stop.click(steps.stop, None, None, **quick)
    page.log.rate(steps.rate, page.kept, page.outputs(), **quick)
    opened(steps.look, own, None, **quick)
    for event in chosen:
        event.then(steps.settle, own, page.live, **quick)
