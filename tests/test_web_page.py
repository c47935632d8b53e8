"""The chat in a browser: ask, see the evidence, read the answer, follow a marker, go on."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assistant.answering import Assistant
from assistant.errors import LibraryBusy
from assistant.passages import split_article
from assistant.schema import NOT_IN_ARTICLE, Answer, Article
from assistant.settings import Settings
from assistant.web.app import build_app, build_page
from assistant.web.downloads import Downloads
from assistant.web.server import asgi_app
from assistant.web.suggestions import SUGGESTIONS
from assistant.web.workspace import Workspace
from assistant.weights import Progress
from tests.browser import Visit, served
from tests.conftest import POSITION
from tests.sample_articles import SEED
from tests.web_downloads import MODEL, downloading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.browser import Site
    from tests.conftest import Opener

pytest_plugins = ["tests.web_fixtures"]
pytestmark = pytest.mark.browser

QUESTION = "What was the UK's position?"
PAUSE = "British Foreign Secretary James Cleverley told reporters"
BÄRBOCK = "Bärbock said that Israel has the right and obligation to protect its population."


def test_the_first_page_has_the_article_and_questions_to_begin_with(visit: Visit) -> None:
    page = visit.page
    expect(page.get_by_role("heading", name="Blinken calls on the G7")).to_be_visible()
    expect(page.locator("#article .s").first).to_contain_text("Upon arriving in Asia")
    assert page.locator("#live .welcome li").all_inner_texts() == list(SUGGESTIONS)
    expect(page.get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()


def test_what_keeps_it_from_opening_is_said(browser: Browser, tmp_path: Path) -> None:
    opening: Future[Assistant] = Future()
    settings = Settings.load(store=tmp_path)
    with served(lambda: asgi_app(build_app(opening, settings=settings))) as url:
        visit = Visit(browser.new_page(), url)
        visit.page.goto(url)
        expect(visit.page.locator("#top")).to_contain_text("Loading the model")
        opening.set_exception(LibraryBusy("Another process has the library open. Close it first."))
        expect(visit.page.locator("#live .problem")).to_contain_text("Close it first.")
        expect(visit.page.locator("#top")).to_contain_text("Not ready")
        visit.begin(QUESTION)
        expect(visit.page.locator("#log .problem")).to_contain_text("Close it first.")
        visit.page.close()
    assert visit.faults == []


def test_evidence_comes_first_then_words_then_the_checked_answer(site: Site, visit: Visit) -> None:
    site.say(POSITION, delay=0.3)
    visit.page.get_by_role("button", name=SUGGESTIONS[0]).click()
    expect(visit.page.locator("#article .s.found")).to_have_count(4)
    expect(visit.page.locator("#live .draft")).to_be_visible()
    begun = visit.page.locator("#live .draft").inner_text()
    assert begun
    assert POSITION.startswith(begun)
    assert begun != POSITION
    assert visit.page.locator("#log .turn").count() == 0
    visit.answered()
    assert visit.answer().startswith(POSITION)
    assert any(cited.startswith(PAUSE) for cited in visit.marked("cited"))
    assert visit.marked("found") == []
    outcome = visit.page.locator("#log .outcome")
    expect(outcome).to_have_text(re.compile(r"Answered.*confidence (high|fair|low).* s .*scripted"))


def test_a_marker_shows_its_quote_and_leads_to_the_sentence(visit: Visit) -> None:
    visit.ask(QUESTION)
    page = visit.page
    page.locator("#article-pane").evaluate("pane => { pane.scrollTop = 0; }")
    marker = page.locator("#log .cite").first
    marker.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(PAUSE)
    expect(page.get_by_role("tooltip")).to_contain_text("Blinken calls on the G7")
    marker.click()
    sentence = page.locator("#article .s[aria-current]")
    expect(sentence).to_contain_text(PAUSE)
    expect(sentence).to_be_in_viewport()
    expect(sentence).to_have_class(re.compile("cited"))
    expect(sentence).to_be_focused()
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()


def test_a_marker_tells_the_page_and_the_day(site: Site, new_visit: Callable[..., Visit]) -> None:
    first, second = "The bridge was closed on Wednesday.", "The repair would cost nine euros."
    site.assistant.library.add(
        Article("b1", "Bridge", f"{first}\n\n{second}", "s", published="2023-11-10", pages=(0, 37))
    )
    visit = new_visit()
    visit.page.locator("#library li", has_text="Blinken").get_by_role("checkbox").uncheck()
    expect(visit.page.locator("#library")).to_contain_text("1 of 2 articles chosen")
    site.say(f"{first} {second}")
    visit.ask("When was the bridge closed?")
    tip = visit.page.get_by_role("tooltip")
    markers = visit.page.locator("#log .words .cite")
    markers.first.hover()
    expect(tip).to_contain_text("page 1, Wednesday: 8 November 2023")
    assert "Wednesday: 8 November" in (markers.first.get_attribute("aria-label") or "")
    markers.last.hover()
    expect(tip).to_contain_text("page 2")
    visit.page.locator("#log summary").first.click()
    expect(visit.page.locator("#log .more li").first).to_contain_text("page 1")
    visit.page.reload()
    visit.answered()
    visit.page.locator("#log .words .cite").first.hover()
    expect(tip).to_contain_text("page 1")


def test_what_the_check_could_not_confirm_looks_different_and_says_why(
    site: Site, visit: Visit
) -> None:
    site.say(f"{POSITION} France sent 300 ships to the coast.")
    visit.ask(QUESTION)
    expect(visit.page.locator("#log .unsupported")).to_have_text(
        "France sent 300 ships to the coast.?"
    )
    doubt = visit.page.locator("#log .doubt").first
    doubt.hover()
    reason = visit.page.get_by_role("tooltip").inner_text()
    visit.page.locator("#log .outcome").hover()
    expect(visit.page.get_by_role("tooltip")).to_be_hidden()
    visit.page.locator("#log .unsupported").hover()
    expect(visit.page.get_by_role("tooltip")).to_have_text(reason)
    assert len(reason.split()) > 3
    assert reason in (doubt.get_attribute("aria-label") or "")


def test_an_honest_refusal_shows_related_passages(site: Site, visit: Visit) -> None:
    site.say(NOT_IN_ARTICLE, yes=0.01)
    visit.ask("Who won the chess championship in Samarkand?")
    page = visit.page
    expect(page.locator("#log .refusal")).to_have_text(NOT_IN_ARTICLE)
    expect(page.locator("#log .outcome")).to_contain_text("Not in the article")
    related = page.locator("#log .related li button")
    expect(page.get_by_role("heading", name="Related, but not an answer")).to_be_visible()
    expect(related).to_have_count(3)
    assert len(visit.marked("found")) == 3
    related.last.click()
    words = related.last.inner_text().rstrip("…")
    expect(page.locator("#article .s[aria-current]")).to_contain_text(words)


def test_an_older_answer_brings_its_highlights_back(site: Site, visit: Visit) -> None:
    visit.ask(QUESTION)
    site.say(BÄRBOCK)
    visit.ask("What did Germany's foreign minister say about Israel?")
    assert not any(PAUSE in sentence for sentence in visit.marked("cited"))
    visit.page.locator("#log .turn").first.locator(".words").click()
    assert any(PAUSE in sentence for sentence in visit.marked("cited"))
    visit.page.locator("#log .turn").last.locator(".cite").first.press("Enter")
    expect(visit.page.locator("#article .s[aria-current]")).to_contain_text("Bärbock")
    assert not any(PAUSE in sentence for sentence in visit.marked("cited"))


def test_what_is_being_written_leaves_the_reader_where_they_are(site: Site, visit: Visit) -> None:
    page = visit.page
    for _ in range(4):
        visit.ask(QUESTION)
    site.say(" ".join([BÄRBOCK] * 12), delay=0.12)
    visit.begin("What did Germany's foreign minister say about Israel?")
    draft = page.locator("#live .draft")
    expect(draft).to_contain_text("obligation")
    chat = page.locator("#conversation")
    chat.evaluate("box => { box.scrollTop = 0; }")
    page.locator("#log .turn .words").first.click()
    first = page.locator("#log .turn").first
    before = draft.inner_text()
    expect(draft).not_to_have_text(before)
    expect(first).to_have_class(re.compile("selected"))
    assert chat.evaluate("box => box.scrollTop") == 0
    assert any(PAUSE in sentence for sentence in visit.marked("cited"))
    visit.answered(5)
    expect(first).to_have_class(re.compile("selected"))
    assert chat.evaluate("box => box.scrollTop") == 0
    first.get_by_role("button", name="Good").click()
    page.get_by_label("Your words").fill("The very sentence.")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(first.locator(".rate[data-rating=good]")).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_class(re.compile("selected"))
    assert chat.evaluate("box => box.scrollTop") == 0
    [line] = (site.assistant.settings.store / "feedback.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["comment"] == "The very sentence."
    site.say(POSITION)
    visit.ask(QUESTION)
    expect(page.locator("#log .turn").last).to_have_class(re.compile("selected"))
    expect(page.locator("#log .turn").last.locator(".outcome")).to_be_in_viewport()


def test_opened_details_stay_open_when_the_answer_is_rated(visit: Visit) -> None:
    visit.ask(QUESTION)
    visit.page.locator("#log summary").click()
    expect(visit.page.locator("#log .more dl")).to_be_visible()
    visit.page.get_by_role("button", name="Good").click()
    visit.page.get_by_role("button", name="Keep", exact=True).click()
    expect(visit.page.locator("#log .rate[aria-pressed=true]")).to_have_count(1)
    expect(visit.page.locator("#log .more dl")).to_be_visible()
    visit.page.locator("#log summary").click()
    visit.ask(QUESTION)
    expect(visit.page.locator("#log .more dl").first).to_be_hidden()


def test_a_running_answer_stops_and_so_does_the_model(site: Site, visit: Visit) -> None:
    site.say("word " * 200, delay=0.1)
    visit.begin(QUESTION)
    expect(visit.page.locator("#live .draft")).to_be_visible()
    visit.page.get_by_role("button", name="Stop").click()
    stopped = time.monotonic()
    visit.answered()
    expect(visit.page.locator("#log .problem")).to_have_text("Stopped.")
    while any(thread.name == "question" for thread in threading.enumerate()):
        time.sleep(0.05)
    assert time.monotonic() - stopped < 2


def test_the_last_question_is_asked_again_or_edited(
    site: Site, visit: Visit, seed_article: Article
) -> None:
    page = visit.page
    visit.ask(QUESTION)
    said = next(p.text for p in split_article(seed_article) if p.text.startswith(PAUSE))
    site.say(said)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#log .words")).to_contain_text(PAUSE)
    visit.answered()
    page.get_by_role("button", name="Edit question").click()
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_have_value(QUESTION)
    site.say(BÄRBOCK)
    box.fill("What did Bärbock say?")
    box.press("Enter")
    expect(page.locator("#log .question")).to_have_text("What did Bärbock say?")
    expect(page.locator("#log .turn")).to_have_count(1)


def test_ratings_are_kept_with_the_readers_words_and_can_be_saved(
    site: Site, visit: Visit, tmp_path: Path
) -> None:
    page = visit.page
    visit.ask(QUESTION)
    page.get_by_role("button", name="Evidence wrong").click()
    page.get_by_label("Your words").fill("Another sentence says it better.")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("button", name="Evidence wrong")).to_have_attribute(
        "aria-pressed", "true"
    )
    visit.tab("Settings")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the ratings").click()
    saved.value.save_as(tmp_path / "ratings.jsonl")
    [row] = map(json.loads, (tmp_path / "ratings.jsonl").read_text("utf-8").splitlines())
    assert (row["rating"], row["comment"]) == ("evidence", "Another sentence says it better.")
    assert Answer.from_dict(row["answer"]).question == QUESTION


def test_a_saved_conversation_holds_quotes_that_resolve(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.ask(QUESTION)
    saved = {}
    for name, ending in (("Save as Markdown", "md"), ("Save as JSON", "json")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"conversation.{ending}"
        download.value.save_as(tmp_path / ending)
        saved[ending] = (tmp_path / ending).read_text("utf-8")
    data = json.loads(saved["json"])
    texts = {article["id"]: article["text"] for article in data["articles"]}
    answer = Answer.from_dict(data["exchanges"][0]["answer"])
    assert answer.citations
    for cited in answer.citations:
        assert texts[cited.article_id][cited.start : cited.end] == cited.quote
        note = f"characters {cited.start}–{cited.end}"
        assert note in saved["md"]
        assert f"[^1-{cited.marker}]" in saved["md"]


def test_copying_takes_the_footnotes_along(new_visit: Callable[..., Visit]) -> None:
    visit = new_visit(permissions=["clipboard-read", "clipboard-write"])
    visit.ask(QUESTION)
    visit.page.get_by_role("button", name="Copy", exact=True).click()
    expect(visit.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert "[^1]" in copied
    assert re.search(r"characters \d+–\d+", copied)


def test_a_reload_keeps_the_conversation_until_it_is_ended(visit: Visit) -> None:
    page = visit.page
    visit.ask(QUESTION)
    before, cited = page.locator("#log .words").inner_html(), visit.marked("cited")
    page.reload()
    visit.answered()
    assert page.locator("#log .words").inner_html() == before
    assert visit.marked("cited") == cited != []
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name="Begin anew").click()
    expect(page.locator("#log .turn")).to_have_count(0)
    expect(page.locator("#live .welcome li")).to_have_count(3)


def test_a_question_outlives_a_reload_and_an_answer_a_stop(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.ask(QUESTION)
    said = visit.answer()
    site.say("word " * 200, delay=0.1)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#live .draft")).to_be_visible()
    expect(page.get_by_role("button", name="New conversation")).to_have_count(0)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("The answer from before is still here")
    visit.answered()
    assert visit.answer() == said
    visit.begin("What did Bärbock say?")
    expect(page.locator("#live .draft")).to_be_visible()
    page.reload()
    visit.answered(2)
    expect(page.locator("#log .question").last).to_have_text("What did Bärbock say?")
    expect(page.locator("#log .problem")).to_have_text("Interrupted.")
    # Gradio tells the console that its stream was cut off.
    assert all("abort" in fault or "errored out" in fault for fault in visit.faults)
    visit.faults.clear()
    site.say(BÄRBOCK)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#log .words")).to_have_count(2)
    visit.answered(2)


def test_the_page_says_how_far_a_download_is(browser: Browser, tmp_path: Path) -> None:
    news, opening = Downloads(), Future[Assistant]()
    workspace = Workspace(opening, Settings.load(store=tmp_path), downloads=news)
    with served(lambda: asgi_app(build_page(workspace))) as url:
        visit = Visit(browser.new_page(), url)
        visit.page.goto(url)
        top = visit.page.locator("#top [role=status]")
        expect(top).to_have_text("Loading the model …")
        for megabytes in (340, 341):
            news.take(Progress("tiny.gguf", megabytes * 1_000_000, 1_117_000_000, "hub"))
            expect(top).to_have_text(f"Downloading tiny.gguf: {megabytes} of 1,117 MB")
        opening.set_exception(LibraryBusy("Another process has the library open. Close it first."))
        expect(top).to_have_text("Not ready")
        visit.page.close()
    assert visit.faults == []


def test_getting_a_model_ready_says_how_far_it_is(
    browser: Browser, open_assistant: Opener, tmp_path: Path
) -> None:
    assistant = open_assistant(SEED, cache=tmp_path / "cache", offline=False)
    with served(lambda: asgi_app(build_app(assistant))) as url:
        visit = Visit(browser.new_page(), url)
        visit.open()
        visit.tab("Settings")
        visit.page.locator("#model input").click()
        visit.page.get_by_role("option", name=MODEL).click()
        with downloading(tmp_path / "cache", 340) as words:
            visit.page.get_by_role("button", name="Get this model ready").click()
            expect(visit.page.locator("#prepared")).to_have_text(words)
        expect(visit.page.locator("#prepared .problem")).not_to_be_empty()
        visit.page.close()
    assert visit.faults == []


def test_a_follow_up_tells_what_was_searched_for(site: Site, visit: Visit) -> None:
    visit.ask(QUESTION)
    site.say(BÄRBOCK)
    visit.ask("And Germany's?")
    more = visit.page.locator("#log .turn").last.locator(".more")
    more.locator("summary").click()
    expect(more.locator(".standalone")).to_contain_text("Germany")
    expect(more.locator("dt").first).to_be_visible()
