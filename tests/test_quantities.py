"""A number keeps its currency, its bound and its place in a score."""

from __future__ import annotations

import pytest

from assistant.quantities import difference


@pytest.mark.parametrize(
    ("quote", "claim", "given"),
    [
        ("Acme earned $5 million.", "Acme earned €5 million.", "$5"),
        ("Acme earned 5 million pounds.", "Acme earned $5 million.", "5 million pounds"),
        ("More than 60 workers left.", "Fewer than 60 workers left.", "More than 60"),
        ("Nearly 1,200 workers left.", "At least 1200 workers left.", "Nearly 1,200"),
        ("Up to $5 million was lost.", "Over $5 million was lost.", "Up to $5"),
        ("No more than 60 may enter.", "More than 60 may enter.", "No more than 60"),
        ("They voted 5-3 to close.", "They voted 3–5 to close.", "5-3"),
    ],
)
def test_what_is_otherwise_with_a_number_is_told(quote: str, claim: str, given: str) -> None:
    found = difference(claim, quote)
    assert found is not None
    assert found.reason.startswith(f"the quote says “{given}”")
    assert difference(quote, quote) is None


@pytest.mark.parametrize(
    ("quote", "claim"),
    [
        ("Acme earned $5 million.", "Acme earned 5 million dollars."),
        ("Acme earned $5 million, about €4.6 million.", "Acme earned €4.6 million."),
        ("More than 60 workers left.", "Over 60 workers left."),
        ("More than 60 workers left.", "60 workers left."),
        ("More than 60 and less than 70 left.", "More than 60 left."),
        ("They won 5-3 after losing 3-5.", "They lost 3-5."),
        ("The war lasted from 1914–1918.", "The war was fought 1914–1918."),
        ("Acme has 60 workers and earned $60.", "Acme has over 60 workers."),
    ],
)
def test_the_same_in_other_words_is_no_difference(quote: str, claim: str) -> None:
    assert difference(claim, quote) is None
