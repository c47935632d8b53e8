"""Programs use the page's server by named endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from huggingface_hub import constants
from pytest_httpserver import HTTPServer

from assistant import seeds
from assistant.adding import add_one
from assistant.articles import Loader
from assistant.schema import NOT_IN_ARTICLE, Answer, Article
from assistant.web.api import Endpoints
from assistant.web.workspace import Workspace, opened
from tests.browser import Site, scripted_site
from tests.conftest import POSITION

QUESTION = "What was the UK's position?"
NAMES = ("Petra Novak", "Ivan Horvat", "Ada Byron", "Karel Novy", "Jan Cerny", "Eva Mala")
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


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with Loader(allow_private=["localhost"]) as loader:
        yield loader


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
    assert answer.sentences[0].text == POSITION
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


def test_an_address_fetched_again_is_a_new_version(
    site: Site, client: Client, httpserver: HTTPServer
) -> None:
    page = "<html><head><title>Bridge</title></head><body><article>{}</article></body></html>"
    told = [
        f"<p>{name} was asked about the bridge on Monday, and had an answer.</p>" for name in NAMES
    ]
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    url = httpserver.url_for("/bridge")

    def served_next(*paragraphs: str) -> None:
        httpserver.expect_oneshot_request("/bridge").respond_with_data(
            page.format("".join(paragraphs)), content_type="text/html"
        )

    served_next(*told, "<p>The repair would cost four million euros in all.</p>")
    first = client.predict(url, api_name="/add")
    assert (first["state"], first["new"], first["changes"]) == ("added", True, [])
    served_next(*told, "<p>The repair would cost six million euros in all.</p>")
    second = client.predict(url, api_name="/add")
    assert (second["state"], second["replaced"]) == ("updated", first["id"])
    assert second["changes"] == [
        {
            "old": "The repair would cost four million euros in all.",
            "new": "The repair would cost six million euros in all.",
        }
    ]
    listed = [article["id"] for article in client.predict(api_name="/articles")]
    assert second["id"] in listed
    assert first["id"] not in listed
    assert site.assistant.library.article(first["id"]).text.count("four million") == 1
    assert client.predict(
        text="\n\n".join(re.findall(r"<p>(.*?)</p>", "".join(told))), api_name="/add"
    )["similar"] == [second["id"]]


def test_the_same_text_from_two_addresses_is_one_article(
    site: Site, client: Client, httpserver: HTTPServer
) -> None:
    story = "".join(
        f"<p>{sentence}</p>" for sentence in (BRIDGE + " Ferries sail.").split(". ") * 4
    )
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    for name in ("/one", "/two"):
        httpserver.expect_request(name).respond_with_data(
            f"<html><head><title>Bridge</title></head><body><article>{story}</article></body></html>",
            content_type="text/html",
        )
    first = client.predict(httpserver.url_for("/one"), api_name="/add")
    second = client.predict(httpserver.url_for("/two"), api_name="/add")
    assert (second["id"], second["state"]) == (first["id"], "unchanged")
    assert any("one article with both sources" in notice for notice in second["notices"])
    known = site.assistant.library.history.sources_of(first["id"])
    assert known == [httpserver.url_for("/one"), httpserver.url_for("/two")]


def test_an_upload_goes_by_no_path_of_this_computer(site: Site, tmp_path: Path) -> None:
    workspace = Workspace(opened(site.assistant), site.assistant.settings)
    for text in (BRIDGE, BRIDGE.replace("four", "six")):
        (tmp_path / "bridge.txt").write_text(text, "utf-8")
        assert workspace.add(tmp_path / "bridge.txt").state == "added", "two files of one name"
    sources = [article.source for article in site.assistant.articles()]
    assert sources.count("bridge.txt") == 2
    assert str(tmp_path) not in str(site.assistant.library.history.sources())


def test_a_feed_brings_what_it_lists(site: Site, httpserver: HTTPServer) -> None:
    items = "".join(f"<item><link>{httpserver.url_for(f'/n{n}')}</link></item>" for n in range(4))
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/feed").respond_with_data(
        f'<rss version="2.0"><channel>{items}</channel></rss>', content_type="application/rss+xml"
    )
    for n in range(4):
        httpserver.expect_request(f"/n{n}").respond_with_data(
            f"<html><body><article><h1>Town n{n}</h1>"
            + f"<p>Town n{n} has a new mayor, who was elected on Monday by its council.</p>" * 8
            + "</article></body></html>",
            content_type="text/html",
        )
    with Loader(allow_private=["localhost"]) as loader:
        workspace = Workspace(opened(site.assistant), site.assistant.settings, loader=loader)
        added = list(workspace.add_listed(httpserver.url_for("/feed"), most=3))
    assert [one.state for one in added] == ["added", "added", "added", "failed"]
    assert "1 more" in added[-1].reason
    assert len(site.assistant.articles()) == 4


def test_the_sample_is_known_by_its_file(site: Site, loader: Loader) -> None:
    [before] = site.assistant.articles()
    again = add_one(str(seeds.article()), loader, site.assistant.library)
    assert (again.state, again.id) == ("unchanged", before.id)
    assert again.notices == ()


def test_an_answer_tells_pages_and_days(site: Site) -> None:
    first, second = "The bridge was closed on Wednesday.", "The repair would cost nine euros."
    article = Article(
        "b1",
        "Bridge",
        f"{first}\n\n{second}",
        "s",
        published="2023-11-10",
        pages=(0, len(first) + 2),
    )
    site.assistant.library.add(article)
    site.say(f"{first} {second}")
    endpoints = Endpoints(Workspace(opened(site.assistant), site.assistant.settings))
    answer = Answer.from_dict(endpoints.ask_article("When was the bridge closed?", ["b1"]))
    told = {place.marker: (place.pages, place.days) for place in answer.places}
    assert [told[cited.marker] for cited in answer.citations] == [
        ("page 1", ("Wednesday: 2023-11-08",)),
        ("page 2", ()),
    ]
    assert Answer.from_json(answer.to_json()) == answer
    [one, two] = answer.to_markdown().strip().splitlines()[-2:]
    assert "s, page 1, characters 0–" in one
    assert one.endswith("(Wednesday: 2023-11-08)")
    assert "page 2" in two


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("/ask", (7,), "question: "),
        ("/ask", (QUESTION, None, 0.5), "history: "),
        ("/ask", (QUESTION, None, [["only a question"]]), "pairs"),
        ("/add", ("", ["no", "text"]), "text: "),
        ("/search", (QUESTION, "many"), "k: "),
    ],
)
def test_an_argument_of_the_wrong_type_is_refused_by_its_name(
    client: Client, name: str, given: tuple[object, ...], told: str
) -> None:
    with pytest.raises(AppError, match=told):
        client.predict(*given, api_name=name)


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
