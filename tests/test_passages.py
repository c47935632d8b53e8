"""Passages are whole sentences with exact offsets, and none of an article's words is lost."""

from __future__ import annotations

import gc
import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.passages import MAX_CHARS, MIN_CHARS, context_texts, split_article
from assistant.schema import Article, Passage

SHARED = Path(__file__).parents[2] / "shared" / "articles"

# Whatever Unicode there is, except lone surrogates, which are no text and are removed on loading.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
# Arbitrary characters rarely make sentences; these pieces often do.
PROSE_PIECES = (
    "Mr. U.S. Dr. e.g. Jan. 3.5 . ! ? … “ ” ‘ ’ \" ' ( ) [ ] , ; : — - # * | \n \n\n \r\n \t "
    "\u00a0 \u2028 \u200b \u3000 。 ！ said Blinken the 北京 ١٢ é e\u0301 word"
).split(" ")
LONG_PIECES = [" ", "\n", "\n\n", "word " * 30, "x" * 500, "Sentence one here. "]
PROSE = st.lists(st.sampled_from([*PROSE_PIECES, *LONG_PIECES]), max_size=60).map(" ".join)


def article(text: str, language: str | None = None, title: str = "T") -> Article:
    return Article("a", title, text, "source.txt", language=language)


def texts(text: str) -> list[str]:
    return [passage.text for passage in split_article(article(text))]


def check_every_promise(text: str, passages: list[Passage]) -> None:
    """Offsets are exact, passages are disjoint and in order, and only white space is left out."""
    position = 0
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert position <= passage.start < passage.end
        assert text[position : passage.start].strip() == ""
        assert passage.text == passage.text.strip()
        assert len(passage.text) <= MAX_CHARS
        position = passage.end
    assert text[position:].strip() == ""
    assert len({passage.id for passage in passages}) == len(passages)


@given(st.one_of(ANY_TEXT, PROSE), st.sampled_from([None, "en", "de", "ja", "xx", "pt-BR", ""]))
@example("“" + "a b. " * 2_000, None)
@example("a" * 7_000 + " b" * 3_000, "en")
@example("\n\n \n", None)
def test_nothing_is_lost_whatever_the_text(text: str, language: str | None) -> None:
    check_every_promise(text, split_article(article(text, language)))


def test_nothing_is_lost_in_any_article_at_hand() -> None:
    files = sorted(SHARED.glob("*.json"))
    if not files:
        pytest.skip("there are no articles in ../shared/articles")
    for file in files:
        text = json.loads(file.read_text(encoding="utf-8"))["text"]
        passages = split_article(article(text))
        check_every_promise(text, passages)
        # A sentence is found at its own place, not at an earlier one with the same words.
        assert [p.start for p in passages] == sorted({p.start for p in passages})


def test_the_seed_article_keeps_its_broken_sentence(seed_article: Article) -> None:
    passages = split_article(seed_article)
    check_every_promise(seed_article.text, passages)
    found = [passage.text for passage in passages]
    before = next(i for i, text in enumerate(found) if text.startswith("U.S. officials said"))
    assert found[before].endswith("expresses a common position.")
    assert found[before + 1] == "position after meetings end Wednesday."
    assert not any(passage.heading for passage in passages)


def test_the_same_sentence_twice_has_two_places() -> None:
    text = "Nothing was decided today. The talks go on. Nothing was decided today."
    first, _, second = split_article(article(text))
    assert first.text == second.text
    assert (first.start, second.start) == (0, 44)


@pytest.mark.parametrize(
    "sentences",
    [
        ["U.S. officials said they hope for a statement.", "Mr. Blinken left on Wednesday."],
        ["Prof. Smith of Leeds said Jan. 5 was fine.", "Nobody else agreed with him."],
        ["J. K. Rowling wrote the whole book.", "Then she slept for a week."],
        ["It cost $3.5 million, or 5.6 per cent.", "Nobody else would pay it."],
        ["He met Sen. Cruz and Gen. Jones on Nov. 3.", "They talked for two hours."],
        ["“We have your support,” Kamikawa told Blinken.", "He thanked her for it."],
        ["“We will go. We must,” he said at the door.", "Then he left for Tokyo."],
        ["He asked why (nobody knew. Not one.) and left.", "The hall was empty by then."],
        ["Did anybody agree with him?", "“Nobody did!” she told the paper.", "The talks went on."],
        ["Der Minister sprach am 3. Mai in Berlin.", "Danach flog er nach Paris."],
    ],
    ids=lambda sentences: sentences[0][:20],
)
def test_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    language = "de" if sentences[0].startswith("Der") else "en"
    passages = split_article(article(" ".join(sentences), language))
    assert [passage.text for passage in passages] == sentences


def test_a_sentence_too_short_to_say_anything_joins_its_neighbour() -> None:
    assert texts("“No.” The minister said it three times.") == [
        "“No.” The minister said it three times."
    ]
    assert texts("The minister said it three times. “No.”") == [
        "The minister said it three times. “No.”"
    ]
    assert len("“No.”") < MIN_CHARS
    assert texts("“No.”") == ["“No.”"]


def test_lines_that_only_fit_a_screen_are_one_paragraph() -> None:
    text = (
        "The committee said that it would meet again on\n"
        "Tuesday to talk about the budget for the coming\n"
        "year, and that a vote on it is expected by Friday.\n"
        "\n"
        "Nobody from the opposition was there to hear it,\n"
        "the chairman told reporters after the meeting."
    )
    assert [" ".join(t.split()) for t in texts(text)] == [
        "The committee said that it would meet again on Tuesday to talk about the budget for the "
        "coming year, and that a vote on it is expected by Friday.",
        "Nobody from the opposition was there to hear it, the chairman told reporters after the "
        "meeting.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "- the first item of a list\n- the second item of a list",
        "Roses are quite red\nViolets are quite blue",
        "The whole of a sentence stands in one line.\nSo it does in the next line of this text.",
        "| a table has cells | and more cells still |\n| they are not | one long sentence |",
    ],
)
def test_lines_that_stand_for_themselves_are_kept_apart(text: str) -> None:
    assert texts(text) == text.split("\n")


def test_passages_stand_under_their_heading() -> None:
    text = (
        "A first sentence stands before any heading.\n\n"
        "## What was said ##\n\n"
        "The minister said nothing of note.\n\n"
        "What Happens Next\n\n"
        "A vote is expected on Friday.\n\n"
        "This line has no heading's look, since it ends with a full stop.\n\n"
        "The end comes here."
    )
    under = {passage.text: passage.heading for passage in split_article(article(text))}
    assert under["A first sentence stands before any heading."] == ""
    assert under["## What was said ##"] == "What was said"
    assert under["The minister said nothing of note."] == "What was said"
    assert under["A vote is expected on Friday."] == "What Happens Next"
    assert under["The end comes here."] == "What Happens Next"


def test_an_overlong_sentence_is_cut_where_it_hurts_least() -> None:
    clause = "the talks went on and on"
    long = "; ".join([clause] * 60) + "."
    for piece in texts(long)[:-1]:
        assert piece.endswith(clause + ";")
    unbalanced = "“He said it was done. " + "She said that it was not. " * 60
    assert {piece[-1] for piece in texts(unbalanced)} == {"."}


@pytest.mark.parametrize(
    "unit",
    [
        "“a b c ",
        "今日はとても良い天気です。",
        "This is a sentence. ",
        "word ",
        "x",
        "a\n",
        "Hi\n\n",
    ],
)
def test_time_grows_with_the_length_and_not_with_its_square(unit: str) -> None:
    def seconds(chars: int) -> float:
        text = unit * (chars // len(unit))
        gc.collect()
        gc.disable()  # collecting takes as long as the tests before this one have left objects
        try:
            start = time.process_time()
            split_article(article(text))
            return time.process_time() - start
        finally:
            gc.enable()

    # Ten times the text: ten times the time, or a hundred times if something is quadratic.
    assert seconds(100_000) < 40 * max(seconds(10_000), 0.01)


def test_what_is_embedded_names_title_heading_and_neighbours() -> None:
    passages = split_article(
        article("One is the first.\n\n# Section\n\nTwo is the second. Three is the third.")
    )
    embedded = context_texts(article("", title="A title"), passages)
    assert len(embedded) == len(passages) == 4
    assert embedded[0] == "A title One is the first. # Section"
    assert embedded[2] == "A title – Section # Section Two is the second. Three is the third."
    assert context_texts(article(""), []) == []


@given(PROSE)
def test_every_passage_is_embedded_beside_its_neighbours(text: str) -> None:
    passages = split_article(article(text))
    embedded = context_texts(article(text), passages)
    assert len(embedded) == len(passages)
    for (one, text_of_one), (two, text_of_two) in itertools.pairwise(
        zip(passages, embedded, strict=True)
    ):
        assert two.text in text_of_one
        assert one.text in text_of_two
