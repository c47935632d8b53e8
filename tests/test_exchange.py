"""Two names in each other's place make another sentence; another voice does not."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from assistant.exchange import done_by_another, exchanged


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("Acme sued Beta over a patent on Sunday.", "Beta sued Acme over a patent on Sunday."),
        ("Acme beat Beta in the final on Sunday.", "Beta beat Acme in the final on Sunday."),
        ("Acme was bought by Beta for $5 million.", "Acme bought Beta for $5 million."),
        ("Acme was bought by Beta for $5 million.", "Beta was bought by Acme for $5 million."),
        ("Boesky said Epstein was still at risk.", "Epstein said Boesky was still at risk."),
        ("Officer Smith arrested Jones after a chase.", "Jones arrested Smith after a chase."),
    ],
)
def test_who_did_it_to_whom_is_not_turned_round(sentence: str, claim: str) -> None:
    found = exchanged(claim, sentence)
    assert found is not None
    assert found.reason.endswith("the other way round")


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("Acme was bought by Beta for $5 million.", "Beta bought Acme for $5 million."),
        ("Acme sued Beta over a patent.", "Beta was sued by Acme over a patent."),
        ("Acme met Beta in Norwick on Sunday.", "Beta met Acme in Norwick on Sunday."),
        ("Epstein was still at risk, said Boesky.", "Boesky said Epstein was still at risk."),
        ("Acme signed a deal with Beta on Sunday.", "Beta signed a deal with Acme on Sunday."),
        (
            "On November 28, 1995, Bill Clinton signed the Highway Act.",
            "The Highway Act was signed on November 28, 1995.",
        ),
        (
            "Raab defended the party’s actions, saying the Twitter account was clearly linked.",
            "Raab defended the party’s actions by saying the Twitter account was linked.",
        ),
        ("Acme sued Beta. Beta sued Acme.", "Beta sued Acme."),
        ("Acme sued Beta over a patent.", "Beta sued Acme over the roof of a house in Norwick."),
    ],
)
def test_the_same_told_otherwise_is_let_pass(sentence: str, claim: str) -> None:
    assert exchanged(claim, sentence) is None


def alike(ours: Collection[str], theirs: Collection[str]) -> bool:
    """Roles stand for persons in one case: the mayor is Smith."""
    return {"mayor", "smith"} <= {*ours, *theirs}


@pytest.mark.parametrize(
    ("sentence", "claim", "doer"),
    [
        (
            "In 1066, Duke William II of Normandy conquered England, killing King Harold.",
            "King Harold II conquered England at Hastings.",
            "Duke William II of Normandy",
        ),
        ("After a vote Beta and Gamma closed the mill.", "Acme closed the mill.", "Beta and Gamma"),
    ],
)
def test_what_another_did_is_not_said_of_somebody(sentence: str, claim: str, doer: str) -> None:
    found = done_by_another(claim, sentence, alike)
    assert found is not None
    assert f"of “{doer}”" in found.reason
    assert done_by_another(sentence, sentence, alike) is None


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("Duke William II of Normandy conquered England.", "William conquered England."),
        ("Beta and Gamma closed the mill.", "Gamma closed the mill."),
        ("The Mayor closed the mill.", "Smith closed the mill."),
        ("The firm closed the mill.", "Acme closed the mill."),
        ("It closed the mill.", "Acme closed the mill."),
        ("The head of Beta closed the mill.", "Acme closed the mill."),
        ("Beta closed the mill, and Acme closed the mine.", "Acme closed the mine."),
        ("The mill was closed by Beta.", "Beta closed the mill."),
    ],
)
def test_the_same_may_be_told_of_who_did_it(sentence: str, claim: str) -> None:
    assert done_by_another(claim, sentence, alike) is None
