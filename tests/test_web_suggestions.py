"""Questions to begin with: only such as the article answers, and none rather than a guess."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.web.suggestions import COUNTRIES, QUOTED, SUGGESTIONS, Suggestions
from assistant.web.workspace import SEED_TITLE, seed_library
from tests.conftest import Opener
from tests.sample_articles import SEED

BRIDGE = (
    "The old bridge over the Vltava was closed on Monday. "
    "“We will ask the European Union for the money,” said engineer Petra Novak. "
    "Mayor Ivan Horvat of Prague told reporters: “The ferries of Mělník will carry people across.” "
    "Germany has offered a pontoon bridge, and Austria wants to send one as well. "
    "It is still not known what the repair will cost."
)
PLAIN = "A heron stood in the reeds. Then the wind came up. The heron flew away over the lake."


def test_the_sample_article_has_its_own(open_assistant: Opener) -> None:
    assistant = open_assistant()
    seed_library(assistant)
    ids = assistant.library.article_ids()
    assert Suggestions().known(assistant, ids) == SUGGESTIONS
    assert Suggestions().find(assistant, ids) == SUGGESTIONS


def test_the_sample_article_gets_its_title_unless_a_person_gave_one(
    open_assistant: Opener,
) -> None:
    assistant = open_assistant(SEED)
    [article] = assistant.articles()
    assert article.title != SEED_TITLE, "it is called like its file"
    seed_library(assistant)
    assert [one.title for one in assistant.articles()] == [SEED_TITLE]
    assistant.library.rename(article.id, "Blinken in Tokyo")
    seed_library(assistant)
    assert [one.title for one in assistant.articles()] == ["Blinken in Tokyo"]


def test_an_added_article_is_asked_what_it_answers(open_assistant: Opener) -> None:
    assistant = open_assistant(caution=0.2)
    article = assistant.add(text=BRIDGE, title="Bridge")
    offered = Suggestions()
    assert offered.known(assistant, [article.id]) is None, "it has to be looked at first"
    found = offered.find(assistant, [article.id])
    assert found == (
        "What did Petra Novak say about the European Union?",
        "What did Ivan Horvat say about Mělník?",
        QUOTED,
    )
    assert offered.known(assistant, [article.id]) == found
    for question in found:
        answer = assistant.ask(question, articles=[article.id])
        assert answer.status == "answered"
        assert answer.citations


def test_an_article_that_nobody_speaks_in_offers_nothing(open_assistant: Opener) -> None:
    assistant = open_assistant(caution=0.0)
    article = assistant.add(text=PLAIN)
    assert Suggestions().find(assistant, [article.id]) == ()


def test_only_whole_names_and_named_speakers_are_used(open_assistant: Opener) -> None:
    assistant = open_assistant(caution=0.0)
    text = (
        "“The Court of Justice will decide about it,” said engineer Petra Novak on Monday. "
        "“It was on TV IN CZ,” officials said. One user wrote: “The ferries of Prague are late.”"
    )
    assert Suggestions().find(assistant, [assistant.add(text=text).id]) == (QUOTED,)


def test_countries_are_asked_for_where_several_are_named(open_assistant: Opener) -> None:
    assistant = open_assistant(caution=0.0)
    text = "Rain fell on Germany. Snow fell on Austria. The sun shone on Hungary."
    assert Suggestions().find(assistant, [assistant.add(text=text).id]) == (COUNTRIES,)


def test_what_is_in_doubt_is_not_offered(open_assistant: Opener) -> None:
    """At full caution the library without a model declines what somebody said."""
    assistant = open_assistant(caution=1.0)
    found = Suggestions().find(assistant, [assistant.add(text=BRIDGE).id])
    alone = Assistant(assistant.settings, library=assistant.library, chat_model=None)
    assert all(alone.ask(question).status == "answered" for question in found)


def test_the_article_added_last_goes_first_and_removed_ones_are_passed_over(
    open_assistant: Opener,
) -> None:
    assistant = open_assistant(caution=0.2)
    seed_library(assistant)
    plain, bridge = assistant.add(text=PLAIN), assistant.add(text=BRIDGE)
    offered = Suggestions()
    assert "Petra Novak" in offered.find(assistant, assistant.library.article_ids())[0]
    ids = assistant.library.article_ids()
    assistant.remove(bridge.id)
    assert Suggestions().find(assistant, ids) == SUGGESTIONS
    assert Suggestions().find(assistant, [plain.id]) == ()
    assert Suggestions().find(assistant, []) == ()


def test_real_articles_answer_what_is_offered(open_assistant: Opener) -> None:
    folder = Path(__file__).parents[2] / "shared" / "articles"
    paths = [path for path in sorted(folder.glob("*.json")) if "--" not in path.name][:4]
    if not paths:
        pytest.skip("the data folder ../shared is not here")
    offered = 0
    for path in paths:
        data = json.loads(path.read_text("utf-8"))
        assistant = open_assistant()
        article = assistant.add(text=data["text"])
        for question in Suggestions().find(assistant, [article.id]):
            offered += 1
            answer = assistant.ask(question, articles=[article.id])
            assert answer.status == "answered"
            if said := re.match(r"What did (.+) say about (.+)\?", question):
                cited = " ".join(citation.quote for citation in answer.citations)
                assert said[1].split()[-1] in cited
                assert said[2].removeprefix("the ") in cited
    assert offered
