"""Take the README's screenshots anew: the real page after a real answer, light and dark.

python -m docs.screenshots
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, expect

from assistant.answering import Assistant
from assistant.web.app import build_app
from assistant.web.server import asgi_app
from assistant.web.suggestions import SUGGESTIONS
from assistant.web.workspace import seed_library
from tests.browser import Visit, chromium, served

SIZE: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 180_000
"""Milliseconds for an answer."""


def take(browser: Browser, url: str, scheme: Literal["light", "dark"], path: Path) -> None:
    """Ask two questions and hover over the second answer's first marker."""
    context = browser.new_context(viewport=SIZE, color_scheme=scheme)
    visit = Visit(context.new_page(), url)
    expect.set_options(timeout=PATIENCE)
    visit.open()
    for question in (SUGGESTIONS[0], SUGGESTIONS[2]):
        visit.ask(question)
    visit.page.locator("#log .turn").last.locator(".cite").first.hover()
    expect(visit.page.get_by_role("tooltip")).to_be_visible()
    visit.page.wait_for_timeout(600)  # scrolling ends softly
    visit.page.screenshot(path=path)
    context.close()


def main() -> None:
    folder = Path(__file__).parent
    with tempfile.TemporaryDirectory() as store, Assistant.open(store=store) as assistant:
        seed_library(assistant)
        assistant.warm_up()
        with served(lambda: asgi_app(build_app(assistant))) as url, chromium() as browser:
            for scheme in ("light", "dark"):
                path = folder / f"screenshot-{scheme}.png"
                take(browser, url, scheme, path)
                print(f"{path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
