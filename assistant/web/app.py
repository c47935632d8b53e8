"""The page: panes, tabs, and what happens when it is opened."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from typing import Any

import gradio as gr
from langchain_core.embeddings import Embeddings

from assistant.answering import Assistant
from assistant.articles import Loader
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.web import api, chat_pane, evaluate_tab, library_pane, passages_tab
from assistant.web import choices as choices_tab
from assistant.web.assets import html_part
from assistant.web.chat import Chat
from assistant.web.chat_pane import ChatWidgets
from assistant.web.chat_view import log_html
from assistant.web.conversation import Conversation
from assistant.web.downloads import LOOK
from assistant.web.formatting import text
from assistant.web.header import TITLE, header_html
from assistant.web.library_pane import LibraryWidgets
from assistant.web.line import Line
from assistant.web.shelf import Shelf
from assistant.web.workspace import Workspace, opened

_MOST_WAITING = 512
"""Events that wait at most; whoever comes then is refused. A question costs little memory."""


def build_app(
    assistant: Assistant | Future[Assistant],
    *,
    settings: Settings | None = None,
    loader: Loader | None = None,
    embedder: Embeddings | None = None,
    endpoints: bool = True,
) -> gr.Blocks:
    """The web chat over an assistant, as a Gradio app; ``server.asgi_app`` makes it safe to serve.

    Args:
        assistant: open, or a Future that completes when it is; then ``settings`` are needed.
        loader: reads what people add; by default one that refuses private addresses.
        embedder: what evaluations embed with; by default what the settings name.
        endpoints: whether people may name a model server of their own.
    """
    if isinstance(assistant, Assistant):
        opening, settings = opened(assistant), assistant.settings
    else:
        opening, settings = assistant, settings or Settings.load()
    workspace = Workspace(opening, settings, loader=loader, embedder=embedder, endpoints=endpoints)
    return build_page(workspace)


def build_page(workspace: Workspace) -> gr.Blocks:
    """:func:`build_app` over a workspace that the caller keeps and closes."""
    page = gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    )
    with page:
        _page(page, workspace)
    # After every event Gradio makes a table of all of them, for a page that is switched off here.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)
    page.queue(max_size=_MOST_WAITING, default_concurrency_limit=8, api_open=False)
    return page


def _page(page: gr.Blocks, workspace: Workspace) -> None:
    # First: a step of the page that is called like an endpoint would take its name.
    api.publish(workspace, concurrent=chat_pane.CONCURRENT)
    # Gradio encrypts what it keeps in the browser; the browser gets the key with the page, so
    # it protects nothing. A fixed one lets a conversation outlive a restart of the server.
    kept, left_out, chosen = (
        gr.BrowserState(None, storage_key=f"ask-the-article{part}", secret="ask-the-article")
        for part in ("", "-left-out", "-choice")
    )
    top = html_part(header_html("Opening …"), "top")
    with gr.Tabs(elem_id="tabs"):
        with gr.Tab("Chat", id="chat"), gr.Row(elem_id="desk", equal_height=False):
            shelved, talk = _desk(kept, left_out)
        with gr.Tab("Passages", id="passages-tab"), gr.Column(elem_classes="sheet"):
            passages_tab.lay_out(workspace, left_out)
        evaluating = gr.Tab("Evaluate", id="evaluate-tab")
        with gr.Tab("Settings", id="settings"), gr.Column(elem_classes="sheet"):
            choices = choices_tab.lay_out(workspace)
    with evaluating, gr.Column(elem_classes="sheet"):
        evaluate_tab.lay_out(workspace, choices)
    chat = Chat(workspace, Line(chat_pane.CONCURRENT))
    begun = page.load(
        _Start(workspace, chat).begin,
        [kept, left_out, chosen],
        [talk.log, talk.live, shelved.panel, shelved.article, top],
        concurrency_limit=None,
        api_visibility="private",
        show_progress="hidden",
    )
    choices_tab.keep(workspace, choices, page, chosen, top)
    changed = library_pane.wire(workspace, shelved, left_out)
    chat_pane.wire(chat, talk, choices, [begun, *changed], shelved.article.open)


def _desk(kept: gr.BrowserState, left_out: gr.BrowserState) -> tuple[LibraryWidgets, ChatWidgets]:
    """Library, article and chat, side by side."""
    with gr.Column(elem_id="library-pane", scale=0, min_width=0):
        panel, added, inputs = library_pane.lay_out_library()
    with gr.Column(elem_id="article-pane", scale=1, min_width=0):
        article = library_pane.lay_out_article()
    with gr.Column(elem_id="chat-pane", scale=1, min_width=0):
        talk = chat_pane.lay_out(kept, left_out)
    return LibraryWidgets(panel, added, article, **inputs), talk


class _Start:
    """What the page shows when it is opened: what is there, then what is waited for."""

    def __init__(self, workspace: Workspace, chat: Chat) -> None:
        self._workspace = workspace
        self._chat = chat
        self._shelf = Shelf(workspace)

    async def begin(
        self, request: gr.Request, kept: Any, left_out: Any, chosen: Any
    ) -> AsyncGenerator[list[Any], None]:
        conversation = Conversation.restore(kept, left_out)
        skip = gr.skip()
        log: Any = log_html(conversation)
        opening = asyncio.wrap_future(self._workspace.opening)
        shown = ""
        while not opening.done():
            now = self._workspace.downloads.words or "Loading the model …"
            if now != shown:
                yield [log, skip, skip, skip, header_html(now)]
                log, shown = skip, now  # once: a question may be asked meanwhile
            await asyncio.wait([opening], timeout=LOOK)
        try:
            name = choices_tab.answering(self._workspace, chosen)
        except AssistantError as error:
            problem = f'<p class="problem">{text(error)}</p>'
            yield [log, problem, "", problem, header_html("Not ready")]
            return
        # Questions that have to be looked for come after this; see ``Chat.settle``.
        live: Any = skip
        if not self._chat.asking(request.session_hash or ""):
            live = "" if conversation.exchanges else self._chat.welcome(conversation, at_once=True)
        panel = self._shelf.panel(conversation.left_out)
        yield [log, live, panel, self._shelf.first(), header_html(name)]
