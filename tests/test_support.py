"""A claim whose number, date, name, speaker or negation is not its quote's has no support."""

from __future__ import annotations

import re

import pytest

from assistant.attribution import speaker_index
from assistant.citations import align
from assistant.passages import split_article
from assistant.schema import Article
from assistant.support import Verdict, check, mismatch


def judge(claim: str, article: Article, question: str = "What happened?") -> Verdict:
    """The verdict on a claim that was made from the whole of an article."""
    passages = split_article(article)
    indexes = {article.id: speaker_index(article, passages)}
    return check(claim, align(claim, question, passages), passages, question, indexes)


TRUE = [
    "The UK would only support a humanitarian pause, rather than a broad ceasefire.",
    "Cleverley said that his government would only support a “humanitarian pause”.",
    "At least four G7 members have issued statements in support of a strong common position.",
    "At least 4 members of the G7 have issued statements in support of a common position.",
    "The Hamas attack was on October 7.",
    "The deadly attack of Hamas was on Oct. 7.",
    "Officials of the United States said they hope for a statement.",
    "The German foreign minister said that Israel has the right to protect its population.",
    "Annalena Bärbock said Israel has the right and obligation to protect its population.",
    "Annalena Baerbock said Israel has the right and obligation to protect its population.",
    "James Cleverly said that his government would only support a “humanitarian pause”.",
    "Kamikawa told Blinken: “You have our broadest support.”",
    "Blinken described the effort as a work in progress.",
    "Cleverley said they have seen nothing that leads them to believe that Hamas leaders are "
    "serious about a ceasefire.",
]


@pytest.mark.parametrize("claim", TRUE)
def test_what_the_article_says_is_supported(claim: str, seed_article: Article) -> None:
    verdict = judge(claim, seed_article)
    assert verdict.support in ("quoted", "supported")
    assert verdict.reason == ""


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("At least five G7 members have issued statements.", "“four”, not “five”"),
        ("At least 40 G7 members have issued statements.", "“40”"),
        ("The Hamas attack was on October 8.", "“8”"),
        ("The Hamas attack was on November 7.", "november"),
        ("U.S. officials hope for a statement after meetings end Thursday.", "thursday"),
        ("France would only support a humanitarian pause limited to a time period.", "france"),
        ("Paris commended the Biden administration’s leadership on this issue.", "Kishida"),
        (
            "Fumio Suzuki said that G7 unity is more necessary than ever given the situation.",
            "Suzuki",
        ),
        (
            "G7 unity is not more necessary than ever given the situation in Israel and "
            "Palestine, the situation in Ukraine and the challenges in the Indo-Pacific region.",
            "opposite",
        ),
        ("The UK would not support a humanitarian pause.", "opposite"),
        ("Hamas leaders are serious about a ceasefire.", "opposite"),
        ("Blinken said his government would only support a humanitarian pause.", "Cleverley"),
        ("Cleverley would only support a “permanent ceasefire” in Gaza.", "permanent ceasefire"),
        ("Blinken told Kamikawa: “You have our broadest support.”", "Kamikawa"),
        ("The French foreign minister said Israel has the right to protect itself.", "Bärbock"),
        ("The moon is made of cheese.", "nothing in the article"),
    ],
)
def test_one_wrong_word_takes_the_support_away(
    claim: str, reason: str, seed_article: Article
) -> None:
    verdict = judge(claim, seed_article)
    assert verdict.support == "unsupported"
    assert reason.casefold() in verdict.reason.casefold()


def test_what_the_question_brought_in_is_not_held_against_the_answer(
    seed_article: Article,
) -> None:
    claim = "After 2022, the UK would only support a humanitarian pause."
    assert judge(claim, seed_article).support == "unsupported"
    asked = judge(claim, seed_article, "After 2022, what did the UK support?")
    assert asked.support != "unsupported"


def test_a_name_that_only_the_question_has_is_not_confirmed(seed_article: Article) -> None:
    claim = "Macron would only support a humanitarian pause, rather than a broad ceasefire."
    verdict = judge(claim, seed_article, "What would Macron support?")
    assert verdict.support in ("weak", "unsupported")
    assert "macron" in verdict.reason.casefold()


def test_whom_the_question_names_is_not_given_the_words_of_another(seed_article: Article) -> None:
    claim = "Kamikawa told Blinken that it was critical for the group to demonstrate unity."
    verdict = judge(claim, seed_article, "What did Kamikawa tell Blinken?")
    assert verdict.support == "unsupported"
    assert "Antony Blinken, not of Kamikawa" in verdict.reason


def test_whom_the_question_spells_in_another_way_keeps_their_words(seed_article: Article) -> None:
    claim = "Baerbock said Israel has the right and obligation to protect its population."
    assert judge(claim, seed_article, "What did Baerbock say?").support != "unsupported"


def test_a_name_from_elsewhere_is_no_other_spelling_of_one_in_the_article() -> None:
    text = "Peter Anderson of Leeds won the race. An hour later came Paul Andersen of York."
    context = split_article(Article("a", "Race", text, "s"))
    winner = context[0].text
    assert "andersen" in mismatch("The race was won by Mr. Andersen.", winner, context)
    assert mismatch("The race was won by Mr. Anderson.", winner, context) == ""
    assert mismatch("The race was won by Mr. Andersson.", winner, context) == ""


def test_half_a_claim_is_weak(seed_article: Article) -> None:
    claim = "Blinken wants more aid for the Gaza Strip, sandbags, tractors and school books."
    verdict = judge(claim, seed_article)
    assert verdict.support in ("weak", "unsupported")
    assert verdict.reason


def test_the_articles_own_words_are_called_quoted(seed_article: Article) -> None:
    for passage in split_article(seed_article):
        verdict = judge(passage.text, seed_article)
        assert verdict.support == "quoted", (passage.text, verdict.reason)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Sales of the company in Norwick fell by 3% in May.", "the quote says “rose”, not “fell”"),
        ("Sales of the company in Norwick grew by 3% in May.", ""),
        ("Sales of the company in Norwick rose by 3% in May.", ""),
    ],
)
def test_a_word_put_for_its_opposite_is_noticed(claim: str, reason: str) -> None:
    article = Article("a", "Sales", "Sales of the company in Norwick rose by 3% in May.", "")
    assert judge(claim, article).reason == reason


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("The G7 foreign ministers' meeting was held in Japan.", "Where was the meeting held?"),
        (
            "The top British diplomat said his government would support a “humanitarian pause”.",
            "What would the top British diplomat support?",
        ),
    ],
)
def test_another_way_of_naming_the_same_is_no_difference(
    claim: str, question: str, seed_article: Article
) -> None:
    assert judge(claim, seed_article, question).support in ("quoted", "supported")


LIFELINE = Article(
    "a",
    "A company",
    "According to Reuters, the questions include whether the founder engaged in self-dealing. "
    + "The attorney general looks into the matter and has asked for papers. " * 9
    + "After a lifeline from an investor worth up to $8 billion, the company now cuts costs.",
    "a",
)


def test_what_stands_far_from_whoever_speaks_is_not_their_word() -> None:
    said = "the investor gave a lifeline worth $8 billion."
    verdict = judge(f"According to Reuters, {said}", LIFELINE)
    assert verdict.support == "unsupported"
    assert verdict.reason == "the quote does not put this into the mouth of Reuters"
    assert judge(f"T{said[1:]}", LIFELINE).support in ("quoted", "supported")
    asks = "the questions include whether the founder engaged in self-dealing."
    assert judge(f"According to Reuters, {asks}", LIFELINE).support in ("quoted", "supported")


def test_a_sentence_with_much_of_its_own_is_no_quotation() -> None:
    taken = "The attorney general looks into the matter and has asked for papers"
    assert judge(f"{taken}.", LIFELINE).support == "quoted"
    assert judge(f"{taken}, which the company and its founder cut.", LIFELINE).support in (
        "supported",
        "weak",
    )


RIVALS = """\
British minister Edward Hill was so worried by this that he ordered an estimate of their plans. \
A decade after the crisis, Honda, Toyota and Nissan, hit by the limits, opened plants in Ohio and \
founded their own luxury brands. Mazda stayed at home. Lord Cromer warned of the plans. \
Pochettino was sacked last night after five years in charge of the club. Mourinho came next. \
The fans of Pochettino wept. \
In a memo seen by Reuters on Tuesday, the company said it will cut 500 jobs in Ohio. \
The league took eight seats from the Greens. The exiles met in London, became known for \
their songs and founded a choir."""


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("Lord Cromer ordered an estimate of their plans.", "What did Lord Cromer order?"),
        ("Mazda founded its own luxury brands.", "What did Mazda found?"),
        (
            "The club got rid of Mourinho because he was sacked after five years in charge.",
            "Why did the club get rid of Mourinho?",
        ),
        ("The league gave eight seats to the Greens.", "Whom did the league give eight seats?"),
        ("The exiles met in Paris.", "Did the exiles meet in Paris?"),
        # A name that neither the question nor the article has.
        ("Rossi ordered an estimate of their plans.", "Who ordered an estimate?"),
    ],
)
def test_a_question_that_misleads_is_not_confirmed(claim: str, question: str) -> None:
    verdict = judge(claim, Article("a", "Rivals", RIVALS, "s"), question)
    assert verdict.support == "unsupported"
    assert "the quote says" in verdict.reason
    assert verdict.misled == (not question.startswith("Who "))


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("Hill ordered an estimate of their plans.", "What did Hill order?"),
        ("Nissan founded its own luxury brands.", "What did Nissan found?"),
        ("Pochettino was sacked after five years in charge.", "Why did Pochettino go?"),
        # A description may well mean whom the question names.
        ("Acme will cut 500 jobs in Ohio.", "How many jobs will Acme cut?"),
        ("The exiles met in London.", "Where did the exiles meet?"),
    ],
)
def test_whom_the_article_speaks_of_is_confirmed(claim: str, question: str) -> None:
    text = RIVALS + " Acme had a bad year."
    assert judge(claim, Article("a", "Rivals", text, "s"), question).support != "unsupported"


@pytest.mark.parametrize(
    ("claim", "question", "speaker"),
    [
        ("France would only support a humanitarian pause.", "What would France support?", "Clev"),
        ("Kamikawa would only support a pause.", "What would Kamikawa support?", "Clev"),
        (
            "The German government would only support a humanitarian pause.",
            "What would the German government support?",
            "Clev",
        ),
        (
            "Japan’s position is that Israel has the right to protect its population.",
            "What is Japan’s position?",
            "Bärbock",
        ),
        (
            "Germany commended the Biden administration’s leadership.",
            "What did Germany commend?",
            "Kishida",
        ),
    ],
)
def test_a_view_is_not_given_to_another_country(
    claim: str, question: str, speaker: str, seed_article: Article
) -> None:
    verdict = judge(claim, seed_article, question)
    assert verdict.support == "unsupported"
    assert verdict.misled
    assert re.search(rf"words of .*{speaker}.*, not of", verdict.reason)


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("The UK would only support a humanitarian pause.", "What would the UK support?"),
        ("London would only support a humanitarian pause.", "What would London support?"),
        ("Cleverly’s government would only support a pause.", "What would the UK support?"),
        ("Germany said Israel has the right to protect its population.", "What did Germany say?"),
        ("Israel has the right to protect its population.", "What right does Israel have?"),
        ("Japan commended the Biden administration’s leadership.", "What did Japan commend?"),
    ],
)
def test_a_view_is_given_to_the_country_of_whose_it_is(
    claim: str, question: str, seed_article: Article
) -> None:
    verdict = judge(claim, seed_article, question)
    assert verdict.support in ("quoted", "supported", "weak"), verdict.reason


SLOGAN = (
    "Michelle Hege runs an agency in Spokane. “It is difficult to change behaviour,” Hege said. "
    "While the “On it” campaign did not appeal to Julie Graham, a health officer, she said she did "
    "not want to judge the campaign."
)


def test_whose_words_they_are_is_told_by_the_passage_that_names_them() -> None:
    """However near somebody else is named: "she" is the one who stands before it."""
    article = Article("a", "Slogan", SLOGAN, "s")
    question = "What did {} say about the campaign?"
    claim = "{} said she did not want to judge the campaign."
    verdict = judge(claim.format("Michelle Hege"), article, question.format("Michelle Hege"))
    assert verdict.support == "unsupported"
    assert re.search("words of .*Graham.*, not of .*Hege", verdict.reason)
    verdict = judge(claim.format("Julie Graham"), article, question.format("Julie Graham"))
    assert verdict.support in ("quoted", "supported")


HOUSES = """\
Ann Brown had the old Weaving House in Norwick built again after the flood of that year. \
Many exiles came to England in those years, and most of them lived from making cloth. \
Their own services were held in chapels that were lent to them by the bishops. \
Some of the chapels were pulled down when the exiles had moved to other towns. \
A few of them are still in use today, and one has become a museum of the exiles. \
The French church of London was founded in 1550 by exiles from Paris. \
It is now located at Soho Square."""


def test_what_it_means_was_named_shortly_before() -> None:
    article = Article("a", "Houses", HOUSES, "s")
    question = "Where is the Weaving House located?"
    verdict = judge("The Weaving House is now located at Soho Square.", article, question)
    assert verdict.support == "unsupported"
    question = "Where is the French church located?"
    verdict = judge("The French church is now located at Soho Square.", article, question)
    assert verdict.support != "unsupported"


def test_an_overstatement_comes_with_the_passage_that_says_less() -> None:
    text = "Rain fell on Norwick. Acme plans to open a plant in Norwick next year. Its sales rose."
    verdict = judge("Acme opened a plant in Norwick.", Article("a", "Acme", text, "s"))
    assert verdict.support == "unsupported"
    assert verdict.instead is not None
    assert verdict.instead.text == "Acme plans to open a plant in Norwick next year."
