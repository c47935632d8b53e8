"""Hostile words in every place a stranger can write to: they stay words.

The article, its title, its file's name, the question, the model and the browser's memory; in
each of the first five all 200 of ``hostile_words``.
``Visit`` fails a test whose page runs a script of theirs, asks another server or shows a dialog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, expect

from assistant.articles.text import clean_text
from assistant.web.library_pane import MAX_AT_ONCE
from tests.conftest import POSITION
from tests.hostile_words import HOSTILE, MARKDOWN, MARKUP, ORDERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser import Site, Visit

pytest_plugins = ["tests.web_fixtures"]
pytestmark = pytest.mark.browser

_NO_NAME = dict.fromkeys(range(32), " ") | {ord("/"): "∕", ord("\\"): "∖", 0x7F: " "}
"""What no file name can hold, and what stands for it."""

OURS = "#article, #library, #log, #live, #added, #status, #passages"


def assert_inert(visit: Visit) -> None:
    """Nothing of the attacks has become an element, and nothing of them has run."""
    page = visit.page
    assert page.evaluate("window.hit") is None
    planted = page.locator(OURS).locator(
        "script, img, svg, iframe, form, style, link, object, [onerror], [onload], [onfocus], "
        "[onmouseover], a[href^=javascript], [style*=fixed], [style*=url]"
    )
    assert planted.count() == 0, planted.first.evaluate("element => element.outerHTML")
    assert page.locator("body").evaluate("body => getComputedStyle(body).display") != "none"


def test_there_are_two_hundred() -> None:
    assert len(set(HOSTILE)) >= 200


def test_a_hostile_article_is_shown_word_for_word(site: Site, visit: Visit) -> None:
    page = visit.page
    title = "<img src=x onerror='window.hit = 1'><b>Title</b> ![p](https://evil.example/p.png)"
    text = "\n\n".join(f"Attack {n} reads {attack}" for n, attack in enumerate(HOSTILE))
    visit.add_text(text, title)
    expect(page.locator("#article h2")).to_have_text(title)
    shown = " ".join(page.locator("#article .article-text").inner_text().split())
    for attack in (*MARKUP, *MARKDOWN, *ORDERS):
        assert " ".join(clean_text(attack).split()) in shown
    page.locator("#library li", has_text="Title").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("<b>Title</b>")
    page.get_by_role("button", name="Cancel").click()
    visit.tab("Passages")
    page.get_by_label("Find passages").fill(f"attack {MARKUP[0]}")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#passages li").first).to_be_visible()
    assert_inert(visit)


def test_hostile_titles_are_shown_word_for_word(
    site: Site, new_visit: Callable[..., Visit]
) -> None:
    for number, attack in enumerate(HOSTILE):
        site.assistant.add(text=f"Town n{number} has a new mayor.", title=f"T{number} {attack}")
    visit = new_visit()
    rows = visit.page.locator("#library li")
    expect(rows).to_have_count(len(HOSTILE) + 1)
    shown = " ".join(visit.page.locator("#library").inner_text().split())
    for attack in (*MARKUP, *MARKDOWN, *ORDERS):
        assert " ".join(clean_text(attack).split())[:60] in shown
    visit.ask("Which town has a new mayor?")
    assert_inert(visit)


def test_hostile_file_names_are_shown_word_for_word(site: Site, visit: Visit) -> None:
    files = [
        FilePayload(
            name=f"F{number} {attack.translate(_NO_NAME)[:80]}.txt",
            mimeType="text/plain",
            buffer=f"Town n{number} has a new mayor.".encode(),
        )
        for number, attack in enumerate(HOSTILE)
    ]
    visit.open_adding()
    for start in range(0, len(files), MAX_AT_ONCE):
        batch = files[start : start + MAX_AT_ONCE]
        visit.page.locator("#add-files input[type=file]").set_input_files(batch)
        expect(visit.page.locator("#library li")).to_have_count(1 + start + len(batch))
        assert_inert(visit)


def test_hostile_questions_and_answers_are_shown_word_for_word(site: Site, visit: Visit) -> None:
    page = visit.page
    parts = 5
    for part in range(parts):
        attacks = HOSTILE[part::parts]
        site.say(" ".join(attacks), delay=0.002)
        visit.begin("What was the UK's position?")
        expect(page.locator("#live .draft")).to_be_visible()
        assert_inert(visit)
        visit.answered(2 * part + 1)
        page.locator("#log summary").last.click()
        assert_inert(visit)
        site.say(POSITION)
        visit.ask(f"What was the UK's position? {' '.join(attacks)}"[:4_000])
        expect(page.locator("#log .question").last).to_contain_text(attacks[0])
        assert_inert(visit)
    for marker in page.locator("#log .cite").all():
        marker.hover()
        article = site.assistant.library.article(marker.get_attribute("data-article") or "")
        start, end = (int(marker.get_attribute(f"data-{at}") or -1) for at in ("start", "end"))
        tip = page.get_by_role("tooltip").locator("p").inner_text()
        assert tip == f"“{' '.join(article.text[start:end].split())}”"
    page.reload()
    visit.answered(2 * parts)
    assert_inert(visit)


def test_a_damaged_memory_is_forgotten(visit: Visit) -> None:
    page = visit.page
    visit.ask("What was the UK's position?")
    page.evaluate("Object.keys(localStorage).forEach(key => { localStorage[key] = '<b>x'; })")
    page.reload()
    expect(page.locator("#live .welcome")).to_be_visible()
    visit.ask("What was the UK's position?")
    assert_inert(visit)
    assert visit.faults, "Gradio says so in the console"
    assert all("Error reading from localStorage" in fault for fault in visit.faults)
    visit.faults.clear()
