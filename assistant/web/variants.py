"""The assistant as each reader wants it: another model, more or less cautious, over one library."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from assistant import models
from assistant.answering import Assistant
from assistant.errors import UserInputError
from assistant.settings import Settings

MODELS_KEPT = 2
"""Chat models held in memory at once, the configured one not counted."""

_Key = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose: ``model`` empty means the configured one; ``caution`` 0 to 1."""

    model: str = ""
    caution: float | None = None
    endpoint: str | None = None
    api_key: str = ""


class Variants:
    """Assistants by :class:`Choice`. Thread-safe.

    ``opening`` completes when the assistant as configured is open; until then everything here
    waits. ``endpoints`` lets readers name model servers.
    """

    def __init__(self, opening: Future[Assistant], *, endpoints: bool) -> None:
        self._opening = opening
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._models: OrderedDict[_Key, BaseChatModel | None] = OrderedDict()

    def assistant(self, choice: Choice) -> Assistant:
        """The assistant with the reader's model and caution.

        Raises:
            SettingsError, ModelError, WeightsError: the choice cannot be had.
        """
        base = self._opening.result()
        changes = {"caution": choice.caution, **self._model_settings(choice)}
        given = {key: value for key, value in changes.items() if value is not None}
        if not given or all(getattr(base.settings, key) == given[key] for key in given):
            return base
        settings = Settings.load(**{**base.settings.model_dump(exclude_unset=False), **given})
        model = self._chat_model(settings, base)
        return Assistant(settings, library=base.library, chat_model=model)

    def prepare(self, choice: Choice, progress: models.Progress | None = None) -> str:
        """Get a chosen model ready, downloading it if need be; its name as answers carry it.

        Raises:
            SettingsError, ModelError, WeightsError: it cannot be had.
        """
        base = self._opening.result()
        model = self._chat_model(self._settings(choice, base), base, progress)
        load = getattr(model, "load", None)
        if load:
            load()
        return self.assistant(choice).model_name

    def at_hand(self, choice: Choice) -> bool:
        """Whether a choice costs no download and no new model in memory."""
        base = self._opening.result()
        settings = self._settings(choice, base)
        with self._lock:
            return _same_model(settings, base.settings) or _key(settings) in self._models

    def close(self) -> None:
        """Free the models that were made here."""
        with self._lock:
            for model in self._models.values():
                _free(model)
            self._models.clear()

    def _settings(self, choice: Choice, base: Assistant) -> Settings:
        return Settings.load(**{**base.settings.model_dump(), **self._model_settings(choice)})

    def _model_settings(self, choice: Choice) -> dict[str, object]:
        if not choice.model:
            return {}
        if choice.endpoint and not self._endpoints:
            raise UserInputError("This server does not let readers name model servers.")
        return {
            "model": choice.model,
            "endpoint": choice.endpoint,
            "api_key": SecretStr(choice.api_key) if choice.api_key else None,
        }

    def _chat_model(
        self, settings: Settings, base: Assistant, progress: models.Progress | None = None
    ) -> BaseChatModel | None:
        if _same_model(settings, base.settings):
            return base.chat_model
        key = _key(settings)
        with self._lock:
            if key not in self._models:
                self._models[key] = models.chat_model(settings, progress)
                if len(self._models) > MODELS_KEPT:
                    _, oldest = self._models.popitem(last=False)
                    _free(oldest)
            self._models.move_to_end(key)
            return self._models[key]


def _same_model(one: Settings, other: Settings) -> bool:
    return (one.model, one.endpoint) == (other.model, other.endpoint)


def _key(settings: Settings) -> _Key:
    secret = settings.api_key.get_secret_value() if settings.api_key else ""
    return settings.model, settings.endpoint, secret


def _free(model: BaseChatModel | None) -> None:
    close = getattr(model, "close", None)
    if close:
        close()
