"""A follow-up becomes a question of its own; a question that is one already is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import EndpointError, ModelError, Stopped
from assistant.followups import is_standalone, standalone
from assistant.schema import Answer, Turn
from assistant.testing import ScriptedChatModel
from tests.conftest import Opener

POSITION = Turn("What was the UK's position?", "It would only support a humanitarian pause.")

STANDALONE = """
What was the UK's position?
Who is the British Foreign Secretary?
Why does Cleverley oppose a broad ceasefire?
What did Germany's foreign minister say about Israel?
Where was the G7 foreign ministers' meeting held?
What did Cleverley say his government would support?
How many G7 members have issued statements?
Is there a ceasefire in Gaza?
What concerns are there about China?
What is it that Blinken wants?
Who said that Israel has a right to protect its population?
Who told Blinken that he has their support?
What is this article about?
What happened this week in Tokyo?
What is the first thing that Cleverley said?
What is the name of the other foreign minister in Japan?
Should there be one state or two in the region?
What did the ministers say about those killed on October 7?
So what did Blinken propose?
And what did Kamikawa tell Blinken in Tokyo?
Where is the meeting?
When was the attack?
Did Kishida praise the Biden administration?
Which countries are in the G7?
What does the article say about North Korea?
How does Blinken describe the effort?
When do the meetings end?
Is Hamas serious about a ceasefire?
What did U.S. officials hope for?
Does the article mention Canada?
""".strip().splitlines()

FOLLOWUPS = """
And Germany's?
and germany?
What about Kamikawa?
How about Paris?
Why?
Why not?
Who?
What did he say?
Where did they meet?
What does it mean?
Who said that?
Why did that happen?
What else?
And the second one?
What did the latter say?
How many have done so by now?
What about theirs?
Did they agree?
""".strip().splitlines()


class Untouchable(ScriptedChatModel):
    """A model that must not be asked."""

    def __init__(self) -> None:
        super().__init__(replies=_fail)


def _fail(prompt: str) -> str:
    raise AssertionError(f"the model was asked: {prompt}")


@pytest.mark.parametrize("question", STANDALONE)
def test_a_question_that_stands_alone_is_never_changed(question: str) -> None:
    assert len(STANDALONE) == 30
    assert is_standalone(question)
    assert standalone(question, [POSITION], Untouchable()) == question


@pytest.mark.parametrize("question", FOLLOWUPS)
def test_a_question_that_points_back_is_not_searched_for_as_it_is(question: str) -> None:
    assert not is_standalone(question)
    assert standalone(question, [POSITION], None) != question


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_without_a_conversation_nothing_is_changed(question: str) -> None:
    assert standalone(question, [], Untouchable()) == question


@pytest.mark.parametrize(
    ("question", "previous", "expected"),
    [
        ("And Germany's?", "What was the UK's position?", "What was Germany's position?"),
        ("And Germany?", "What was the UK's position?", "What was Germany's position?"),
        ("and germany?", "What was the UK's position?", "What was Germany's position?"),
        ("What about Germany?", "What was the UK's position?", "What was Germany's position?"),
        ("And what about Berlin?", "What did London want?", "What did Berlin want?"),
        ("And Kamikawa?", "What did Blinken say?", "What did Kamikawa say?"),
        ("And Yoko Kamikawa?", "What did Mr Blinken say?", "What did Yoko Kamikawa say?"),
        (
            "And France?",
            "What was the position of the UK?",
            "What was the position of France?",
        ),
        (
            "And Germany?",
            "What did Cleverley say about the UK?",
            "What did Cleverley say about Germany?",
        ),
        (
            "And among teenagers?",
            "How did use change among adults after the vote?",
            "How did use change among teenagers after the vote?",
        ),
    ],
)
def test_the_same_question_for_another_needs_no_model(
    question: str, previous: str, expected: str
) -> None:
    assert standalone(question, [Turn(previous, "An answer.")], Untouchable()) == expected


def test_the_last_question_counts() -> None:
    history = [Turn("Who is James Cleverley?", "A minister."), POSITION]
    assert standalone("And Japan's?", history, Untouchable()) == "What was Japan's position?"


def test_the_model_rewrites_what_rules_cannot() -> None:
    model = ScriptedChatModel(
        replies=["“Why does the UK only support a humanitarian pause?”\n\nOk"]
    )
    asked = standalone("Why does it support that?", [POSITION], model)
    assert asked == "Why does the UK only support a humanitarian pause?"
    assert "Q: What was the UK's position?" in model.prompts[0]
    assert "A: It would only support a humanitarian pause." in model.prompts[0]
    assert "Why does it support that?" in model.prompts[0]


@pytest.mark.parametrize(
    "invention",
    [
        "Why does Macron support a humanitarian pause?",
        "Why did the UK support that in 2019?",
        "What is the weather like?",
        "Why does the UK support a pause? " * 20,
        "",
        "  \n ",
    ],
)
def test_a_rewrite_that_invents_or_forgets_is_not_used(invention: str) -> None:
    question = "Why does it support a pause there?"
    asked = standalone(question, [POSITION], ScriptedChatModel(replies=[invention]))
    assert question in asked
    assert POSITION.question in asked
    assert "Macron" not in asked
    assert "2019" not in asked


def test_names_of_earlier_turns_and_answers_are_no_inventions() -> None:
    history = [
        Turn("Who is the British Foreign Secretary?", "It is James Cleverley."),
        Turn("What was the UK's position?", "A pause."),
    ]
    rewrite = "Why does James Cleverley say so about the UK?"
    asked = standalone("Why does he say so?", history, ScriptedChatModel(replies=[rewrite]))
    assert asked == rewrite


def test_an_answer_object_is_as_good_as_its_text() -> None:
    answer = Answer("q", "A pause, said Cleverley.", (), (), "answered", 0.9)
    model = ScriptedChatModel(replies=["Why did Cleverley say that?"])
    asked = standalone("Why did he say that?", [Turn("What was said?", answer)], model)
    assert asked == "Why did Cleverley say that?"
    assert "A: A pause, said Cleverley." in model.prompts[0]


def test_a_long_conversation_is_cut_and_not_the_question() -> None:
    history = [Turn(f"Question {i} about X?", "word " * 5_000) for i in range(50)]
    model = ScriptedChatModel(replies=["What about X?"])
    standalone("What did he say then?", history, model)
    assert len(model.prompts[0]) < 4_000
    assert "What did he say then?" in model.prompts[0]
    assert "Question 49" in model.prompts[0]


def test_a_failing_model_is_not_hidden() -> None:
    class Failing(ScriptedChatModel):
        def _reply(self, messages: object, kwargs: object) -> object:  # type: ignore[override]
            raise ModelError("out of memory")

    with pytest.raises(ModelError, match="out of memory") as raised:
        standalone("What did he say?", [POSITION], Failing(replies=[""]))
    assert not isinstance(raised.value, EndpointError)


def test_a_rewrite_can_be_stopped_and_is_before_anything_else(open_assistant: Opener) -> None:
    model = ScriptedChatModel(replies=["Why does the UK only support a humanitarian pause?"])
    assistant = open_assistant("The UK supports a humanitarian pause only.", model=model)
    stream = assistant.stream(
        "Why does it support that?", history=[POSITION], stopped=lambda: bool(model.prompts)
    )
    with pytest.raises(Stopped):
        next(stream)
    assert len(model.prompts) == 1, "the rewrite"


def test_a_rewrite_is_the_first_line_and_the_model_writes_no_more() -> None:
    model = ScriptedChatModel(replies=["\n Why does the UK support a pause?\nA: Because " * 9])
    pieces = 0

    def counted() -> bool:
        nonlocal pieces
        pieces += 1
        return False

    asked = standalone("Why does it support that?", [POSITION], model, stopped=counted)
    assert asked == "Why does the UK support a pause?"
    assert pieces < 12
