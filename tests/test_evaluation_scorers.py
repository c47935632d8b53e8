"""Scorers against cases worked out by hand, and against independent implementations."""

from __future__ import annotations

import collections
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.evaluation.metrics import METRICS
from assistant.evaluation.overlap import (
    common_subsequence,
    rouge_l,
    says,
    squad_exact,
    token_overlap,
)
from assistant.evaluation.ranking import passage_holds, score_ranking
from assistant.evaluation.scorers import citation_holds, score, score_error
from assistant.schema import (
    NOT_IN_ARTICLE,
    Answer,
    Article,
    Citation,
    GoldEvidence,
    Passage,
    Question,
    RetrievedPassage,
    Sentence,
    Support,
)

TEXT = (
    "The mayor of Altburg resigned on Tuesday. Her deputy, Ole Brandt, takes over. "
    "The town has a budget of 4.5 million euros."
)
ARTICLE = Article("a1", "Altburg", TEXT, "altburg.txt")
RESIGNED, DEPUTY, BUDGET = (part + "." for part in TEXT.removesuffix(".").split(". "))
ANSWERABLE = Question(
    "q1",
    "Who takes over?",
    ("altburg",),
    answers=(("Ole Brandt", "Brandt"),),
    evidence=(GoldEvidence("altburg", DEPUTY),),
)
UNANSWERABLE = Question("q2", "Who won the cup?", ("altburg",), answerable=False)


def cite(quote: str, marker: int = 1, shift: int = 0) -> Citation:
    start = TEXT.index(quote) + shift
    return Citation(marker, "a1", "Altburg", "altburg.txt", quote, start, start + len(quote))


def answer(
    *parts: tuple[str, str | None], support: Support = "supported", shift: int = 0
) -> Answer:
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    for text, quote in parts:
        own = () if quote is None else (cite(quote, len(citations) + 1, shift),)
        citations += own
        sentences.append(Sentence(text, support, own))
    text = " ".join(sentence.text for sentence in sentences)
    return Answer("", text, tuple(sentences), tuple(citations), "answered", 0.9)


REFUSAL = Answer("", NOT_IN_ARTICLE, (), (), "not_in_article", 0.9)


def values(question: Question, given: Answer) -> dict[str, float | None]:
    return {item.metric: item.value for item in score(question, given, [ARTICLE])}


def test_a_right_answer_with_its_evidence() -> None:
    found = values(ANSWERABLE, answer(("It is Ole Brandt.", DEPUTY), ("She was tired.", None)))
    expected = {
        "trusted": 1.0,
        "correct": 1.0,
        "cited": 1.0,
        "citation_precision": 1.0,
        "evidence_cited": 1.0,
        "verbatim": 1.0,
        "refused": None,
        "false_refusal": 0.0,
        "uncited": 0.0,
        "uncited_sentences": 0.5,
        "supported": 1.0,
        "quoted": 0.0,
        "exact": 0.0,
        "rouge_l": None,
    }
    assert {name: found[name] for name in expected} == expected
    # "it is ole brandt she was tired" against "ole brandt": 2 of 7 words, 2 of 2.
    assert found["f1"] == pytest.approx(2 * (2 / 7) / (2 / 7 + 1))


def test_right_but_citing_something_else_is_not_trusted() -> None:
    found = values(ANSWERABLE, answer(("Ole Brandt.", RESIGNED), ("Brandt.", BUDGET)))
    assert (found["correct"], found["cited"], found["trusted"]) == (1.0, 0.0, 0.0)
    assert found["citation_precision"] == 0.0


def test_citing_evidence_but_wrong_is_not_trusted() -> None:
    found = values(ANSWERABLE, answer(("The mayor.", DEPUTY), ("Yes.", BUDGET)))
    assert (found["correct"], found["cited"], found["trusted"]) == (0.0, 1.0, 0.0)
    assert found["citation_precision"] == 0.5


def test_refusals() -> None:
    found = values(ANSWERABLE, REFUSAL)
    assert (found["trusted"], found["correct"], found["cited"]) == (0.0, 0.0, 0.0)
    assert (found["false_refusal"], found["refused"]) == (1.0, None)
    assert (found["citation_precision"], found["uncited"], found["supported"]) == (None,) * 3
    found = values(UNANSWERABLE, REFUSAL)
    assert (found["trusted"], found["refused"], found["false_refusal"]) == (1.0, 1.0, None)
    found = values(UNANSWERABLE, answer(("Altburg won.", RESIGNED)))
    assert (found["trusted"], found["refused"], found["correct"]) == (0.0, 0.0, None)


def test_what_cannot_be_scored_is_unscored() -> None:
    bare = Question("q", "Why?", ("altburg",))
    found = values(bare, answer(("Because.", DEPUTY)))
    for name in ("trusted", "correct", "cited", "citation_precision", "f1", "rouge_l"):
        assert found[name] is None, name
    found = values(
        Question("q", "Why?", ("altburg",), answers=(("tired",),)), answer(("Tired.", DEPUTY))
    )
    assert (found["correct"], found["cited"], found["trusted"]) == (1.0, None, None)


def test_a_quote_that_is_not_at_its_offsets_is_not_verbatim() -> None:
    assert values(ANSWERABLE, answer(("Brandt.", DEPUTY), shift=1))["verbatim"] == 0.0
    mixed = Answer("", "", (), (cite(DEPUTY), cite(BUDGET, 2, shift=-1)), "answered", 0.5)
    assert values(ANSWERABLE, mixed)["verbatim"] == 0.5


def test_every_group_must_be_satisfied() -> None:
    both = Question("q", "?", ("altburg",), answers=(("Brandt",), ("Tuesday", "2 May")))
    assert values(both, answer(("Brandt, since Tuesday.", DEPUTY)))["correct"] == 1.0
    assert values(both, answer(("Brandt.", DEPUTY)))["correct"] == 0.0


def test_a_marker_is_not_an_answer() -> None:
    number = Question("q", "How many?", ("altburg",), answers=(("1",),))
    assert values(number, Answer("", "Brandt.[1]", (), (), "answered", 0.5))["correct"] == 0.0


def test_long_form() -> None:
    long = Question(
        "q",
        "What happened?",
        ("altburg",),
        evidence=(GoldEvidence("altburg", RESIGNED),),
        reference="The mayor resigned on Tuesday and her deputy takes over",
    )
    good = values(long, answer(("The mayor resigned on Tuesday.", RESIGNED)))
    # 4 of the reference's 9 words without "the": mayor resigned on tuesday.
    assert good["correct"] == 0.0
    assert good["reference_f1"] == pytest.approx(2 * 1 * (4 / 9) / (1 + 4 / 9))
    better = values(long, answer(("The mayor resigned Tuesday, her deputy is in.", RESIGNED)))
    assert (better["correct"], better["trusted"]) == (1.0, 1.0)


def test_support_states_are_shares() -> None:
    mixed = Answer(
        "",
        "",
        (Sentence("a", "quoted"), Sentence("b", "supported"), Sentence("c", "weak")),
        (),
        "answered",
        0.5,
    )
    found = values(ANSWERABLE, mixed)
    assert [found[name] for name in ("quoted", "supported", "weak", "unsupported")] == [
        pytest.approx(share) for share in (1 / 3, 2 / 3, 1 / 3, 0)
    ]


def test_a_question_that_failed_counts_against_trust() -> None:
    assert {item.metric: item.value for item in score_error(ANSWERABLE)} == {
        "trusted": 0.0,
        "correct": 0.0,
        "cited": 0.0,
    }
    assert {item.metric for item in score_error(UNANSWERABLE)} == {"trusted", "refused"}
    assert score_error(Question("q", "?", ("a",))) == ()


def test_every_score_is_documented() -> None:
    scored = {item.metric for item in score(ANSWERABLE, REFUSAL, [ARTICLE])}
    scored |= {item.metric for item in score_ranking(ANSWERABLE, [])}
    assert scored | {"judged"} == set(METRICS)


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("It costs $449,000.", "449000", True),
        ("It costs 1,449,000.", "449,000", False),
        ("It rose 1.5 percent", "5", False),
        ("It rose 1.5 percent", "15", False),
        ("It rose 1.5%", "1.5", True),
        ("Israel’s right", "Israel", True),
        ("the U.S. said", "US", True),
        ("a two-state solution", "two state solution", True),
        ("THE “Humanitarian Pause”", "humanitarian pause", True),
        ("end of the war", "end of war", True),
        ("thermal", "the", False),
        ("forecasts", "forecast", False),
        ("Straße", "STRASSE", True),
        ("", "x", False),
        ("anything", "…", False),
    ],
)
def test_says(text: str, phrase: str, expected: bool) -> None:
    assert says(text, phrase) is expected


def test_half_of_the_evidence_is_enough_and_less_is_not() -> None:
    evidence = "one two three four five six"
    quotes = {"one two three": True, "one two": False, "three two one": False}
    for quote, expected in quotes.items():
        citation = Citation(1, "a", "", "", quote, 0, len(quote))
        assert citation_holds(citation, evidence) is expected, quote


def test_a_piece_of_a_long_sentence_is_found() -> None:
    evidence = " ".join(f"w{place}" for place in range(40))
    assert passage_holds(" ".join(f"w{place}" for place in range(10, 18)), evidence)
    assert not passage_holds("w1 w2 w3", evidence)
    assert not passage_holds(" ".join(f"w{place}" for place in range(0, 18, 2)), evidence)


def ranking(*texts: str) -> list[RetrievedPassage]:
    return [
        RetrievedPassage(Passage(f"p{rank}", "a1", text, 0, len(text)), 1 / rank, rank)
        for rank, text in enumerate(texts, start=1)
    ]


def test_ranking_by_hand() -> None:
    two = Question(
        "q",
        "?",
        ("altburg",),
        evidence=(GoldEvidence("altburg", DEPUTY), GoldEvidence("altburg", BUDGET)),
    )
    found = {item.metric: item.value for item in score_ranking(two, ranking("x", DEPUTY, BUDGET))}
    assert found == {
        "recall@1": 0.0,
        "recall@3": 1.0,
        "recall@5": 1.0,
        "recall@8": 1.0,
        "recall@10": 1.0,
        "mrr": 0.5,
    }
    found = {item.metric: item.value for item in score_ranking(two, ranking(BUDGET, "x"))}
    assert (found["recall@1"], found["recall@10"], found["mrr"]) == (0.5, 0.5, 1.0)
    assert all(item.value is None for item in score_ranking(UNANSWERABLE, ranking("x")))


@settings(deadline=None)  # the first call imports ir_measures
@given(
    st.lists(st.sampled_from(range(30)), unique=True, min_size=1, max_size=12),
    st.sets(st.sampled_from(range(30)), min_size=1, max_size=5),
)
def test_ranking_agrees_with_ir_measures(order: list[int], gold: set[int]) -> None:
    import ir_measures
    from ir_measures import RR, R

    sentences = {place: f"alpha{place} beta{place} gamma{place}" for place in range(30)}
    question = Question(
        "q", "?", ("a",), evidence=tuple(GoldEvidence("a", sentences[place]) for place in gold)
    )
    ours = {
        item.metric: item.value
        for item in score_ranking(question, ranking(*(sentences[place] for place in order)))
    }
    measures = {"mrr": RR, **{f"recall@{k}": R @ k for k in (1, 3, 5, 8, 10)}}
    theirs = ir_measures.calc_aggregate(
        list(measures.values()),
        {"q": {str(place): 1 for place in gold}},
        {"q": {str(place): float(-rank) for rank, place in enumerate(order)}},
    )
    for name, measure in measures.items():
        assert ours[name] == pytest.approx(theirs[measure]), name


PREDICTED = ["the", "a", "cat,", "sat", "on.", "An", "U.S.", "mat-rug", "1,000", "Ünï"]
TRUE = ["the", "a", "cat", "sat", "on", "An", "US", "matrug", "1000", "Ünï"]


def official_squad(prediction: str, truth: str) -> tuple[float, float]:
    """The formula of SQuAD's evaluation script, written down again from its definition."""

    def tokens(text: str) -> list[str]:
        lowered = text.lower()
        bare = "".join(" " * 0 if mark in string.punctuation else mark for mark in lowered)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split()).split()

    predicted, true = tokens(prediction), tokens(truth)
    exact = float(predicted == true)
    if not predicted or not true:
        return exact, exact
    common = sum((collections.Counter(predicted) & collections.Counter(true)).values())
    if common == 0:
        return exact, 0.0
    precision, recall = common / len(predicted), common / len(true)
    return exact, 2 * precision * recall / (precision + recall)


@given(
    st.lists(st.sampled_from(PREDICTED), max_size=8),
    st.lists(st.sampled_from(TRUE), max_size=8),
)
def test_squad_agrees_with_the_official_formula(first: list[str], second: list[str]) -> None:
    prediction, truth = " ".join(first), " ".join(second)
    exact, f1 = official_squad(prediction, truth)
    assert squad_exact(prediction, truth) == exact
    assert token_overlap(prediction, truth)[2] == pytest.approx(f1)


@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcd"), max_size=9))
def test_common_subsequence_agrees_with_the_textbook(first: list[str], second: list[str]) -> None:
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for row, left in enumerate(first):
        for column, right in enumerate(second):
            table[row + 1][column + 1] = (
                table[row][column] + 1
                if left == right
                else max(table[row][column + 1], table[row + 1][column])
            )
    assert common_subsequence(first, second) == table[-1][-1]


def test_rouge_l_by_hand() -> None:
    # "police killed the gunman" and "police kill the gunman" share police, the, gunman.
    assert rouge_l("police kill the gunman", "police killed the gunman") == (0.75, 0.75, 0.75)
    assert rouge_l("", "x") == (0.0, 0.0, 0.0)
