"""``doctor``: what is wrong with this installation, and the command that mends it."""

from __future__ import annotations

from importlib import metadata

from assistant.cli import options

_STYLES = {"ok": "green", "failed": "bold red", "skipped": "dim"}


def version() -> str:
    """The version of this program."""
    return metadata.version("ask-the-article")


def doctor(
    store: options.Store = None,
    chroma_url: options.ChromaUrl = None,
    model: options.Model = None,
    endpoint: options.Endpoint = None,
    offline: options.Offline = None,
    timings: options.Timings = False,
    as_json: options.AsJson = False,
) -> int:
    """Check the installation, and say what mends it. Exit code 1 where a check failed."""
    from dataclasses import asdict

    from rich.text import Text

    from assistant.cli.printing import console, print_json, say
    from assistant.cli.waiting import Waiting
    from assistant.doctor import examine
    from assistant.printable import one_line
    from assistant.settings import Settings

    settings = Settings.load(
        store=store, chroma_url=chroma_url, model=model, endpoint=endpoint, offline=offline
    )
    checks = []
    screen = console()
    with Waiting("Examining …") as waiting:
        for check in examine(settings):
            checks.append(check)
            waiting.say(f"Examined: {check.name} …")
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            lead = f"{check.state:<9}{check.name:<11}"
            say(screen, Text(one_line(check.found), style=_STYLES[check.state]), lead=lead)
            if check.remedy:
                say(screen, check.remedy, lead=f"{'':<20}→ ", style="bold")
    return int(any(check.state == "failed" for check in checks))
