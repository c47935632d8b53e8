"""The assistant as each reader wants it: another model, more or less cautious, over one library."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from assistant import models, weights
from assistant.answering import Assistant
from assistant.errors import UserInputError
from assistant.llamacpp import LlamaCppChat
from assistant.settings import Settings

MODELS_KEPT = 2
"""Chat models held in memory at once, the configured one not counted."""

_Key = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose: ``model`` empty means the configured one; ``caution`` 0 to 1.

    With an ``endpoint``, ``model`` is the name of the model there.
    """

    model: str = ""
    caution: float | None = None
    endpoint: str | None = None
    api_key: str = ""


class Variants:
    """Assistants by :class:`Choice`. Thread-safe.

    ``opening`` completes when the assistant as configured, by ``settings``, is open; until then
    everything here waits. ``endpoints`` lets readers name model servers.
    """

    def __init__(self, opening: Future[Assistant], settings: Settings, *, endpoints: bool) -> None:
        self._opening = opening
        self._settings = settings
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._slots: OrderedDict[_Key, _Slot] = OrderedDict()

    @contextmanager
    def using(
        self, choice: Choice, progress: models.Progress | None = None, *, anew: bool = False
    ) -> Iterator[Assistant]:
        """The assistant with the reader's model and caution; while this lasts, nobody frees it.

        A model that is not there is downloaded; other readers do not wait for that. One that
        could not be had when the assistant opened is only tried again with ``anew``.

        Raises:
            UserInputError: a model server without its address or the model's name.
            SettingsError, ModelError, WeightsError: the choice cannot be had.
        """
        base = self._opening.result()
        changes = {"caution": choice.caution, **self._model_settings(choice)}
        given = {key: value for key, value in changes.items() if value is not None}
        unchanged = all(getattr(base.settings, key) == given[key] for key in given)
        settings = base.settings if unchanged else _changed(base.settings, given)
        missed = _is_missed(base) and (anew or self._is_made(_key(settings)))
        if _same_model(settings, base.settings) and not missed:
            if unchanged:
                yield base
                return
            # Why there is no language model, where there is none, holds for every caution.
            notices = base.notices
            yield Assistant(
                settings, library=base.library, chat_model=base.chat_model, notices=notices
            )
            return
        with self._slot(_key(settings)) as slot:
            model = slot.get(lambda: models.chat_model(settings, progress))
            yield Assistant(settings, library=base.library, chat_model=model)

    def assistant(self, choice: Choice) -> Assistant:
        """:meth:`using` for what may be interrupted: the model may be freed at any time."""
        with self.using(choice) as assistant:
            return assistant

    def prepare(self, choice: Choice, progress: models.Progress | None = None) -> str:
        """Get a chosen model ready, downloading it if need be; its name as answers carry it.

        Raises:
            UserInputError, SettingsError, ModelError, WeightsError: it cannot be had.
        """
        with self.using(choice, progress, anew=True) as assistant:
            load = getattr(assistant.chat_model, "load", None)
            if load:
                load()
            return assistant.model_name

    def at_hand(self, choice: Choice) -> bool:
        """Whether a choice costs no download and no new model in memory."""
        base = self._opening.result()
        settings = _changed(base.settings, self._model_settings(choice))
        return _same_model(settings, base.settings) or self._is_made(_key(settings))

    def lane(self, choice: Choice) -> str:
        """The model in this process that a reader's questions are put to, one after the other.

        Empty for a model elsewhere, and for none. Never waits: before the assistant is open,
        the settings tell.
        """
        model, endpoint = self._settings.model, self._settings.endpoint
        if choice.model:
            model, endpoint = choice.model, choice.endpoint
        if self._opening.done() and not self._opening.exception():
            base = self._opening.result()
            if (model, endpoint) == (base.settings.model, base.settings.endpoint):
                made = self._is_made(_key(base.settings))
                return model if made or isinstance(base.chat_model, LlamaCppChat) else ""
        here = model in weights.catalogue() or model.endswith(".gguf")
        return model if here and not endpoint else ""

    def close(self) -> None:
        """Free the models that were made here."""
        with self._lock:
            slots = list(self._slots.values())
            self._slots.clear()
        for slot in slots:
            slot.free()

    def _model_settings(self, choice: Choice) -> dict[str, object]:
        if choice.endpoint is not None and not (choice.endpoint and choice.model):
            raise UserInputError(
                "A model server needs its address and the model's name there. Fill in both "
                "under Settings, or choose another model."
            )
        if not choice.model:
            return {}
        if choice.endpoint and not self._endpoints:
            raise UserInputError("This server does not let readers name model servers.")
        return {
            "model": choice.model,
            "endpoint": choice.endpoint,
            "api_key": SecretStr(choice.api_key) if choice.api_key else None,
        }

    def _is_made(self, key: _Key) -> bool:
        with self._lock:
            slot = self._slots.get(key)
            return slot is not None and slot.made

    @contextmanager
    def _slot(self, key: _Key) -> Iterator[_Slot]:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            slot.users += 1
            self._slots.move_to_end(key)
        try:
            yield slot
        finally:
            with self._lock:
                slot.users -= 1
                left = self._left_over()
            # A model may have to end what it is about first: nobody waits for that here.
            for one in left:
                one.free()

    def _left_over(self) -> list[_Slot]:
        """Take out what nobody uses: failures, and the oldest of too many models."""
        idle = [key for key, slot in self._slots.items() if not slot.users]
        over = len(self._slots) - MODELS_KEPT
        gone = [key for key in idle if not self._slots[key].made]
        gone += [key for key in idle if self._slots[key].made][: max(0, over - len(gone))]
        return [self._slots.pop(key) for key in gone]


class _Slot:
    """A model that readers chose, made by the first of them; ``users`` are under its roof."""

    def __init__(self) -> None:
        self.users = 0
        self.made = False
        self._model: BaseChatModel | None = None
        self._making = threading.Lock()

    def get(self, make: Callable[[], BaseChatModel | None]) -> BaseChatModel | None:
        with self._making:
            if not self.made:
                self._model = make()
                self.made = True
            return self._model

    def free(self) -> None:
        close = getattr(self._model, "close", None)
        if close:
            close()


def _changed(settings: Settings, given: Mapping[str, object]) -> Settings:
    """The settings with others in the place of some; checked as all settings are."""
    return Settings.load(**{**settings.model_dump(), **given})


def _is_missed(base: Assistant) -> bool:
    """Whether there is no language model although one was wanted."""
    return base.chat_model is None and base.settings.model != models.EXTRACTIVE


def _same_model(one: Settings, other: Settings) -> bool:
    return (one.model, one.endpoint) == (other.model, other.endpoint)


def _key(settings: Settings) -> _Key:
    secret = settings.api_key.get_secret_value() if settings.api_key else ""
    return settings.model, settings.endpoint, secret
