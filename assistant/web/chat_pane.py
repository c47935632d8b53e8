"""The chat's widgets, and which step each of them takes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant.answering import MAX_QUESTION_CHARS
from assistant.errors import AssistantError
from assistant.web import exports
from assistant.web.assets import download_html, html_part
from assistant.web.chat import Chat
from assistant.web.chat_view import View, show, status_html
from assistant.web.choices import ChoiceWidgets
from assistant.web.conversation import Conversation

CONCURRENT = 4
"""Questions under way at once. A model in this process takes them one after the other."""


@dataclass(frozen=True, slots=True)
class ChatWidgets:
    """The parts of the chat that other steps write to."""

    log: gr.HTML
    live: gr.HTML
    status: gr.HTML
    kept: gr.BrowserState
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


def lay_out(kept: gr.BrowserState) -> ChatWidgets:
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
        question,
        ask,
        stop,
        gr.State(False, time_to_live=3600),
        cancel,
        download,
    )


def wire(chat: Chat, page: ChatWidgets, choices: ChoiceWidgets) -> None:
    """Connect every button of the chat to its step."""

    async def ask(
        request: gr.Request, question: str, kept: Any, editing: bool, *chosen: Any
    ) -> AsyncGenerator[list[Any], None]:
        conversation = Conversation.restore(kept)
        if editing:
            conversation = conversation.without_last()
        session = request.session_hash or ""
        async for view in chat.ask(question, conversation, choices.read(chosen), session):
            yield show(view)

    async def again(request: gr.Request, kept: Any, *chosen: Any) -> AsyncGenerator[Any, None]:
        conversation = Conversation.restore(kept)
        if not conversation.exchanges:
            return
        question = conversation.exchanges[-1].question
        session = request.session_hash or ""
        earlier = conversation.without_last()
        async for view in chat.ask(question, earlier, choices.read(chosen), session):
            yield show(view)

    def suggested(event: gr.EventData) -> str:
        return str(event._data.get("question", ""))

    def edit(kept: Any) -> list[Any]:
        exchanges = Conversation.restore(kept).exchanges
        question = exchanges[-1].question if exchanges else ""
        note = "Change the question, then ask: the new answer takes the old one's place."
        return show(View(question=question, editing=bool(exchanges), status=note))

    def cancel() -> list[Any]:
        return show(View(question="", editing=False, status=""))

    async def stop(request: gr.Request) -> None:  # in the event loop, where the line is
        chat.stop(request.session_hash or "")

    def rate(event: gr.EventData, kept: Any, *chosen: Any) -> list[Any]:
        given = event._data
        try:
            view = chat.rate(
                Conversation.restore(kept),
                int(given.get("turn", -1)),
                str(given.get("rating", "")),
                str(given.get("comment", "")),
                choices.read(chosen),
            )
        except AssistantError as error:
            view = View(status=str(error))
        return show(view)

    def clear() -> list[Any]:
        return show(chat.cleared())

    def export(event: gr.EventData, kept: Any) -> str:
        conversation = Conversation.restore(kept)
        if event._data.get("format") == "json":
            articles = chat.workspace.assistant.articles()
            return download_html("conversation.json", exports.to_json(conversation, articles))
        return download_html("conversation.md", exports.to_markdown(conversation))

    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asked: dict[str, Any] = {
        "inputs": [page.question, page.kept, page.editing, *choices.inputs()],
        "outputs": page.outputs(),
        "concurrency_limit": None,  # the chat has a line of its own, in which one sees one's place
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    gr.on([page.question.submit, page.ask.click], ask, **asked)
    page.live.suggest(suggested, None, page.question, queue=False, **hidden).then(ask, **asked)
    page.log.again(again, **{**asked, "inputs": [page.kept, *choices.inputs()]})
    page.log.edit(edit, page.kept, page.outputs(), queue=False, **hidden)
    page.log.clear(clear, None, page.outputs(), queue=False, **hidden)
    page.log.export(export, page.kept, page.download, queue=False, **hidden)
    page.cancel.click(cancel, None, page.outputs(), queue=False, **hidden)
    page.stop.click(stop, None, None, queue=False, **hidden)
    page.log.rate(rate, [page.kept, *choices.inputs()], page.outputs(), queue=False, **hidden)
