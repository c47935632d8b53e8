"""``models list``, ``pull``, ``verify`` and ``path``: the model files on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from assistant.cli import options
from assistant.errors import WeightsError
from assistant.tracing import span

app = typer.Typer(help="Model files: list, download, check.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", show_default=False)]


@app.command("list")
def list_models(timings: options.Timings = False, as_json: options.AsJson = False) -> None:
    """List the models that can be had, and which are here."""
    from assistant import weights
    from assistant.cli.printing import console, print_json, say
    from assistant.settings import Settings

    settings = Settings.load()
    rows = [
        {
            "name": model.name,
            "kind": model.kind,
            "here": weights.path(model, settings) is not None,
            "used": model.name in (settings.model, settings.embedder),
            "bytes": model.bytes,
            "licence": model.licence,
            "summary": model.summary,
        }
        for model in weights.catalogue().values()
    ]
    if as_json:
        print_json(rows)
        return
    screen = console()
    for row in rows:
        here = "here" if row["here"] else "not here"
        used = " (in use)" if row["used"] else ""
        say(screen, f"{row['name']:<22}{row['kind']:<10}{_size(row):>9}  {here}{used}")
        say(screen, f"{row['summary']}. {row['licence']}", lead="  ", style="dim")


@app.command()
def pull(
    names: Names = None, offline: options.Offline = None, timings: options.Timings = False
) -> None:
    """Download models: those named, or those that the settings use. Replaces damaged files."""
    from assistant import weights
    from assistant.cli.printing import console, say
    from assistant.cli.waiting import Waiting
    from assistant.settings import Settings

    settings = Settings.load(offline=offline)
    for name in names or _used(settings.embedder, settings.model):
        with Waiting(f"Checking {name} …") as waiting:
            place = weights.ensure(name, settings, waiting.downloaded, repair=True)
        say(console(), f"{name}: {place}")


@app.command()
def verify(names: Names = None, timings: options.Timings = False) -> int:
    """Read every byte of the models named, or of all that are here, and compare the hashes."""
    from assistant import weights
    from assistant.cli.printing import console, print_error, say
    from assistant.cli.waiting import Waiting
    from assistant.settings import Settings

    settings = Settings.load()
    here = [name for name in weights.catalogue() if weights.location(name, settings).exists()]
    failed = False
    for name in names or here or _used(settings.embedder, settings.model):
        try:
            with Waiting(f"Reading {name} …"), span("verify", model=name):
                weights.verify(name, settings)
        except WeightsError as error:
            failed = True
            print_error(str(error))
        else:
            say(console(), f"{name}: every byte is right")
    return int(failed)


@app.command()
def path(
    name: Annotated[str, typer.Argument(metavar="NAME")], timings: options.Timings = False
) -> None:
    """Print where a model is: an embedder's folder or a chat model's file."""
    from assistant import weights
    from assistant.settings import Settings

    settings = Settings.load()
    if weights.path(name, settings) is None:
        weights.verify(name, settings)
    typer.echo(weights.location(name, settings))


def _used(*names: str) -> Sequence[str]:
    from assistant import weights

    return [name for name in names if name in weights.catalogue()]


def _size(row: dict[str, Any]) -> str:
    return f"{row['bytes'] / 1e6:,.0f} MB"
