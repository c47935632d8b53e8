"""What the page's parts promise without a browser: the line, stopping, memory, exports, HTML."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from assistant.adding import Outcome
from assistant.answering import Assistant
from assistant.errors import LibraryError, UserInputError
from assistant.schema import NOT_IN_ARTICLE, Answer, Article, Citation, Sentence
from assistant.testing import ScriptedChatModel
from assistant.web.answer_card import exchange_html, pending_html
from assistant.web.article_pane import MAX_CHARS, article_html
from assistant.web.chat import Chat
from assistant.web.chat_view import View, log_html
from assistant.web.conversation import MAX_BYTES, Conversation, Exchange, ids
from assistant.web.exports import to_json, to_markdown
from assistant.web.feedback import MAX_LINE, Feedback
from assistant.web.line import Line
from assistant.web.shelf import Shelf, Step
from assistant.web.variants import Choice
from assistant.web.workspace import Workspace, opened
from tests.conftest import POSITION, Opener
from tests.sample_articles import SEED, numbered

QUESTION = "What was the UK's position?"
HOSTILE = "<img src=x onerror='hit()'> ![p](https://evil.example/p.png) [a](javascript:hit())"


def chat_over(assistant: Assistant, at_once: int = 4) -> Chat:
    return Chat(Workspace(opened(assistant), assistant.settings), Line(at_once))


async def views(
    chat: Chat, question: str, session: str, choice: Choice | None = None
) -> list[View]:
    asking = chat.ask(question, Conversation(), choice or Choice(), session)
    return [view async for view in asking]


def exchange(text: str = POSITION, question: str = QUESTION, **fields: object) -> Exchange:
    citation = Citation(1, "a1", "T", "s", "A quote.", 3, 11)
    values: dict[str, Any] = {"status": "answered", "confidence": 0.9} | fields
    said = (Sentence(text, "supported", (citation,)),)
    answer = Answer(question, text, said, (citation,), **values)
    return Exchange(question, answer)


class TestLine:
    def test_the_ones_in_front_are_counted_down(self) -> None:
        async def stand() -> list[int]:
            line = Line(at_once=2)
            first, second, third, fourth = (line.join() for _ in range(4))
            seen = []
            async for before in fourth.waiting():
                seen.append(before)
                (first if before == 2 else third).leave()
            assert [before async for before in second.waiting()] == []
            return seen

        assert asyncio.run(stand()) == [2, 1]

    def test_whoever_leaves_does_not_wait_any_more(self) -> None:
        async def stand() -> list[int]:
            line = Line(at_once=1)
            line.join()
            second = line.join()
            seen = []
            async for before in second.waiting():
                seen.append(before)
                second.leave()
            return seen

        assert asyncio.run(stand()) == [1]

    def test_one_at_a_time_is_asked_of_a_model_in_this_process(self) -> None:
        async def stand() -> tuple[list[int], list[int], list[int]]:
            line = Line(at_once=4)
            first, second, third = line.join("here"), line.join("here"), line.join("here")
            elsewhere = [before async for before in line.join().waiting()]
            seen = []
            async for before in third.waiting():
                seen.append(before)
                (first if before == 2 else second).leave()
            other = [before async for before in line.join("another model").waiting()]
            return seen, elsewhere, other

        assert asyncio.run(stand()) == ([2, 1], [], [])

    def test_an_endless_line_is_refused(self) -> None:
        async def stand() -> None:
            line = Line(at_once=1, longest=1)
            line.join()
            line.join()
            with pytest.raises(UserInputError, match="Ask again"):
                line.join()

        asyncio.run(stand())


@pytest.fixture
def settled(open_assistant: Opener) -> Iterator[None]:
    """Waits for abandoned questions to end, before the library under them is closed."""
    yield
    while any(thread.name == "question" for thread in threading.enumerate()):
        time.sleep(0.02)


@pytest.mark.usefixtures("settled")
class TestAsking:
    def test_everybody_gets_their_own_answer_in_turn(self, open_assistant: Opener) -> None:
        model = ScriptedChatModel(replies=[POSITION], yes=0.99, delay=0.01)
        assistant = open_assistant(SEED, model=model, caution=0.0)
        chat = chat_over(assistant, at_once=1)

        async def crowd() -> list[list[View]]:
            asked = [views(chat, f"{QUESTION} {n}", f"session {n}") for n in range(3)]
            return await asyncio.gather(*asked)

        for n, seen in enumerate(asyncio.run(crowd())):
            shown = " ".join(view.live or "" for view in seen)
            assert f"{QUESTION} {n}" in (seen[-1].log or "")
            assert seen[-1].asking is False
            if n:
                assert f"{n} question{'s' * (n > 1)} before yours" in shown
            assert not re.search(rf"position\? [^{n}\D]", shown)

    def test_stopping_ends_the_model_within_two_seconds(self, open_assistant: Opener) -> None:
        model = ScriptedChatModel(replies=["word " * 300], yes=0.99, delay=0.05)
        chat = chat_over(open_assistant(SEED, model=model, caution=0.0))

        async def ask_and_stop() -> View:
            last = View()
            async for view in chat.ask(QUESTION, Conversation(), Choice(), "one"):
                last = view
                if "draft" in (view.live or ""):
                    chat.stop("one")
            return last

        last = asyncio.run(ask_and_stop())
        stopped = time.monotonic()
        assert "Stopped." in (last.log or "")
        while any(thread.name == "question" for thread in threading.enumerate()):
            time.sleep(0.02)
        assert time.monotonic() - stopped < 2

    def test_stopping_while_waiting_leaves_the_line(self, assistant: Assistant) -> None:
        chat = chat_over(assistant, at_once=1)

        async def stop_in_line() -> View:
            first = chat.line.join()
            last = View()
            async for view in chat.ask(QUESTION, Conversation(), Choice(), "one"):
                last = view
                chat.stop("one")
            first.leave()
            return last

        assert "Stopped." in (asyncio.run(stop_in_line()).log or "")

    def test_a_page_that_goes_away_makes_room(self, open_assistant: Opener) -> None:
        model = ScriptedChatModel(replies=["word " * 300], yes=0.99, delay=0.05)
        chat = chat_over(open_assistant(SEED, model=model, caution=0.0), at_once=1)

        async def leave() -> list[View]:
            asking = chat.ask(QUESTION, Conversation(), Choice(), "one")
            async for view in asking:
                if "draft" in (view.live or ""):
                    break
            await asking.aclose()
            model.replies, model.delay = [POSITION], 0
            return await asyncio.wait_for(views(chat, QUESTION, "two"), 20)

        assert "turn answered" in (asyncio.run(leave())[-1].log or "")

    def test_closing_waits_for_what_is_under_way(self, open_assistant: Opener) -> None:
        model = ScriptedChatModel(replies=["word " * 300], yes=0.99, delay=0.05)
        assistant = open_assistant(SEED, model=model, caution=0.0, evidence=32)
        workspace = Workspace(opened(assistant), assistant.settings)
        chat = Chat(workspace, Line(1))

        async def ask_and_close() -> View:
            last = View()
            async for view in chat.ask(QUESTION, Conversation(), Choice(), "one"):
                last = view
                if "draft" in (view.live or ""):
                    await asyncio.to_thread(workspace.close, with_assistant=False)
                    assert not workspace.busy
            return last

        assert "turn unanswered" in (asyncio.run(ask_and_close()).log or "")

    def test_who_waits_for_the_model_is_told_how_many_do(
        self, assistant: Assistant, tmp_path: Path
    ) -> None:
        chat, here = chat_over(assistant, at_once=4), Choice(model=str(tmp_path / "none.gguf"))

        async def crowd() -> list[list[View]]:
            asked = [views(chat, QUESTION, f"session {n}", here) for n in range(3)]
            return await asyncio.gather(*asked)

        first, second, third = (
            " ".join(view.live or "" for view in seen) for seen in asyncio.run(crowd())
        )
        assert "before yours" not in first
        assert "1 question before yours" in second
        assert "2 questions before yours" in third

    @pytest.mark.parametrize("asked", [QUESTION, "What did Kishida say?"])
    def test_only_an_answer_takes_an_answers_place(
        self, open_assistant: Opener, asked: str
    ) -> None:
        model = ScriptedChatModel(replies=["word " * 300], yes=0.99, delay=0.05)
        chat = chat_over(open_assistant(SEED, model=model, caution=0.0))
        before = Conversation((exchange(),))

        async def ask_and_stop() -> View:
            last = View()
            async for view in chat.ask(asked, before, Choice(), "one", instead=True):
                if view.log is not None and view.live:
                    assert POSITION not in view.log, "the new answer has the old one's place"
                last = view
                if "draft" in (view.live or ""):
                    chat.stop("one")
            return last

        last = asyncio.run(ask_and_stop())
        kept = Conversation.restore(last.kept).exchanges
        assert kept[0] == before.exchanges[0]
        assert [one.note for one in kept[1:]] == ([] if asked == QUESTION else ["Stopped."])
        assert ("from before" in (last.status or "")) is (asked == QUESTION)

    def test_an_answer_takes_the_place_of_the_one_before(self, assistant: Assistant) -> None:
        chat, before = chat_over(assistant), Conversation((exchange("Old."),))

        async def ask() -> list[View]:
            asking = chat.ask(QUESTION, before, Choice(), "one", instead=True)
            return [view async for view in asking]

        [new] = Conversation.restore(asyncio.run(ask())[-1].kept).exchanges
        assert new.answer
        assert new.answer.text.startswith(POSITION)

    def test_a_question_is_kept_before_its_answer_is_there(self, assistant: Assistant) -> None:
        chat = chat_over(assistant)

        async def begin() -> View:
            asking = chat.ask("Why?", Conversation((exchange(),)), Choice(), "one")
            first = await anext(asking)
            await asking.aclose()
            return first

        first = asyncio.run(begin())
        assert Conversation.restore(first.kept).exchanges == (
            exchange(),
            Exchange("Why?", note="Interrupted."),
        )
        for way in ("rate", "clear", "again", "edit"):
            assert f'data-do="{way}"' not in (first.log or ""), "its end would undo it"

    def test_an_answer_changes_nothing_of_what_is_chosen(self, assistant: Assistant) -> None:
        """It may have been chosen anew while the answer was written."""
        [last] = asyncio.run(views(chat_over(assistant), QUESTION, "one"))[-1:]
        assert sorted(last.kept or {}) == ["exchanges"]

    def test_a_rating_names_the_settings_that_made_the_answer(self, assistant: Assistant) -> None:
        chat = chat_over(assistant)
        bold = Choice(caution=0.1)
        asked = asyncio.run(views(chat, QUESTION, "one", bold))
        conversation = Conversation.restore(asked[-1].kept)
        chat.rate(conversation, 0, "good", "It is.")
        [line] = chat.workspace.feedback.lines()
        made_by = chat.workspace.variants.assistant(bold).settings
        assert json.loads(line)["settings"] == made_by.fingerprint()
        assert made_by.fingerprint() != assistant.settings.fingerprint()

    def test_an_error_takes_the_answers_place(self, open_assistant: Opener) -> None:
        chat = chat_over(open_assistant())
        seen = asyncio.run(views(chat, QUESTION, "one"))
        assert "There are no articles to ask" in (seen[-1].log or "")

    def test_one_page_asks_one_question_at_a_time(self, assistant: Assistant) -> None:
        chat = chat_over(assistant)

        async def twice() -> list[View]:
            asking = chat.ask(QUESTION, Conversation(), Choice(), "one")
            await anext(asking)
            await anext(asking)
            second = await views(chat, QUESTION, "one")
            await asking.aclose()
            return second

        [refusal] = asyncio.run(twice())
        assert "One question at a time" in (refusal.status or "")


class TestMemory:
    def test_a_conversation_survives_json(self) -> None:
        kept = Conversation((exchange(), Exchange("Why?", note="Stopped.")), ("a1",))
        assert Conversation.restore(json.loads(json.dumps(kept.keep())), ["a1"]) == kept

    @pytest.mark.parametrize(
        "forged",
        [
            None,
            "x",
            [],
            {"exchanges": "x"},
            {"exchanges": [{"question": 7}]},
            {"exchanges": [{"question": "q", "answer": {"text": "x"}}]},
            {"exchanges": None},
        ],
    )
    def test_what_we_did_not_write_is_forgotten(self, forged: object) -> None:
        assert Conversation.restore(forged) == Conversation()
        assert Conversation.restore(None, forged) == Conversation(left_out=ids(forged))
        assert ids(forged) == ()
        assert ids(["a", 7, {"a": 1}, "a"]) == ("a",)

    def test_the_oldest_goes_first_when_room_runs_out(self) -> None:
        long = Conversation(tuple(exchange("x" * 90_000, f"Q{n}") for n in range(30)))
        kept = long.keep()["exchanges"]
        assert len(json.dumps(kept)) < MAX_BYTES * 1.1
        assert kept[-1]["question"] == "Q29"

    def test_a_rating_is_refused_without_an_answer_or_room(
        self, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        feedback = Feedback(tmp_path_factory.mktemp("store"))
        with pytest.raises(UserInputError):
            feedback.add(Exchange("Why?", note="Stopped."), "good", "")
        with pytest.raises(UserInputError):
            feedback.add(exchange(), "splendid", "")
        with pytest.raises(UserInputError, match="too long"):
            feedback.add(exchange("x" * MAX_LINE), "good", "")
        feedback.path.mkdir()
        with pytest.raises(LibraryError, match="store"):
            feedback.add(exchange(), "good", "")


class TestExports:
    def test_markdown_keeps_what_a_reader_was_warned_of(self) -> None:
        doubted = Sentence("It ended.", "unsupported", (), "the quote says “began”")
        cut = "The answer was cut: it reached max_tokens."
        known = exchange().answer
        assert known is not None
        answer = replace(known, sentences=(doubted,), notices=(cut,))
        shown = to_markdown(Conversation((exchange(), Exchange("Why?", answer))), ())
        assert "It ended. (not confirmed: the quote says “began”)" in shown
        assert f"- {cut}" in shown
        assert "[^1-1]: " in shown
        assert "[^2-1]: " in shown

    def test_markdown_loads_nothing_and_links_nowhere(self) -> None:
        hostile = exchange(HOSTILE, HOSTILE)
        for shown in to_markdown(Conversation((hostile,)), ()).splitlines():
            assert not re.search(r"(?<!\\)[\[<](?!\^1-1\])", shown), shown

    def test_json_carries_the_cited_articles_only(self) -> None:
        cited, other = (
            Article("a1", "T", "0123A quote.", "s"),
            Article("b2", "U", "Other.", "s"),
        )
        data = json.loads(to_json(Conversation((exchange(),)), [cited, other]))
        assert [article["id"] for article in data["articles"]] == ["a1"]
        assert Answer.from_dict(data["exchanges"][0]["answer"]) == exchange().answer
        assert data["removed"] == []

    def test_an_article_that_was_removed_is_named(self) -> None:
        conversation = Conversation((exchange(), exchange()))
        data = json.loads(to_json(conversation, ()))
        assert data["articles"] == []
        assert data["removed"] == [{"id": "a1", "title": "T", "source": "s"}]
        assert to_markdown(conversation, ()).count("“T” was removed from the library") == 1
        there = [Article("a1", "T", "0123A quote.", "s")]
        assert "was removed" not in to_markdown(conversation, there)


class _Elements(HTMLParser):
    """Every element and attribute of a piece of HTML."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


OURS = {"article", "button", "cite", "dd", "details", "div", "dl", "dt", "h2", "h3", "header"}
OURS |= {"a", "li", "ol", "p", "q", "span", "summary", "ul"}


@pytest.mark.parametrize(
    "shown",
    [
        lambda: log_html(Conversation((exchange(HOSTILE, HOSTILE, notices=(HOSTILE,)),))),
        lambda: log_html(Conversation((Exchange(HOSTILE, note=HOSTILE, partial=HOSTILE),))),
        lambda: exchange_html(exchange(model=HOSTILE, standalone=HOSTILE), 0, last=True),
        lambda: pending_html(HOSTILE, HOSTILE, 0, (), HOSTILE),
        lambda: article_html(
            Article("a", HOSTILE, HOSTILE, HOSTILE, url="javascript:hit()", byline=HOSTILE), ()
        ),
    ],
)
def test_strangers_words_never_become_elements(shown: Callable[[], str]) -> None:
    page = _Elements(shown())
    assert page.tags <= OURS
    assert not {name for name in page.attributes if name.startswith("on")}
    assert "href" not in page.attributes


def test_a_long_article_is_shown_around_the_passage_asked_for(open_assistant: Opener) -> None:
    from assistant.passages import split_article

    long = numbered(1, sentences=MAX_CHARS // 60)
    passages = split_article(long)
    assert len(long.text) > MAX_CHARS
    last = passages[-1]
    page = article_html(long, passages, around=last.start)
    assert f'data-s="{last.start}"' in page
    assert f'data-s="{passages[0].start}"' not in page
    assert "Show the earlier part" in page
    assert len(page) < MAX_CHARS * 2


def test_a_sentence_in_doubt_says_why_wherever_one_points() -> None:
    doubtful = Answer(
        QUESTION,
        "It said no.",
        (Sentence("It said no.", "weak", (), "The quote says yes."),),
        (),
        "partly",
        0.4,
    )
    shown = exchange_html(Exchange(QUESTION, doubtful), 0, last=False)
    assert '<span class="weak" data-tip="The quote says yes.">' in shown
    assert "data-tip" not in exchange_html(Exchange(QUESTION, note="Stopped."), 0, last=False)


def test_what_goes_wrong_in_adding_is_told_and_the_rest_is_added(assistant: Assistant) -> None:
    workspace = Workspace(opened(assistant), assistant.settings)

    def broken() -> list[Outcome]:
        raise RuntimeError("nobody has thought of this")

    steps: list[Step] = [("one", broken), ("two", lambda: [workspace.add(text="It rained.")])]
    *_, (results, working, last) = Shelf(workspace).add(steps, 10)
    assert working == ""
    assert [one.name for one in results if one.problem] == ["one"]
    assert "Add it again" in results[0].problem
    assert assistant.library.article(last).text == "It rained."


def test_a_refusal_is_told_apart_from_an_answer() -> None:
    refusal = exchange(NOT_IN_ARTICLE, status="not_in_article")
    assert "turn not_in_article" in exchange_html(refusal, 0, last=False)
    assert "Ask again" not in exchange_html(refusal, 0, last=False)
