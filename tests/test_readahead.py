"""An article that the model has read once is not read again, whatever is picked from it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import weights
from assistant.answering import Assistant
from assistant.errors import Stopped
from assistant.llamacpp import LlamaCppChat
from assistant.readahead import is_worth_reading
from assistant.reading import Reader
from assistant.replies import Reply
from assistant.schema import Evidence, Turn
from assistant.settings import Settings
from assistant.testing import HashEmbedder, ScriptedChatModel
from tests.conftest import need_models
from tests.sample_articles import SEED

MODEL = "qwen2.5-coder-0.5b"  # reads like the default one, three times as fast
QUESTION = "What was one of the main topics of the meeting?"

BEGINNING = SEED.read_text(encoding="utf-8")[:850]
"""What is read again and again here: the whole article takes the model a quarter of a minute."""


def test_only_a_prompt_that_begins_with_the_passages_can_be_read_ahead(tmp_path: Path) -> None:
    model = ScriptedChatModel(replies=["Yes."])
    [system, user] = Reader(model, 4096, 64).ahead("One. <|im_start|>Two.") or []
    assert user.text.endswith("One. <\u200b|im_start|>Two.")
    assert "$" not in system.text
    (tmp_path / "answer.md").write_text("$question? $passages")
    assert Reader(model, 4096, 64, tmp_path).ahead("One.") is None


def test_a_model_elsewhere_reads_nothing_ahead(tmp_path: Path) -> None:
    model = ScriptedChatModel(replies=["Yes."])
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(SEED)
        assistant.read_ahead()
    assert model.prompts == []


@pytest.mark.parametrize(
    ("chars", "asked", "among", "worth"),
    [
        (3_000, 1, 1, True),
        (9_000, 1, 1, False),
        (9_000, 2, 1, False),
        (9_000, 3, 1, True),
        (3_000, 1, 4, False),
        (3_000, 4, 4, True),
        (800, 1, 4, True),
    ],
)
def test_the_longer_an_article_the_more_questions_make_it_worth_reading(
    chars: int, asked: int, among: int, worth: bool
) -> None:
    assert is_worth_reading(chars, asked, among) == worth


def test_a_question_can_be_stopped_before_a_word_is_written(tmp_path: Path) -> None:
    model = ScriptedChatModel(replies=["The UK would only support a humanitarian pause."])
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(SEED)
        stream = assistant.stream(QUESTION, stopped=lambda: True)
        next(stream)
        with pytest.raises(Stopped):
            next(stream)
        assert model.prompts == []


def opened(folder: Path, model: LlamaCppChat) -> Assistant:
    """Bold: what is looked at is how the model reads, not whether it is to be believed."""
    return Assistant.open(folder / "store", model=model, embedder=HashEmbedder(), caution=0.0)


@pytest.fixture
def model(tmp_path: Path) -> Iterator[LlamaCppChat]:
    need_models(MODEL)
    path = weights.path(MODEL, Settings.load())
    assert path is not None
    model = LlamaCppChat(path=path, states=tmp_path / "states")
    yield model
    model.close()


@pytest.mark.model
def test_a_second_question_reads_only_itself(tmp_path: Path, model: LlamaCppChat) -> None:
    with opened(tmp_path, model) as assistant:
        article = assistant.add(text=BEGINNING)
        first = assistant.ask(QUESTION)
        assert first.citations
        again = assistant.ask(QUESTION)
        assert again.text == first.text
        assert again.timings.prompt_tokens is not None
        assert again.timings.cached_tokens is not None
        assert again.timings.prompt_tokens - again.timings.cached_tokens < 80
        assert list((tmp_path / "states").glob(f"{article.id}-*.state"))
        assistant.remove(article.id)
        assert not list((tmp_path / "states").iterdir())


@pytest.mark.model
def test_of_a_second_prompt_about_the_same_passages_only_the_end_is_read(
    tmp_path: Path, model: LlamaCppChat
) -> None:
    reader = Reader(model, 4096, 32)
    ahead = reader.ahead(BEGINNING)
    assert ahead is not None
    state = model.state_of("beginning", ahead)
    assert model.read(ahead, state, lambda: False)

    def asked(question: str) -> tuple[str, int]:
        """What the model says, and how many tokens of the prompt it read for that."""
        reply = Reply()
        list(reader.stream(BEGINNING, question, reply, state))
        assert reply.prompt_tokens is not None
        return reply.text, reply.prompt_tokens - (reply.cached_tokens or 0)

    before, alone = asked(QUESTION)
    reader.answerable(BEGINNING, QUESTION, state)
    assert asked(QUESTION)[1] < alone
    # Somebody else's question in between takes nothing but that advantage.
    reader.answerable(BEGINNING, QUESTION, state)
    reader.answerable("The harbour of Bergen is closed.", "What is closed?")
    assert asked(QUESTION) == (before, alone)


@pytest.mark.model
def test_reading_ahead_makes_way_for_a_question_and_goes_on(
    tmp_path: Path, model: LlamaCppChat
) -> None:
    with opened(tmp_path, model) as assistant:
        assistant.add(text=BEGINNING)
        model.load()
        assistant.read_ahead()
        stopped = time.monotonic() + 1
        with pytest.raises(Stopped):
            list(assistant.stream(QUESTION, stopped=lambda: time.monotonic() > stopped))
        # "Stopped" was said after a second; a batch that had begun is read to its end.
        assert time.monotonic() - stopped < 20
        until = time.monotonic() + 120
        while not list((tmp_path / "states").glob("*.state")) or list(
            (tmp_path / "states").glob("*.begun.state")
        ):
            assert time.monotonic() < until, "nothing was read"
            time.sleep(0.2)


@pytest.mark.model
def test_a_follow_up_is_rewritten_before_the_article_is_read(
    tmp_path: Path, model: LlamaCppChat
) -> None:
    with opened(tmp_path, model) as assistant:
        assistant.add(text=BEGINNING)
        model.load()
        assistant.read_ahead()
        time.sleep(1)
        history = [Turn(QUESTION, "It was Israel's response to the attack, Blinken said.")]
        stream = assistant.stream("Why did he say so?", history=history)
        assert isinstance(next(stream), Evidence)
        read = [path.name for path in (tmp_path / "states").glob("*.state")]
        assert all(name.endswith(".begun.state") for name in read)
        stream.close()


@pytest.mark.model
def test_a_damaged_state_is_read_again(tmp_path: Path, model: LlamaCppChat) -> None:
    with opened(tmp_path, model) as assistant:
        assistant.add(text=BEGINNING)
        before = assistant.ask(QUESTION)
        [state] = (tmp_path / "states").glob("*.state")
        whole = state.read_bytes()
        state.write_bytes(whole[:1000])
        assert assistant.ask(QUESTION).citations
        # It is no longer in the way of a good one, and what was asked meanwhile is not in that.
        assert assistant.ask(QUESTION).text == before.text
        assert state.read_bytes() == whole
