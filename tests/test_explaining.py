"""Questions that want an explanation get several sentences, each with its own quote."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.expectation import explains
from assistant.replies import clean
from assistant.schema import Answer
from assistant.testing import HashEmbedder, ScriptedChatModel
from tests.sample_articles import SEED

PAUSE = "Cleverley said his government would only support a humanitarian pause."
INVENTED = "The Pope met Elvis in Nairobi in 1977."
WORK = "Blinken described the effort as a work in progress."


@pytest.mark.parametrize(
    ("question", "explaining"),
    [
        ("Why did the firm sell?", True),
        ("How did the minister react?", False),
        ("How does the union see the plan?", False),
        ("How did the bridge fall?", True),
        ("When was the wall built and why?", True),
        ("And how come they left?", True),
        ("What happened to the bridge?", True),
        ("What is the difference between a pause and a ceasefire?", True),
        ("What does the treaty mean?", True),
        ("Explain the plan.", True),
        ("molasses act purpose", True),
        ("How many people came?", False),
        ("How long is the bridge?", False),
        ("Who leads the bank?", False),
        ("What was the UK's position?", False),
        ("When did it begin?", False),
        ("Is Kamikawa a minister?", False),
    ],
)
def test_which_questions_want_an_explanation(question: str, explaining: bool) -> None:
    assert explains(question) == explaining


HOW = "How did Blinken describe the effort, and which humanitarian pause would Cleverley support?"


def asked(tmp_path: Path, question: str, *sentences: str) -> Answer:
    model = ScriptedChatModel(replies=[" ".join(sentences)], yes=0.99)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(SEED)
        return assistant.ask(question)


def test_an_explanation_leaves_out_what_nothing_supports(tmp_path: Path) -> None:
    answer = asked(tmp_path, HOW, PAUSE, INVENTED, WORK)
    assert "Elvis" not in answer.text
    assert [bool(sentence.citations) for sentence in answer.sentences] == [True, True]


def test_a_short_answer_shows_what_nothing_supports(tmp_path: Path) -> None:
    answer = asked(tmp_path, "Which humanitarian pause would Cleverley support?", PAUSE, INVENTED)
    assert [sentence.support for sentence in answer.sentences][-1] == "unsupported"


def test_an_explanation_ends_after_four_sentences(tmp_path: Path) -> None:
    answer = asked(tmp_path, HOW, PAUSE, WORK, PAUSE, WORK, PAUSE, WORK)
    assert len(answer.sentences) == 4


def test_a_sentence_is_not_taken_for_two_while_it_is_written(tmp_path: Path) -> None:
    said = [
        "The Romans called winter a time without months.",
        "Numa added January and February at the end of the year.",
        "February had 23 days in some years.",
        "In the time of the decemvirs (c. 450 BC), February became the second month.",
    ]
    model = ScriptedChatModel(replies=[" ".join(said)], yes=0.99)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(text="\n".join(said), title="February")
        answer = assistant.ask("How did February and January come into the Roman year, and why?")
    assert said[-1] in [sentence.text for sentence in answer.sentences]


def test_a_sentence_that_was_cut_off_is_not_shown(tmp_path: Path) -> None:
    answer = asked(tmp_path, HOW, PAUSE, "Blinken described the effort as")
    assert [sentence.text for sentence in answer.sentences] == [PAUSE]


def test_the_model_is_not_let_speak_of_passages() -> None:
    said = "The passage states that the port closed. The text also says that it opens."
    assert clean(said) == "The port closed. It opens."
