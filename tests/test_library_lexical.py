"""Search by words: any question is a valid query, and the rarest words decide."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.library import Library, lexical
from assistant.library.lexical import terms
from assistant.testing import HashEmbedder
from tests.sample_articles import article, numbered, seed_article


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    store = tmp_path_factory.mktemp("lexical")
    with Library.open(store, HashEmbedder(16), embedder_name="hash") as library:
        library.add(seed_article())
        library.add(
            article(
                "Annalena Bärbock spoke in Berlin. The US and the U.S. Senate disagreed. "
                "Ministers' negotiations continued. Nobody asked us. The WHO warned of C4 and of "
                "“double” quotes. Who is he who was there?",
                "Words",
            )
        )
        for number in range(12):
            library.add(numbered(number))
        yield library


def found(lib: Library, question: str) -> list[str]:
    return [hit.passage.text for hit in lib.search_lexical(question, 3)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What did Barbock say?", "Annalena Bärbock spoke in Berlin."),
        ("BÄRBOCK", "Annalena Bärbock spoke in Berlin."),
        ("Did a minister negotiate?", "Ministers' negotiations continued."),
        ("What does the U.S. Senate say", "The US and the U.S. Senate disagreed."),
        ("warnings of the WHO", "The WHO warned of C4 and of “double” quotes."),
        ('"double" AND (quotes OR NEAR', "The WHO warned of C4 and of “double” quotes."),
        ("Who was he", "Who is he who was there?"),
        ("n7s3", None),
    ],
)
def test_a_passage_is_found_by_its_words(lib: Library, question: str, first: str | None) -> None:
    expected = first or numbered(7).text.split(". ")[3] + "."
    assert found(lib, question)[0] == expected


def test_a_country_in_capitals_is_not_a_pronoun(lib: Library) -> None:
    assert "The US and the U.S. Senate disagreed." in found(lib, "And the US?")


@pytest.mark.parametrize("question", ["", "   ", "?!", "“”", "_", "\0", "\ud800", "zzzz qqqq"])
def test_nothing_to_look_for_finds_nothing(lib: Library, question: str) -> None:
    assert found(lib, question) == []


@given(st.text(max_size=200))
def test_any_text_is_a_valid_query(lib: Library, question: str) -> None:
    hits = lib.search_lexical(question, 4)
    assert len(hits) <= 4
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(hit.score > 0 for hit in hits)


@given(
    st.lists(
        st.sampled_from(
            "AND OR NOT NEAR( ) \" * ^ : text: { } - + minister gaza \\ ' -- ; ß ﬁ".split()
        ),
        max_size=30,
    )
)
def test_query_syntax_is_only_words(lib: Library, parts: list[str]) -> None:
    for text in (" ".join(parts), "".join(parts)):
        lib.search_lexical(text, 3)
        lib.search_lexical(text, 3, [seed_article().id])


def test_scores_fall_and_scopes_hold(lib: Library) -> None:
    question = "minister town talks round decided n3s1"
    everywhere = lib.search_lexical(question, 50)
    assert everywhere[0].passage.article_id == numbered(3).id
    assert [h.score for h in everywhere] == sorted((h.score for h in everywhere), reverse=True)
    for count in (1, 2, lexical.MAX_RANGES, lexical.MAX_RANGES + 2):
        scope = [numbered(number).id for number in range(count)]
        inside = lib.search_lexical(question, 200, scope)
        assert {hit.passage.article_id for hit in inside} == set(scope)
        assert len(inside) == 6 * count


def test_common_words_give_way_when_matches_are_too_many(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "MAX_MATCHES", 10)
    hits = lib.search_lexical("minister round decided n3s1", 50)
    assert [hit.passage.article_id for hit in hits] == [numbered(3).id]
    assert len(lib.search_lexical("minister round decided", 50)) == 50


def test_terms_are_bounded_and_meaningful() -> None:
    assert terms("What is the UK's position on the U.S. plan?") == [
        "uk",
        "position",
        "u.s.",
        "plan",
    ]
    assert terms("who is he") == ["who", "is", "he"]
    assert terms("Who? WHO? IT and the US, not us") == ["who", "it", "us"]
    assert terms("Gaza gaza GAZA") == ["gaza"]
    assert len(terms(" ".join(f"word{n}" for n in range(5000)))) == lexical.MAX_TERMS
    assert terms("x" * 10_000) == ["x" * 64]
    assert terms("") == []
