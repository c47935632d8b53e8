"""Examine an installation: what is there, what is missing, and the command that mends it.

Every check looks without changing anything, except that opening a library repairs its index.
Not handled here: printing.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant import prompts, weights
from assistant.errors import AssistantError, LibraryBusy, ModelError
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.library import Library

_DISTRIBUTION = "ask-the-article"
_OLDEST_PYTHON = (3, 11)
_EMBEDDER_MEMORY = 700_000_000
"""Bytes that torch and the embedding model take, measured."""
_MODEL_MEMORY = 1.2
"""Memory that a language model takes, as a multiple of its file."""
_STORE_ROOM = 200_000_000
_ANSWERS_WITHIN = 5.0
"""Seconds that an endpoint has."""
_OTHER_STORE = "Choose another folder: --store, or ASSISTANT_STORE"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``remedy`` is what to do when it has failed."""

    name: str
    state: Literal["ok", "failed", "skipped"]
    found: str
    remedy: str = ""


class _Failed(Exception):
    """A check's verdict: what was found, and the remedy."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.found = found
        self.remedy = remedy


class _Skipped(Exception):
    """There is nothing to check under these settings; the text says why."""


def examine(settings: Settings) -> Iterator[Check]:
    """Every check, one after the other, as its result is known. Never raises."""
    checks: dict[str, Callable[[Settings], str]] = {
        "python": _python,
        "packages": _packages,
        "processor": _processor,
        "prompts": _prompts,
        "embedder": _embedder,
        "model": _model,
        "endpoint": _endpoint,
        "library": _library,
        "memory": _memory,
        "disk": _disk,
    }
    for name, look in checks.items():
        try:
            yield Check(name, "ok", look(settings))
        except _Failed as verdict:
            yield Check(name, "failed", verdict.found, verdict.remedy)
        except _Skipped as reason:
            yield Check(name, "skipped", str(reason))


def _python(_: Settings) -> str:
    found = f"Python {platform.python_version()}"
    if sys.version_info < _OLDEST_PYTHON:
        raise _Failed(found, "Install Python 3.11 or newer and set up again: make ask PYTHON=…")
    return found


def _packages(_: Settings) -> str:
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in metadata.requires(_DISTRIBUTION) or ()]
    wrong = []
    needed = [item for item in wanted if item.marker is None or item.marker.evaluate()]
    for item in needed:
        try:
            version = metadata.version(item.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{item.name} is missing")
            continue
        if not item.specifier.contains(version, prereleases=True):
            wrong.append(f"{item.name} is {version}, not {item.specifier}")
    if wrong:
        raise _Failed("; ".join(wrong), f"{sys.executable} -m pip install -r requirements.lock")
    return f"{len(needed)} packages, in versions that go together"


def _processor(_: Settings) -> str:
    cores = f"{os.cpu_count()} cores"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        raise _Skipped(f"{cores}; this system does not say what they can do") from None
    if platform.machine() == "x86_64" and " avx2" not in flags:
        raise _Failed(
            f"{cores} without AVX2, which the embedded language model needs",
            "assistant ask --extractive …, or name a server with --endpoint",
        )
    return cores


def _prompts(settings: Settings) -> str:
    for name, variables in prompts.VARIABLES.items():
        try:
            prompts.render(name, settings.prompts, **dict.fromkeys(variables, ""))
        except AssistantError as error:
            where = settings.prompts or "the installation"
            raise _Failed(str(error), f"Mend or remove the template in {where}.") from error
    return f"{len(prompts.VARIABLES)} templates"


def _embedder(settings: Settings) -> str:
    from assistant.models import HASH

    name = settings.embedder
    if name in weights.catalogue():
        return _verified(name, settings)
    if name == HASH:
        return "by shared words, no file"
    if (Path(name).expanduser() / "config.json").is_file():
        return f"{name}, a folder of your own"
    raise _Failed(f"there is no embedder '{name}'", "unset ASSISTANT_EMBEDDER")


def _model(settings: Settings) -> str:
    from assistant import models

    if settings.endpoint:
        raise _Skipped(f"{settings.model} is answered by the endpoint")
    if settings.model in weights.catalogue():
        return _verified(settings.model, settings)
    try:
        model = models.chat_model(settings)
    except ModelError as error:
        raise _Failed(str(error), "assistant models list") from error
    return settings.model if model else "none: answers are the article's own sentences"


def _verified(name: str, settings: Settings) -> str:
    try:
        weights.verify(name, settings)
    except AssistantError as error:
        raise _Failed(str(error), f"assistant models pull {name}") from error
    return f"{name}, every byte right"


def _endpoint(settings: Settings) -> str:
    import httpx

    if not settings.endpoint:
        raise _Skipped("none is set")
    if settings.offline:
        raise _Skipped("offline mode opens no connection")
    key = settings.api_key.get_secret_value() if settings.api_key else "none"
    url = f"{settings.endpoint}/models"
    try:
        reply = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=_ANSWERS_WITHIN)
        reply.raise_for_status()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise _Failed(
            f"{url} answers HTTP {status}",
            "Set ASSISTANT_API_KEY." if status in (401, 403) else "Check ASSISTANT_ENDPOINT.",
        ) from error
    except httpx.HTTPError as error:
        raise _Failed(
            f"{url} cannot be reached ({type(error).__name__})",
            "Start the server, or check ASSISTANT_ENDPOINT.",
        ) from error
    return f"{settings.endpoint} answers"


def _library(settings: Settings) -> str:
    """The lock is free, every article can be read, and the index agrees with the ledger."""
    from assistant.opening import open_library

    if not settings.store.exists():
        parent = _nearest(settings.store)
        if not os.access(parent, os.W_OK):
            raise _Failed(f"{parent} cannot be written", _OTHER_STORE)
        return f"none yet; the first article makes it in {settings.store}"
    try:
        # Whoever asks for a diagnosis has not asked for a download.
        with open_library(settings.model_copy(update={"offline": True})) as library:
            articles = library.articles()
            sentences = sum(len(library.passages(article.id)) for article in articles)
            found = f"{len(articles)} articles, {sentences} sentences in {settings.store}"
            if articles:
                found += _index(library, settings)
    except LibraryBusy as error:
        raise _Failed(
            str(error), "Close that program, or choose another folder: --store"
        ) from error
    except AssistantError as error:
        raise _Failed(str(error), _OTHER_STORE) from error
    return found


def _index(library: Library, settings: Settings) -> str:
    if settings.embedder in weights.catalogue() and not weights.path(settings.embedder, settings):
        return "; the index was not examined, for want of the embedder"
    library.warm_up()
    return "; " + (" ".join(library.notices) or "the index agrees")


def _memory(settings: Settings) -> str:
    available = weights.available_memory()
    if available is None:
        raise _Skipped("this system does not say how much is free")
    needed = _EMBEDDER_MEMORY
    if settings.model in weights.catalogue() and not settings.endpoint:
        needed += int(weights.catalogue()[settings.model].bytes * _MODEL_MEMORY)
    found = f"{_gigabytes(available)} free, {_gigabytes(needed)} needed"
    if available < needed:
        smallest = min(
            (row for row in weights.catalogue().values() if row.kind == "chat"),
            key=lambda row: row.bytes,
        )
        raise _Failed(found, f"assistant ask --model {smallest.name} …, or --extractive")
    return found


def _disk(settings: Settings) -> str:
    missing = sum(
        weights.catalogue()[name].bytes
        for name in (settings.embedder, settings.model)
        if name in weights.catalogue() and weights.path(name, settings) is None
    )
    found = []
    for folder, needed in ((settings.store, _STORE_ROOM), (settings.cache, missing)):
        free = shutil.disk_usage(_nearest(folder)).free
        found.append(f"{_gigabytes(free)} free for {folder}")
        if free < needed:
            variable = "ASSISTANT_STORE" if folder == settings.store else "ASSISTANT_CACHE"
            raise _Failed(
                f"{_gigabytes(free)} free for {folder}, {_gigabytes(needed)} needed",
                f"Make room, or name a folder on another disk: export {variable}=…",
            )
    return "; ".join(found)


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
