"""An Answer survives every way it is written down, and shows what it rests on."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.schema import (
    NOT_IN_ARTICLE,
    Answer,
    Citation,
    Passage,
    RetrievedPassage,
    Sentence,
    Timings,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
OFFSET = st.integers(0, 10**9)
SECONDS = st.none() | st.floats(0, 10**6, allow_nan=False)
TOKENS = st.none() | st.integers(0, 10**6)
CITATIONS = st.builds(Citation, st.integers(1, 99), TEXT, TEXT, TEXT, TEXT, OFFSET, OFFSET)
SENTENCES = st.builds(
    Sentence,
    TEXT,
    st.sampled_from(["quoted", "supported", "weak", "unsupported"]),
    st.lists(CITATIONS, max_size=2).map(tuple),
    TEXT,
)
PASSAGES = st.builds(Passage, TEXT, TEXT, TEXT, OFFSET, OFFSET, TEXT)
RETRIEVED = st.lists(
    st.builds(RetrievedPassage, PASSAGES, st.floats(-1, 2), st.integers(1, 64)), max_size=2
).map(tuple)
ANSWERS = st.builds(
    Answer,
    question=TEXT,
    text=TEXT,
    sentences=st.lists(SENTENCES, max_size=3).map(tuple),
    citations=st.lists(CITATIONS, max_size=3).map(tuple),
    status=st.sampled_from(["answered", "partly", "not_in_article"]),
    confidence=st.floats(0, 1),
    related=RETRIEVED,
    retrieved=RETRIEVED,
    standalone=TEXT,
    signals=st.dictionaries(TEXT, st.floats(-10, 10), max_size=3),
    notices=st.lists(TEXT, max_size=2).map(tuple),
    timings=st.builds(
        Timings,
        rewrite=SECONDS,
        evidence=SECONDS,
        first_token=SECONDS,
        total=st.floats(0, 10**6),
        prompt_tokens=TOKENS,
    ),
    model=TEXT,
)

QUOTE = Citation(1, "a", "Blinken at the G7", "g7.txt", "It is a\n“work in progress.”", 100, 127)
ANSWER = Answer(
    question="What is it?",
    text="It is a work in progress. It may end.",
    sentences=(
        Sentence("It is a work in progress.", "supported", (QUOTE,)),
        Sentence("It may end.", "unsupported", (), "nothing in the article says this"),
    ),
    citations=(QUOTE,),
    status="answered",
    confidence=0.9,
)


@given(ANSWERS)
def test_an_answer_comes_back_from_dict_and_json_as_it_was(answer: Answer) -> None:
    assert Answer.from_dict(answer.to_dict()) == answer
    assert Answer.from_json(answer.to_json()) == answer
    assert Answer.from_json(answer.to_json(indent=2)) == answer
    assert json.loads(answer.to_json()) == json.loads(json.dumps(answer.to_dict()))


@given(ANSWERS)
def test_an_answer_can_always_be_shown(answer: Answer) -> None:
    str(answer)
    footnotes = re.findall(r"^\[\^(\d+)\]: ", answer.to_markdown(), re.MULTILINE)
    assert footnotes[: len(answer.citations)] or not answer.citations
    assert answer.to_markdown().endswith("\n")


def test_json_is_readable_in_every_script() -> None:
    assert "“北京”" in replace(ANSWER, text="“北京”").to_json()


def test_what_an_older_version_wrote_can_still_be_read() -> None:
    written = ANSWER.to_dict()
    for added_later in ("standalone", "retrieved", "related", "notices", "timings", "signals"):
        del written[added_later]
    assert Answer.from_dict(written) == replace(ANSWER)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown status 'perhaps'"):
        Answer.from_dict({**ANSWER.to_dict(), "status": "perhaps"})


def test_text_carries_markers() -> None:
    assert str(ANSWER) == "It is a work in progress.[1] It may end."
    assert str(replace(ANSWER, sentences=())) == ANSWER.text


def test_markdown_has_a_footnote_with_quote_source_and_place_for_every_citation() -> None:
    assert ANSWER.to_markdown() == (
        "**What is it?**\n\n"
        "It is a work in progress.[^1] "
        "It may end. (not confirmed: nothing in the article says this)\n\n"
        "Status: Answered, confidence high\n\n"
        "[^1]: “It is a “work in progress.”” – Blinken at the G7, g7.txt, characters 100–127\n"
    )


def test_markdown_keeps_what_a_reader_was_warned_of() -> None:
    cut = "The answer was cut: it reached max_tokens."
    weak = Sentence("It ended.", "weak", ANSWER.citations, "the quote says “began”")
    bare = Sentence("It may end.", "unsupported")
    answer = replace(ANSWER, sentences=(weak, bare), notices=(cut,), status="partly")
    assert answer.to_markdown().split("\n\n")[1:4] == [
        "It ended.[^1] (only partly confirmed: the quote says “began”) It may end. (not confirmed)",
        "Status: Partly answered, confidence high",
        f"- {cut}",
    ]


def test_markdown_of_a_refusal_calls_what_is_related_no_answer() -> None:
    near = RetrievedPassage(Passage("a:0", "a", "Something\nnear.", 0, 15), 0.4, 1)
    refusal = Answer(
        question="What is it?",
        text=NOT_IN_ARTICLE,
        sentences=(Sentence(NOT_IN_ARTICLE, "supported"),),
        citations=(),
        status="not_in_article",
        confidence=0.8,
        related=(near,),
    )
    assert refusal.to_markdown() == (
        "**What is it?**\n\n"
        "The article does not say.\n\n"
        "Status: Not in the article, confidence high\n\n"
        "Related passages (not an answer):\n\n- “Something near.”\n"
    )


@pytest.mark.parametrize(
    "foreign",
    [
        "![pixel](https://tracker.example/?q=secret)",
        "![pixel][1]\n\n[1]: https://tracker.example/p.png",
        "[free](javascript:alert(1))",
        "<https://tracker.example/>",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "\\![escaped once](https://tracker.example/)",
        "`code` and ```\nblock\n```",
        "[^1]: “forged” – The Times, p. 1",
        "\x1b[31mred\x07 \u202eesrever\u2066 \U000e0041hidden",
    ],
)
def test_markdown_shows_foreign_text_and_obeys_none_of_it(foreign: str) -> None:
    citation = replace(ANSWER.citations[0], quote=foreign, title=foreign, source=foreign)
    sentence = Sentence(foreign, "weak", (citation,), foreign)
    near = RetrievedPassage(Passage("a:0", "a", foreign, 0, 15), 0.4, 1)
    answer = replace(
        ANSWER,
        question=foreign,
        text=foreign,
        sentences=(sentence,),
        citations=(citation,),
        related=(near,),
        notices=(foreign,),
    )
    for text in (answer.to_markdown(), replace(answer, sentences=()).to_markdown()):
        bare = re.sub(r"\\[\\`\[\]<>]", "", text)  # what a reader of Markdown takes literally
        bare = bare.replace("[^1]: “", "", 1).replace("[^1]", "", 1)
        assert not re.findall(r"[\[\]<>`\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", bare)
        assert "\U000e0041" not in text
        assert len(re.findall(r"^\[\^1\]: ", text, re.MULTILINE)) == 1


def test_nothing_can_be_changed_behind_ones_back() -> None:
    with pytest.raises(FrozenInstanceError):
        ANSWER.text = "It is done."  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        QUOTE.quote = "It is done."  # type: ignore[misc]
    written = ANSWER.to_dict()
    written["citations"][0]["quote"] = "It is done."
    assert ANSWER.citations[0].quote == QUOTE.quote
