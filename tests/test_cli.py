"""The commands, on real libraries and articles."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pytest_httpserver import HTTPServer

from assistant import Answer
from assistant.cli import main
from assistant.cli.app import app
from tests.command_line import ROOT, CommandLine
from tests.sample_articles import SEED

QUESTION = "What did Cleverley say about a humanitarian pause?"
OTHER = "The harbour of Bergen was closed on Friday. A storm had torn three cranes from the quay."


def counts(printed: str) -> dict[str, int]:
    """The table at the end of ``add``, by state."""
    rows = [line.split() for line in printed.splitlines()]
    states = ("added", "unchanged", "updated", "failed")
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[0] in states}


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """An article about something else."""
    path = tmp_path / "harbour.txt"
    path.write_text(OTHER, encoding="utf-8")
    return path


class TestAsk:
    def test_prints_answer_quotes_places_and_outcome(self, command: CommandLine) -> None:
        ran = command("ask", QUESTION, "--article", SEED)
        answer = Answer.from_dict(command("ask", QUESTION, "--json").data)
        assert ran.code == 0
        assert ran.err == ""
        text = SEED.read_text(encoding="utf-8")
        for citation in answer.citations:
            assert text[citation.start : citation.end] == citation.quote
            quote = " ".join(citation.quote.split())
            assert f"[{citation.marker}] “{quote}”\n" in ran.out
            assert f"characters {citation.start}–{citation.end}\n" in ran.out
        assert "humanitarian pause" in ran.out.splitlines()[0]
        assert ran.out.splitlines()[0].endswith("[1]") or "[1] " in ran.out.splitlines()[0]
        last = ran.out.splitlines()[-1]
        assert last.startswith("Answered · confidence ")
        assert last.endswith(" · extractive")

    def test_the_article_is_kept_for_the_next_question(self, command: CommandLine) -> None:
        command("ask", QUESTION, "-a", SEED)
        assert command("ask", QUESTION).code == 0
        command("ask", QUESTION, "-a", SEED)
        assert len(command("list", "--json").data) == 1

    def test_no_keep_leaves_no_library(self, command: CommandLine) -> None:
        assert command("ask", QUESTION, "-a", SEED, "--no-keep").code == 0
        assert not command.store.exists()

    def test_no_keep_asks_what_is_named_alone(self, command: CommandLine) -> None:
        command("add", SEED)
        (row,) = command("list", "--json").data
        for more in ((), ("--only", row["id"]), ("-a", SEED, "--only", row["id"])):
            ran = command("ask", QUESTION, "--no-keep", *more)
            assert (ran.code, ran.out) == (1, "")
            assert "--no-keep asks what --article names" in ran.err

    def test_no_keep_leaves_nothing_on_a_server(self, command: CommandLine) -> None:
        command.set(chroma_url="http://127.0.0.1:9")  # nobody listens there
        assert command("ask", QUESTION, "-a", SEED, "--no-keep").code == 0
        assert "chroma run" in command("ask", QUESTION, "-a", SEED).err

    def test_an_article_without_a_name_is_not_the_folder(self, command: CommandLine) -> None:
        ran = command("ask", QUESTION, "--article", "")
        assert (ran.code, ran.out) == (1, "")
        assert "the name given is empty" in ran.err

    def test_asks_only_the_article_named(self, command: CommandLine, other: Path) -> None:
        command("add", SEED)
        asked = command("ask", "What was closed on Friday?", "-a", other, "--json").data
        assert {row["article_id"] for row in asked["citations"]} == {asked_id(command, "harbour")}

    def test_asks_only_the_ids_given(self, command: CommandLine, other: Path) -> None:
        command("add", SEED, other)
        only = asked_id(command, "harbour")
        answer = Answer.from_dict(command("ask", QUESTION, "--only", only, "--json").data)
        assert {hit.passage.article_id for hit in answer.retrieved} == {only}

    def test_question_and_article_from_standard_input(self, command: CommandLine) -> None:
        by_pipe = command("ask", "-", "-a", SEED, "--json", stdin=f"{QUESTION}\n").data
        assert by_pipe["question"] == QUESTION
        piped = command("ask", "What was closed?", "-a", "-", "--no-keep", stdin=OTHER)
        assert "harbour" in piped.out

    def test_timings_by_stage(self, command: CommandLine) -> None:
        plain = command("ask", QUESTION, "-a", SEED).out
        timed = command("ask", QUESTION, "--timings").out
        assert " ms" not in plain
        for stage in ("finding evidence", "checking", "in all"):
            assert any(
                line.strip().startswith(stage) and line.endswith(" ms")
                for line in timed.splitlines()
            )

    def test_stages_of_a_command_on_standard_error(self, command: CommandLine) -> None:
        ran = command("ask", QUESTION, "-a", SEED, "--timings", "--json")
        assert ran.data["question"] == QUESTION
        for stage in ("read article", "open", "add", "  embed", "ask", "  retrieve", "the command"):
            assert re.search(rf"^  {stage} +[\d,]+ ms$", ran.err, re.MULTILINE), stage

    @pytest.mark.parametrize(
        "words", ["list", "search harbour", "doctor", "models list", "eval --limit 2"]
    )
    def test_every_command_tells_its_time_when_asked(
        self, command: CommandLine, words: str
    ) -> None:
        command("add", SEED)
        asked = words.split()
        assert "the command " not in command(*asked).err
        assert re.search(r"^  the command +[\d,]+ ms$", command(*asked, "--timings").err, re.M)

    def test_every_command_but_the_page_has_the_option(self) -> None:
        def told(commands: dict[str, Any]) -> Iterator[tuple[str, bool]]:
            for name, one in commands.items():
                inner = getattr(one, "commands", None)
                if inner is not None:
                    yield from told(inner)
                else:
                    yield name, any("--timings" in option.opts for option in one.params)

        top: Any = typer.main.get_command(app)
        has = dict(told(top.commands))
        assert len(has) > 10
        assert [name for name, timed in has.items() if not timed] == ["web"]

    def test_a_command_that_fails_tells_its_time_too(self, command: CommandLine) -> None:
        ran = command("add", "nowhere.txt", "--timings")
        assert ran.code == 1
        assert re.search(r"^  the command +[\d,]+ ms$", ran.err, re.MULTILINE)

    def test_what_the_article_does_not_say(self, command: CommandLine) -> None:
        command.set(caution="1")
        ran = command("ask", "Who won the chess championship in Samarkand?", "-a", SEED)
        assert ran.code == 0
        assert ran.out.startswith("The article does not say.\n\nRelated, not an answer:\n  – “")
        assert "Not in the article · confidence " in ran.out

    def test_json_is_the_answer_itself(self, command: CommandLine) -> None:
        ran = command("ask", QUESTION, "-a", SEED, "--json")
        assert json.loads(Answer.from_json(ran.out).to_json()) == ran.data

    def test_no_colours_in_a_pipe(self, command: CommandLine) -> None:
        assert "\x1b" not in command("ask", QUESTION, "-a", SEED).out

    def test_model_and_extractive_contradict_each_other(self, command: CommandLine) -> None:
        ran = command("ask", QUESTION, "--model", "qwen2.5-coder-0.5b", "--extractive")
        assert (ran.code, ran.out) == (1, "")
        assert "--extractive contradict" in ran.err


class TestChat:
    def test_follow_ups_are_shown_as_they_were_searched(self, command: CommandLine) -> None:
        ran = command(
            "chat", "-a", SEED, stdin="What was the UK's position?\n\nAnd Germany's?\n/quit\nno\n"
        )
        assert ran.code == 0
        assert "› And Germany's?" in ran.out
        assert "Searched for: What was Germany's position?" in ran.out
        assert ran.out.count("Answered · ") == 2

    def test_commands(self, command: CommandLine, other: Path) -> None:
        lines = f"/articles\n/add {other}\n/articles\n/new\n/help\n/nonsense\n"
        ran = command("chat", "-a", SEED, stdin=lines)
        assert ran.out.count("g7-gaza-blinken") == 2
        assert "Forgotten." in ran.out
        assert "There is no command '/nonsense'" in ran.err
        assert ran.code == 1

    def test_what_was_forgotten_is_not_referred_to(self, command: CommandLine) -> None:
        ran = command(
            "chat", "-a", SEED, stdin="What was the UK's position?\n/new\nAnd Germany's?\n"
        )
        assert "Searched for:" not in ran.out

    def test_a_question_that_fails_does_not_end_it(self, command: CommandLine) -> None:
        ran = command("chat", "-a", SEED, stdin=f"{'long ' * 2000}\n{QUESTION}\n")
        assert ran.code == 1
        assert "at most" in ran.err
        assert "Answered · " in ran.out

    def test_starts_with_an_empty_library(self, command: CommandLine) -> None:
        ran = command("chat", stdin="Anything?\n")
        assert "No article yet" in ran.out
        assert "assistant add" in ran.err


class TestSearch:
    def test_ranks_passages_with_their_places(self, command: CommandLine) -> None:
        command("add", SEED)
        rows = command("search", "humanitarian pause", "-k", "3", "--json").data
        text = SEED.read_text(encoding="utf-8")
        assert [row["rank"] for row in rows] == [1, 2, 3]
        assert rows[0]["score"] >= rows[1]["score"] >= rows[2]["score"]
        assert "humanitarian pause" in rows[0]["text"]
        assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)
        printed = command("search", "humanitarian pause", "-k", "3").out
        assert printed.startswith(f" 1. “{' '.join(rows[0]['text'].split())}”\n    score ")


class TestAdd:
    def test_says_what_became_of_each_and_goes_on(
        self, command: CommandLine, other: Path, tmp_path: Path
    ) -> None:
        empty = tmp_path / "empty.txt"
        empty.touch()
        ran = command("add", empty, SEED, tmp_path / "missing.txt", other)
        assert ran.code == 1
        assert ran.err.count("error: ") == 2
        assert counts(ran.out) == {"added": 2, "unchanged": 0, "updated": 0, "failed": 2}
        again = command("add", SEED, other, "--json")
        assert again.code == 0
        assert [row["state"] for row in again.data] == ["unchanged", "unchanged"]

    def test_a_folder(self, command: CommandLine, tmp_path: Path) -> None:
        folder = tmp_path / "articles"
        (folder / "deeper").mkdir(parents=True)
        for number in range(25):
            text = f"Mayor number {number} opened bridge number {number} on Monday."
            (folder / "deeper" / f"{number}.txt").write_text(text, encoding="utf-8")
        ran = command("add", folder)
        assert (ran.code, ran.err) == (0, "")
        assert counts(ran.out) == {"added": 25, "unchanged": 0, "updated": 0, "failed": 0}
        assert len(ran.out.splitlines()) == 4

    def test_an_empty_name_and_a_pattern_that_is_none(
        self, command: CommandLine, other: Path
    ) -> None:
        ran = command("add", "", "**.txt", "http://☃.net/", other)
        assert ran.code == 1
        assert "the name given is empty" in ran.err
        assert "not a usable pattern" in ran.err
        assert "in the program itself" not in ran.err
        assert counts(ran.out) == {"added": 1, "unchanged": 0, "updated": 0, "failed": 3}

    def test_a_title_renames_what_is_there_and_serves_one(
        self, command: CommandLine, other: Path
    ) -> None:
        command("add", other)
        ran = command("add", other, "--title", "Bergen")
        assert ran.out.startswith("unchanged ")
        assert "It was called “harbour”." in ran.out
        assert command("list", "--json").data[0]["title"] == "Bergen"
        refused = command("add", other, SEED, "--title", "Both")
        assert refused.code == 1
        assert "One title cannot serve 2 articles" in refused.err
        assert [row["title"] for row in command("list", "--json").data] == ["Bergen"]

    def test_title_and_standard_input(self, command: CommandLine) -> None:
        ran = command("add", "-", "--title", "Bergen's harbour", stdin=OTHER)
        assert ran.out.startswith("added ")
        assert command("list", "--json").data[0]["title"] == "Bergen's harbour"

    def test_ctrl_c_keeps_what_was_added(self, command: CommandLine, tmp_path: Path) -> None:
        folder = tmp_path / "many"
        folder.mkdir()
        for number in range(3000):
            text = f"Mayor number {number} opened a bridge. " * 5
            (folder / f"{number:04}.txt").write_text(text, encoding="utf-8")
        with command.start("add", folder) as process:
            while process.poll() is None and not (command.store / "chroma").exists():
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        assert process.returncode == 130, err
        assert "goes on from here" in out
        assert counts(out)["added"] < 3000
        assert len(command("list", "--json").data) == counts(out)["added"]

    def test_goes_on_where_it_was_stopped(self, command: CommandLine, tmp_path: Path) -> None:
        folder = tmp_path / "some"
        folder.mkdir()
        for number in range(6):
            text = f"Mayor number {number} opened bridge number {number} on Monday."
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")
        command("add", folder / "0.txt", folder / "1.txt")
        assert counts(command("add", folder).out)["unchanged"] == 2
        assert counts(command("add", folder).out)["unchanged"] == 6
        assert len(command("list", "--json").data) == 6

    def test_says_which_sentences_changed(self, command: CommandLine, other: Path) -> None:
        first = command("add", other, "--json").data[0]["id"]
        other.write_text(OTHER.replace("three", "five"), encoding="utf-8")
        ran = command("add", other)
        assert ran.out.startswith("updated ")
        assert f"It replaces {first}" in ran.out
        assert "- A storm had torn three cranes from the quay.\n" in ran.out
        assert "+ A storm had torn five cranes from the quay.\n" in ran.out
        (row,) = command("list", "--json").data
        assert row["older_versions"] == [first]
        assert f"replaces {first}" in command("list").out

    def test_one_text_from_two_files_is_one_article(
        self, command: CommandLine, other: Path, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy.txt"
        copy.write_bytes(other.read_bytes())
        ran = command("add", other, copy)
        assert f"The same text as {other}: one article with both sources." in ran.out
        (row,) = command("list", "--json").data
        assert row["other_sources"] == [str(copy)]
        assert f"also {copy}" in command("list").out

    def test_a_private_host_is_reached_when_it_is_allowed(
        self, command: CommandLine, httpserver: HTTPServer
    ) -> None:
        command.set(offline="")
        httpserver.expect_request("/robots.txt").respond_with_data(status=404)
        httpserver.expect_request("/a").respond_with_data(OTHER, content_type="text/plain")
        url = httpserver.url_for("/a")
        refused = command("add", url)
        assert (refused.code, httpserver.log) == (1, [])
        assert command("add", url, "--allow-private", "localhost").out.startswith("added ")

    def test_what_ends_the_run_is_told_after_what_was_done(
        self, command: CommandLine, other: Path
    ) -> None:
        command.set(embedder="no-such-embedder")
        ran = command("add", other)
        assert ran.code == 1
        assert "no-such-embedder" in ran.err
        assert "Stopped." in ran.out


class TestList:
    def test_empty(self, command: CommandLine) -> None:
        assert "assistant add FILE_OR_URL" in command("list").out
        assert command("list", "--json").data == []

    def test_shows_ids_titles_and_sizes(self, command: CommandLine) -> None:
        command("add", SEED)
        (row,) = command("list", "--json").data
        assert row["characters"] == len(SEED.read_text(encoding="utf-8").strip())
        assert "text" not in row
        printed = command("list").out
        assert printed.startswith(f"{row['id']}  {row['title']}\n")
        assert str(SEED) in printed


class TestRemove:
    def test_removes(self, command: CommandLine, other: Path) -> None:
        command("add", SEED, other)
        ran = command("remove", asked_id(command, "harbour"))
        assert ran.out.startswith("removed ")
        assert [row["source"] for row in command("list", "--json").data] == [str(SEED)]

    def test_what_a_model_has_read_goes_too(self, command: CommandLine, other: Path) -> None:
        first = command("add", other, "--json").data[0]["id"]
        other.write_text(OTHER + " It opens again on Monday.", encoding="utf-8")
        second = command("add", other, "--json").data[0]["id"]
        states = command.folder / "cache" / "states"
        states.mkdir(parents=True)
        for name in (f"{first}-1.state", f"{second}-1.begun.state", "0123456789abcdef-1.state"):
            (states / name).touch()
        assert command("remove", second).code == 0
        assert [path.name for path in states.iterdir()] == ["0123456789abcdef-1.state"]

    def test_an_article_and_its_older_version_in_any_order(
        self, command: CommandLine, other: Path
    ) -> None:
        first = command("add", other, "--json").data[0]["id"]
        other.write_text(OTHER + " It opens again on Monday.", encoding="utf-8")
        second = command("add", other, "--json").data[0]["id"]
        assert command("remove", second, first).code == 0
        assert command("list", "--json").data == []

    def test_a_wrong_id_removes_nothing(self, command: CommandLine) -> None:
        command("add", SEED)
        (row,) = command("list", "--json").data
        assert command("remove", row["id"], "0123456789abcdef").code == 1
        assert len(command("list", "--json").data) == 1


class TestModels:
    def test_list_without_files(self, command: CommandLine) -> None:
        rows = {row["name"]: row for row in command("models", "list", "--json").data}
        assert rows["all-minilm-l6-v2"]["kind"] == "embedder"
        assert rows["qwen2.5-coder-1.5b"]["bytes"] == 1_117_320_768
        assert not any(row["here"] for row in rows.values())
        assert "not here" in command("models", "list").out

    def test_path_of_a_model_that_is_not_here(self, command: CommandLine) -> None:
        ran = command("models", "path", "all-minilm-l6-v2")
        assert (ran.code, ran.out) == (1, "")
        assert "assistant models pull all-minilm-l6-v2" in ran.err


class TestEval:
    @pytest.fixture
    def questions(self, tmp_path: Path) -> Path:
        """A question the article answers, one it does not, and one without gold evidence."""
        (tmp_path / "harbour.txt").write_text(OTHER, encoding="utf-8")
        row = {"article": "harbour", "question": "When was the harbour of Bergen closed?"}
        gold = {"answers": [["Friday"]], "evidence": [OTHER.split(". ")[0] + "."]}
        stranger = {"question": "Who is the mayor of Samarkand?", "answerable": False}
        rows = [{"id": "1", **row, **gold}, {"id": "2", **row, **stranger}, {"id": "3", **row}]
        path = tmp_path / "questions.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        return path

    def test_prints_figures_and_where_the_report_is(
        self, command: CommandLine, questions: Path
    ) -> None:
        ran = command("eval", questions, "--out", "run")
        assert ran.code == 0
        assert "Trusted" in ran.out
        assert "1 question is unscored for 'trusted'" in ran.out
        assert ran.out.endswith("Report: run/report.html\n")

    def test_it_leaves_nothing_on_a_server(self, command: CommandLine, questions: Path) -> None:
        command.set(chroma_url="http://127.0.0.1:9")  # nobody listens there
        assert command("eval", questions, "--out", "run").code == 0
        results = (command.folder / "run" / "results.jsonl").read_text(encoding="utf-8")
        assert not [row["error"] for row in map(json.loads, results.splitlines()) if row["error"]]

    def test_json_is_the_summary(self, command: CommandLine, questions: Path) -> None:
        ran = command("eval", questions, "--out", "run", "--json", "--fail-under", "exact=1")
        assert ran.code == 1
        kept = json.loads((command.folder / "run" / "summary.json").read_text(encoding="utf-8"))
        assert ran.data == {"folder": "run", **kept}
        assert "under its limit" in ran.err

    def test_ctrl_c_says_where_it_goes_on(self, command: CommandLine, questions: Path) -> None:
        row = questions.read_text(encoding="utf-8").splitlines()[0]
        many = [json.dumps({**json.loads(row), "id": str(number)}) for number in range(5000)]
        questions.write_text("\n".join(many), encoding="utf-8")
        with command.start("eval", questions, "--out", "run") as process:
            results = command.folder / "run" / "results.jsonl"
            while process.poll() is None and not (results.exists() and results.stat().st_size):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        assert process.returncode == 130, err
        assert "Answers so far are in run. The same command goes on from there." in out
        assert not (command.folder / "run" / "summary.json").exists()

    def test_a_wrong_file_lists_its_mistakes(self, command: CommandLine, questions: Path) -> None:
        questions.write_text('{"id": "1"}\nnonsense\n', encoding="utf-8")
        ran = command("eval", questions)
        assert (ran.code, ran.out) == (1, "")
        assert "questions.jsonl:1: expected 'question', found no such key" in ran.err
        assert "questions.jsonl:2: expected one JSON object" in ran.err


class TestDoor:
    def test_version(self, command: CommandLine) -> None:
        assert command("--version").out.startswith("assistant 0.")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("ask",),
            ("nonsense",),
            ("ask", "x", "--nonsense"),
            ("search", "x", "-k", "many"),
            ("ask", "x", "--caution", "very"),
            ("eval", "--limit", "0"),
            ("models",),
        ],
    )
    def test_a_command_line_that_cannot_be_read(
        self, command: CommandLine, arguments: tuple[str, ...]
    ) -> None:
        ran = command(*arguments)
        assert ran.code == 2
        assert ran.out == "" or ran.out.lstrip().startswith("Usage:")
        assert "Traceback" not in ran.err

    def test_whoever_stops_reading_ends_the_command_quietly(self, command: CommandLine) -> None:
        command("add", SEED)
        with command.start("list", "--json") as process:
            assert process.stdout is not None
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == ""

    def test_an_error_nobody_foresaw_is_kept_and_named(
        self, command: CommandLine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        wrong: Any = [object()]  # a caller's mistake that no command expects
        assert main(wrong) == 1
        message = capsys.readouterr().err
        assert message.startswith("error: Something is wrong in the program itself (")
        assert "Traceback" not in message
        log = Path(message.split("with the file ")[1].strip().removesuffix("."))
        assert "Traceback" in log.read_text(encoding="utf-8")
        log.unlink()

    def test_python_m_assistant_is_the_same_command(self, command: CommandLine) -> None:
        with command.start("--version") as process:
            out, _ = process.communicate(timeout=60)
        assert out == command("--version").out


def test_make_ask_asks_as_the_makefile_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert 'assistant ask "$$Q" --article "$$ARTICLE"' in makefile


def asked_id(command: CommandLine, source: str) -> str:
    """The id of the article whose source contains these words."""
    (found,) = [r["id"] for r in command("list", "--json").data if source in r["source"]]
    return str(found)
