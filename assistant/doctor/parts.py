"""What the settings name: templates, models, an endpoint, a library.

A check returns what it found, or raises Failed or Skipped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import prompts, weights
from assistant.doctor.verdicts import Failed, Skipped, nearest
from assistant.errors import AssistantError, LibraryBusy, ModelError
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.library import Library

_ANSWERS_WITHIN = 5.0
"""Seconds that an endpoint has."""
_OTHER_STORE = "Choose another folder: --store, or ASSISTANT_STORE"


def templates(settings: Settings) -> str:
    """Every prompt can be rendered."""
    for name, variables in prompts.VARIABLES.items():
        try:
            prompts.render(name, settings.prompts, **dict.fromkeys(variables, ""))
        except AssistantError as error:
            where = settings.prompts or "the installation"
            raise Failed(str(error), f"Mend or remove the template in {where}.") from error
    return f"{len(prompts.VARIABLES)} templates"


def embedder(settings: Settings) -> str:
    """The embedding model is there, every byte of it."""
    from assistant.models import HASH

    name = settings.embedder
    if name in weights.catalogue():
        return _verified(name, settings)
    if name == HASH:
        return "by shared words, no file"
    if (Path(name).expanduser() / "config.json").is_file():
        return f"{name}, a folder of your own"
    raise Failed(f"there is no embedder '{name}'", "unset ASSISTANT_EMBEDDER")


def model(settings: Settings) -> str:
    """The language model is there, every byte of it."""
    from assistant import models

    if settings.endpoint:
        raise Skipped(f"{settings.model} is answered by the endpoint")
    if settings.model in weights.catalogue():
        return _verified(settings.model, settings)
    try:
        chat = models.chat_model(settings)
    except ModelError as error:
        raise Failed(str(error), "assistant models list") from error
    return settings.model if chat else "none: answers are the article's own sentences"


def _verified(name: str, settings: Settings) -> str:
    try:
        weights.verify(name, settings)
    except AssistantError as error:
        raise Failed(str(error), f"assistant models pull {name}") from error
    return f"{name}, every byte right"


def endpoint(settings: Settings) -> str:
    """The model's server answers."""
    import httpx

    if not settings.endpoint:
        raise Skipped("none is set")
    if settings.offline:
        raise Skipped("offline mode opens no connection")
    key = settings.api_key.get_secret_value() if settings.api_key else "none"
    url = f"{settings.endpoint}/models"
    try:
        reply = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=_ANSWERS_WITHIN)
        reply.raise_for_status()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise Failed(
            f"{url} answers HTTP {status}",
            "Set ASSISTANT_API_KEY." if status in (401, 403) else "Check ASSISTANT_ENDPOINT.",
        ) from error
    except httpx.HTTPError as error:
        raise Failed(
            f"{url} cannot be reached ({type(error).__name__})",
            "Start the server, or check ASSISTANT_ENDPOINT.",
        ) from error
    return f"{settings.endpoint} answers"


def library(settings: Settings) -> str:
    """The lock is free, every article can be read, and the index agrees with the ledger."""
    from assistant.opening import open_library

    if not settings.store.exists():
        parent = nearest(settings.store)
        if not os.access(parent, os.W_OK):
            raise Failed(f"{parent} cannot be written", _OTHER_STORE)
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
        raise Failed(str(error), "Close that program, or choose another folder: --store") from error
    except AssistantError as error:
        raise Failed(str(error), _OTHER_STORE) from error
    return found


def _index(library: Library, settings: Settings) -> str:
    if settings.embedder in weights.catalogue() and not weights.path(settings.embedder, settings):
        return "; the index was not examined, for want of the embedder"
    library.warm_up()
    return "; " + (" ".join(library.notices) or "the index agrees")
