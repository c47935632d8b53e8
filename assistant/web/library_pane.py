"""The library's and the article's widgets: choose, open, add, rename, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.schema import Article
from assistant.web.article_pane import article_html, empty_html, waiting_html
from assistant.web.assets import html_part
from assistant.web.conversation import Conversation
from assistant.web.formatting import plural, shorten
from assistant.web.library_panel import Added, added_html, library_html
from assistant.web.workspace import Workspace

MAX_AT_ONCE = 50
"""Addresses or files taken in one go."""

MAX_TITLE = 300

Step = tuple[str, Callable[[], tuple[Article, bool]]]


@dataclass(frozen=True, slots=True)
class LibraryWidgets:
    """The parts of the library that other steps write to."""

    panel: gr.HTML
    added: gr.HTML
    article: gr.HTML
    addresses: gr.Textbox
    title: gr.Textbox
    pasted: gr.Textbox
    files: gr.File
    add_address: gr.Button
    add_text: gr.Button


def lay_out_library() -> tuple[gr.HTML, gr.HTML, dict[str, Any]]:
    """The list and the ways to add to it. Call inside the column it fills."""
    panel = html_part("", "library", "choose", "rename", "remove")
    with gr.Accordion("Add articles", open=False, elem_id="add"):
        addresses = gr.Textbox(
            label="Addresses, one a line", placeholder="https://…", lines=1, max_lines=5
        )
        add_address = gr.Button("Add from the web", size="sm", elem_id="add-address")
        html_part('<p class="facts">Files: text, Markdown, HTML, PDF, Word, EPUB</p>', "formats")
        files = gr.File(
            label="Files",
            file_count="multiple",
            height=96,
            elem_id="add-files",
            elem_classes="files",
        )
        pasted = gr.Textbox(label="Or paste the text", lines=3, max_lines=8, elem_id="pasted")
        title = gr.Textbox(label="Its title", placeholder="optional", max_length=MAX_TITLE)
        add_text = gr.Button("Add this text", size="sm", elem_id="add-text")
    added = html_part("", "added")
    inputs = {
        "addresses": addresses,
        "title": title,
        "pasted": pasted,
        "files": files,
        "add_address": add_address,
        "add_text": add_text,
    }
    return panel, added, inputs


def lay_out_article() -> gr.HTML:
    """The article pane. Call inside the column it fills."""
    return html_part(waiting_html(), "article", "open")


class Shelf:
    """What the library's buttons do."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def panel(self, conversation: Conversation) -> str:
        """The library's list."""
        return library_html(self._workspace.assistant.articles(), conversation.left_out)

    def article(self, article_id: str = "", around: int = 0) -> str:
        """The article pane; without an id the first article."""
        library = self._workspace.assistant.library
        ids = library.article_ids()
        if not ids:
            return empty_html()
        article_id = article_id if article_id in ids else ids[0]
        return article_html(library.article(article_id), library.passages(article_id), around)

    def choose(self, conversation: Conversation, given: dict[str, Any]) -> Conversation:
        """Put an article, or all of them, in or out of what is asked."""
        ids = self._workspace.assistant.library.article_ids()
        out = [key for key in conversation.left_out if key in ids]
        if every := given.get("all"):
            out = list(ids) if every == "none" else []
        elif given.get("checked"):
            out = [key for key in out if key != given.get("article")]
        elif given.get("article") in ids:
            out.append(str(given["article"]))
        return replace(conversation, left_out=tuple(dict.fromkeys(out)))

    def add(self, steps: Sequence[Step]) -> Iterator[tuple[list[Added], str, Article | None]]:
        """Add one thing after another: results so far, what is being read, the last article."""
        results: list[Added] = []
        last: Article | None = None
        for name, load in steps[:MAX_AT_ONCE]:
            yield results, f"Reading {name} …", last
            try:
                last, new = load()
            except AssistantError as error:
                results.append(Added(name, problem=str(error)))
                continue
            note = plural(len(last.text.split()), "word") if new else "was there already"
            results.append(Added(shorten(last.title, 80), note=note))
        if len(steps) > MAX_AT_ONCE:
            results.append(Added("The rest", f"was left out: add {MAX_AT_ONCE} at a time."))
        yield results, "", last


def wire(workspace: Workspace, page: LibraryWidgets, kept: gr.BrowserState) -> None:
    """Connect every button of the library to its step."""
    shelf = Shelf(workspace)

    def opened(event: gr.EventData) -> str:
        given = event._data
        return shelf.article(str(given.get("article", "")), int(given.get("at") or 0))

    def choose(kept: Any, event: gr.EventData) -> tuple[dict[str, Any], str]:
        conversation = shelf.choose(Conversation.restore(kept), event._data)
        return conversation.keep(), shelf.panel(conversation)

    def rename(kept: Any, event: gr.EventData) -> tuple[str, Any, str]:
        given = event._data
        try:
            title = str(given.get("title", ""))[:MAX_TITLE]
            article = workspace.assistant.library.rename(str(given.get("article")), title)
        except AssistantError as error:
            return shelf.panel(Conversation.restore(kept)), gr.skip(), _problem(error)
        return shelf.panel(Conversation.restore(kept)), shelf.article(article.id), ""

    def remove(kept: Any, event: gr.EventData) -> tuple[str, Any, str]:
        try:
            workspace.assistant.remove(str(event._data.get("article")))
        except AssistantError as error:
            return shelf.panel(Conversation.restore(kept)), gr.skip(), _problem(error)
        return shelf.panel(Conversation.restore(kept)), shelf.article(), ""

    def add(steps: Sequence[Step], kept: Any) -> Iterator[list[Any]]:
        for results, working, last in shelf.add(steps):
            done = not working
            yield [
                added_html(results, working),
                shelf.panel(Conversation.restore(kept)) if done else gr.skip(),
                shelf.article(last.id) if done and last else gr.skip(),
            ]

    def add_addresses(addresses: str, kept: Any) -> Iterator[list[Any]]:
        lines = [line.strip() for line in addresses.splitlines() if line.strip()]
        steps = [(shorten(line, 80), partial(workspace.add, line)) for line in lines]
        for updates in add(steps, kept):
            yield [*updates, ""]

    def add_text(text: str, title: str, kept: Any) -> Iterator[list[Any]]:
        steps = [(title or "the pasted text", partial(workspace.add, text=text, title=title))]
        for updates in add(steps, kept):
            yield [*updates, "", ""]

    def add_files(files: list[str] | None, kept: Any) -> Iterator[list[Any]]:
        paths = [Path(name) for name in files or ()]
        steps = [(path.name, partial(workspace.add, path)) for path in paths]
        for updates in add(steps, kept):
            yield [*updates, None]

    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    quick: dict[str, Any] = {"queue": False, **hidden}
    changed = [page.panel, page.article, page.added]
    page.article.open(opened, None, page.article, **quick)
    page.panel.choose(choose, kept, [kept, page.panel], **quick)
    page.panel.rename(rename, kept, changed, **quick)
    page.panel.remove(remove, kept, changed, **quick)
    outputs = [page.added, page.panel, page.article]
    adding: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "add", **hidden}
    gr.on(
        [page.add_address.click, page.addresses.submit],
        add_addresses,
        [page.addresses, kept],
        [*outputs, page.addresses],
        **adding,
    )
    page.add_text.click(
        add_text,
        [page.pasted, page.title, kept],
        [*outputs, page.pasted, page.title],
        **adding,
    )
    page.files.upload(add_files, [page.files, kept], [*outputs, page.files], **adding)


def _problem(error: AssistantError) -> str:
    return added_html([Added("Not done:", problem=str(error))])
