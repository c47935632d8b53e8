"""What was planned, possible, refused or alleged is not told as done."""

from __future__ import annotations

import pytest

from assistant.modality import foretold, overstated

TOO_MUCH = [
    ("The minister refused to resign over the report.", "The minister resigned over the report."),
    ("Acme plans to open a plant in Norwick.", "Acme opened a plant in Norwick."),
    ("Acme will open a plant in Norwick.", "Acme has opened a plant in Norwick."),
    ("Acme is expected to be sold to Beta.", "Acme was sold to Beta."),
    ("Acme considered moving its plant.", "Acme moved its plant."),
    ("Acme may close its plant in Norwick.", "Acme will close its plant in Norwick."),
    ("Acme failed to pay its workers.", "Acme will pay its workers."),
    ("Acme threatened to sue the city.", "Acme sued the city."),
    ("The court told Acme to pay $5 million.", "Acme paid $5 million."),
    ("Acme is accused of bribing officials.", "Acme bribed officials."),
    ("Nurses were allegedly underpaid by Acme.", "Nurses were underpaid by Acme."),
    ("He denied that he had taken money from Acme.", "He had taken money from Acme."),
    ("Acme said it would sell the plant to Beta.", "Acme sold the plant to Beta."),
    ("Vaping may cause cancer in mice.", "Vaping causes cancer in mice."),
    ("Pills could harm children.", "Pills harm children."),
]


@pytest.mark.parametrize(("quote", "claim"), TOO_MUCH)
def test_what_was_not_done_is_not_told_as_done(quote: str, claim: str) -> None:
    assert overstated(claim, quote)
    assert overstated(quote, quote) is None
    assert overstated(claim, claim) is None


@pytest.mark.parametrize(
    ("quote", "claim"),
    [
        ("Acme managed to sell the plant to Beta.", "Acme sold the plant to Beta."),
        ("Acme was forced to close the plant.", "Acme closed the plant."),
        ("He would later become mayor of Norwick.", "He became mayor of Norwick."),
        ("Acme said it would sell the plant.", "Acme will sell the plant."),
        ("Acme might close the plant.", "Acme could close the plant."),
        ("Acme will close the plant.", "Acme plans to close the plant."),
        ("Acme closed a mill and may close the plant.", "Acme closed a mill."),
        ("Acme did not close the plant but may close it.", "The plant was not closed."),
        (
            "Acme took the firm public. They should not take the money.",
            "Acme took the firm public.",
        ),
        ("The court told Acme to pay $5 million.", "Acme was ordered to pay $5 million."),
        ("The results may help readers.", "Readers like results."),
    ],
)
def test_what_says_as_much_or_less_is_no_overstatement(quote: str, claim: str) -> None:
    assert overstated(claim, quote) is None


def test_the_reason_names_what_the_quote_says() -> None:
    found = overstated("Acme opened a plant.", "Acme plans to open a plant.")
    assert found is not None
    assert found.reason == "the quote says “plans to open”, not that it is so"
    found = overstated("Acme will open a plant.", "Acme may open a plant.")
    assert found is not None
    assert found.reason == "the quote says “may open”, not “will open”"


def test_what_was_done_is_not_foretold() -> None:
    quote = "Acme laid off 60 workers last year."
    assert foretold("Acme will lay off 60 workers.", quote)
    assert foretold("Acme will lay off 60 workers.", "Acme reportedly laid off 60 workers.")
    assert foretold("Acme laid off 60 workers.", quote) is None
    assert foretold("Acme will lay off 60 workers.", "Acme is to lay off 60 workers.") is None
    assert foretold("Acme will rehire workers.", quote) is None
