"""What articles, names and questions say moves no cursor, turns no text and runs no formula.

Through the real command line: every command that prints foreign text, and every file written.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.command_line import CommandLine

ESC = "\x1b"
STRINGS = {
    "red": f"{ESC}[31mred{ESC}[0m",
    "clear screen": f"{ESC}[2J{ESC}[H",
    "title": f"{ESC}]0;owned\x07",
    "link": f"{ESC}]8;;https://evil.example/\x07click{ESC}]8;;\x07",
    "clipboard": f"{ESC}]52;c;cm0gLXJmIC8=\x07",
    "answer back": f"{ESC}[c{ESC}[6n{ESC}Z",
    "C1 CSI": "\x9b31mred\x9b0m",
    "C1 OSC": "\x9d0;owned\x9c",
    "DCS": f"{ESC}P$q q{ESC}\\",
    "backspace": "safe\b\b\b\bevil",
    "carriage return": "safe words\revil words",
    "bell": "\x07\x07",
    "null": "a\0b",
    "vertical": "a\x0bb\x0cc",
    "delete": "a\x7fb",
    "line separator": "a\u2028b\u2029c",
    "next line": "a\x85b",
    "override": "\u202egpj.exe\u202c",
    "embedding": "\u202bright\u202c",
    "isolate": "\u2066left\u2067right\u2069",
    "marks": "a\u200eb\u200fc",
    "tags": "plain\U000e0069\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065",
    "zero width": "pass\u200bword\u2060\ufeff",
    "equals": '=HYPERLINK("https://evil.example/")',
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "rich markup": "[bold red]red[/] [link=https://evil.example/]x[/link]",
    "emoji name": ":warning: :skull:",
    "shell": "$(touch owned) `touch owned` ; touch owned",
}
HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\U000e0000-\U000e007f]"
)
"""Everything but line ends and tabs that a terminal obeys or a reader does not see."""

PARTS = 5
"""The strings are tried so many at a time: a command takes a moment, and ten are run."""

STORY = (
    "The mayor of Altburg resigned on Tuesday after nine years in the post. "
    "Her deputy, Ole Brandt, {} takes over the town hall with a budget of four millions. "
    "The opposition called for new elections in the town before the end of the summer.\n\n"
) + "The council will meet again in the old school beside the river on Thursday.\n\n" * 20


@pytest.mark.parametrize("part", range(PARTS))
def test_it_is_printed_as_letters(command: CommandLine, part: int) -> None:
    foreign = " ".join(list(STRINGS.values())[part::PARTS])
    # No command line and no file name can hold it, and a text that does is taken for binary.
    said = foreign.replace("\0", "")
    path = command.folder / "story.txt"
    path.write_text(STORY.format(said), encoding="utf-8")
    odd = command.folder / f"{said.replace('/', '|')[:100]}.txt"
    odd.write_text(STORY.format("quickly"), encoding="utf-8")
    ran = [
        command("add", path, "--title", f"{said} title"),
        command("add", odd),
        command("list"),
        command("ask", f"Who {said} takes over the town hall?"),
        command("ask", f"Who won {said} the chess championship in Peru?"),
        command("search", f"town hall {foreign}"),
        command("remove", f"x{foreign}"),
        command("add", command.folder / f"missing {said}"),
        command("ask", "Who?", "--store", str(command.folder / f"store {said}"[:100])),
        command("eval", command.folder / f"missing {said}.jsonl"),
    ]
    for one in ran:
        assert not HARMFUL.search(one.out), repr(one.out)
        assert not HARMFUL.search(one.err), repr(one.err)
        assert "Traceback" not in one.err
    assert ran[0].code == 0
    assert not (command.folder / "owned").exists()


def test_an_evaluation_prints_and_writes_it_as_letters(command: CommandLine) -> None:
    every = " ".join(STRINGS.values())
    (command.folder / "a.txt").write_text(STORY.format("calmly"), encoding="utf-8")
    rows = [
        {
            "id": f"q{number} {text}"[:200],
            "article": "a",
            "question": f"Who takes over the town hall? {text}",
            "answers": [["Ole Brandt"], [text.strip()]],
            "kind": text[:100],
        }
        for number, text in enumerate([*STRINGS.values(), every])
    ]
    questions = command.folder / "set.jsonl"
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = command("eval", questions, "--out", command.folder / "run")
    assert ran.code == 0, ran.err
    again = command("eval", questions, "--out", command.folder / "two", "--compare", "run")
    for text in (ran.out, ran.err, again.out, again.err):
        assert not HARMFUL.search(text), repr(text)
    for path in sorted((command.folder / "run").iterdir()):
        lines = path.read_text(encoding="utf-8")
        # JSON and HTML only: there is no file that a spreadsheet would run formulas of.
        assert path.suffix in (".json", ".jsonl", ".html", ".lock")
        if path.suffix == ".html":
            assert ESC not in lines
            assert "<link=" not in lines
        else:
            assert not re.search("[\x00-\x09\x0b-\x1f]", lines)
