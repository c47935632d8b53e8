"""Importing the package, and asking it for help, wakes none of the heavy packages."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "chromadb",
    "gradio",
    "langchain",
    "langchain_core",
    "matplotlib",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "torch",
    "transformers",
    "xllamacpp",
)


@pytest.mark.parametrize(
    "doing",
    [
        "import assistant",
        "from assistant import Answer, Article, AssistantError, Question, Settings",
        "from assistant.cli import main; main(['--help'])",
        "from assistant.cli import main; main(['eval', '--help'])",
        "from assistant.cli import main; main(['models', 'list'])",
    ],
)
def test_nothing_heavy_is_loaded(doing: str) -> None:
    report = f"import sys; print('loaded:', sorted(set({HEAVY}) & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{doing}\n{report}"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "loaded: []", ran.stdout


def test_the_check_can_fail() -> None:
    doing = "import sys, langchain_core; print('langchain_core' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", doing], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"
