"""The library in a browser: add by paste, file and address, choose, rename, remove, search."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from tests.browser import Site, Visit

pytest_plugins = ["tests.web_fixtures"]
pytestmark = pytest.mark.browser

BRIDGE = (
    "The old bridge over the Vltava was closed on Monday. "
    "Engineer Petra Novak said the repair would cost four million euros. "
    "Ferries will carry people across until the spring."
)
COST = "Engineer Petra Novak said the repair would cost four million euros."
SPOKEN = (
    "The old bridge over the Vltava was closed on Monday. "
    "“We will ask the European Union for the money,” said engineer Petra Novak. "
    "Ferries will carry people across until the spring."
)
NAMES = ("Petra Novak", "Ivan Horvat", "Ada Byron", "Karel Novy", "Jan Cerny", "Eva Mala")
HARBOUR = (
    "The harbour of Split reopened on Friday. "
    "Mayor Ivan Horvat told reporters that the repair had cost nine million euros. "
    "Fishermen were the first to return."
)


def test_text_is_pasted_asked_renamed_and_removed(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.add_text(BRIDGE, "A bridge is closed")
    expect(page.locator("#added .done")).to_contain_text("A bridge is closed")
    expect(page.locator("#article h2")).to_have_text("A bridge is closed")
    expect(page.locator("#library")).to_contain_text("2 of 2 articles chosen")
    expect(page.get_by_label("Or paste the text")).to_have_value("")

    row = page.locator("#library li", has_text="A bridge is closed")
    row.get_by_role("button", name="Rename").click()
    page.get_by_label("Title", exact=True).fill("The Vltava bridge")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    expect(page.locator("#article h2")).to_have_text("The Vltava bridge")

    row = page.locator("#library li", has_text="The Vltava bridge")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Cancel").click()
    assert len(site.assistant.articles()) == 2, "nothing goes before it was confirmed"
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#library li")).to_have_count(1)
    expect(page.locator("#article h2")).to_contain_text("Blinken")


def test_files_are_added_and_refused_with_a_reason(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    files = {
        "bridge.txt": BRIDGE.encode(),
        "empty.txt": b"",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    visit.open_adding()
    page.locator("#add-files input[type=file]").set_input_files([tmp_path / name for name in files])
    rows = page.locator("#added li:not(.working)")
    expect(rows).to_have_count(3)
    expect(page.locator("#added .done")).to_contain_text(f"{len(BRIDGE.split())} words")
    failed = page.locator("#added .failed").all_inner_texts()
    for reason, name in zip(failed, ("empty", "picture"), strict=True):
        assert name in reason
        assert len(reason.split()) > 5, "a reason, and what to try"
    source = page.locator("#library li", has_text="bridge").locator(".facts")
    expect(source).to_have_text("bridge.txt")


def test_an_address_is_fetched_and_a_private_one_refused(
    site: Site, visit: Visit, httpserver: HTTPServer
) -> None:
    story = "".join(f"<p>{sentence}.</p>" for sentence in (BRIDGE * 4).split(". "))
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/bridge").respond_with_data(
        "<html><head><title>A bridge is closed</title>"
        "<meta property='og:site_name' content='The Prague Courier'></head>"
        f"<body><article><h1>A bridge is closed</h1>{story}</article></body></html>",
        content_type="text/html",
    )
    page = visit.page
    visit.open_adding()
    missing = httpserver.url_for("/nothing")
    httpserver.expect_request("/nothing").respond_with_data("", status=404)
    addresses = [httpserver.url_for("/bridge"), missing, "http://127.0.0.1:1/", "bridge"]
    page.get_by_label("Addresses, one a line").fill("\n".join(addresses))
    page.get_by_role("button", name="Add from the web").click()
    expect(page.locator("#added li:not(.working)")).to_have_count(4)
    expect(page.locator("#added .done")).to_contain_text("A bridge is closed")
    reasons = page.locator("#added .failed").all_inner_texts()
    assert "there is no such page" in reasons[0]
    assert "must not be fetched" in reasons[1]
    assert "https://" in reasons[2]
    expect(page.locator("#library li", has_text="bridge")).to_contain_text("The Prague Courier")
    link = page.get_by_role("link", name="Original")
    expect(link).to_have_attribute("href", httpserver.url_for("/bridge"))
    expect(link).to_have_attribute("rel", re.compile("noopener"))


def test_a_text_that_cannot_be_added_stays_to_be_mended(visit: Visit) -> None:
    page = visit.page
    visit.open_adding()
    page.get_by_label("Or paste the text").fill("   ")
    page.get_by_label("Its title").fill("Bridge")
    page.get_by_role("button", name="Add this text").click()
    expect(page.locator("#added .failed")).to_contain_text("nothing to ask about")
    expect(page.get_by_label("Its title")).to_have_value("Bridge")
    visit.add_text(BRIDGE, "Bridge")
    expect(page.locator("#added .failed")).to_have_count(0)


def test_a_page_that_has_changed_is_a_new_version(
    site: Site, visit: Visit, httpserver: HTTPServer
) -> None:
    told = "".join(f"<p>{name} came to see the bridge, and went home again.</p>" for name in NAMES)
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)

    def served_next(cost: str) -> str:
        httpserver.expect_oneshot_request("/bridge").respond_with_data(
            f"<html><head><title>A bridge</title></head><body><article>{told}"
            f"<p>The repair would cost {cost} million euros in all.</p></article></body></html>",
            content_type="text/html",
        )
        return httpserver.url_for("/bridge")

    page = visit.page
    visit.add_address(served_next("four"))
    expect(page.locator("#added .done")).to_contain_text("words")
    page.locator("#library li", has_text="Blinken").get_by_role("checkbox").uncheck()
    site.say("The repair would cost four million euros in all.")
    visit.ask("What would the repair cost?")
    visit.add_address(served_next("six"))
    added = page.locator("#added .done")
    expect(added).to_contain_text("new version")
    expect(added).to_contain_text("It replaces the version before, which is kept")
    added.locator("summary").click()
    expect(added.locator("del")).to_have_text("The repair would cost four million euros in all.")
    expect(added.locator("ins")).to_have_text("The repair would cost six million euros in all.")
    expect(page.locator("#library li")).to_have_count(2)
    expect(page.locator("#article .s").last).to_contain_text("six million")

    page.locator("#log .cite").first.click()
    expect(page.locator("#article .s[aria-current]")).to_contain_text("four million")
    expect(page.locator("#article .older")).to_contain_text("An older version")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as JSON").click()
    assert (
        "four million" in json.loads(saved.value.path().read_text("utf-8"))["articles"][0]["text"]
    )
    page.get_by_role("button", name="Show the newer one").click()
    expect(page.locator("#article .s").last).to_contain_text("six million")
    expect(page.locator("#article .older")).to_have_count(0)


def test_reprints_are_pointed_out(visit: Visit) -> None:
    page = visit.page
    visit.add_text(BRIDGE * 3, "A bridge is closed")
    visit.add_text(BRIDGE * 3 + "Reporting by Ada Byron.", "Bridge closed")
    added = page.locator("#added .done")
    expect(added).to_contain_text(
        "Nearly the same as “A bridge is closed”; both are kept. Remove one if it is a reprint."
    )
    visit.add_text(BRIDGE * 3, "The same once more")
    expect(added).to_contain_text("was there already")


def test_questions_are_suggested_for_what_is_chosen(site: Site, visit: Visit) -> None:
    page = visit.page
    suggested = page.locator("#live .welcome li button")
    expect(suggested).to_have_count(3)
    visit.add_text(SPOKEN, "A bridge is closed")
    expect(suggested.first).to_have_text("What did Petra Novak say about the European Union?")
    page.locator("#library li", has_text="A bridge").get_by_role("checkbox").uncheck()
    expect(suggested.first).to_have_text("What was the UK's position?")
    page.get_by_role("button", name="All", exact=True).click()
    expect(suggested.first).to_contain_text("Petra Novak")
    site.say("We will ask the European Union for the money.")
    suggested.first.click()
    visit.answered()
    assert "European Union" in visit.answer()
    expect(suggested).to_have_count(0)


def test_each_of_two_articles_is_asked_and_its_marker_opens_it(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.add_text(BRIDGE, "Bridge")
    visit.add_text(HARBOUR, "Harbour")
    page.locator("#library li", has_text="Blinken").get_by_role("checkbox").uncheck()
    expect(page.locator("#library")).to_contain_text("2 of 3 articles chosen")
    site.say(lambda read: f"The repair cost {'four' if 'Novak' in read else 'nine'} million euros.")
    visit.ask("How much does the repair cost?")
    answer = visit.answer()
    assert "four million" in answer
    assert "nine million" in answer
    told = page.locator("#log .words p")
    expect(told).to_have_count(2)
    expect(told.first).to_contain_text("Bridge")
    expect(told.last).to_contain_text("Harbour")
    for title, name in (("Bridge", "Novak"), ("Harbour", "Horvat"), ("Bridge", "Novak")):
        page.locator(f"#log .cite[data-source={title}]").first.click()
        expect(page.locator("#article h2")).to_have_text(title)
        expect(page.locator("#article .s[aria-current]")).to_contain_text(name)
        expect(page.locator("#article .s[aria-current]")).to_be_in_viewport()


def test_only_chosen_articles_are_asked(site: Site, visit: Visit) -> None:
    page = visit.page
    page.get_by_role("checkbox").uncheck()
    expect(page.locator("#library")).to_contain_text("0 of 1 article chosen")
    visit.ask("What was the UK's position?")
    expect(page.locator("#log .problem")).to_contain_text("No article is chosen")
    visit.tab("Passages")
    page.get_by_label("Find passages").fill("humanitarian pause")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#passages .problem")).to_contain_text("No article is chosen")
    page.reload()
    expect(page.get_by_role("checkbox")).not_to_be_checked()


def test_ticks_show_what_is_chosen(site: Site, visit: Visit) -> None:
    page = visit.page
    for title, text in (("Bridge", BRIDGE), ("Harbour", HARBOUR)):
        visit.add_text(text, title)
    chosen = page.locator("#library .library-head span")
    seed, bridge, harbour = (
        page.locator("#library li", has_text=title).get_by_role("checkbox")
        for title in ("Blinken", "Bridge", "Harbour")
    )
    seed.uncheck()
    expect(chosen).to_have_text("2 of 3 articles chosen")
    page.get_by_role("button", name="All", exact=True).click()
    expect(chosen).to_have_text("3 of 3 articles chosen")
    expect(seed).to_be_checked()

    # Three at once, faster than the server can answer to the first.
    page.evaluate("document.querySelectorAll('#library input').forEach(box => box.click())")
    expect(chosen).to_have_text("0 of 3 articles chosen")
    harbour.check()
    expect(chosen).to_have_text("1 of 3 articles chosen")
    for box, ticked in ((seed, False), (bridge, False), (harbour, True)):
        expect(box).to_be_checked(checked=ticked)

    row = page.locator("#library li", has_text="Bridge")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(chosen).to_have_text("1 of 2 articles chosen")
    expect(seed).not_to_be_checked()
    expect(harbour).to_be_checked()
    page.reload()
    expect(seed).not_to_be_checked()
    expect(harbour).to_be_checked()


def test_what_is_unticked_while_an_answer_is_written_stays_so(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.add_text(BRIDGE, "Bridge")
    site.say("The repair would cost four million euros.", delay=0.3)
    visit.begin("What would the repair cost?")
    expect(page.locator("#live .draft")).to_be_visible()
    page.locator("#library li", has_text="Bridge").get_by_role("checkbox").uncheck()
    expect(page.locator("#library")).to_contain_text("1 of 2 articles chosen")
    visit.answered()
    page.reload()
    visit.answered()
    expect(page.locator("#library")).to_contain_text("1 of 2 articles chosen")


def test_a_marker_of_a_removed_article_says_that_it_was_removed(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.add_text(BRIDGE, "Bridge")
    page.locator("#library li", has_text="Blinken").get_by_role("checkbox").uncheck()
    expect(page.locator("#library")).to_contain_text("1 of 2 articles chosen")
    site.say("The repair would cost four million euros.")
    visit.ask("What would the repair cost?")
    row = page.locator("#library li", has_text="Bridge")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#article h2")).to_contain_text("Blinken")
    page.locator("#log .cite").first.click()
    expect(page.locator("#article .gone")).to_contain_text("This article was removed")
    expect(page.locator("#article .gone")).to_contain_text("Its quote stays in the answer")
    page.locator("#library .open").click()
    expect(page.locator("#article h2")).to_contain_text("Blinken")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as JSON").click()
    [gone] = json.loads(saved.value.path().read_text("utf-8"))["removed"]
    assert gone["title"] == "Bridge"
    page.reload()  # the answer brings its article along, where there is one
    visit.answered()
    expect(page.locator("#article h2")).to_contain_text("Blinken")


def test_passages_are_ranked_without_a_model(site: Site, visit: Visit) -> None:
    asked = len(site.model.prompts)
    visit.tab("Passages")
    page = visit.page
    page.get_by_label("Find passages").fill("humanitarian pause")
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#passages li")).to_have_count(3)
    scores = [float(score) for score in page.locator("#passages .score").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert len(site.model.prompts) == asked
    words = page.locator("#passages li button").first.inner_text()
    page.locator("#passages li button").first.click()
    expect(page.locator("#article .s[aria-current]")).to_have_text(re.compile(re.escape(words)))


def test_a_question_file_is_run_and_its_report_opened(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "bridge.txt").write_text(BRIDGE, "utf-8")
    (tmp_path / "bridge.jsonl").write_text(
        '{"id": "b1", "article": "bridge.txt", "question": "What would the repair cost?", '
        '"answerable": true, "answers": [["four million"]], "evidence": ["' + COST + '"]}\n',
        "utf-8",
    )
    page = visit.page
    visit.tab("Evaluate")
    page.locator("#question-files input[type=file]").set_input_files(
        [tmp_path / "bridge.jsonl", tmp_path / "bridge.txt"]
    )
    # By its name: a kept file's stem and ending stand apart, whole only while it is uploaded.
    expect(page.get_by_role("cell", name="bridge.jsonl")).to_be_visible()
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#evaluation table.figures")).to_be_visible()
    expect(page.locator("#evaluation [role=status]")).to_contain_text("1 of 1 question")
    with page.expect_popup() as report:
        page.get_by_role("link", name="Open the report").click()
    expect(report.value.locator("body")).to_contain_text("What would the repair cost?")


def test_without_a_model_the_articles_own_sentences_answer(visit: Visit) -> None:
    page = visit.page
    visit.tab("Settings")
    page.locator("#model input").click()
    page.get_by_role("option", name="No model").click()
    visit.tab("Chat")
    visit.ask("What was the UK's position?")
    expect(page.locator("#log .outcome")).to_contain_text("extractive")
    assert visit.answer().strip("“”") in page.locator("#article").inner_text()


def test_the_choice_of_a_model_is_kept_and_shown(visit: Visit) -> None:
    page = visit.page
    top = page.locator("#top [role=status]")
    expect(top).to_have_text("scripted")
    visit.tab("Settings")
    page.locator("#model input").click()
    page.get_by_role("option", name="No model").click()
    expect(top).to_have_text("extractive")
    page.locator("#caution input[type=number]").fill("0.2")
    page.locator("#caution input[type=number]").press("Tab")
    page.reload()
    expect(top).to_have_text("extractive")
    visit.tab("Settings")
    expect(page.locator("#model input")).to_have_value(re.compile("No model"))
    expect(page.locator("#caution input[type=number]")).to_have_value("0.2")

    page.locator("#model input").click()
    page.get_by_role("option", name="A model server").click()
    page.get_by_label("Address").fill("http://127.0.0.1:1/v1")
    expect(top).to_have_text("No model is named")
    visit.tab("Chat")
    visit.ask("What was the UK's position?")
    expect(page.locator("#log .problem")).to_contain_text("the model's name there")
    visit.tab("Settings")
    page.get_by_role("button", name="Get this model ready").click()
    expect(page.locator("#prepared .problem")).to_contain_text("the model's name there")
    page.get_by_label("Model's name there").fill("llama3.2")
    page.get_by_label("Key").fill("nobody's business")
    expect(top).to_have_text("llama3.2")
    page.reload()
    expect(top).to_have_text("llama3.2")
    visit.tab("Settings")
    expect(page.get_by_label("Address")).to_have_value("http://127.0.0.1:1/v1")
    expect(page.get_by_label("Key")).to_have_value("")
