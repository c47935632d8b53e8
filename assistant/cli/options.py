"""Options that several commands share. ``None`` always means "not given"."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.errors import UserInputError


def _time(context: typer.Context, wanted: bool) -> bool:
    """Record the stages of a command, and print them when it ends, however it ends."""
    if wanted:
        from assistant.cli.printing import console, print_stages
        from assistant.tracing import recording

        begun = time.perf_counter()
        record = context.with_resource(recording())
        context.call_on_close(
            lambda: print_stages(record.stages, time.perf_counter() - begun, console(stderr=True))
        )
    return wanted


Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--article",
        "-a",
        metavar="SOURCE",
        help="Ask this file, folder or URL ('-' is standard input); it is added to the library. "
        "May be repeated.",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="ID", help="Ask only this article of the library (repeatable)."),
]
Store = Annotated[
    Path | None, typer.Option(help="Folder of the library.", show_default="vectorstore")
]
ChromaUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Keep the index on this Chroma server.")
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="A name from 'assistant models list', a .gguf file, 'extractive', or "
        "'<provider>:<model>'; with --endpoint, the name the server knows.",
    ),
]
Endpoint = Annotated[
    str | None, typer.Option(metavar="URL", help="An OpenAI-compatible server to ask.")
]
Caution = Annotated[
    float | None,
    typer.Option(help="0 answers boldly, 1 refuses when in any doubt.", show_default="0.5"),
]
Extractive = Annotated[
    bool, typer.Option("--extractive", help="Answer with the article's own sentences, no model.")
]
Offline = Annotated[bool | None, typer.Option("--offline", help="Never open a network connection.")]
Timings = Annotated[
    bool,
    typer.Option(
        "--timings", callback=_time, help="Print milliseconds by stage on standard error."
    ),
]
"""Does by itself what it says: a command takes it and need not look at it."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def chosen_model(model: str | None, extractive: bool) -> str | None:
    """The model setting that ``--model`` and ``--extractive`` ask for together.

    Raises:
        UserInputError: they contradict each other.
    """
    if not extractive:
        return model
    from assistant.models import EXTRACTIVE  # with LangChain, which --help need not wait for

    if model not in (None, EXTRACTIVE):
        raise UserInputError("--model and --extractive contradict each other; give one of them.")
    return EXTRACTIVE


def given(**values: Any) -> dict[str, Any]:
    """The settings that were given on the command line."""
    return {name: value for name, value in values.items() if value is not None}
