"""Prompt templates: one file each, ``$name`` placeholders, checked before they are used.

The variables a template may and must use are declared here; a template that misses one or
invents one is refused with all of them named. Not handled: choosing which prompt to use.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from types import MappingProxyType

from assistant.errors import PromptError

VARIABLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "answer": frozenset({"passages", "question"}),
        "answerable": frozenset({"passages", "question"}),
        "summary": frozenset({"passages", "question"}),
        "explain": frozenset({"passages", "question"}),
        "listing": frozenset({"passages", "question"}),
        "brief": frozenset({"passages", "question"}),
        "system": frozenset(),
        "rewrite": frozenset({"history", "question"}),
        "judge": frozenset({"question", "expected", "evidence", "answer"}),
        "draft_question": frozenset({"title", "before", "sentence"}),
        "draft_unanswerable": frozenset({"title", "passages"}),
    }
)
"""Every template and the variables it uses, all of them required."""

_CONTROL = re.compile(
    r"<\|[^|<>\n]{1,40}\|>"  # ChatML, Llama 3, Phi
    r"|<｜[^｜<>\n]{1,40}｜>"  # DeepSeek
    r"|</?s>|<(?:bos|eos|pad|unk)>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\]|<</?SYS>>"
    r"|</?(?:start|end)_of_(?:turn|image)>|<\|?(?:im_start|im_end)\|?>|</?(?:tool_call|tool_response|tools|think)>",
    re.IGNORECASE,
)


def render(name: str, folder: Path | None = None, **variables: str) -> str:
    """The template ``name`` with its variables filled in.

    Templates come from ``folder`` where it has ``<name>.md``, else from the package. The
    values are data: a ``$`` in an article is left alone, control tokens are made inert.

    Raises:
        PromptError: no such template, or its placeholders or the values given are not those
            declared in :data:`VARIABLES`.
    """
    template = _load(name, folder)
    expected = VARIABLES[name]
    if set(variables) != expected:
        raise PromptError(
            f"Prompt '{name}' takes {_names(expected)}, but was given {_names(set(variables))}."
        )
    return template.substitute({key: inert(value) for key, value in variables.items()}).strip()


def inert(text: str) -> str:
    """The text with every chat-template token broken by a zero-width space.

    An article may contain ``<|im_start|>``; a model must read it as characters, never as
    a turn. Quotes are cut from the article itself, so nothing shown is changed.
    """
    return _CONTROL.sub(lambda match: match.group()[0] + "\u200b" + match.group()[1:], text)


def fingerprint(folder: Path | None = None) -> str:
    """Hex digits that change when the text of any template does, wherever the folder is.

    Raises:
        PromptError: there is no such folder, or a template in it cannot be read.
    """
    digest = hashlib.sha256()
    for name in sorted(VARIABLES):
        digest.update(f"{name}\0{_text(name, folder)}\0".encode())
    return digest.hexdigest()


@cache
def _load(name: str, folder: Path | None) -> Template:
    if name not in VARIABLES:
        raise PromptError(f"There is no prompt '{name}'; there are {_names(set(VARIABLES))}.")
    path, template = _find(name, folder), Template(_text(name, folder))
    if not template.is_valid():
        raise PromptError(f"{path}: a '$' stands alone; write '$$' for a dollar sign.")
    found, expected = set(template.get_identifiers()), VARIABLES[name]
    problems = [
        f"{what} {_names(names)}"
        for what, names in (("missing", expected - found), ("unknown", found - expected))
        if names
    ]
    if problems:
        raise PromptError(f"{path}: {'; '.join(problems)}. Write each as $name.")
    return template


def _text(name: str, folder: Path | None) -> str:
    path = _find(name, folder)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"The prompt file {path} cannot be read: {error}") from error


def _find(name: str, folder: Path | None) -> Path:
    if folder is not None:
        if not folder.is_dir():
            raise PromptError(f"There is no prompts folder {folder}.")
        if (folder / f"{name}.md").exists():
            return folder / f"{name}.md"
    package = Path(__file__).parent
    installed = package / "_prompts" / f"{name}.md"  # where the wheel puts prompts/
    return installed if installed.exists() else package.parent / "prompts" / f"{name}.md"


def _names(names: frozenset[str] | set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names)) or "no variables"
