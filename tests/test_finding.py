"""An answer that code can tell is beside the question is withheld, whatever the model thinks."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.schema import Answer
from assistant.testing import HashEmbedder, ScriptedChatModel
from assistant.wording import figures

TEXT = (
    "The harbour network began operation in 1981.\n\n"
    "Its founder, Ada Berg, said the network would outlive the harbour. "
    "Berg told reporters that she had paid 2,400 crowns for the first cable.\n\n"
    "The museum of the network opened in 1982. It shows the first cable. "
    "The mayor, Olaf Cole, opened the museum."
)


def ask(tmp_path: Path, question: str, reply: str, caution: float = 0.5) -> Answer:
    model = ScriptedChatModel(replies=[reply], yes=0.99)
    with Assistant.open(
        tmp_path, model=model, embedder=HashEmbedder(), caution=caution
    ) as assistant:
        article = assistant.add(text=TEXT, title="The harbour network")
        return assistant.ask(question, articles=[article.id])


@pytest.mark.parametrize(
    ("question", "reply", "status"),
    [
        (
            "Which network began operation in 1981?",
            "The harbour network began operation in 1981.",
            "answered",
        ),
        (
            "Which network began operation in 1975?",
            "The harbour network began operation in 1981.",
            "not_in_article",
        ),
        (
            "Who paid 2400 crowns for the first cable?",
            "Berg told reporters that she had paid 2,400 crowns for the first cable.",
            "answered",
        ),
        (
            "Who paid 2500 crowns for the first cable?",
            "Berg told reporters that she had paid 2,400 crowns for the first cable.",
            "not_in_article",
        ),
    ],
)
def test_a_year_or_sum_that_is_nowhere_near_is_not_passed_over(
    tmp_path: Path, question: str, reply: str, status: str
) -> None:
    assert ask(tmp_path, question, reply).status == status


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("What did Ada Berg say about the first cable?", "answered"),
        ("What did Daniel Levy say about the first cable?", "not_in_article"),
        ("What did the founder of the network tell reporters?", "answered"),
        ("What did Ada Bergh say about the first cable?", "answered"),
    ],
)
def test_words_of_one_whom_the_article_does_not_name_are_not_looked_for(
    tmp_path: Path, question: str, status: str
) -> None:
    assert ask(tmp_path, question, COST).status == status


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("Who opened the museum?", "answered"),
        ("Who did not open the museum?", "not_in_article"),
        ("Who closed the museum?", "not_in_article"),
        ("Did the mayor not open the museum?", "answered"),
    ],
)
def test_the_contrary_of_what_is_asked_for_is_no_answer(
    tmp_path: Path, question: str, status: str
) -> None:
    opened = "The mayor, Olaf Cole, opened the museum."
    assert ask(tmp_path, question, opened).status == status
    assert ask(tmp_path, question, opened, caution=0.0).status == "answered"


COST = "Berg told reporters that she had paid 2,400 crowns for the first cable."
SHOWN = "The museum of the network shows the first cable."


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("What did Ada Berg say about the harbour?", "answered"),
        ("What did Ada Berg say about Olaf Cole?", "not_in_article"),
        # No sentence names it: she may mean it in other words.
        ("What did Ada Berg say about the wire?", "answered"),
        ("What did Ada Berg say about what happened?", "answered"),
        ("What did Ada Berg say about the plan?", "answered"),
    ],
)
def test_what_somebody_says_is_no_answer_about_what_others_tell_of(
    tmp_path: Path, question: str, status: str
) -> None:
    reply = "Ada Berg said the network would outlive the harbour."
    assert ask(tmp_path, question, reply).status == status
    assert ask(tmp_path, question, reply, caution=0.0).status == "answered"


def test_where_others_are_quoted_the_one_asked_about_is_quoted_instead(tmp_path: Path) -> None:
    shown = "It shows the first cable."
    answer = ask(tmp_path, "What did Ada Berg say about the first cable?", shown)
    assert [citation.quote for citation in answer.citations] == [COST]
    opened = "The mayor, Olaf Cole, opened the museum."
    answer = ask(tmp_path, "What did Ada Berg say about Olaf Cole?", opened)
    assert answer.status == "not_in_article"


@pytest.mark.parametrize(
    ("question", "reply", "told"),
    [
        ("How much did the first cable cost?", f"{COST} {SHOWN}", COST),
        ("How much did the first cable cost?", f"{SHOWN} {COST}", COST),
        ("Where is the first cable shown?", f"{COST} {SHOWN}", f"{COST} {SHOWN}"),
        (
            "How much did the cable cost, and who shows it?",
            f"{COST} {SHOWN}",
            f"{COST} {SHOWN}",
        ),
    ],
)
def test_beside_the_number_asked_for_nothing_else_is_told(
    tmp_path: Path, question: str, reply: str, told: str
) -> None:
    answer = ask(tmp_path, question, reply)
    assert answer.text.startswith(told)
    assert (SHOWN in answer.text) == (SHOWN in told)
    assert {c for s in answer.sentences for c in s.citations} == set(answer.citations)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("How much did the first cable cost?", "not_in_article"),
        ("Where is the first cable shown, and how much did it cost?", "answered"),
    ],
)
def test_what_leaves_out_the_number_asked_for_is_no_answer(
    tmp_path: Path, question: str, status: str
) -> None:
    assert ask(tmp_path, question, SHOWN).status == status


def test_the_bold_see_it_all_the_same(tmp_path: Path) -> None:
    reply = "The harbour network began operation in 1981."
    assert ask(tmp_path, "Which network began operation in 1975?", reply, caution=0).text == reply


def test_who_says_nothing_is_not_answered_for_by_others(tmp_path: Path) -> None:
    reply = "Ada Berg said the network would outlive the harbour."
    assert ask(tmp_path, "What did Berg say about the network?", reply).status == "answered"
    asked = "What did Olaf Cole say about the network?"
    assert ask(tmp_path, asked, reply).status == "not_in_article"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In 1982, 1,500 of 56 paid $5.11.", {"1982", "1500", "5.11"}),
        ("In the 1700s, the 16th century and Route 66.", set()),
    ],
)
def test_years_and_large_numbers(text: str, found: set[str]) -> None:
    assert figures(text) == found


@pytest.mark.parametrize(
    ("question", "reply", "status"),
    [
        ("Who opened the museum?", "Olaf Cole opened the museum.", "answered"),
        # The question has it of another, and the model repeats it.
        ("When did Berg open the museum?", "Berg opened the museum in 1982.", "not_in_article"),
        ("What did Cole pay for?", "Cole paid 2,400 crowns for the first cable.", "not_in_article"),
        ("When will the museum open?", "The museum will open in 1982.", "not_in_article"),
    ],
)
def test_what_only_the_question_says_is_no_answer(
    tmp_path: Path, question: str, reply: str, status: str
) -> None:
    assert ask(tmp_path, question, reply).status == status
