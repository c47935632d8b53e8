"""Examine an installation: what is there, what is missing, and the command that mends it.

Every check looks without changing anything, except that opening a library repairs its index.
Not handled here: printing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistant.doctor import machine, parts
from assistant.doctor.verdicts import Check, Failed, Skipped
from assistant.settings import Settings

__all__ = ["Check", "examine"]


def examine(settings: Settings) -> Iterator[Check]:
    """Every check, one after the other, as its result is known. Never raises."""
    checks: dict[str, Callable[[Settings], str]] = {
        "python": machine.python,
        "packages": machine.packages,
        "processor": machine.processor,
        "prompts": parts.templates,
        "embedder": parts.embedder,
        "model": parts.model,
        "endpoint": parts.endpoint,
        "library": parts.library,
        "memory": machine.memory,
        "disk": machine.disk,
    }
    for name, look in checks.items():
        try:
            yield Check(name, "ok", look(settings))
        except Failed as verdict:
            yield Check(name, "failed", verdict.found, verdict.remedy)
        except Skipped as reason:
            yield Check(name, "skipped", str(reason))
