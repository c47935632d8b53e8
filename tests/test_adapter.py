"""The adapters of the default model: they answer one question, and change no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from langchain_core.language_models import BaseChatModel

from assistant import weights
from assistant.answering import Assistant
from assistant.errors import ModelError, Stopped
from assistant.llamacpp import LlamaCppChat
from assistant.models import chat_model
from assistant.prompts import render
from assistant.reading import INVOCATION, Adapter, Reader
from assistant.settings import Settings
from assistant.testing import HashEmbedder, ScriptedChatModel
from tests.conftest import need_models
from tests.sample_articles import SEED

TEXT = SEED.read_text(encoding="utf-8")[:850]

ANSWERED = "What was one of the main topics of the meeting?"
MISLEADING = "What was one of the main topics that the meeting left out?"


def test_the_word_that_calls_it_comes_after_the_passages() -> None:
    prompt = render("answerable", passages="<passages>", question="<question>")
    assert prompt.index("<passages>") < prompt.index(INVOCATION) < prompt.index("<question>")
    assert prompt.count(INVOCATION) == 1


def test_it_is_not_asked_by_a_prompt_that_does_not_call_it(tmp_path: Path) -> None:
    (tmp_path / "answerable.md").write_text("$passages\n\nIs this answered? $question")
    file = tmp_path / "none.gguf"
    assert (
        Reader(LlamaCppChat(path=file, adapters={"passages": file}), 4096, 64, tmp_path).holds(
            "One.", "?"
        )
        is None
    )


@pytest.mark.parametrize(
    "model", [ScriptedChatModel(replies=["Yes."]), LlamaCppChat(path=Path("none.gguf"))]
)
def test_a_model_without_one_is_not_asked(model: BaseChatModel) -> None:
    assert Reader(model, 4096, 64).holds("One.", "Which one?") is None


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppChat]:
    settings = Settings.load(offline=True)
    need_models(settings.model)
    model = chat_model(settings)
    assert isinstance(model, LlamaCppChat)
    assert model.adapters == weights.catalogue()[settings.model].adapters != {}
    # States of its own: not among those of the articles that somebody reads.
    own = LlamaCppChat(
        path=model.path, adapters=model.adapters, states=tmp_path_factory.mktemp("states")
    )
    yield own
    own.close()


def test_only_an_adapter_that_the_model_has_can_be_asked() -> None:
    model = LlamaCppChat(path=Path("none.gguf"), adapters={"passages": Path("none.gguf")})
    with pytest.raises(ModelError, match=r"no adapter 'quotes'.*has: passages"):
        model.invoke("One?", adapter="quotes")


@pytest.mark.model
@pytest.mark.parametrize("adapter", get_args(Adapter))
@pytest.mark.parametrize("ahead", [False, True])
def test_what_it_made_of_a_question_is_not_taken_for_the_models_own(
    model: LlamaCppChat, ahead: bool, adapter: Adapter
) -> None:
    reader = Reader(model, 4096, 32)
    state = None
    if ahead:
        messages = reader.ahead(TEXT)
        assert messages is not None
        state = model.state_of("beginning", messages)
        assert model.read(messages, state, lambda: False)
    before = reader.answerable(TEXT, ANSWERED, state)
    adapted = reader.holds(TEXT, ANSWERED, state, adapter=adapter)
    assert before is not None
    assert adapted is not None
    assert adapted != pytest.approx(before, abs=1e-4)
    assert reader.answerable(TEXT, ANSWERED, state) == pytest.approx(before, abs=0.02)
    # Nor does it matter to it what was asked before, of the model or of another adapter.
    [other] = set(get_args(Adapter)) - {adapter}
    assert reader.holds(TEXT, ANSWERED, state, adapter=other) != pytest.approx(adapted, abs=1e-4)
    again = reader.holds(TEXT, ANSWERED, state, adapter=adapter)
    # The text is read anew then, in other batches, which moves the last digits.
    assert again == pytest.approx(adapted, abs=0.05)


@pytest.mark.model
@pytest.mark.parametrize("adapter", get_args(Adapter))
def test_it_takes_what_the_passages_answer_for_likelier(
    model: LlamaCppChat, adapter: Adapter
) -> None:
    reader = Reader(model, 4096, 32)
    answered, misleading = (
        reader.holds(TEXT, asked, adapter=adapter) for asked in (ANSWERED, MISLEADING)
    )
    assert answered is not None
    assert misleading is not None
    assert misleading < answered


@pytest.mark.model
def test_a_country_by_another_name_is_the_same_country_to_it(model: LlamaCppChat) -> None:
    reader = Reader(model, 4096, 32)
    text = "The French government said that it regrets the closing of the consulate in Oslo."
    own, capital, other = (
        reader.holds(text, f"How did the {name} government react to the closing?")
        for name in ("French", "Paris", "Madrid")
    )
    assert own == pytest.approx(capital, abs=0.02)
    assert own is not None
    assert other is not None
    assert own - other > 0.3


@pytest.mark.model
def test_it_can_be_stopped(model: LlamaCppChat) -> None:
    with pytest.raises(Stopped):
        Reader(model, 4096, 32).holds(TEXT, ANSWERED, stopped=lambda: True)


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who is Japan's foreign minister?", True),
        ("japan foreign minister", False),
        ("What did Cleverley say about a ceasefire?", False),
    ],
)
def test_it_is_asked_only_what_is_meant_to_the_letter(
    real_assistant: Assistant, question: str, asked: bool
) -> None:
    answer = real_assistant.ask(question)
    assert "coverage" in answer.signals, "the model has answered"
    assert ("holds" in answer.signals) == asked
    # What is sure by then is not asked of the quotes, too.
    assert "quotes_hold" not in answer.signals


@pytest.mark.model
def test_what_is_not_sure_is_asked_of_the_quotes_alone(tmp_path: Path, model: LlamaCppChat) -> None:
    with Assistant.open(tmp_path, model=model, caution=0.0) as assistant:
        assistant.add(text=TEXT)
        signals = assistant.ask(ANSWERED).signals
    assert {"holds", "quotes_hold"} <= signals.keys()


@pytest.mark.model
def test_of_the_quotes_alone_it_is_asked_about_somebodys_words_too(
    tmp_path: Path, model: LlamaCppChat
) -> None:
    with Assistant.open(tmp_path, model=model, caution=0.0) as assistant:
        assistant.add(SEED)
        signals = assistant.ask("What did Cleverley say about a ceasefire?").signals
        assert "quotes_hold" in signals
        assert "holds" not in signals
        assert not {"holds", "quotes_hold"} & assistant.ask("ceasefire cleverley").signals.keys()


@pytest.mark.model
def test_without_a_cross_encoder_it_is_not_asked(tmp_path: Path, model: LlamaCppChat) -> None:
    """Nothing was fitted on it there."""
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder(), caution=0.0) as assistant:
        assistant.add(text=TEXT)
        assert "holds" not in assistant.ask(ANSWERED).signals
