"""The library's and the article's widgets: choose, open, add, rename, remove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.web.article_pane import problem_html, waiting_html
from assistant.web.assets import html_part
from assistant.web.conversation import ids
from assistant.web.formatting import shorten
from assistant.web.library_panel import Added, added_html
from assistant.web.shelf import Shelf, Step
from assistant.web.workspace import Workspace

MAX_AT_ONCE = 50
"""Addresses or files taken in one go, and articles of one feed."""

MAX_TITLE = 300


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


class _Steps:
    """What each event of the library does, from the page's values to the page's values."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._shelf = Shelf(workspace)

    def open(self, event: gr.EventData) -> Any:
        given = event._data
        article, at = str(given.get("article", "")), given.get("at")
        try:
            # Nobody asked for what an older answer brings along: better nothing than a notice.
            if given.get("along") and not self._shelf.has(article):
                return gr.skip()
            return self._shelf.article(article, at if isinstance(at, int) else 0)
        except AssistantError as error:
            return problem_html(str(error))

    def choose(self, out: Any) -> tuple[list[str], Any, Any]:
        left_out = ids(out)
        try:
            return list(left_out), self._shelf.panel(left_out), gr.skip()
        except AssistantError as error:  # the choice holds, the list is as it was
            return list(left_out), gr.skip(), _problem(error)

    def rename(self, out: Any, event: gr.EventData) -> tuple[Any, Any, str]:
        given = event._data
        try:
            title = str(given.get("title", ""))[:MAX_TITLE]
            library = self._workspace.assistant.library
            article = library.rename(str(given.get("article")), title)
            return self._shelf.panel(ids(out)), self._shelf.article(article.id), ""
        except AssistantError as error:
            return self._panel(out), gr.skip(), _problem(error)

    def remove(self, out: Any, event: gr.EventData) -> tuple[Any, Any, str]:
        try:
            self._workspace.remove(str(event._data.get("article")))
            return self._shelf.panel(ids(out)), self._shelf.first(), ""
        except AssistantError as error:
            return self._panel(out), gr.skip(), _problem(error)

    def add_addresses(self, addresses: str, out: Any) -> Iterator[list[Any]]:
        lines = [line.strip() for line in addresses.splitlines() if line.strip()]
        add = self._workspace.add_listed
        steps = [(shorten(line, 80), partial(add, line, MAX_AT_ONCE)) for line in lines]
        field: Any = ""  # once: more may be written while these are read
        for updates, _ in self._add(steps, out):
            yield [*updates, field]
            field = gr.skip()

    def add_text(self, text: str, title: str, out: Any) -> Iterator[list[Any]]:
        steps = [
            (title or "the pasted text", lambda: [self._workspace.add(text=text, title=title)])
        ]
        for updates, added in self._add(steps, out):
            # A text that was not taken stays, to be mended.
            field = "" if added else gr.skip()
            yield [*updates, field, field]

    def add_files(self, files: list[str] | None, out: Any) -> Iterator[list[Any]]:
        for updates, _ in self._add([self._file(Path(name)) for name in files or ()], out):
            yield [*updates, None]

    def _file(self, path: Path) -> Step:
        return path.name, lambda: [self._workspace.add(path)]

    def _add(self, steps: Sequence[Step], out: Any) -> Iterator[tuple[list[Any], bool]]:
        """What is shown after each step, and whether all is over and anything was added."""
        for results, working, last in self._shelf.add(steps, MAX_AT_ONCE):
            done = not working
            updates = [
                added_html(results, working),
                self._panel(out) if done else gr.skip(),
                self._shown(last) if done and last else gr.skip(),
            ]
            yield updates, done and bool(last)

    def _panel(self, out: Any) -> Any:
        """The list, or what it was where it cannot be read: the reason is told beside it."""
        try:
            return self._shelf.panel(ids(out))
        except AssistantError:
            return gr.skip()

    def _shown(self, article_id: str) -> Any:
        try:
            return self._shelf.article(article_id)
        except AssistantError:
            return gr.skip()


def wire(workspace: Workspace, page: LibraryWidgets, left_out: gr.BrowserState) -> list[Any]:
    """Connect every button of the library to its step; gives those that change what is chosen.

    What is ticked comes from the page at the moment of sending: Gradio sends a click that had to
    wait with the values of the click before it.
    """
    steps = _Steps(workspace)
    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    quick: dict[str, Any] = {"queue": False, **hidden}
    changed = [page.panel, page.article, page.added]
    outputs = [page.added, page.panel, page.article]
    adding: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "add", **hidden}
    page.article.open(steps.open, None, page.article, trigger_mode="multiple", **quick)
    page.panel.rename(steps.rename, left_out, changed, **quick)
    return [
        page.panel.choose(
            steps.choose,
            left_out,
            [left_out, page.panel, page.added],
            js="() => [window.articlePage.leftOut()]",
            trigger_mode="always_last",
            **quick,
        ),
        page.panel.remove(steps.remove, left_out, changed, **quick),
        gr.on(
            [page.add_address.click, page.addresses.submit],
            steps.add_addresses,
            [page.addresses, left_out],
            [*outputs, page.addresses],
            **adding,
        ),
        page.add_text.click(
            steps.add_text,
            [page.pasted, page.title, left_out],
            [*outputs, page.pasted, page.title],
            **adding,
        ),
        page.files.upload(
            steps.add_files, [page.files, left_out], [*outputs, page.files], **adding
        ),
    ]


def _problem(error: AssistantError) -> str:
    return added_html([Added("Not done:", problem=str(error))])
