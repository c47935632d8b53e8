"""What is added to a model's answer in the article's own words, and when nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.expectation import is_search
from assistant.schema import Answer
from assistant.testing import HashEmbedder, ScriptedChatModel

BRIDGE = (
    "The bridge was finished in 1932. Its two towers are made of grey granite from the north. "
    "Ferries had crossed the river there for three hundred years. "
    "The granite of the towers was cut by prisoners. A toll is still paid in summer."
)
GRANITE = "Its two towers are made of grey granite from the north."
PRISONERS = "The granite of the towers was cut by prisoners."


def asked(tmp_path: Path, question: str, reply: str, *, text: str = BRIDGE) -> Answer:
    model = ScriptedChatModel(replies=[reply], yes=0.99)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(text=text, title="The bridge")
        return assistant.ask(question)


def sentences(answer: Answer) -> list[str]:
    return [sentence.text for sentence in answer.sentences]


@pytest.mark.parametrize(
    ("question", "search"),
    [
        ("what are the towers made of", True),
        ("Bridge towers granite", True),
        ("What are the towers made of", False),
        ("“Granite” is what of the bridge", False),
        ("Tell me about the towers.", True),
        ("What are the towers made of?", False),
        ('What does he call "granite?"', False),
        ("塔は何でできていますか？", False),
        ("مم صنعت الأبراج؟", False),
    ],
)
def test_what_is_typed_as_into_a_search_engine(question: str, search: bool) -> None:
    assert is_search(question) == search


def test_a_question_gets_what_the_model_said_and_no_more(tmp_path: Path) -> None:
    answer = asked(tmp_path, "What are its two towers made of?", "They are made of grey granite.")
    assert sentences(answer) == ["They are made of grey granite."]


def test_a_search_also_gets_the_sentences_the_answer_rests_on(tmp_path: Path) -> None:
    said = "Grey granite, and not marble."
    answer = asked(tmp_path, "what are its two towers made of", said)
    assert sentences(answer) == [said, GRANITE]
    assert answer.sentences[1].support == "quoted"
    # One passage, one number: the words it is quoted with do not make it another source.
    assert [citation.quote for citation in answer.citations] == [GRANITE]


def test_what_the_added_sentence_says_whole_is_not_said_twice(tmp_path: Path) -> None:
    answer = asked(tmp_path, "what are its two towers made of", "They are made of grey granite.")
    assert sentences(answer) == [GRANITE]
    assert [citation.marker for citation in answer.citations] == [1]


def test_what_the_answer_says_already_is_not_added(tmp_path: Path) -> None:
    answer = asked(tmp_path, "what are its two towers made of", GRANITE)
    assert sentences(answer) == [GRANITE]


def test_an_answer_from_far_away_gets_the_nearest_sentence_beside_it(tmp_path: Path) -> None:
    question = "Who has cut the granite of the towers?"
    answer = asked(tmp_path, question, "Ferries had crossed the river there.")
    assert sentences(answer)[1:] == [PRISONERS]
    assert answer.citations[1].quote == PRISONERS
    assert answer.citations[1].marker == 2


def test_what_wants_an_explanation_gets_the_nearest_sentence(tmp_path: Path) -> None:
    text = BRIDGE + " Free workers had refused such heavy labour."
    question = "Why was the granite of the towers cut by prisoners?"
    refusal = "Because free workers had refused such heavy labour."
    answer = asked(tmp_path, question, refusal, text=text)
    assert sentences(answer) == [refusal, PRISONERS]


def test_several_articles_get_no_more_than_their_answers(tmp_path: Path) -> None:
    model = ScriptedChatModel(replies=["They are made of grey granite."] * 2, yes=0.99)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder()) as assistant:
        assistant.add(text=BRIDGE, title="The bridge")
        assistant.add(text=BRIDGE.replace("1932", "1933"), title="Another bridge")
        answer = assistant.ask("what are its two towers made of")
    assert all("from the north" not in sentence.text for sentence in answer.sentences)
    assert len(answer.sentences) == 2
