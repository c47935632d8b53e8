"""Whom a question means, and which statements it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.attribution import (
    SpeakerIndex,
    asked_statement,
    asked_topic,
    asks_who,
    find_person,
    speaker_index,
)
from assistant.passages import split_article
from tests.sample_articles import article, seed_article

PORT = (
    "Norwegian Prime Minister Tam Orrin told Dutch Harbour Minister Mara Quill that rain was near. "
    "“We have boats,” Quill told Orrin. “We have sails.”\n\n"
    "The French transport ministry called the rain an “utter disaster.” "
    "Ada Brim, chief executive of Norsk Boats, said her firm had no oars.\n\n"
    "Police said nobody drowned. Norsk Boats declined to comment.\n\n"
    "Port lawyer Ivo Tanner described the harbour as closed. He said that it would open on Friday."
)


def read(text: str) -> SpeakerIndex:
    one = article(text)
    return speaker_index(one, split_article(one))


@pytest.fixture(scope="module")
def seed() -> SpeakerIndex:
    one = seed_article()
    return speaker_index(one, split_article(one))


@pytest.fixture(scope="module")
def port() -> SpeakerIndex:
    return read(PORT)


SEED_PERSONS = {
    "What was the UK's position?": "James Cleverley",
    "What did the British Foreign Secretary say?": "James Cleverley",
    "Who is the foreign minister of the United Kingdom?": "James Cleverley",
    "What did Germany's foreign minister say about Israel?": "Annalena Bärbock",
    "How did Berlin react?": "Annalena Bärbock",
    "What did Kamikawa tell Blinken?": "Yoko Kamikawa",
    "what did kishida say about g7 unity?": "Fumio Kishida",
    "What did Japan's premier say?": "Fumio Kishida",
    "What is the US secretary of state's view of the effort?": "Antony Blinken",
    "What, according to Blinken, must not deepen?": "Antony Blinken",
    "What did U.S. officials hope for?": "U.S. officials",
}
SEED_NOBODY = (
    "What was France's position?",
    "What did the Italian foreign minister say?",
    "What did Netanyahu answer to Blinken?",
    "What did the foreign minister say?",
    "What did he say about a ceasefire?",
    "Which hotel hosted the meeting?",
    "",
)


@pytest.mark.parametrize(("question", "name"), SEED_PERSONS.items())
def test_a_question_means_a_person(seed: SpeakerIndex, question: str, name: str) -> None:
    person = find_person(question, seed.people)
    assert person is not None
    assert person.name == name


@pytest.mark.parametrize("question", SEED_NOBODY)
def test_a_question_means_nobody_the_article_has(seed: SpeakerIndex, question: str) -> None:
    assert find_person(question, seed.people) is None


ASKED = {
    "What did Quill tell Orrin?": "“We have boats,”",
    "What did Orrin tell Quill?": "Norwegian Prime Minister",
    "What did the Netherlands' harbour minister say about sails?": "“We have sails.”",
    "What is France's position on the rain?": "The French transport ministry",
    "How did Paris describe the rain?": "The French transport ministry",
    "What did the boss of Norsk Boats say about oars?": "Ada Brim",
    "What did Norsk Boats say?": "Norsk Boats declined",
    "What did the port's attorney say about Friday?": "He said",
    "When will it open, according to Tanner?": "He said",
    "Who called the rain an 'utter disaster'?": "The French transport ministry",
    "Who said that nobody drowned?": "Police said",
    "Who spoke of an “utter disaster”?": "The French transport ministry",
    "Which lawyer described the harbour as closed?": "Port lawyer",
}


@pytest.mark.parametrize(("question", "opening"), ASKED.items())
def test_the_statement_asked_for_comes_first(
    port: SpeakerIndex, question: str, opening: str
) -> None:
    found = asked_statement(question, port.people, port.statements)
    assert found
    assert found[0].text.startswith(opening)


NOT_ASKED = (
    "How many boats are there?",
    "Where is the harbour?",
    "What did Quill eat?",
    "What did Germany's minister say about the rain?",
    "What did Rosa Lind say?",
    "Who said that pigs can fly over mountains?",
    "Who is Mara Quill?",
)


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Who accused the two officers?", True),
        ("Which lawyer called the officers scapegoats?", True),
        ("Who are the lawyers of the two accused officers?", False),
        ("Who answered a call?", False),
    ],
)
def test_a_participle_before_a_noun_is_no_verb(question: str, asks: bool) -> None:
    assert asks_who(question) == asks


@pytest.mark.parametrize("question", NOT_ASKED)
def test_other_questions_ask_for_no_statement(port: SpeakerIndex, question: str) -> None:
    assert asked_statement(question, port.people, port.statements) == ()


def test_an_office_speaks_for_its_holder(seed: SpeakerIndex) -> None:
    question = "What did the Japanese prime minister's office say he commended?"
    found = asked_statement(question, seed.people, seed.statements)
    assert found[0].text.startswith("The office said")


def test_only_what_was_told_to_the_one_asked_about(seed: SpeakerIndex) -> None:
    question = "What did Blinken tell Kamikawa?"
    found = asked_statement(question, seed.people, seed.statements)
    assert [s.text.startswith("“This is a very important") for s in found] == [True]


WORDS = st.sampled_from(
    "Who What did does according to say said tell position of the 's UK Quill Orrin minister "
    "? ' “ ” view describe Norsk Boats about his".split()
)


@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=80))
def test_any_question_is_taken(question: str) -> None:
    index = PORT_INDEX
    person = find_person(question, index.people)
    assert person is None or person in index.people
    found = asked_statement(question, index.people, index.statements)
    assert len(set(found)) == len(found)
    assert set(found) <= set(index.statements)


PORT_INDEX = read(PORT)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What did Ada Brim say about the oars?", "the oars"),
        ("And what does Norsk Boats think about rain in May?", "rain in May"),
        ("What is Norway's position on boats?", "boats"),
        ("How did Tanner react to the storm?", "the storm"),
        ("How did Tanner describe the harbour?", "the harbour"),
        # A clause, a day, or what may be anything is no topic to look for.
        ("What did Brim say about what happened?", ""),
        ("What did Brim say about the situation?", ""),
        ("What did Brim say about it?", ""),
        ("What did Brim say on Friday?", ""),
        ("Who spoke about boats?", ""),
        ("What is known about boats?", ""),
    ],
)
def test_what_somebodys_words_are_wanted_about(question: str, topic: str) -> None:
    assert asked_topic(question) == topic
