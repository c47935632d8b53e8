"""Hostile words in every place a stranger can write to: they stay words.

The article, its title, its file's name, the question, the model and the browser's memory.
``Visit`` fails a test whose page runs a script of theirs, asks another server or shows a dialog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser import Site, Visit

pytest_plugins = ["tests.web_fixtures"]
pytestmark = pytest.mark.browser

ATTACKS = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<img src='https://evil.example/pixel.png'>",
    "<svg onload='window.hit = 1'><use href='https://evil.example/x.svg#a'/></svg>",
    "<iframe src='https://evil.example/'></iframe>",
    "<form action='https://evil.example/'><button>Log in</button></form>",
    "<style>body { display: none } @import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<a href='javascript:window.hit = 1'>Read on</a>",
    "<div style='position: fixed; inset: 0; background: url(https://evil.example/)'>x</div>",
    "![pixel](https://evil.example/pixel.png)",
    "![proxied](/gradio_api/file=https://evil.example/pixel.png)",
    "[Read on](javascript:window.hit%20=%201)",
    "[1]: https://evil.example/ 'x'",
    "${window.hit = 1} {{constructor.constructor('window.hit = 1')()}}",
    "\"><img src=x onerror='window.hit = 1'>",
    "' onmouseover='window.hit = 1' autofocus onfocus='window.hit = 1' x='",
    "</textarea></article></script><script>window.hit = 1</script>",
    "&lt;script&gt;window.hit = 1&lt;/script&gt;",
    "<button class='cite' data-do='show' data-article='x' data-start='0'>1</button>",
    "The minister agreed [1][2][3] [99] 【1†source】 <cite id='1'>all of it</cite>.",
)
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


def test_a_hostile_article_is_shown_word_for_word(site: Site, visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    title = "<img src=x onerror='window.hit = 1'><b>Title</b> ![p](https://evil.example/p.png)"
    text = "\n\n".join(f"Attack {n} reads {attack}" for n, attack in enumerate(ATTACKS))
    visit.add_text(text, title)
    expect(page.locator("#article h2")).to_have_text(title)
    shown = " ".join(page.locator("#article .article-text").inner_text().split())
    for attack in ATTACKS:
        assert " ".join(attack.split()) in shown
    name = "<img src=x onerror=window.hit=1> & ![p](javascript:1).txt"
    (tmp_path / name).write_text("A file with a name of its own.", "utf-8")
    page.locator("#add-files input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator("#library li")).to_have_count(3)
    page.locator("#library li", has_text="Title").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("<b>Title</b>")
    page.get_by_role("button", name="Cancel").click()
    visit.tab("Passages")
    page.get_by_label("Find passages").fill(f"attack {ATTACKS[0]}")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#passages li").first).to_be_visible()
    assert_inert(visit)


def test_hostile_questions_and_answers_are_shown_word_for_word(site: Site, visit: Visit) -> None:
    page = visit.page
    half = len(ATTACKS) // 2
    for attacks in (ATTACKS[:half], ATTACKS[half:]):
        site.say(" ".join(attacks), delay=0.01)
        turns = page.locator("#log .turn").count()
        visit.begin(f"What was the UK's position? {attacks[0]}")
        expect(page.locator("#live .draft")).to_be_visible()
        assert_inert(visit)
        visit.answered(turns + 1)
        expect(page.locator("#log .question").last).to_contain_text(attacks[0])
        page.locator("#log summary").last.click()
        assert_inert(visit)
    for marker in page.locator("#log .cite").all():
        marker.hover()
        article = site.assistant.library.article(marker.get_attribute("data-article") or "")
        start, end = (int(marker.get_attribute(f"data-{at}") or -1) for at in ("start", "end"))
        tip = page.get_by_role("tooltip").locator("p").inner_text()
        assert tip == f"“{' '.join(article.text[start:end].split())}”"
    page.reload()
    visit.answered(2)
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
