"""Chromium, the page it looks at, and a reader who uses it.

For tests marked ``browser``, measurements and screenshots. The page is served by a real server in
this process, over a real library; where the model is not a real one, it is scripted.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from assistant.answering import Assistant
from assistant.articles import Loader
from assistant.errors import AssistantError
from assistant.testing import HashEmbedder, ScriptedChatModel
from assistant.web.app import build_app
from assistant.web.server import asgi_app
from assistant.web.workspace import seed_library

PATIENCE = 60_000
"""Milliseconds for anything that should happen at once: the machine may be busy."""

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

# Chromium has no sandbox for root; the rest keeps it from calling home.
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


class NoBrowser(RuntimeError):
    """No Chromium is installed here."""


@dataclass
class Script:
    """What the model will say to a prompt, and how sure it is that the passages answer."""

    reply: Callable[[str], str] = str
    yes: float = 0.99


@dataclass
class Site:
    """The page as it is served, and what stands behind it."""

    url: str
    assistant: Assistant
    model: ScriptedChatModel
    script: Script = field(default_factory=Script)

    def say(
        self, reply: str | Callable[[str], str], *, yes: float = 0.99, delay: float = 0.0
    ) -> None:
        """From now on the model says this (to this prompt), ``delay`` seconds a word."""
        self.script.reply = reply if callable(reply) else lambda _: reply
        self.script.yes = yes
        self.model.delay = delay

    def reset(self) -> None:
        """The library holds the sample article only."""
        for article in self.assistant.articles():
            self.assistant.remove(article.id)
        seed_library(self.assistant)
        (self.assistant.settings.store / "feedback.jsonl").unlink(missing_ok=True)


class Visit:
    """One reader's window. What no page may do is noted in ``faults``."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.on("request", lambda request: self._request(request.url))
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("console", self._console)
        page.on("dialog", self._dialog)

    def open(self) -> None:
        """Open the page, and wait until it can be used."""
        self.page.goto(self.url)
        expect(self.page.locator("#article .s").first).to_be_attached()
        expect(self.page.locator("#log .turn, #live .welcome").first).to_be_attached()

    def begin(self, question: str) -> None:
        """Type a question and ask it."""
        self.page.get_by_role("textbox", name="Your question").fill(question)
        self.page.get_by_role("button", name="Ask", exact=True).click()

    def ask(self, question: str) -> None:
        """Ask, and wait for the checked answer."""
        turns = self.page.locator("#log .turn").count()
        self.begin(question)
        self.answered(turns + 1)

    def answered(self, turns: int = 1) -> None:
        """Wait until there are so many finished exchanges."""
        expect(self.page.locator("#log .turn .actions")).to_have_count(turns)
        expect(self.page.locator("#log .turn")).to_have_count(turns)
        expect(self.page.get_by_role("button", name="Ask", exact=True)).to_be_visible()

    def marked(self, kind: str) -> list[str]:
        """The article's sentences that are marked as ``cited`` or ``found``."""
        return [one.strip() for one in self.page.locator(f"#article .s.{kind}").all_inner_texts()]

    def answer(self) -> str:
        """The newest answer's words, without markers."""
        words = self.page.locator("#log .turn").last.locator(".words")
        return str(words.evaluate(_WORDS))

    def add_text(self, text: str, title: str = "") -> None:
        """Paste an article, and wait until it has been added."""
        self.open_adding()
        self.page.get_by_label("Or paste the text").fill(text)
        self.page.get_by_label("Its title").fill(title)
        self.page.get_by_role("button", name="Add this text").click()
        expect(self.page.get_by_label("Or paste the text")).to_have_value("")
        expect(self.page.locator("#added .working")).to_have_count(0)

    def add_address(self, address: str) -> None:
        """Add from the web, and wait for what becomes of it."""
        self.open_adding()
        self.page.get_by_label("Addresses, one a line").fill(address)
        self.page.get_by_role("button", name="Add from the web").click()
        expect(self.page.get_by_label("Addresses, one a line")).to_have_value("")
        expect(self.page.locator("#added .working")).to_have_count(0)

    def open_adding(self) -> None:
        """Unfold the ways to add articles."""
        if not self.page.get_by_label("Or paste the text").is_visible():
            self.page.get_by_role("button", name="Add articles").click()
        expect(self.page.get_by_label("Or paste the text")).to_be_visible()

    def leaving(self) -> None:
        """Let the console say what it likes: a page that is left names the connections it cuts."""
        self.page.remove_listener("console", self._console)

    def tab(self, name: str) -> None:
        """Go to one of the tabs."""
        self.page.get_by_role("tab", name=name).click()

    def _request(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"foreign request: {url[:200]}")

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text[:300]}")

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message[:100]}")
        dialog.dismiss()


_WORDS = """words => {
  const copy = words.cloneNode(true);
  copy.querySelectorAll("button").forEach(button => button.remove());
  return copy.textContent.trim();
}"""


@contextmanager
def served(build: Callable[[], Any]) -> Iterator[str]:
    """An ASGI application on a free port of this computer; its address.

    It is built in the event loop it will run in: elsewhere Gradio makes loops, and leaves them.
    """
    made: Future[uvicorn.Server] = Future()

    async def serve(sock: socket.socket) -> None:
        try:
            app = build()
        except AssistantError as error:
            made.set_exception(error)
            return
        config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
        made.set_result(uvicorn.Server(config))
        await made.result().serve(sockets=[sock])

    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=lambda: asyncio.run(serve(sock)), name="page")
        thread.start()
        server = made.result()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def scripted_site(folder: Path) -> Iterator[Site]:
    """The page over the sample article; localhost may be fetched from."""
    script = Script()
    model = ScriptedChatModel(replies=lambda prompt: script.reply(prompt), yes=lambda _: script.yes)
    with (
        Assistant.open(
            store=folder / "store", model=model, embedder=HashEmbedder(), caution=0.0, evidence=32
        ) as assistant,
        Loader(allow_private=["localhost"]) as loader,
    ):
        seed_library(assistant)

        def build() -> FastAPI:
            return asgi_app(build_app(assistant, loader=loader, embedder=HashEmbedder()))

        with served(build) as url:
            yield Site(url, assistant, model, script)


@contextmanager
def chromium(*flags: str, **window: Any) -> Iterator[Browser]:
    """The installed browser, whose first context has such a window and a profile on disk.

    There it keeps the page's scripts as it has compiled them, which other contexts never do, and
    loads the page in a quarter less time. Raises NoBrowser.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise NoBrowser("needs a browser: install chromium")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=found, args=[*_FLAGS, *flags], **window
        )
        try:
            assert context.browser is not None
            yield context.browser
        finally:
            context.close()


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def luminance(colour: str) -> float:
    """How bright a CSS ``rgb(...)`` is, 0 to 1."""
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
