"""Readers' own models: what can be had, what waits for what, and how far a download is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from assistant import weights
from assistant.answering import Assistant
from assistant.errors import ModelError, UserInputError, WeightsError
from assistant.settings import Settings
from assistant.web.choices import ENDPOINT, Kept, answering
from assistant.web.downloads import Downloads, in_background, told
from assistant.web.evaluation_run import EvaluationRun
from assistant.web.server import _workspace
from assistant.web.variants import MODELS_KEPT, Choice, Variants
from assistant.web.workspace import Workspace, opened
from tests.conftest import Opener
from tests.sample_articles import SEED
from tests.test_weights_gguf import made
from tests.web_downloads import MODEL, downloading


def variants_of(assistant: Assistant) -> Variants:
    return Variants(opened(assistant), assistant.settings, endpoints=True)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[int], Choice]:
    """Choices of models elsewhere; nobody is asked anything."""
    return lambda n: Choice(f"model-{n}", endpoint="http://127.0.0.1:1/v1")


@pytest.mark.parametrize(("name", "address"), [("", "http://127.0.0.1:1/v1"), ("llama", "")])
def test_a_model_server_needs_its_address_and_a_name(
    assistant: Assistant, name: str, address: str
) -> None:
    variants = variants_of(assistant)
    for ask in (variants.assistant, variants.prepare, variants.at_hand):
        with pytest.raises(UserInputError, match="address and the model's name"):
            ask(Choice(name, 0.5, address))


def test_why_there_is_no_model_is_said_however_cautious_one_is(
    open_assistant: Opener, tmp_path: Path
) -> None:
    assistant = open_assistant(SEED, model=MODEL, cache=tmp_path / "empty")
    said = assistant.ask("What was the UK's position?").notices
    assert any("No language model" in notice for notice in said)
    bold = variants_of(assistant).assistant(Choice(caution=0.1))
    assert bold.ask("What was the UK's position?").notices == said


def test_a_model_that_could_not_be_had_can_be_tried_again(
    open_assistant: Opener, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.gguf"
    plain = open_assistant(SEED, model="extractive")
    settings = plain.settings.model_copy(update={"model": str(path)})
    said = ["No language model: its file is not there."]
    assistant = Assistant(settings, library=plain.library, chat_model=None, notices=said)
    workspace = Workspace(opened(assistant), settings)
    variants = workspace.variants
    with pytest.raises(ModelError):
        variants.prepare(Choice())
    assert answering(workspace, None) == "extractive"
    path.write_bytes(made())  # whole, as far as anybody sees who does not load it
    assert answering(workspace, None) == "extractive", "only whoever asks for it tries again"
    with variants.using(Choice(), anew=True) as now:
        assert now.model_name == str(path)
    assert answering(workspace, None) == str(path)
    assert variants.assistant(Choice(caution=0.1)).notices == ()
    assert variants.lane(Choice()) == str(path)
    variants.close()
    assert answering(workspace, None) == "extractive"


def test_a_model_in_use_is_not_freed_for_others(
    assistant: Assistant, elsewhere: Callable[[int], Choice]
) -> None:
    variants = variants_of(assistant)
    with variants.using(elsewhere(0)):
        for n in range(1, MODELS_KEPT + 2):
            variants.assistant(elsewhere(n))
        assert variants.at_hand(elsewhere(0))
        assert not variants.at_hand(elsewhere(1)), "the oldest that nobody uses goes"
    variants.assistant(elsewhere(9))
    assert not variants.at_hand(elsewhere(0))


def test_a_download_keeps_no_other_reader_waiting(
    open_assistant: Opener, tmp_path: Path, elsewhere: Callable[[int], Choice]
) -> None:
    assistant = open_assistant(SEED, cache=tmp_path / "cache", offline=False)
    variants, news = variants_of(assistant), Downloads()
    with downloading(tmp_path / "cache", 340) as words:
        waiting = in_background(lambda: variants.prepare(Choice(MODEL), news.take), "waits")
        _until(lambda: news.words == words)
        others = in_background(lambda: variants.prepare(elsewhere(1)), "others")
        assert others.result(timeout=60) == "model-1"
        assert not variants.at_hand(Choice(MODEL))
    with pytest.raises(WeightsError):
        waiting.result(timeout=60)


def test_what_the_page_waits_for_is_told(tmp_path: Path) -> None:
    settings = Settings.load(
        store=tmp_path / "store", cache=tmp_path / "cache", model=MODEL, embedder="hash"
    )
    with downloading(tmp_path / "cache", 120) as words:
        workspace = _workspace(settings, endpoints=True)
        for now in told(workspace.opening, workspace.downloads, "Loading the model …"):
            if now == words:
                break
        else:
            pytest.fail("it was never told")
    assert workspace.opening.result(timeout=60).model_name == "extractive"
    workspace.close(with_assistant=True)


def test_nothing_is_told_of_a_download_that_is_over() -> None:
    news, done = Downloads(), Future[None]()
    news.take(weights.Progress("tiny.gguf", 1, 2_000_000, "hub"))
    waiting = told(done, news, "Loading …")
    assert next(waiting) == "Downloading tiny.gguf: 0 of 2 MB"
    news.take(weights.Progress("tiny.gguf", 2_000_000, 2_000_000, "hub"))
    assert next(waiting) == "Loading …"
    done.set_result(None)
    assert list(waiting) == []


@pytest.mark.parametrize(
    ("choice", "lane"),
    [
        (Choice(), ""),  # a scripted one answers
        (Choice(caution=0.1), ""),
        (Choice(MODEL), MODEL),
        (Choice("/a/model.gguf"), "/a/model.gguf"),
        (Choice(MODEL, endpoint="http://127.0.0.1:1/v1"), ""),
        (Choice("extractive"), ""),
    ],
)
def test_only_a_model_in_this_process_is_waited_for(
    assistant: Assistant, choice: Choice, lane: str
) -> None:
    assert variants_of(assistant).lane(choice) == lane


def test_before_it_is_open_the_settings_tell_what_is_waited_for() -> None:
    settings = Settings.load(model=MODEL)
    assert Variants(Future(), settings, endpoints=True).lane(Choice()) == MODEL


@pytest.mark.parametrize(
    ("kept", "choice"),
    [
        (None, Choice()),
        ("x", Choice()),
        ({"model": "extractive", "caution": 0.2}, Choice("extractive", 0.2)),
        ({"model": "gone", "caution": 7}, Choice()),
        ({"model": ["extractive"], "caution": "0.2"}, Choice()),
        (
            {"model": ENDPOINT, "caution": 1, "endpoint": "http://a/v1", "name": "b"},
            Choice("b", 1.0, "http://a/v1"),
        ),
    ],
)
def test_what_the_browser_kept_is_checked(kept: object, choice: Choice) -> None:
    assert Kept.restore(kept, ["extractive", ENDPOINT]).choice() == choice


def test_an_evaluation_is_work_that_closing_waits_for(assistant: Assistant) -> None:
    workspace = Workspace(opened(assistant), assistant.settings)
    states = EvaluationRun(workspace, Choice(), (), None).states()
    next(states)
    assert workspace.busy
    closed = threading.Thread(target=workspace.close, kwargs={"with_assistant": False})
    closed.start()
    [*_, last] = states
    closed.join()
    assert not workspace.busy
    assert len(last.results) < last.total, "it ends after the question under way"


def _until(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        time.sleep(0.1)
    pytest.fail("it never happened")
