"""The page for everybody: phone, dark, keyboard alone, screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from assistant.schema import NOT_IN_ARTICLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser import Site, Visit

pytest_plugins = ["tests.web_fixtures"]
pytestmark = pytest.mark.browser

QUESTION = "What was the UK's position?"


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical."""
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:150]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers_anywhere(site: Site, new_visit: Callable[..., Visit], scheme: str) -> None:
    visit = new_visit(color_scheme=scheme)
    assert barriers(visit.page) == []
    site.say("The UK would only support a humanitarian pause. France sent 300 ships to the coast.")
    visit.ask(QUESTION)
    site.say(NOT_IN_ARTICLE, yes=0.01)
    visit.ask("Who won the chess championship in Samarkand?")
    visit.page.locator("#log summary").first.click()
    visit.open_adding()
    assert barriers(visit.page) == []
    visit.page.get_by_role("button", name="Answer wrong").first.click()
    assert barriers(visit.page) == []
    visit.page.get_by_role("button", name="Cancel").click()
    for tab in ("Passages", "Evaluate", "Settings"):
        visit.tab(tab)
        assert barriers(visit.page) == [], tab


def test_dark_where_the_reader_wants_it(new_visit: Callable[..., Visit]) -> None:
    from tests.browser import luminance

    for scheme, dark in (("light", False), ("dark", True)):
        visit = new_visit(color_scheme=scheme)
        visit.ask(QUESTION)
        for part in ("body", "#article-pane", "#chat-pane", "#library-pane"):
            ground = visit.page.locator(part).first.evaluate(
                "part => getComputedStyle(part).backgroundColor"
            )
            ink = visit.page.locator(part).first.evaluate("part => getComputedStyle(part).color")
            assert (luminance(ground) < 0.2) is dark, part
            assert (luminance(ink) > 0.6) is dark, part


def test_a_phone_shows_one_pane_at_a_time_and_never_scrolls_sideways(
    new_visit: Callable[..., Visit],
) -> None:
    from tests.browser import PHONE, overflow

    visit = new_visit(viewport=PHONE, has_touch=True)
    page = visit.page
    assert overflow(page) <= 0
    visit.ask(QUESTION)
    assert overflow(page) <= 0
    panes = page.get_by_role("navigation", name="Panes")
    panes.get_by_role("button", name="Article").tap()
    expect(page.locator("#article .s.cited[data-n='1']")).to_be_in_viewport()
    panes.get_by_role("button", name="Chat").tap()
    page.locator("#log .cite").first.tap()
    expect(page.locator("#article .s[aria-current]")).to_be_in_viewport()
    expect(page.locator("#chat-pane")).to_be_hidden()
    assert overflow(page) <= 0
    panes.get_by_role("button", name="Library").tap()
    page.locator("#library .open").tap()
    expect(page.locator("#article h2")).to_be_visible()
    expect(page.locator("#library")).to_be_hidden()
    panes.get_by_role("button", name="Library").tap()
    visit.open_adding()
    assert overflow(page) <= 0
    for tab in ("Passages", "Evaluate", "Settings"):
        visit.tab(tab)
        assert overflow(page) <= 0, tab
    visit.tab("Chat")
    panes.get_by_role("button", name="Chat").tap()
    expect(page.locator("#log .words")).to_be_in_viewport()


def test_everything_is_done_by_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    press = page.keyboard.press
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    page.keyboard.type(QUESTION)
    press("Enter")
    visit.answered()
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    _walk(page, "Shift+Tab", ".cite")
    expect(page.get_by_role("tooltip")).to_be_visible()
    press("Enter")
    expect(page.locator("#article .s[aria-current]")).to_be_focused()
    press("Escape")
    expect(page.locator("#log .cite").last).to_be_focused()
    _walk(page, "Tab", "summary")
    press("Enter")
    expect(page.locator("#log .more dl")).to_be_visible()
    _walk(page, "Tab", ".rate[data-rating=good]")
    press("Enter")
    expect(page.get_by_label("Your words")).to_be_focused()
    _walk(page, "Tab", "dialog .primary")
    press("Enter")
    expect(page.locator("#log .rate[data-rating=good]")).to_have_attribute("aria-pressed", "true")
    _walk(page, "Shift+Tab", "#library input[type=checkbox]")
    press("Space")
    expect(page.locator("#library")).to_contain_text("0 of 1 article chosen")


def test_going_to_an_older_answer_by_keyboard_brings_its_highlights_back(
    site: Site, visit: Visit
) -> None:
    visit.ask(QUESTION)
    before = visit.marked("cited")
    site.say("Bärbock said that Israel has the right and obligation to protect its population.")
    visit.ask("What did Germany's foreign minister say about Israel?")
    assert visit.marked("cited") != before
    _walk(visit.page, "Shift+Tab", ".turn[data-turn='0'] *")
    assert visit.marked("cited") == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_quote_is_shown_inside_the_chat_and_hides_nothing_that_follows(
    new_visit: Callable[..., Visit], scheme: str
) -> None:
    from tests.browser import luminance

    visit = new_visit(color_scheme=scheme)
    for _ in range(2):
        visit.ask(QUESTION)
    page = visit.page
    page.locator("#log .cite").last.hover()
    tip = page.get_by_role("tooltip")
    expect(tip).to_be_visible()
    box, pane = tip.bounding_box(), page.locator("#chat-pane").bounding_box()
    assert box is not None
    assert pane is not None
    assert pane["x"] <= box["x"]
    assert box["x"] + box["width"] <= pane["x"] + pane["width"]
    assert pane["y"] <= box["y"]
    assert box["y"] + box["height"] <= pane["y"] + pane["height"]
    for part in (".outcome", ".actions", ".words p > span"):
        other = page.locator(f"#log {part}").last.bounding_box()
        assert other is not None
        apart = box["y"] + box["height"] <= other["y"] or other["y"] + other["height"] <= box["y"]
        assert apart, part
    if scheme == "dark":
        tip_ground, ground = (
            luminance(part.evaluate("part => getComputedStyle(part).backgroundColor"))
            for part in (tip, page.locator("#chat-pane"))
        )
        assert tip_ground > ground * 1.5


def test_a_screen_reader_hears_the_outcome(visit: Visit) -> None:
    visit.ask(QUESTION)
    heard = visit.page.locator("#status [role=status]").inner_text()
    assert heard.startswith("Answered, confidence")
    assert visit.answer() in heard
    marker = visit.page.locator("#log .cite").first
    assert (marker.get_attribute("aria-label") or "").startswith("Source 1: “British Foreign")


def _walk(page: Page, key: str, selector: str) -> None:
    """Press a key until what ``selector`` names has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    pytest.fail(f"{selector} cannot be reached by {key}")
