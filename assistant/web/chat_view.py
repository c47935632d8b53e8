"""What the chat shows: a view of the conversation, and its parts as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant.web.answer_card import exchange_html
from assistant.web.conversation import Conversation
from assistant.web.formatting import attributes, text


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


def log_html(conversation: Conversation, *, finished: bool = True) -> str:
    """The finished exchanges; while another is under way, none of them is the last.

    Nor can they be cleared then, or rated: when it ends, the conversation is written anew.
    """
    count = len(conversation.exchanges)
    tools = (
        '<div class="log-tools"><button type="button" data-do="clear">New conversation</button>'
        '<button type="button" data-do="export" data-format="md">Save as Markdown</button>'
        '<button type="button" data-do="export" data-format="json">Save as JSON</button></div>'
    )
    return (tools if count and finished else "") + "".join(
        exchange_html(exchange, index, last=finished and index == count - 1, settled=finished)
        for index, exchange in enumerate(conversation.exchanges)
    )


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
