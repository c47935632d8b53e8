"""README.md says what is true: its Python runs, its commands exist, its settings are all there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from assistant import load_article
from assistant.cli.app import app
from assistant.settings import Settings
from tests.command_line import ROOT, CommandLine
from tests.conftest import need_models
from tests.sample_articles import SEED

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]


@pytest.fixture
def beside_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has the sample article where README's code looks for it."""
    (tmp_path / "seeds").symlink_to(SEED.parent)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(code: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a block prints, run as a program of its own."""
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


@pytest.mark.parametrize("code", PYTHON)
def test_python_runs(
    code: str, command: CommandLine, beside_seeds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without models: ``command`` has set the environment to shared words and to extracts."""
    assert run(code, capsys)


@pytest.mark.model
def test_the_first_python_block_answers_with_its_quote(
    beside_seeds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_models(*(Settings.model_fields[name].default for name in ("model", "embedder")))
    said = run(PYTHON[0], capsys)
    assert "humanitarian pause" in said.splitlines()[0]
    assert "James Cleverley told reporters" in said
    assert "seeds/g7-gaza-blinken.txt, 2172–2376" in said


def test_the_answer_shown_quotes_the_sample_to_the_character() -> None:
    shown = next(code for language, code in BLOCKS if language == "console")
    quotes = re.findall(r"\[\d+\] “(.*)”\n.* · characters (\d+)–(\d+)\n", shown)
    text = load_article(SEED).text
    assert quotes
    for quote, start, end in quotes:
        assert text[int(start) : int(end)] == quote


def command_lines() -> list[list[str]]:
    """Every command of the shell blocks and of the text, as words."""
    blocks = "".join(code for language, code in BLOCKS if language in ("bash", "console"))
    lines = [line.removeprefix("$ ") for line in blocks.splitlines()]
    lines += re.findall(r"`((?:make|assistant|python) [^`]+)`", README)
    split = [
        shlex.split(line, comments=True) for line in lines if re.match(r"make|assist|pyth", line)
    ]
    assert len(split) > 15
    return split


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {words[1] for words in command_lines() if words[0] == "make"}
    assert targets >= {"ask", "test", "web"}
    assert not [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)]


def test_commands_and_their_options_exist() -> None:
    for words in command_lines():
        if words[0] == "assistant":
            known: Any = get_command(app)
            while len(words) > 1 and words[1] in getattr(known, "commands", {}):
                known = known.commands[words[1]]
                words = words[1:]
            assert not getattr(known, "commands", {}) or words[1:] == ["--help"], words
            options = {name for parameter in known.params for name in parameter.opts} | {"--help"}
            given = {word.partition("=")[0] for word in words if word.startswith("-")}
            assert given <= options, words


def test_scripts_and_pages_exist() -> None:
    run = [words[1:] for words in command_lines() if words[0] == "python"]
    scripts = [
        f"{words[1].replace('.', '/')}.py" if words[0] == "-m" else words[0] for words in run
    ]
    pages = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert scripts
    assert pages
    assert not [name for name in [*scripts, *pages] if not (ROOT / name).is_file()]


def settings_rows() -> Iterator[str]:
    """The table's rows as the settings themselves would write them."""
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default is None else f"`{field.default}`"
        description = str(field.description).replace("<", "\\<")
        yield f"| `{name}` | {default} | {description} |"


def test_every_setting_is_in_the_table() -> None:
    table = README.partition("| setting | default |")[2].partition("\n\n")[0].splitlines()[2:]
    assert table == list(settings_rows())


def test_every_module_is_in_the_table() -> None:
    table = README.partition("| modules | what they do |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    modules = {path.name.removesuffix(".py") for path in (ROOT / "assistant").glob("*.py")}
    folders = {path.parent.name for path in (ROOT / "assistant").glob("*/__init__.py")}
    small = {"__init__", "__main__", "labels", "printable", "seeds", "stopwatch"}
    assert (modules | folders) - small <= named
    assert named - {"Assistant"} <= modules | folders
