"""The page with the real models: what it suggests is really answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assistant import seeds
from assistant.evaluation import load_question_set
from assistant.web.suggestions import SUGGESTIONS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from assistant.answering import Assistant

pytest_plugins = ["tests.web_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.model]


def test_the_suggested_questions_are_answered_with_the_right_sentence(
    real_assistant: Assistant, browser: Browser
) -> None:
    from assistant.web.app import build_app
    from assistant.web.server import asgi_app
    from tests.browser import Visit, served

    known = {asked.question: asked for asked in load_question_set(seeds.questions()).questions}
    with served(lambda: asgi_app(build_app(real_assistant))) as url:
        visit = Visit(browser.new_page(), url)
        visit.open()
        for turns, question in enumerate(SUGGESTIONS, start=1):
            visit.begin(question)
            visit.answered(turns)
            gold = known[question]
            expect(visit.page.locator("#log .outcome").last).to_contain_text("Answered")
            answer = visit.answer().casefold()
            for group in gold.answers:
                assert any(alternative.casefold() in answer for alternative in group), answer
            marker = visit.page.locator("#log .turn").last.locator(".cite").first
            marker.click()
            flashed = visit.page.locator("#article .s[aria-current]")
            expect(flashed).to_be_in_viewport()
            sentence = re.sub(r"\s+", " ", flashed.first.inner_text())
            assert any(sentence[:60] in evidence.quote for evidence in gold.evidence)
        assert visit.faults == []
