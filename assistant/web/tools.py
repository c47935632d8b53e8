"""Tools for language models, by the Model Context Protocol: ask, add, list, search.

Served beside the page, and not by Gradio: its tools answer in Python's notation, and its login
does not guard them. Removing is no tool: what leaves the library is for people to decide.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import TextContent, ToolAnnotations
from mcp.types import Tool as Description
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from assistant.reading import Halt
from assistant.web.api import MAX_RESULTS, Endpoints

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PATH = "/gradio_api/mcp"
"""Where programs look for the tools of a page like this one."""

CONCURRENT = 4
"""Calls under way at once."""

_ABOUT = (
    "Question the articles of a library on this computer. Every sentence of an answer carries "
    "verbatim quotes with the article's id and character offsets; what the articles do not say "
    "is said to be missing. List the articles first, or ask all of them."
)


class Ask(BaseModel):
    """Answer a question from the articles in the library, with verbatim quotes.

    Every sentence of the answer carries the quotes it rests on, with the article's id and
    character offsets, and how well they support it. When the articles do not answer the question,
    status is "not_in_article" and related passages are given instead. Takes seconds to a minute.
    """

    question: str = Field(description="The question, in a sentence.")
    articles: list[str] | None = Field(
        None, description="Ids of the articles to ask, from list_articles; all when left out."
    )
    history: list[list[str]] | None = Field(
        None, description="Earlier [question, answer] pairs that the question may refer to."
    )


class Add(BaseModel):
    """Add an article to the library, from its web address or from its text.

    Gives its id, title and what is known of it, and whether it is new. The text itself is not
    given back: ask about it. Private addresses are refused.
    """

    url: str = Field("", description="The article's http(s) address.")
    text: str = Field("", description="The article's text, when there is no url.")
    title: str = Field("", description="A title, if the one found should not be used.")


class ListAll(BaseModel):
    """List the articles in the library, without their texts.

    For each its id, which the other tools take, title, source, outlet, byline, date of
    publication where it is known, and length in characters.
    """


class Search(BaseModel):
    """Find the passages nearest to a query, best first, without any language model.

    Each is one sentence of an article, verbatim, with its offsets and a score. Quick: use it to
    look something up, and ask_article to have a question answered.
    """

    query: str = Field(description="Words or a question.")
    k: int = Field(8, description="How many passages.", ge=1, le=MAX_RESULTS)
    articles: list[str] | None = Field(
        None, description="Ids of the articles to search; all when left out."
    )


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: what it takes, and what it does with it. ``Halt`` says that nobody waits."""

    takes: type[BaseModel]
    run: Callable[[Mapping[str, Any], Halt], dict[str, Any]]
    changes: bool = False

    def described(self, name: str) -> Description:
        """What a model is told about it."""
        schema = self.takes.model_json_schema()
        del schema["title"]
        schema.pop("description", None)
        return Description(
            name=name,
            description=getdoc(self.takes),
            inputSchema=schema,
            annotations=ToolAnnotations(
                readOnlyHint=not self.changes, destructiveHint=False, idempotentHint=True
            ),
        )


def _tools(api: Endpoints) -> dict[str, Tool]:
    return {
        "ask_article": Tool(Ask, lambda given, stopped: api.answer(**given, stopped=stopped)),
        "add_article": Tool(Add, lambda given, _: api.add_article(**given), changes=True),
        "list_articles": Tool(ListAll, lambda *_: {"articles": api.list_articles()}),
        "search_passages": Tool(
            Search, lambda given, _: {"passages": api.search_passages(**given)}
        ),
    }


class ToolServer:
    """An ASGI application that serves the tools while :meth:`running` lasts."""

    def __init__(
        self, title: str, api: Endpoints, accounts: Sequence[tuple[str, str]] = ()
    ) -> None:
        """With ``accounts`` (names and passwords) callers have to log in, by HTTP Basic."""
        self._tools = _tools(api)
        self._accounts = [f"{name}:{password}".encode() for name, password in accounts]
        self._limiter = CapacityLimiter(CONCURRENT)
        server: Server[object, Any] = Server(title, instructions=_ABOUT)
        server.list_tools()(self._list)  # type: ignore[no-untyped-call]
        server.call_tool()(self._call)
        self._manager = StreamableHTTPSessionManager(server, stateless=True)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Can be entered once."""
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._accounts and not self._knows(Headers(scope=scope).get("authorization", "")):
            challenge = {"www-authenticate": 'Basic realm="Ask the article"'}
            refused = PlainTextResponse("Give a name and a password.", 401, challenge)
            await refused(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)

    def _knows(self, given: str) -> bool:
        kind, _, words = given.partition(" ")
        try:
            account = base64.b64decode(words, validate=True)
        except ValueError:
            return False
        matches = [secrets.compare_digest(account, one) for one in self._accounts]
        return kind.lower() == "basic" and any(matches)

    async def _list(self) -> list[Description]:
        return [tool.described(name) for name, tool in self._tools.items()]

    async def _call(
        self, name: str, arguments: dict[str, Any]
    ) -> tuple[list[TextContent], dict[str, Any]]:
        """An error's sentence is what the caller gets: the server catches all of them."""
        tool = self._tools.get(name)
        if tool is None:
            raise LookupError(f"There is no tool {name}; there are {', '.join(self._tools)}.")
        given = tool.takes.model_validate(arguments).model_dump()
        async with _until_left() as stopped:
            run = partial(tool.run, given, stopped)
            result = await to_thread.run_sync(run, abandon_on_cancel=True, limiter=self._limiter)
        return [TextContent(type="text", text=json.dumps(result, ensure_ascii=False))], result


@asynccontextmanager
async def _until_left() -> AsyncIterator[Halt]:
    """Tells a thread when the caller has gone."""
    gone = threading.Event()
    try:
        yield gone.is_set
    finally:
        gone.set()
