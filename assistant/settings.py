"""Every setting, with its bounds. Frozen; unknown keys are refused. The only reader of os.environ.

A setting comes from, in this order: the argument given to :meth:`Settings.load`, an
environment variable ``ASSISTANT_<NAME>``, the default. Not handled here: settings files.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from assistant import prompts
from assistant.errors import SettingsError

ENV_PREFIX = "ASSISTANT_"

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that offline mode leaves: what is sent there cannot leave the machine."""


class Settings(BaseModel):
    """What can be set. Construct with :meth:`load`, which explains what is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Path = Field(
        Path("vectorstore"), description="folder of the library: its ledger and its index"
    )
    chroma_url: str | None = Field(
        None, description="http(s) URL of a Chroma server; without it the index is in the store"
    )
    model: str = Field(
        "qwen2.5-coder-1.5b",
        min_length=1,
        description="a name from `assistant models list`, a .gguf file, 'extractive', "
        "or '<provider>:<model>' for LangChain's init_chat_model",
    )
    endpoint: str | None = Field(
        None, description="base URL of an OpenAI-compatible server that serves the model"
    )
    api_key: SecretStr | None = Field(None, description="key for the endpoint")
    embedder: str = Field(
        "all-minilm-l6-v2",
        min_length=1,
        description="a name from `assistant models list`, or a sentence-transformers folder",
    )
    caution: float = Field(
        0.5, ge=0.0, le=1.0, description="0 answers boldly, 1 refuses when in any doubt"
    )
    evidence: int = Field(6, ge=1, le=64, description="how many passages are put before the model")
    max_tokens: int = Field(192, ge=16, le=4096, description="longest answer, in tokens")
    context_tokens: int = Field(
        4096, ge=1024, le=131_072, description="context window of the in-process model, in tokens"
    )
    threads: int = Field(
        0, ge=0, le=256, description="CPU threads of the in-process model; 0 takes every core"
    )
    seed: int = Field(7, ge=0, lt=2**31, description="sampling seed: same question, same answer")
    request_timeout: float = Field(
        180.0, gt=0, le=3600, description="seconds for a whole reply of an endpoint"
    )
    offline: bool = Field(False, description="never open a network connection")
    cache: Path = Field(
        default_factory=lambda: _default_cache(), description="folder for model files"
    )
    prompts: Path | None = Field(
        None, description="folder of prompt templates that replace the packaged ones"
    )

    @field_validator("chroma_url", "endpoint")
    @classmethod
    def _is_http_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        # Reading the port raises ValueError where it is none.
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("expected an http:// or https:// URL")
        # Addresses are shown, in messages and in reports.
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("expected an address without user name or query; see api_key")
        return value.rstrip("/")

    @field_validator("offline")
    @classmethod
    def _keeps_its_word(cls, value: bool, info: ValidationInfo) -> bool:
        server = info.data.get("chroma_url")
        if value and server and urlsplit(server).hostname not in THIS_MACHINE:
            raise ValueError("the Chroma server of chroma_url is not on this machine; unset one")
        return value

    @classmethod
    def load(cls, **values: Any) -> Self:
        """Settings from arguments and environment; ``None`` arguments count as not given.

        Raises:
            SettingsError: for every unknown key and bad value at once, each with its cause.
        """
        given = {key: value for key, value in values.items() if value is not None}
        merged: dict[str, Any] = {**_from_environment(), **given}
        try:
            return cls(**merged)
        except ValidationError as error:
            raise SettingsError(_explain(error, known=sorted(cls.model_fields))) from None

    @property
    def states(self) -> Path:
        """The folder for what a model in this process has read."""
        return self.cache / "states"

    def fingerprint(self) -> str:
        """Twelve hex digits that change when anything that shapes an answer changes.

        Of the prompt templates their text counts, and not the folder.

        Raises:
            PromptError: a template cannot be read.
        """
        elsewhere = {"store", "chroma_url", "api_key", "cache", "threads", "offline", "prompts"}
        shaping = self.model_dump(mode="json", exclude=elsewhere)
        shaping["prompts"] = prompts.fingerprint(self.prompts)
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()[:12]


def _from_environment() -> dict[str, str]:
    return {
        name.removeprefix(ENV_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(ENV_PREFIX) and value != ""
    }


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "ask-the-article"


def _explain(error: ValidationError, *, known: list[str]) -> str:
    lines = []
    for item in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            lines.append(
                f"unknown setting '{key}' (also read from {ENV_PREFIX}{key.upper()}); "
                f"known settings: {', '.join(known)}"
            )
        else:
            # The value is not repeated: it may be a key someone put in the wrong place.
            said = item["msg"].removeprefix("Value error, ")
            lines.append(f"setting '{key}': {said[0].lower()}{said[1:]}")
    return "; ".join(lines)
