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
from assistant.web import api, chat_pane, choices, evaluate_tab, library_pane, passages_tab
from assistant.web.assets import html_part
from assistant.web.chat import Chat
from assistant.web.chat_view import log_html, suggestions, welcome_html
from assistant.web.conversation import Conversation
from assistant.web.formatting import text
from assistant.web.library_pane import LibraryWidgets, Shelf
from assistant.web.line import Line
from assistant.web.workspace import Workspace, opened

TITLE = "Ask the article"


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
    page.queue(max_size=64, default_concurrency_limit=8, api_open=False)
    return page


def _page(page: gr.Blocks, workspace: Workspace) -> None:
    # First: a step of the page that is called like an endpoint would take its name.
    api.publish(workspace, concurrent=chat_pane.CONCURRENT)
    # Gradio encrypts what it keeps in the browser; the browser gets the key with the page, so
    # it protects nothing. A fixed one lets a conversation outlive a restart of the server.
    kept = gr.BrowserState(None, storage_key="ask-the-article", secret="ask-the-article")
    health = html_part(_header("Opening …"), "top")
    with gr.Tabs(elem_id="tabs"):
        with gr.Tab("Chat", id="chat"), gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(elem_id="library-pane", scale=0, min_width=0):
                panel, added, inputs = library_pane.lay_out_library()
            with gr.Column(elem_id="article-pane", scale=1, min_width=0):
                article = library_pane.lay_out_article()
            with gr.Column(elem_id="chat-pane", scale=1, min_width=0):
                talk = chat_pane.lay_out(kept)
        with gr.Tab("Passages", id="passages-tab"), gr.Column(elem_classes="sheet"):
            passages_tab.lay_out(workspace, kept)
        evaluating = gr.Tab("Evaluate", id="evaluate-tab")
        with gr.Tab("Settings", id="settings"), gr.Column(elem_classes="sheet"):
            chosen = choices.lay_out(workspace)
    with evaluating, gr.Column(elem_classes="sheet"):
        evaluate_tab.lay_out(workspace, chosen)
    shelf = Shelf(workspace)
    library_pane.wire(workspace, LibraryWidgets(panel, added, article, **inputs), kept)
    chat_pane.wire(Chat(workspace, Line(chat_pane.CONCURRENT)), talk, chosen)

    async def start(state: Any) -> AsyncGenerator[list[Any], None]:
        conversation = Conversation.restore(state)
        log = log_html(conversation)
        skip = gr.skip()
        if not workspace.opening.done():
            yield [log, skip, skip, skip, _header("Loading the model …")]
        try:
            ready = await asyncio.wrap_future(workspace.opening)
        except AssistantError as error:
            problem = f'<p class="problem">{text(error)}</p>'
            yield [log, problem, "", problem, _header("Not ready")]
            return
        live = "" if conversation.exchanges else welcome_html(suggestions(ready))
        yield [log, live, shelf.panel(conversation), shelf.article(), _header(ready.model_name)]

    page.load(
        start,
        kept,
        [talk.log, talk.live, panel, article, health],
        concurrency_limit=None,
        api_visibility="private",
        show_progress="hidden",
    )


def _header(state: str) -> str:
    return f'<header class="top"><h1>{TITLE}</h1><p role="status">{text(state)}</p></header>'
