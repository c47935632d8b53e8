"""Programs use the page's server by named endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from huggingface_hub import constants

from assistant.schema import NOT_IN_ARTICLE, Answer
from tests.browser import Site, scripted_site
from tests.conftest import POSITION

QUESTION = "What was the UK's position?"
BRIDGE = "The old bridge was closed on Monday. The repair would cost four million euros."


@pytest.fixture(scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with scripted_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(_site: Site) -> Site:
    _site.reset()
    _site.say(POSITION)
    return _site


@pytest.fixture(autouse=True, scope="module")
def _private_client() -> Iterator[None]:
    """As ``assistant web`` sets it before Gradio's client is imported; here it is already."""
    with pytest.MonkeyPatch.context() as settings:
        settings.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        yield


@pytest.fixture(scope="module")
def client(_site: Site) -> Iterator[Client]:
    client = Client(_site.url, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def test_an_answer_is_the_same_json_as_in_python(site: Site, client: Client) -> None:
    given = client.predict(QUESTION, api_name="/ask")
    answer = Answer.from_dict(given)
    assert answer.text == POSITION
    [article] = site.assistant.articles()
    for cited in answer.citations:
        assert article.text[cited.start : cited.end] == cited.quote
    assert json.loads(answer.to_json()) == given


def test_an_answer_comes_as_it_is_written(site: Site, client: Client) -> None:
    job = client.submit(QUESTION, None, None, api_name="/stream")
    job.result()
    events = job.outputs()
    kinds = [event["event"] for event in events]
    assert kinds[0] == "evidence"
    assert kinds[-1] == "answer"
    assert set(kinds[1:-1]) == {"delta"}
    assert "".join(event["text"] for event in events[1:-1]).strip() == POSITION
    assert Answer.from_dict({k: v for k, v in events[-1].items() if k != "event"}).citations


def test_articles_are_added_listed_asked_and_removed(site: Site, client: Client) -> None:
    added = client.predict(text=BRIDGE, title="Bridge", api_name="/add")
    assert (added["title"], added["new"], added["characters"]) == ("Bridge", True, len(BRIDGE))
    assert client.predict(text=BRIDGE, api_name="/add")["new"] is False
    listed = client.predict(api_name="/articles")
    assert [article["id"] for article in listed] == site.assistant.library.article_ids()
    assert "text" not in listed[0]
    hits = client.predict("repair", 1, [added["id"]], api_name="/search")
    assert [hit["passage"]["article_id"] for hit in hits] == [added["id"]]
    site.say("The repair would cost four million euros.")
    answer = client.predict("What would it cost?", [added["id"]], api_name="/ask")
    assert {cited["article_id"] for cited in answer["citations"]} == {added["id"]}
    assert client.predict(added["id"], api_name="/remove") == {"removed": added["id"]}
    assert len(client.predict(api_name="/articles")) == 1


def test_a_follow_up_is_understood_by_its_history(site: Site, client: Client) -> None:
    history = [[QUESTION, POSITION]]
    answer = client.predict("And Germany's?", None, history, api_name="/ask")
    assert "Germany" in answer["standalone"]
    assert answer["standalone"] != answer["question"]


def test_a_refusal_is_an_answer_and_not_an_error(site: Site, client: Client) -> None:
    site.say(NOT_IN_ARTICLE, yes=0.01)
    answer = client.predict("Who won the chess championship?", api_name="/ask")
    assert answer["status"] == "not_in_article"
    assert len(answer["related"]) == 3


@pytest.mark.parametrize(
    ("arguments", "endpoint", "reason"),
    [
        (("",), "/ask", "The question is empty"),
        ((QUESTION, ["no such id"]), "/ask", "no such id"),
        ((QUESTION, None, [["one"]]), "/ask", "pairs"),
        (("http://127.0.0.1:1/",), "/add", "must not be fetched"),
        (("/etc/passwd",), "/add", "is no address"),
        (("file:///etc/passwd",), "/add", "http"),
        (("", "   "), "/add", "empty"),
        (("no such id",), "/remove", "no such id"),
    ],
)
def test_mistakes_come_back_as_their_sentence(
    site: Site, client: Client, arguments: tuple[Any, ...], endpoint: str, reason: str
) -> None:
    with pytest.raises(AppError, match=reason):
        client.predict(*arguments, api_name=endpoint)


def test_the_documented_endpoints_say_what_they_take(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) >= {"/ask", "/add", "/articles", "/search"}
    assert not [name for name in endpoints if name in ("/remove", "/suggested", "/start")]
    names = [parameter["parameter_name"] for parameter in endpoints["/ask"]["parameters"]]
    assert names == ["question", "articles", "history"]
