"""``web``: the page in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.cli import options


def web(
    host: Annotated[
        str, typer.Option(help="Address to bind; other than this computer's own needs --auth.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; 7860 or the next free one.")
    ] = None,
    auth: Annotated[
        str | None, typer.Option(metavar="USER:PASSWORD", help="Ask everyone to log in.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow a wider --host without --auth.")
    ] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Serve MCP tools as well.")] = False,
    root_path: Annotated[
        str, typer.Option(metavar="PATH", help="Where a reverse proxy puts the page.")
    ] = "",
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = False,
    store: options.Store = None,
    model: options.Model = None,
    endpoint: options.Endpoint = None,
    caution: options.Caution = None,
    extractive: options.Extractive = False,
    offline: options.Offline = None,
) -> None:
    """Open the web page: chat with articles in a browser. Ctrl-C stops it."""
    from assistant.settings import Settings
    from assistant.web import run

    settings = Settings.load(
        store=store,
        model=options.chosen_model(model, extractive),
        endpoint=endpoint,
        caution=caution,
        offline=offline,
    )
    run(
        settings,
        host=host,
        port=port,
        auth=auth,
        insecure=insecure,
        mcp=mcp,
        root_path=root_path,
        open_browser=open_browser,
    )
