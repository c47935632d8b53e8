"""The sample article and its questions, wherever this package is installed."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from assistant.errors import UserInputError

_NAME = "g7-gaza-blinken"


def article() -> Path:
    """The sample article's text file. Raises UserInputError when the installation lacks it."""
    return _file(f"{_NAME}.txt")


def questions() -> Path:
    """The sample question set. Raises UserInputError when the installation lacks it."""
    return _file(f"{_NAME}.questions.jsonl")


def _file(name: str) -> Path:
    package = Path(str(files("assistant")))
    # The wheel carries the samples inside the package; a checkout has them beside it.
    for folder in (package / "_seeds", package.parent / "seeds"):
        if (folder / name).is_file():
            return folder / name
    raise UserInputError(f"The sample {name} is not installed; name a file of your own.")
