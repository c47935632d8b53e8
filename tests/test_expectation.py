"""What kind of thing a question asks for, and what to ask again when an answer leaves it out."""

from __future__ import annotations

import pytest

from assistant.expectation import hint, is_met


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("How many people came?", "Some people came.", ""),
        ("How many people came?", "People came to the square.", "Give the number."),
        ("How many people came?", "Forty people came.", ""),
        ("How many jurors must agree?", "The verdict has to be unanimous.", ""),
        ("What rise did the study find?", "It found that rates have risen.", "Give the number."),
        ("What rise did the study find?", "It found 25 percent more.", ""),
        ("What is the chairman being paid?", "He is paid by the bank.", "Give the number."),
        ("What is the bank paid for?", "For its advice.", ""),
        ("What did the campaign cost?", "It was paid by the state.", "Give the number."),
        ("What did it cost the mayor to win?", "Many friends.", ""),
        ("How soon did he get better?", "His illness is treatable.", "Give the date or time."),
        ("How soon did he get better?", "Within days.", ""),
        ("When did it begin?", "It began in the hall.", "Give the date or time."),
        ("When did it begin?", "It began on Monday.", ""),
        ("When did it begin?", "It began during Mass.", ""),
        ("In what year did it begin?", "It began during Mass.", "Give the date or time."),
        ("In what year did it begin?", "It began in 1562, during Mass.", ""),
        ("Which two officers were charged?", "Two officers were charged.", "Give the name."),
        ("Which two officers were charged?", "Tova Noel and Michael Thomas were.", ""),
        ("Who leads the bank?", "Its leader does.", "Give the name."),
        ("Who leads the bank?", "Maria Lund leads the bank.", ""),
        (
            "Why did the firm sell?",
            "The firm sold its shops.",
            "Give the reason, after the word “because”.",
        ),
        ("Why did the firm sell?", "It sold because it had no cash.", ""),
        ("What did the firm sell?", "Its shops.", ""),
    ],
)
def test_what_an_answer_leaves_out(question: str, answer: str, expected: str) -> None:
    assert hint(question, answer) == expected


def test_a_name_that_is_asked_for_has_to_be_a_new_one() -> None:
    question = "What is the name of the warden whom Barr moved?"
    assert not is_met(question, "The warden was moved by Barr.")
    assert is_met(question, "The warden is Lamine N'Diaye.")
    assert is_met("What is the dog called?", "The dog barks.")
    assert not is_met("What is the patient's name?", "The patient's name is a man of 43.")


def test_how_far_asks_for_a_distance() -> None:
    question = "How far is the coast from the town?"
    assert not is_met(question, "They came from the coast to the town four years before.")
    assert is_met(question, "It is 12 miles away.")
    assert is_met(question, "It is two hours from the town.")
    assert is_met("How far did the price fall?", "It fell by four percent.")


def test_what_the_question_says_is_not_what_it_asks_for() -> None:
    answer = "A group of monks was part of the crew that landed in 1555."
    assert not is_met("How many monks were part of the crew that landed in 1555?", answer)
    assert not is_met("When did the crew of 1555 set out?", "The crew of 1555 set out.")
    assert is_met("When in 1555 did the crew set out?", "The crew set out on 3 May 1555.")


def test_the_year_of_something_is_no_number_of_things() -> None:
    question = "What figure does each report give for the cost of the campaign?"
    assert not is_met(question, "Nobody forgets the state's campaign from 2014.")
    assert is_met(question, "It cost $449,000 in 2019.")
    assert is_met("How many soldiers did he lead?", "He was followed by 1500 men.")
    assert is_met("How long did the war last?", "It lasted from 1568 to 1609.")
    assert is_met("How old is the house?", "It stands there since 1720.")
