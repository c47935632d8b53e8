"""Fixtures of the web tests, a plugin of their own: one browser and one site for each module.

Playwright's event loop belongs to its thread, so a browser must not outlive its module: other
modules run loops of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser import DESKTOP, NoBrowser, Site, Visit, chromium, scripted_site
from tests.conftest import POSITION

WINDOW: dict[str, Any] = {"viewport": DESKTOP, "color_scheme": "light"}

# One process for all windows, and no script compiled before it runs: a twelfth less work. Not for
# measurements: a reader's browser does otherwise.
_THRIFTY = ("--renderer-process-limit=1", "--js-flags=--max-lazy")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(chromium(*_THRIFTY, **WINDOW))
        except NoBrowser as reason:
            pytest.skip(str(reason))
        yield browser


@pytest.fixture(scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with scripted_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(_site: Site) -> Site:
    """The page with the sample article alone, and a model that says POSITION."""
    _site.reset()
    _site.say(POSITION)
    return _site


@pytest.fixture(scope="module")
def _context(browser: Browser) -> BrowserContext:
    """What most windows of a module share, one after the other: a cache of the page's scripts.

    Reading those anew takes longer than most tests.
    """
    return browser.contexts[0]


@pytest.fixture
def new_visit(
    browser: Browser, _context: BrowserContext, site: Site
) -> Iterator[Callable[..., Visit]]:
    """Opens windows, each a reader's own; none may have done what no page may do."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        shared = not visits and not options
        context = _context if shared else browser.new_context(**WINDOW | options)
        visits.append(Visit(context.new_page(), site.url))
        visits[-1].open()
        return visits[-1]

    yield visit
    for one in visits:
        one.leaving()
        if one.page.context is _context:
            _forget(one)
        else:
            one.page.context.close()
    assert [fault for one in visits for fault in one.faults] == []


def _forget(visit: Visit) -> None:
    """Close a window and drop whatever its reader has left: the next one is somebody else."""
    page = visit.page
    page.goto("about:blank")  # what a page writes while it is left is written before this returns
    page.context.new_cdp_session(page).send(
        "Storage.clearDataForOrigin", {"origin": visit.url.rstrip("/"), "storageTypes": "all"}
    )
    page.close()


@pytest.fixture
def visit(new_visit: Callable[..., Visit]) -> Visit:
    """A desktop window with the page in it."""
    return new_visit()
