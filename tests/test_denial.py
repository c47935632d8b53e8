"""What denies what: a "not" counts where it stands, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.denial import contradicts
from assistant.passages import split_article
from assistant.schema import Article

PAUSE = (
    "British Foreign Secretary James Cleverley told reporters that his government would only "
    "support a “humanitarian pause” limited to a specific time period and geographic area, rather "
    "than a broad ceasefire."
)
NOTHING = (
    "“First of all, we have seen and heard absolutely nothing that leads us to believe that Hamas "
    "leaders are serious about a ceasefire,” he said, adding that a ceasefire would prevent Israel "
    "from defending itself."
)
DECLINED = "Both companies declined to comment on the merger, and no date has been set."
ROLE = "Critically, however, it pointed out that it doesn’t have “a role in regulating campaigns.”"

APPEAL = (
    "While it did not appeal to Julie Graham, a health officer, she said she did not want to judge "
    "the campaign."
)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The UK would not support a humanitarian pause.", PAUSE),
        ("The UK wouldn’t support a humanitarian pause.", PAUSE),
        ("Hamas leaders are serious about a ceasefire.", NOTHING),
        ("They have seen evidence that Hamas leaders are serious about a ceasefire.", NOTHING),
        ("It has a role in regulating campaigns.", ROLE),
        ("Nobody in the British government would support a humanitarian pause.", PAUSE),
        ("She wanted to judge the campaign.", APPEAL),
    ],
)
def test_the_opposite_is_noticed(claim: str, quote: str) -> None:
    assert contradicts(claim, quote)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The UK would only support a humanitarian pause.", PAUSE),
        ("The UK would not support a broad ceasefire.", PAUSE),
        ("The UK opposes a broad ceasefire.", PAUSE),
        ("The UK would not only support a humanitarian pause.", PAUSE),
        ("They have seen nothing to make them believe that Hamas is serious.", NOTHING),
        ("Cleverley doubts that Hamas leaders are serious about a ceasefire.", NOTHING),
        ("Hamas leaders are not serious about a ceasefire, he said.", NOTHING),
        ("A ceasefire would prevent Israel from defending itself.", NOTHING),
        ("Both companies did not comment on the merger.", DECLINED),
        ("No date has been set.", DECLINED),
        ("It did not have a role in regulating campaigns.", ROLE),
        ("Nobody did not agree.", "Everybody did agree."),
        ("No guest did not agree to the plan.", "Every guest did agree to the plan."),
        ("She did not want to judge the campaign.", APPEAL),
        ("", NOTHING),
        (NOTHING, ""),
    ],
)
def test_what_only_looks_like_it_is_not(claim: str, quote: str) -> None:
    assert not contradicts(claim, quote)


def test_no_sentence_contradicts_itself(seed_article: Article) -> None:
    for passage in split_article(seed_article):
        assert not contradicts(passage.text, passage.text)


@given(st.lists(st.sampled_from([*PAUSE.split(), *NOTHING.split(), "not", "no", "didn’t", "."])))
def test_no_text_contradicts_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert not contradicts(text, text)


def test_a_house_number_denies_nothing() -> None:
    assert not contradicts("Staff sign letters.", "No 10 staff sign letters.")
    assert contradicts("Staff sign letters.", "No staff sign letters.")
