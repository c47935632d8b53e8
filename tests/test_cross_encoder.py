"""The cross-encoder tells texts that answer from texts about the same matter."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import weights
from assistant.answering import Assistant
from assistant.cross_encoder import BASE, WEIGHTS, CrossEncoder, compact, expanded
from assistant.errors import ModelError
from assistant.models import cross_encoder
from assistant.schema import Answer, Evidence
from assistant.settings import Settings
from assistant.testing import HashEmbedder, ScriptedChatModel

ANSWERING = "Ada Berg founded the harbour network in 1981, with money of her own."
RELATED = "The museum of the harbour network shows the first cable."
QUESTION = "Who founded the harbour network?"


@pytest.fixture(scope="module")
def folder() -> Path:
    return weights.ensure(BASE, Settings.load())


@pytest.mark.model
def test_a_text_that_answers_is_told_from_one_about_the_same_matter(folder: Path) -> None:
    odds = CrossEncoder(folder).log_odds(QUESTION, [RELATED, ANSWERING])
    assert odds[1] > 0 > odds[0]


@pytest.mark.model
def test_what_a_text_is_read_with_changes_nothing(folder: Path) -> None:
    encoder = CrossEncoder(folder)
    many = [ANSWERING, RELATED, "Yes.", RELATED * 40, "", "\0 海港 🛳"]
    together = encoder.log_odds(QUESTION, many)
    alone = [encoder.log_odds(QUESTION, [text])[0] for text in many]
    assert together == pytest.approx(alone, abs=0.1)  # bfloat16
    assert encoder.log_odds(QUESTION, []) == []


@pytest.mark.model
def test_a_question_of_any_length_is_read(folder: Path) -> None:
    assert len(CrossEncoder(folder).log_odds("Who founded it? " * 250, [ANSWERING])) == 1


@pytest.mark.model
def test_what_it_said_stands_in_the_answer(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, model="extractive") as assistant:
        article = assistant.add(text=f"{ANSWERING}\n\n{RELATED}", title="The network")
        answers = [
            assistant.ask(question, articles=[article.id])
            for question in (QUESTION, "What does a ticket to the museum cost?")
        ]
    assert answers[0].status == "answered"
    assert answers[0].signals["answers"] > answers[1].signals["answers"]
    found = answers[0].retrieved
    assert found[0].passage.text == ANSWERING
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    assert found[0].answers == answers[0].signals["answers"]
    assert Answer.from_json(answers[0].to_json()) == answers[0]


@pytest.mark.model
def test_the_evidence_does_not_wait_for_it(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, model="extractive") as assistant:
        article = assistant.add(text=f"{RELATED}\n\n{ANSWERING}", title="The network")
        first = next(assistant.stream(QUESTION, articles=[article.id]))
    assert isinstance(first, Evidence)
    assert {hit.answers for hit in first.passages} == {None}


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "sentences"),
    [
        (QUESTION, [ANSWERING]),
        # Who wants to have it explained, or asks for two things, is told all of it.
        ("Tell me who founded the harbour network.", [ANSWERING, RELATED]),
        ("Who founded the harbour network, and what does the museum show?", [ANSWERING, RELATED]),
    ],
)
def test_what_answers_far_less_than_another_sentence_is_left_out(
    tmp_path: Path, question: str, sentences: list[str]
) -> None:
    model = ScriptedChatModel(replies=[f"{ANSWERING} {RELATED}"], yes=0.99)
    with Assistant.open(tmp_path, model=model) as assistant:
        article = assistant.add(text=f"{RELATED}\n\n{ANSWERING}", title="The network")
        answer = assistant.ask(question, articles=[article.id])
    assert [sentence.text for sentence in answer.sentences] == sentences
    assert {c.marker for c in answer.citations} == set(range(1, len(sentences) + 1))


@pytest.mark.model
def test_without_a_language_model_too_only_what_answers_is_shown(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, model="extractive") as assistant:
        article = assistant.add(text=f"{RELATED}\n\n{ANSWERING}", title="The network")
        answer = assistant.ask(QUESTION, articles=[article.id])
    assert [sentence.text for sentence in answer.sentences] == [ANSWERING]


@pytest.mark.model
def test_another_embedder_has_none(tmp_path: Path) -> None:
    assert cross_encoder(Settings.load(embedder="hash")) is None
    with Assistant.open(tmp_path, model="extractive", embedder=HashEmbedder()) as assistant:
        article = assistant.add(text=ANSWERING, title="The network")
        assert "answers" not in assistant.ask(QUESTION, articles=[article.id]).signals


@pytest.mark.parametrize("damaged", ["", "not a model"])
def test_a_damaged_file_is_named(tmp_path: Path, damaged: str) -> None:
    file = tmp_path / "cross_encoder.safetensors"
    file.write_text(damaged)
    with pytest.raises(ModelError, match="install them again"):
        CrossEncoder(tmp_path, file).log_odds(QUESTION, [ANSWERING])


@pytest.mark.model
def test_weights_of_another_model_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "cross_encoder.safetensors"
    shutil.copy(folder / "model.safetensors", other)
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoder(folder, other).log_odds(QUESTION, [ANSWERING])


def test_a_byte_a_weight_is_near_enough() -> None:
    import torch

    torch.manual_seed(0)
    exact = {"layer.weight": torch.randn(16, 32), "layer.bias": torch.randn(16)}
    small = compact(exact)
    assert small["layer.weight"].dtype is torch.int8
    again = expanded(small)
    assert again.keys() == exact.keys()
    for name, value in exact.items():
        step = value.abs().amax() / 127
        assert (again[name] - value).abs().max() <= step


def test_the_file_is_small_enough_for_the_repository() -> None:
    assert WEIGHTS.stat().st_size <= 10_000_000
