"""Runs with the real assistant over a scripted model: resume, errors, report, gate."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from assistant import seeds
from assistant.answering import Assistant
from assistant.errors import AssistantError, EndpointError, UserInputError
from assistant.evaluation import (
    EvalRequest,
    EvaluationReport,
    ModelJudge,
    evaluate,
    load_question_set,
    parse_limits,
    read_run,
    render_report,
    run_eval,
)
from assistant.evaluation.commands import shortfalls
from assistant.evaluation.figures import Figure
from assistant.evaluation.report_cards import cards
from assistant.evaluation.runner import first, run_identity
from assistant.evaluation.runs import unfinished
from assistant.schema import Answer, Article, Question, QuestionSet
from assistant.testing import HashEmbedder, ScriptedChatModel

TEXT = (
    "The mayor of Altburg resigned on Tuesday after nine years in the post.\n\n"
    "Her deputy, Ole Brandt, takes over the town hall with a budget of 4.5 million euros.\n\n"
    "The opposition called for new elections in the town before the end of the summer.\n"
)
ROWS = [
    {
        "id": "q1",
        "article": "altburg",
        "question": "Who takes over the town hall in Altburg?",
        "answers": [["Ole Brandt"]],
        "evidence": [TEXT.splitlines()[2]],
        "kind": "fact",
    },
    {
        "id": "q2",
        "article": "altburg",
        "question": "What did the opposition call for in the town?",
        "answers": [["new elections"]],
        "evidence": [TEXT.splitlines()[4]],
        "kind": "fact",
    },
    {
        "id": "q3",
        "article": "altburg",
        "question": "Who won the Peruvian chess championship in 1987?",
        "answerable": False,
        "kind": "unanswerable",
    },
]


def reply(prompt: str) -> str:
    """What a perfect model would say; the last question asked stands last in the prompt."""
    asked = max(("take", "opposition call", "Peruvian"), key=lambda words: prompt.rfind(words))
    return {
        "take": "Her deputy, Ole Brandt, takes over the town hall with 4.5 million euros.",
        "opposition call": "The opposition called for new elections in the town.",
        "Peruvian": "The article does not say.",
    }[asked]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "altburg.txt").write_text(TEXT, encoding="utf-8")
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


Open = Callable[[Path], Assistant]


def opener(replies: Callable[[str], str] = reply, yes: float = 0.97) -> Open:
    def open_assistant(store: Path) -> Assistant:
        model = ScriptedChatModel(
            replies=replies, yes=lambda prompt: 0.0 if "Peruvian" in prompt else yes
        )
        return Assistant.open(store, model=model, embedder=HashEmbedder())

    return open_assistant


def refuser() -> Open:
    return opener(lambda _: "The article does not say.", yes=0.0)


@pytest.fixture
def report(tmp_path: Path, questions: Path) -> EvaluationReport:
    with opener()(tmp_path / "store") as assistant:
        return evaluate(assistant, load_question_set(questions), out=tmp_path / "run")


def values(report: EvaluationReport) -> dict[str, float]:
    return {name: figure.value for name, figure in report.figures.items()}


def test_a_run_is_scored_and_written(report: EvaluationReport, tmp_path: Path) -> None:
    found = values(report)
    assert [found[name] for name in ("correct", "cited", "verbatim", "refused")] == [1.0] * 4
    assert (found["trusted"], found["false_refusal"]) == (1.0, 0.0)
    assert found["recall@5"] == 1.0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert summary["figures"]["trusted"]["n"] == 3
    assert summary["calibration"]["n"] == 3
    assert 0 <= summary["calibration"]["ece"] <= 1
    assert set(summary["by_kind"]) == {"fact", "unanswerable"}
    facts = summary["facts"]
    assert facts["model"] == "scripted"
    assert facts["machine"]["cores"] >= 1
    assert {"settings_fingerprint", "versions", "embedder", "started", "commit"} <= set(facts)
    assert "api_key" not in facts["settings"]


def test_a_run_reads_back_as_it_was(report: EvaluationReport, tmp_path: Path) -> None:
    again = read_run(tmp_path / "run")
    assert again.results == report.results
    assert again.figures == report.figures
    assert read_run(tmp_path / "run" / "results.jsonl").results == report.results


def test_a_run_that_was_cut_off_goes_on(questions: Path, tmp_path: Path) -> None:
    loaded, out = load_question_set(questions), tmp_path / "run"

    class Stop(Exception):
        pass

    def stop_after_one(_: object) -> None:
        raise Stop

    with opener()(tmp_path / "store") as assistant:
        with pytest.raises(Stop):
            evaluate(assistant, loaded, out=out, on_result=stop_after_one)
        assert len((out / "results.jsonl").read_text(encoding="utf-8").splitlines()) == 1
        with (out / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"question": {"id": "q2"')  # the line that power failed in
        asked: list[str] = []
        report = evaluate(
            assistant, loaded, out=out, on_result=lambda result: asked.append(result.question.id)
        )
        assert asked == ["q1", "q2", "q3"]
        assert [result.question.id for result in read_run(out).results] == ["q1", "q2", "q3"]
        model = assistant._model
        assert isinstance(model, ScriptedChatModel)
        assert sum("takes over" in prompt.splitlines()[-1] for prompt in model.prompts) <= 2
        assert report.figures["trusted"].n == 3
        # The library of this run has no article that the first run answered from.
        shown = replace(report, articles=loaded.articles)
        quoted = [mark for card in cards(shown, "trusted") for mark in card.marks]
        assert {name for name, _, kind in quoted if kind == "cited"} == {"altburg"}
        with pytest.raises(UserInputError, match="complete"):
            evaluate(assistant, loaded, out=out)
        with pytest.raises(UserInputError, match="other questions"):
            evaluate(assistant, first(loaded, 2), out=out)


def test_a_run_that_is_under_way_is_left_alone(questions: Path, tmp_path: Path) -> None:
    loaded, out = load_question_set(questions), tmp_path / "evaluations" / "run"
    refused: list[Path | None] = []

    def again(_: object) -> None:
        with pytest.raises(UserInputError, match="under way"):
            evaluate(assistant, loaded, out=out)
        refused.append(unfinished(tmp_path / "evaluations", identity))

    with opener()(tmp_path / "store") as assistant:
        identity = run_identity(assistant, loaded, retrieval_only=False, judge=None)
        evaluate(assistant, loaded, out=out, on_result=again)
    assert refused == [None] * 3
    assert len(read_run(out).results) == 3


def test_a_folder_of_something_else_is_left_alone(questions: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with (
        opener()(tmp_path / "store") as assistant,
        pytest.raises(UserInputError, match="not empty"),
    ):
        evaluate(assistant, load_question_set(questions), out=tmp_path / "mine")
    with pytest.raises(UserInputError, match="holds no run"):
        read_run(tmp_path / "mine")


def test_a_question_that_fails_stops_nothing_and_is_asked_again(
    questions: Path, tmp_path: Path
) -> None:
    def failing(prompt: str) -> str:
        if prompt.rfind("opposition call") > prompt.rfind("take"):
            raise RuntimeError("the model fell over")
        return reply(prompt)

    loaded, out = load_question_set(questions), tmp_path / "run"
    with opener(failing)(tmp_path / "store") as assistant:
        report = evaluate(assistant, loaded, out=out)
    assert [bool(result.error) for result in report.results] == [False, True, False]
    assert "the model fell over" in report.results[1].error
    assert values(report)["trusted"] == pytest.approx(2 / 3)
    assert "could not be asked" in render_report(report)
    (out / "summary.json").unlink()
    with opener()(tmp_path / "other") as assistant:
        assert not evaluate(assistant, loaded, out=out).errors


def test_retrieval_only_asks_no_model(questions: Path, tmp_path: Path) -> None:
    def never(prompt: str) -> str:
        raise AssertionError("asked")

    with opener(never)(tmp_path / "store") as assistant:
        report = evaluate(assistant, load_question_set(questions), retrieval_only=True)
    assert values(report)["recall@3"] == 1.0
    assert "trusted" not in report.figures
    # What took time was the search, and no answer.
    assert "seconds_evidence_p50" in report.figures
    assert "seconds_total_p50" not in report.figures
    page = render_report(report)
    assert all(f"<h2>{title}</h2>" in page for title in ("Recall@1", "Recall@5", "MRR"))
    assert all(result.answer is None and result.retrieved for result in report.results)


def test_limit(questions: Path) -> None:
    loaded = load_question_set(questions)
    assert [question.id for question in first(loaded, 1).questions] == ["q1"]
    assert first(loaded, None) is loaded
    with pytest.raises(UserInputError):
        first(loaded, 0)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("verdict: correct", 1.0),
        (" Verdict: INCORRECT. ", 0.0),
        ("Based on the evidence, yes.", None),
        ("verdict: correct or verdict: incorrect", None),
        ("The answer is correct", None),
        ("", None),
    ],
)
def test_a_judge_gives_a_verdict_or_none(
    report: EvaluationReport, said: str, value: float | None
) -> None:
    model = ScriptedChatModel(replies=[said])
    answer = report.results[0].answer
    assert answer is not None
    judged = ModelJudge("pinned", model).verdict(report.results[0].question, answer)
    assert judged.value == value
    assert "Ole Brandt" in model.prompts[0]
    refusal = report.results[2].answer
    assert refusal is not None
    verdict = ModelJudge("pinned", model).verdict(report.results[2].question, refusal)
    assert (verdict.value, len(model.prompts)) == (None, 1)


def test_a_judge_elsewhere_that_fails_is_named_in_words(questions: Path) -> None:
    def unreachable(_: str) -> str:
        raise httpx.ConnectError("[Errno 111]")

    judge = ModelJudge("j", ScriptedChatModel(replies=unreachable))
    [question, *_] = load_question_set(questions).questions
    answer = Answer("q", "Brandt.", (), (), "answered", 0.9)
    with pytest.raises(EndpointError, match="cannot be reached"):
        judge.verdict(question, answer)


def test_a_judge_that_fails_costs_no_answer(questions: Path, tmp_path: Path) -> None:
    def failing(_: str) -> str:
        raise RuntimeError("the judge fell over")

    judge = ModelJudge("pinned", ScriptedChatModel(replies=failing))
    with opener()(tmp_path / "store") as assistant:
        report = evaluate(assistant, load_question_set(questions), judge=judge)
    assert not report.errors
    assert values(report)["trusted"] == 1.0
    assert "judged" not in report.figures
    assert "the judge fell over" in render_report(report)


def command(request: EvalRequest, open_assistant: Open) -> tuple[int, str]:
    console = Console(record=True, width=120)
    code = run_eval(request, open_assistant, console)
    return code, console.export_text()


def test_the_command_reports_and_compares(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = EvalRequest(questions, out=tmp_path / "good")
    code, said = command(good, opener())
    assert code == 0
    assert "Trusted" in said
    assert "Confidence: calibration error (ECE)" in said
    assert (tmp_path / "good" / "report.html").is_file()

    bad = EvalRequest(
        questions,
        out=tmp_path / "bad",
        compare=tmp_path / "good",
        fail_under={"trusted": 0.8, "false_refusal": 0.1},
    )
    code, said = command(bad, refuser())
    assert code == 1
    assert "trusted is 0.333, under its limit of 0.8" in said
    assert "false_refusal is 1.000, over its limit of 0.1" in said
    assert "  - q1" in said
    # Two questions of three fell: too few to call it more than chance.
    assert "significantly" not in said


def test_rankings_are_compared_by_the_figure_they_have(questions: Path, tmp_path: Path) -> None:
    ranked = EvalRequest(questions, out=tmp_path / "ranked", retrieval_only=True)
    assert command(ranked, opener())[0] == 0
    again = replace(ranked, out=tmp_path / "again", compare=tmp_path / "ranked")
    code, said = command(again, opener())
    assert code == 0
    assert "Recall@5 ◂" in said

    def never(store: Path) -> Assistant:
        raise AssertionError("opened")

    with pytest.raises(UserInputError, match="does not measure trusted"):
        run_eval(replace(again, guard=("trusted",)), never, Console())


def test_an_unrelated_run_is_refused_before_anything_is_asked(
    questions: Path, tmp_path: Path
) -> None:
    assert command(EvalRequest(questions, out=tmp_path / "run", limit=1), opener())[0] == 0
    kept = questions.read_text(encoding="utf-8").splitlines()[1:]
    others = questions.with_name("others.jsonl")
    others.write_text("\n".join(kept), encoding="utf-8")

    def never(store: Path) -> Assistant:
        raise AssertionError("opened")

    with pytest.raises(UserInputError, match="no question in common"):
        run_eval(EvalRequest(others, compare=tmp_path / "run"), never, Console())


def test_the_command_resumes_below_evaluations(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command(EvalRequest(questions), opener())
    (run,) = (tmp_path / "evaluations").iterdir()
    (run / "summary.json").unlink()
    _, said = command(EvalRequest(questions), opener())
    assert f"Going on with evaluations/{run.name}, which was cut off." in said
    assert list((tmp_path / "evaluations").iterdir()) == [run]
    command(EvalRequest(questions, limit=2), opener())
    assert len(list((tmp_path / "evaluations").iterdir())) == 2


def test_mistakes_in_the_options_come_before_the_run(questions: Path, tmp_path: Path) -> None:
    def never(store: Path) -> Assistant:
        raise AssertionError("opened")

    for request in (
        EvalRequest(questions, guard=("trust",)),
        EvalRequest(questions, compare=tmp_path),
        EvalRequest(questions, out=questions),
        EvalRequest(tmp_path / "absent.jsonl"),
    ):
        with pytest.raises(AssistantError):
            run_eval(request, never, Console())


def test_limits() -> None:
    assert parse_limits(["trusted=0.8", "false_refusal=10%"]) == {
        "trusted": 0.8,
        "false_refusal": 0.1,
    }
    assert parse_limits(["seconds_total_p95=30"]) == {"seconds_total_p95": 30.0}
    for wrong in (
        *("trusted", "trusted=high", "trusty=0.5", "trusted=80", "trusted=nan", "trusted=-0.1"),
        "seconds_total=5",
    ):
        with pytest.raises(UserInputError):
            parse_limits([wrong])
    figures = {"trusted": Figure(0.8, 0.7, 0.9, 10), "seconds_total_p50": Figure(2, 1, 3, 10)}
    assert shortfalls(figures, {"trusted": 0.8, "seconds_total_p50": 2}) == []
    assert len(shortfalls(figures, {"trusted": 0.81, "seconds_total_p50": 1.9, "f1": 0})) == 3


def test_the_seed_set_is_the_default() -> None:
    assert len(load_question_set(seeds.questions()).questions) == 28


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`${1}&lt; \x1b[31m\u202e"
)


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_executes_and_loads_nothing_that_came_from_outside(tmp_path: Path) -> None:
    text = f"{HOSTILE} resigned on Tuesday and the deputy takes over the town hall."
    question = Question(f"id {HOSTILE}", f"Who? {HOSTILE}", (HOSTILE,), answers=((HOSTILE,),))
    hostile = QuestionSet(HOSTILE, (question,), {HOSTILE: Article(HOSTILE, HOSTILE, text, "x")})
    with opener(lambda _: f"{HOSTILE} resigned on Tuesday")(tmp_path / "store") as assistant:
        page = render_report(evaluate(assistant, hostile))
    tags = Tags()
    tags.feed(page)
    assert [attrs for tag, attrs in tags.seen if tag == "script"] == [
        {"type": "application/json", "id": "articles"},
        {},
    ]
    assert not [tag for tag, _ in tags.seen if tag in ("img", "link", "iframe", "object", "base")]
    for _, attributes in tags.seen:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert (attributes.get("href") or "#").startswith("#")
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "Content-Security-Policy" in page


def test_the_page_shows_failures_beside_their_evidence(questions: Path, tmp_path: Path) -> None:
    with refuser()(tmp_path / "store") as assistant:
        page = render_report(evaluate(assistant, load_question_set(questions)))
    assert page.count('data-outcome="failed" data-kind="fact"') == 2
    assert page.count('data-outcome="passed" data-kind="unanswerable"') == 1
    assert "found at rank 1, not cited" in page
    assert "“Ole Brandt”" in page
