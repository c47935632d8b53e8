"""Sentences get the citations they deserve; ids and quotes that a model writes get nowhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.attribution import speaker_index
from assistant.grounding import MAX_SENTENCES, Grounded, ground, quote, split_sentences
from assistant.passages import split_article
from assistant.schema import Article, RetrievedPassage
from tests.sample_articles import seed_article

SEED = seed_article()
PASSAGES = split_article(SEED)


def grounded(text: str, question: str = "What was said?", shown: int = 99) -> Grounded:
    """A model's text, grounded in the first ``shown`` sentences of the seed article."""
    context = PASSAGES[:shown]
    hits = [RetrievedPassage(p, 0.5, rank) for rank, p in enumerate(context, start=1)]
    indexes = {SEED.id: speaker_index(SEED, PASSAGES)}
    return ground(text, question, context, hits, {SEED.id: SEED}, indexes)


def check_every_promise(result: Grounded) -> None:
    """Quotes are the article's, sentences cite what is listed, and markers count up."""
    assert [c.marker for c in result.citations] == list(range(1, len(result.citations) + 1))
    for citation in result.citations:
        assert SEED.text[citation.start : citation.end] == citation.quote
    used = {citation for sentence in result.sentences for citation in sentence.citations}
    assert used == set(result.citations)
    for sentence in result.sentences:
        assert (sentence.support == "unsupported") == (not sentence.citations)
        assert (sentence.support in ("weak", "unsupported")) == bool(sentence.reason)
    assert len(result.sentences) <= MAX_SENTENCES


PIECES = [*(passage.text for passage in PASSAGES), "Yes.", "[7]", "- ", "1. ", "The moon fell."]


@given(
    st.lists(
        st.one_of(
            st.sampled_from(PIECES), st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
        ),
        max_size=6,
    ).map(" ".join),
    st.integers(1, len(PASSAGES)),
)
def test_whatever_a_model_writes_every_citation_is_true(text: str, shown: int) -> None:
    result = grounded(text, shown=shown)
    check_every_promise(result)
    last = PASSAGES[shown - 1].end
    assert all(citation.end <= last for citation in result.citations)


def test_each_sentence_cites_its_own_quote() -> None:
    result = grounded(
        "Blinken described the effort as a work in progress. "
        "At least four G7 members have issued statements. "
        "The effort is a work in progress, Blinken said."
    )
    check_every_promise(result)
    assert [[c.marker for c in sentence.citations] for sentence in result.sentences] == [
        [1],
        [2],
        [1],
    ]


def test_what_nothing_supports_keeps_no_citation_beside_what_is() -> None:
    result = grounded(
        "Blinken described the effort as a work in progress. "
        "At least nine G7 members have issued statements."
    )
    check_every_promise(result)
    assert [bool(sentence.citations) for sentence in result.sentences] == [True, False]
    assert result.sentences[1].reason == "the quote says “four”, not “nine”"
    assert result.backed


def test_what_is_left_out_takes_its_citation_with_it() -> None:
    result = grounded(
        "Blinken described the effort as a work in progress. "
        "At least four G7 members have issued statements."
    )
    kept = result.only(lambda sentence: "four" in sentence.text)
    check_every_promise(kept)
    assert [sentence.text for sentence in kept.sentences] == [result.sentences[1].text]
    assert [citation.quote for citation in kept.citations] == [result.citations[1].quote]
    assert result.only(lambda sentence: "nobody" in sentence.text) == result


def test_a_fabrication_has_nothing_to_stand_on() -> None:
    result = grounded("The Pope met Elvis in Nairobi in 1977.")
    assert not result.backed
    assert result.citations == ()
    assert not result.declined


@pytest.mark.parametrize(
    "text",
    [
        "The article does not say.",
        "The passages do not mention the number of victims.",
        "The article doesn’t provide this information.",
        "There is no information about that in the text.",
        "I don't know.",
        "The provided passages do not specify when the talks began.",
        "It is not stated in the given context.",
    ],
)
def test_a_model_that_says_it_is_not_there_has_declined(text: str) -> None:
    result = grounded(text)
    assert result.declined
    assert result.sentences == ()


@pytest.mark.parametrize(
    "text",
    [
        "Blinken described the effort as a work in progress.",
        "They have seen nothing that leads them to believe Hamas is serious about a ceasefire.",
        "No minister would provide aid.",
    ],
)
def test_an_answer_that_denies_something_has_not_declined(text: str) -> None:
    assert not grounded(text).declined


def test_a_refusal_beside_an_answer_leaves_the_answer() -> None:
    result = grounded(
        "Blinken described the effort as a work in progress. The passages do not mention more."
    )
    assert [sentence.text for sentence in result.sentences] == [
        "Blinken described the effort as a work in progress."
    ]
    assert not result.declined


def test_list_items_are_sentences_of_their_own() -> None:
    text = "- The first item\n* The second item.\n3. The third. And more of it.\n\n• The last"
    assert split_sentences(text) == [
        "The first item",
        "The second item.",
        "The third.",
        "And more of it.",
        "The last",
    ]
    assert split_sentences("") == split_sentences(" \n ") == []


def test_passages_can_be_an_answer_in_their_own_words() -> None:
    result = quote(PASSAGES[2:4], {SEED.id: SEED})
    check_every_promise(result)
    assert [sentence.text for sentence in result.sentences] == [p.text for p in PASSAGES[2:4]]
    assert {sentence.support for sentence in result.sentences} == {"quoted"}
    assert not quote([], {}).backed


def test_quotes_over_line_ends_are_shown_in_one_line_and_cited_as_they_stand() -> None:
    text = (
        "The committee met on Tuesday to talk about\n"
        "the budget for the next year, and a vote on\n"
        "it is expected in London by Friday."
    )
    article = Article("x", "t", text, "s")
    result = quote(split_article(article), {"x": article})
    assert result.citations[0].quote == text
    assert result.sentences[0].text == re.sub(r"\s+", " ", text)


def test_a_speaker_without_a_name_is_written_small_within_a_sentence() -> None:
    article = Article(
        "a", "Illness", "A man fell ill. “His lungs will heal in May,” the doctor said.", "a"
    )
    passages = split_article(article)
    hits = [RetrievedPassage(p, 0.5, rank) for rank, p in enumerate(passages, start=1)]
    result = ground(
        "His lungs will heal in May.",
        "When will his lungs heal?",
        passages,
        hits,
        {"a": article},
        {"a": speaker_index(article, passages)},
    )
    assert result.text == "According to the doctor, his lungs will heal in May."


def grounded_in(article_text: str, claim: str, question: str) -> Grounded:
    article = Article("a", "Acme", article_text, "s")
    passages = split_article(article)
    hits = [RetrievedPassage(p, 0.5, rank) for rank, p in enumerate(passages, start=1)]
    indexes = {article.id: speaker_index(article, passages)}
    return ground(claim, question, passages, hits, {article.id: article}, indexes)


def test_what_says_too_much_gives_way_to_what_the_article_says() -> None:
    text = "Rain fell on Norwick. Acme plans to open a plant in Norwick next year. Sales rose fast."
    result = grounded_in(text, "Acme opened a plant in Norwick.", "What did Acme open in Norwick?")
    (sentence,) = result.sentences
    assert sentence.text == "Acme plans to open a plant in Norwick next year."
    assert sentence.support == "quoted"
    assert sentence.citations[0].quote == sentence.text


def test_an_allegation_keeps_who_makes_it() -> None:
    text = "Rain fell on Norwick. Prosecutors alleged that Acme bribed two officials in Norwick."
    result = grounded_in(text, "Acme bribed two officials in Norwick.", "What did Acme do?")
    assert result.text == "According to Prosecutors, Acme bribed two officials in Norwick."
