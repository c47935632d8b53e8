"""What ``from assistant import …`` offers: exactly the sorted ``__all__``, and no more."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import assistant
from assistant import errors, evaluation

DOOR = Path(assistant.__file__)


def in_order(names: list[str]) -> list[str]:
    """Constants, then classes, then functions, each by name: the order ruff keeps."""
    return sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert assistant.__all__ == in_order(assistant.__all__)
    assert dir(assistant) == sorted(assistant.__all__)
    for name in assistant.__all__:
        assert getattr(assistant, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    """What stands under TYPE_CHECKING, from the very modules the names come from at run time."""
    homes = {
        alias.name: node.module
        for node in ast.walk(ast.parse(DOOR.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("assistant.")
        for alias in node.names
    }
    assert in_order(list(homes)) == assistant.__all__
    for name, home in homes.items():
        assert getattr(assistant, name) is getattr(sys.modules[str(home)], name)


def test_nothing_else_is_offered() -> None:
    """Seen by a fresh interpreter: other tests import submodules, which become attributes."""
    seen = "import assistant; print(*[name for name in vars(assistant) if name[0] != '_'])"
    names = subprocess.run(
        [sys.executable, "-c", seen], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(names) <= {"TYPE_CHECKING", "Any", "import_module"}


def test_every_error_is_public() -> None:
    raised = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.AssistantError)
    }
    assert raised <= set(assistant.__all__)


def test_the_evaluation_package_offers_what_it_lists() -> None:
    assert evaluation.__all__ == in_order(evaluation.__all__)
    assert all(hasattr(evaluation, name) for name in evaluation.__all__)
