"""Countries are found by every name news gives them, and by nothing that only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.aliases import countries, expansions, mentions, reworded


@pytest.mark.parametrize(
    ("country", "names"),
    [
        ("United Kingdom", "UK, U.K., Britain, British, London, Great Britain, United Kingdom’s"),
        ("United States", "US, U.S., USA, American, Americans, Washington, United States"),
        ("Germany", "Germany, German, Germans, Berlin, Berlin’s"),
        ("France", "France, French, Paris, Paris's"),
        ("Japan", "Japan, Japanese, Tokyo"),
        ("Russia", "Russia, Russian, Russians, Moscow"),
        ("Ukraine", "Ukraine, Ukrainian, Ukrainians, Kyiv, Kiev"),
        ("China", "China, Chinese, Beijing, China’s"),
        ("Netherlands", "Netherlands, Dutch, Holland, Amsterdam"),
        ("Israel", "Israel, Israeli, Israelis"),
        ("South Korea", "Seoul, South Korea, South Korean, South Koreans"),
        ("United Arab Emirates", "UAE, United Arab Emirates, Abu Dhabi"),
        ("Turkey", "Turkey, Turkish, Ankara, Türkiye"),
        ("Czech Republic", "Czechia, Prague, Czech Republic"),
    ],
)
def test_a_country_is_known_by_all_its_names(country: str, names: str) -> None:
    for name in names.split(", "):
        assert countries(f"Yesterday the {name} said no.") == {country}, name


@pytest.mark.parametrize(
    "text",
    [
        "It told us that it will be in the news, so no one is at work.",
        "She had polish on her nails and a turkey on the table.",
        "NO PARKING, IT says, AND WHO IS IN?",
        "the man from the french-speaking part",
        "",
    ],
)
def test_words_that_are_also_codes_or_nouns_are_no_countries(text: str) -> None:
    assert countries(text) == frozenset()


def test_the_longest_name_wins() -> None:
    assert countries("South Sudan and Guinea-Bissau and Papua New Guinea") == {
        "South Sudan",
        "Guinea-Bissau",
        "Papua New Guinea",
    }
    assert countries("Sudan and South Sudan") == {"Sudan", "South Sudan"}
    assert countries("North Korean and South Korean officials") == {"North Korea", "South Korea"}


def test_a_country_goes_before_another_ones_capital_or_people() -> None:
    assert countries("in Georgia") == {"Georgia"}
    assert countries("in Guinea") == {"Guinea"}
    assert countries("an American official") == {"United States"}
    assert countries("in Niger") == {"Niger"}
    assert countries("in Nigeria") == {"Nigeria"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_mentions_lie_in_the_text_in_order(text: str) -> None:
    position = 0
    for start, end, country in mentions(text + " and the U.S. did"):
        assert position <= start < end
        assert country
        position = end
    assert "United States" in countries(text + " and the U.S. did")


def test_mentions_say_where_a_name_stands() -> None:
    text = "The United States’ envoy flew to London."
    assert [(text[s:e], country) for s, e, country in mentions(text)] == [
        ("United States", "United States"),
        ("London", "United Kingdom"),
    ]


def test_a_question_is_searched_by_the_names_it_did_not_use() -> None:
    names = expansions("What was the UK's position?")
    assert {"British", "London", "Britain"} <= set(names)
    assert "UK" not in names
    assert {"German", "Berlin"} & set(expansions("Where does Germany stand?")) == {"Berlin"}
    assert expansions("Who spoke first?") == ()


def test_a_question_names_countries_as_the_text_does() -> None:
    text = "The French foreign ministry said it regrets the decision of the United States."
    asked = "What did Paris and Washington say about Paris’s budget?"
    assert reworded(asked, text) == ("What did French and United States say about French’s budget?")
    assert reworded("What did France say in Paris?", f"{text} It sits in Paris.") == (
        "What did France say in Paris?"
    )
    assert reworded("What did Rome say?", text) == "What did Rome say?"
