"""Quotes are passages of the context, verbatim, and a passage has one marker in an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.citations import MAX_PASSAGES, align, cite, telling
from assistant.passages import split_article
from assistant.schema import Article, Citation, Passage
from assistant.testing import ScriptedChatModel
from tests.conftest import Opener

WORDS = (
    "Blinken Kamikawa talks pause ceasefire Israel support said government Tokyo unity aid seven "
    "ministers statement would not the of in a and three 2024 Wednesday 北京 “ ” , é"
).split()
SENTENCES = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=3, max_size=12).map(lambda w: " ".join(w) + "."),
    min_size=1,
    max_size=8,
)


def article(text: str, article_id: str = "a") -> Article:
    return Article(article_id, f"Title {article_id}", text, f"{article_id}.txt")


@given(SENTENCES, SENTENCES, st.one_of(SENTENCES.map(" ".join), st.text(max_size=80)))
def test_whatever_is_said_only_the_context_is_quoted(
    shown: list[str], hidden: list[str], claim: str
) -> None:
    one, two = article("\n".join(shown)), article("\n".join(hidden), "b")
    context = split_article(one)
    alignment = align(claim, "What was said?", context)
    assert len(alignment.passages) <= MAX_PASSAGES
    assert len(set(alignment.passages)) == len(alignment.passages)
    assert set(alignment.passages) <= set(context)
    assert 0.0 <= alignment.coverage <= 1.0 + 1e-9
    for citation in cite(alignment.passages, {"a": (one.title, one.source)}, ()):
        assert one.text[citation.start : citation.end] == citation.quote
        assert (citation.article_id, citation.title, citation.source) == ("a", "Title a", "a.txt")
        assert citation.quote not in two.text or citation.quote in one.text


@given(st.lists(st.lists(st.integers(0, 7), max_size=3, unique=True), max_size=6))
def test_markers_count_up_and_one_passage_keeps_its_own(uses: list[list[int]]) -> None:
    one = article(" ".join(f"This is sentence number {i} of eight." for i in range(8)))
    passages = split_article(one)
    known: list[object] = []
    cited_at: dict[int, int] = {}
    for use in uses:
        citations = cite([passages[i] for i in use], {"a": ("t", "s")}, known)  # type: ignore[arg-type]
        for i, citation in zip(use, citations, strict=True):
            assert cited_at.setdefault(i, citation.marker) == citation.marker
            assert citation.quote == passages[i].text
        known += [citation for citation in citations if citation not in known]
    assert sorted(cited_at.values()) == list(range(1, len(cited_at) + 1))


def test_the_sentence_that_says_it_is_cited(seed_article: Article) -> None:
    context = split_article(seed_article)
    for claim, beginning in [
        ("The UK would only support a humanitarian pause.", "British Foreign Secretary"),
        ("Kishida commended the leadership of the Biden administration.", "The office said"),
        ("Blinken calls the effort a work in progress.", "Blinken described the effort"),
        ("At least four members of the G7 have issued statements.", "A tentative consensus"),
    ]:
        best = align(claim, "", context).passages[0]
        assert best.text.startswith(beginning)


def test_a_claim_of_two_sentences_cites_both(seed_article: Article) -> None:
    claim = (
        "Kamikawa told Blinken he has their broadest support, and Blinken described the effort "
        "as a work in progress."
    )
    cited = [passage.text for passage in align(claim, "", split_article(seed_article)).passages]
    assert len(cited) == 2
    assert any("You have our broadest support" in text for text in cited)
    assert any("work in progress" in text for text in cited)


def test_nothing_shared_is_nothing_cited(seed_article: Article) -> None:
    context = split_article(seed_article)
    for claim in ("The moon is made of cheese.", "Yes.", "", "the of and", "!?"):
        alignment = align(claim, "", context)
        assert alignment.passages == ()
        assert alignment.coverage == 0.0
    assert align("Blinken spoke.", "", []).passages == ()


def test_between_equal_words_the_nearer_passage_wins() -> None:
    passages = split_article(
        article("The talks failed in June.\n\nOther news.\n\nThe talks failed.")
    )
    first, last = passages[0], passages[-1]
    assert align("The talks failed.", "", passages, {last.id: 0.9}).passages[0] == last
    assert align("The talks failed.", "", passages, {first.id: 0.9}).passages[0] == first


def test_repeating_the_question_covers_less_than_news(seed_article: Article) -> None:
    context = split_article(seed_article)
    question = "Who is the British Foreign Secretary?"
    echo = align("The British Foreign Secretary is Boris Johnson.", question, context)
    answer = align("The British Foreign Secretary is James Cleverley.", question, context)
    assert echo.coverage < answer.coverage
    assert {"bori", "johnson"} & echo.missing or "johnson" in " ".join(echo.missing)
    assert answer.missing == frozenset()


def test_the_same_words_at_two_places_are_two_quotes() -> None:
    passages = [Passage(f"a:{s}", "a", "They agreed.", s, s + 12) for s in (0, 100)]
    citations = cite(passages, {"a": ("t", "s")}, ())
    assert [(c.marker, c.start) for c in citations] == [(1, 0), (2, 100)]


def cited(*quotes: str) -> tuple[Citation, ...]:
    return tuple(Citation(n, "a", "T", "s", quote, n, n) for n, quote in enumerate(quotes, 1))


FIRST = "He opposes a broad ceasefire because Hamas is not serious about it."
NAMING = "The foreign secretary James Cleverley told reporters about a broad plan."


@pytest.mark.parametrize(
    ("sentence", "question", "second", "kept"),
    [
        (f"James Cleverley: {FIRST}", "Why does he oppose a broad ceasefire?", NAMING, 1),
        (f"James Cleverley told so. {FIRST}", "Why?", NAMING, 2),
        (
            "Problem use rose by 37 percent, use by 23 percent.",
            "How much did use rise?",
            "Problem use rose by 37 percent.",
            2,
        ),
        (
            "Under the Scotland Act 1998, he opposes a ceasefire.",
            "What does he oppose?",
            "Under the Scotland Act 1998, elections are held.",
            1,
        ),
        (
            "In May 1998, he opposes a ceasefire.",
            "What does he oppose?",
            "This was in May 1998.",
            2,
        ),
    ],
    ids=["only a name", "also what he did", "a number", "a name with a number", "a date"],
)
def test_a_further_passage_has_to_tell_more_than_a_name(
    sentence: str, question: str, second: str, kept: int
) -> None:
    both = cited(FIRST, second)
    assert telling(sentence, question, both) == both[:kept]


def test_what_has_more_of_the_sentence_than_the_first_stays() -> None:
    both = cited("Erekat called it an attempt.", "“We stand tall and will stand tall.”")
    assert telling("Erekat said: we stand tall.", "Who said: we stand tall?", both) == both


@given(st.text(max_size=80), st.text(max_size=80), st.lists(st.text(max_size=60), max_size=4))
def test_the_first_passage_always_stays(sentence: str, question: str, quotes: list[str]) -> None:
    all_of_them = cited(*quotes)
    kept = telling(sentence, question, all_of_them)
    assert kept[:1] == all_of_them[:1]
    assert set(kept) <= set(all_of_them)


def test_an_answer_shows_what_tells_something_of_what_it_rests_on(open_assistant: Opener) -> None:
    naming = "Foreign secretary James Cleverley told reporters about a plan."
    claim = f"James Cleverley{FIRST.removeprefix('He')}"
    question = "Why does he oppose a broad ceasefire?"
    text = f"{FIRST} {naming}"
    assert [p.text for p in align(claim, question, split_article(article(text))).passages] == [
        FIRST,
        naming,
    ]
    assistant = open_assistant(model=ScriptedChatModel(replies=[claim]), caution=0.0)
    assistant.add(text=text)
    assert [citation.quote for citation in assistant.ask(question).citations] == [FIRST]
