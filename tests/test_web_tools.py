"""Models use the library by the tools of MCP, as a real client of the protocol calls them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from assistant.schema import NOT_IN_ARTICLE, Answer
from assistant.web.api import Endpoints
from assistant.web.app import build_page
from assistant.web.server import asgi_app
from assistant.web.tools import PATH, ToolServer
from assistant.web.workspace import Workspace, opened
from tests.browser import Site, scripted_site, served
from tests.conftest import POSITION

QUESTION = "What was the UK's position?"
BRIDGE = "The old bridge was closed on Monday. The repair would cost four million euros."

Talk = Callable[[ClientSession], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with scripted_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(_site: Site) -> Site:
    _site.reset()
    _site.say(POSITION)
    return _site


@contextmanager
def tools_of(
    site: Site, *accounts: tuple[str, str], workspace: Workspace | None = None
) -> Iterator[str]:
    """The page with its tools on a port of its own; where the tools are."""
    workspace = workspace or Workspace(opened(site.assistant), site.assistant.settings)

    def build() -> FastAPI:
        tools = ToolServer("Ask the article", Endpoints(workspace), accounts)
        return asgi_app(build_page(workspace), auth=accounts, tools=tools)

    with served(build) as url:
        yield f"{url.rstrip('/')}{PATH}"


def talk(url: str, say: Talk, auth: tuple[str, str] | None = None) -> None:
    """Connect as a client does, and hold a conversation."""

    async def connected() -> None:
        async with (
            httpx.AsyncClient(auth=auth, timeout=60) as http,
            streamable_http_client(url, http_client=http) as (incoming, outgoing, _),
            ClientSession(incoming, outgoing) as session,
        ):
            await session.initialize()
            await say(session)

    asyncio.run(connected())


def given(result: CallToolResult) -> Any:
    """What a tool gave back, which is one JSON text and the same as structured content."""
    [content] = result.content
    assert isinstance(content, TextContent)
    assert not result.isError, content.text
    data = json.loads(content.text)
    assert data == result.structuredContent
    return data


def test_tools_say_what_they_do_and_take(site: Site) -> None:
    async def say(session: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert sorted(tools) == ["add_article", "ask_article", "list_articles", "search_passages"]
        for name, tool in tools.items():
            assert len((tool.description or "").split()) > 15, name
            for argument, schema in tool.inputSchema["properties"].items():
                assert len(schema["description"].split()) > 2, argument
            assert tool.annotations is not None
            assert tool.annotations.readOnlyHint is (name != "add_article")
        assert tools["ask_article"].inputSchema["required"] == ["question"]

    with tools_of(site) as url:
        talk(url, say)


def test_an_answer_is_the_json_that_python_users_get(site: Site) -> None:
    async def say(session: ClientSession) -> None:
        answer = Answer.from_dict(
            given(await session.call_tool("ask_article", {"question": QUESTION}))
        )
        assert answer.text.startswith(POSITION)
        assert answer.citations
        [article] = site.assistant.articles()
        for cited in answer.citations:
            assert article.text[cited.start : cited.end] == cited.quote

    with tools_of(site) as url:
        talk(url, say)


def test_articles_are_added_listed_searched_and_asked(site: Site) -> None:
    async def say(session: ClientSession) -> None:
        text = f"{BRIDGE} “Žižkov” and 橋 stay as they are."
        added = given(await session.call_tool("add_article", {"text": text, "title": "Bridge"}))
        assert (added["title"], added["new"]) == ("Bridge", True)
        listed = given(await session.call_tool("list_articles", {}))["articles"]
        assert [one["id"] for one in listed] == site.assistant.library.article_ids()
        assert "text" not in listed[0]
        where = {"query": "repair", "k": 2, "articles": [added["id"]]}
        found = given(await session.call_tool("search_passages", where))["passages"]
        assert [one["passage"]["article_id"] for one in found] == [added["id"]] * 2
        result = await session.call_tool("search_passages", where | {"query": "橋"})
        assert "Žižkov" in str(result.content[0]), "letters stay letters"
        site.say("The repair would cost four million euros.")
        asked = {
            "question": "And how much would that cost?",
            "articles": [added["id"]],
            "history": [["What will happen to the bridge?", "It is repaired."]],
        }
        answer = given(await session.call_tool("ask_article", asked))
        assert {cited["article_id"] for cited in answer["citations"]} == {added["id"]}
        assert answer["standalone"] != answer["question"]

    with tools_of(site) as url:
        talk(url, say)


def test_a_refusal_is_an_answer(site: Site) -> None:
    async def say(session: ClientSession) -> None:
        question = {"question": "Who won the chess championship?"}
        answer = given(await session.call_tool("ask_article", question))
        assert answer["status"] == "not_in_article"
        assert len(answer["related"]) == 3

    site.say(NOT_IN_ARTICLE, yes=0.01)
    with tools_of(site) as url:
        talk(url, say)


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("ask_article", {"question": " "}, "The question is empty"),
        ("ask_article", {"question": QUESTION, "articles": ["no such id"]}, "no such id"),
        ("ask_article", {"question": QUESTION, "history": [["one"]]}, "pairs"),
        ("ask_article", {}, "'question' is a required property"),
        ("add_article", {"url": "http://127.0.0.1:1/"}, "must not be fetched"),
        ("add_article", {"url": "/etc/passwd"}, "is no address"),
        ("search_passages", {"query": "repair", "k": 1000}, "maximum"),
        ("remove", {"article_id": "x"}, "There is no tool remove"),
    ],
)
def test_mistakes_are_told_to_the_model(
    tools: str, tool: str, arguments: dict[str, Any], reason: str
) -> None:
    async def say(session: ClientSession) -> None:
        result = await session.call_tool(tool, arguments)
        assert result.isError
        [content] = result.content
        assert isinstance(content, TextContent)
        assert reason in content.text
        assert "Traceback" not in content.text

    talk(tools, say)


@pytest.fixture(scope="module")
def tools(_site: Site) -> Iterator[str]:
    with tools_of(_site) as url:
        yield url


def test_a_caller_who_goes_away_stops_the_model(site: Site) -> None:
    call = {"name": "ask_article", "arguments": {"question": QUESTION}}
    workspace = Workspace(opened(site.assistant), site.assistant.settings)
    # No word twice: a model that repeats itself is stopped, here after some two seconds as well.
    site.say("The UK said " + " ".join(f"word{n}" for n in range(800)), delay=0.05)
    with tools_of(site, workspace=workspace) as url:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                url,
                json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call},
                headers={"accept": "application/json, text/event-stream"},
                timeout=2,
            )
        assert workspace.busy, "or this shows nothing"
        left = time.monotonic()
        while workspace.busy and time.monotonic() - left < 20:
            time.sleep(0.02)
        assert time.monotonic() - left < 2


def test_accounts_guard_the_tools_too(site: Site) -> None:
    async def say(session: ClientSession) -> None:
        assert given(await session.call_tool("list_articles", {}))["articles"]

    with tools_of(site, ("ada", "se:cret"), ("bob", "other")) as url:
        for wrong in (None, ("ada", "guess"), ("ada", "other"), ("", "")):
            answer = httpx.post(url, json={}, auth=wrong)
            assert answer.status_code == 401
            assert "Basic" in answer.headers["www-authenticate"]
        for broken in ("Basic", "Basic !", "Bearer YWRhOnNlOmNyZXQ=", "Basic YWRhOnNlOmNyZXQ"):
            answer = httpx.post(url, json={}, headers={"authorization": broken})
            assert answer.status_code == 401
        talk(url, say, auth=("ada", "se:cret"))


def test_there_are_no_tools_unless_asked_for_and_none_for_other_sites(site: Site) -> None:
    with tools_of(site) as url:
        foreign = httpx.post(url, json={}, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert httpx.post(url, json={}, headers={"host": "evil.example"}).status_code == 421
        page = httpx.get(url.removesuffix(PATH))
        assert page.status_code == 200
    plain = httpx.post(f"{site.url.rstrip('/')}{PATH}", json={})
    assert plain.status_code in (404, 405)
