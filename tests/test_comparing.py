"""Several articles are asked one by one and shown side by side, never merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering import Assistant
from assistant.comparing import article_names, borne_out, side_by_side, silent, worth_telling
from assistant.grounding import quote
from assistant.judging import Finding, refusal
from assistant.passages import split_article
from assistant.schema import Answer, Article, Delta, Sentence
from assistant.testing import HashEmbedder, ScriptedChatModel

POST = Article(
    "a1", "Rescue of a company", "The rescue costs $6.5 billion. It came late in the year.", "a"
)
TIMES = Article(
    "b2",
    "A company is rescued",
    "The rescue may cost $8 billion. Everybody there hopes that it works.",
    "b",
)
QUESTION = "How much does the rescue cost, according to each outlet?"


def finding(article: Article, probability: float = 0.9, sentence: int = 0) -> Finding:
    passage = split_article(article)[sentence]
    return Finding(quote([passage], {article.id: article}), probability, probability)


def shown(
    *findings: tuple[Article, Finding], question: str = QUESTION
) -> tuple[str, tuple[str, ...]]:
    answers = worth_telling(question, {a.id: f for a, f in findings})
    grounded, notices = side_by_side([(question, answers)], {a.id: a for a, _ in findings})
    assert grounded is not None
    markers = [citation.marker for citation in grounded.citations]
    assert markers == list(range(1, len(markers) + 1))
    return " ".join(str(sentence) for sentence in grounded.sentences), notices


def test_each_article_keeps_its_name_and_its_quote() -> None:
    text, notices = shown((POST, finding(POST)), (TIMES, finding(TIMES)))
    assert text == (
        "“Rescue of a company”: The rescue costs $6.5 billion.[1] "
        "“A company is rescued”: The rescue may cost $8 billion.[2]"
    )
    assert notices == ("The articles give different figures; each is shown with its own quote.",)


def test_an_article_without_the_figure_asked_for_is_left_out_beside_one_that_has_it() -> None:
    text, _ = shown((POST, finding(POST)), (TIMES, finding(TIMES, sentence=1)))
    assert text == "The rescue costs $6.5 billion.[1]"
    both, _ = shown((POST, finding(POST, sentence=1)), (TIMES, finding(TIMES, sentence=1)))
    assert "late in the year" in both
    assert "Everybody" in both


def test_what_nothing_in_an_article_bears_out_is_left_out_beside_what_is() -> None:
    answer = finding(TIMES)
    assert answer.grounded is not None
    talk = Sentence("The reports agree on this.", "weak", answer.grounded.citations, "only a part")
    made_up = Sentence("It is the dearest ever.", "unsupported", (), "nothing says this")
    for more in (talk, made_up):
        sentences = (*answer.grounded.sentences, more)
        doubtful = replace(answer, grounded=replace(answer.grounded, sentences=sentences))
        text, _ = shown((POST, finding(POST)), (TIMES, doubtful))
        assert text.endswith("The rescue may cost $8 billion.[2]")


def test_an_article_with_a_doubtful_answer_only_is_left_out_beside_a_sure_one() -> None:
    answer = finding(TIMES)
    assert answer.grounded is not None
    [said] = answer.grounded.sentences
    weak = replace(said, support="weak", reason="only a part")
    failed = replace(said, support="unsupported", citations=(), reason="nothing says this")
    doubtful = replace(answer, grounded=replace(answer.grounded, sentences=(weak,)))
    worse = replace(answer, grounded=replace(answer.grounded, sentences=(weak, failed)))
    for other in (doubtful, worse):
        text, _ = shown((POST, finding(POST)), (TIMES, other))
        assert text == "The rescue costs $6.5 billion.[1]"
    assert "$8 billion" in shown((TIMES, doubtful))[0]


def test_a_doubtful_answer_that_is_the_surest_is_shown() -> None:
    answer = finding(TIMES, 0.95)
    assert answer.grounded is not None
    [said] = answer.grounded.sentences
    weak = replace(said, support="weak", reason="only a part")
    doubtful = replace(answer, grounded=replace(answer.grounded, sentences=(weak,)))
    text, _ = shown((POST, finding(POST)), (TIMES, doubtful))
    assert "$6.5 billion" in text
    assert "$8 billion" in text


def test_an_articles_own_words_do_not_stand_in_beside_an_answer() -> None:
    answer = finding(TIMES)
    assert answer.grounded is not None
    instead = replace(answer, grounded=replace(answer.grounded, stands_in=True))
    text, _ = shown((POST, finding(POST)), (TIMES, instead))
    assert text == "The rescue costs $6.5 billion.[1]"
    assert "$8 billion" in shown((TIMES, instead))[0]


def test_a_less_sure_answer_is_shown_for_a_part_that_the_others_leave_open() -> None:
    question = "How much does the rescue cost, and what does everybody hope?"
    hope = "What does everybody hope?"
    sure = replace(finding(POST, 0.9), left_open=(hope,))
    text, _ = shown((POST, sure), (TIMES, finding(TIMES, 0.6)), question=question)
    assert "$6.5 billion" in text
    assert "$8 billion" in text
    open_too = replace(finding(TIMES, 0.6), left_open=(hope,))
    text, _ = shown((POST, sure), (TIMES, open_too), question=question)
    assert text == "The rescue costs $6.5 billion.[1]"


def test_articles_go_by_what_tells_all_that_were_asked_apart() -> None:
    post = replace(POST, outlet="Post", published="2019-10-22")
    again = replace(post, id="c3", title="More of the rescue")
    answers = [(QUESTION, {"a1": finding(POST), "b2": finding(TIMES)})]
    grounded, _ = side_by_side(answers, {"a1": post, "b2": TIMES, "c3": again})
    assert grounded is not None
    assert grounded.text.startswith("“Rescue of a company”: The rescue costs")


def test_where_each_is_to_be_heard_those_that_do_not_tell_are_named() -> None:
    articles = {"a1": POST, "b2": TIMES}
    found = {"a1": finding(POST)}
    assert silent(QUESTION, articles, found) == ("No answer was found in: “A company is rescued”.",)
    assert silent(QUESTION, articles, {**found, "b2": finding(TIMES)}) == ()
    assert silent(QUESTION, articles, {}) == ()
    assert silent("How much does the rescue cost?", articles, found) == ()


def put_to(*chances: float, needed: float = 0.4) -> list[bool]:
    """Whether each of some articles, one of which alone needs as much, is taken to answer."""
    findings = {}
    for number, chance in enumerate(chances):
        key = str(number)
        answer = replace(finding(POST, chance), needed=needed)
        findings[key] = answer if chance >= needed else refusal(chance)
    return [one.grounded is not None for one in borne_out(findings).values()]


def test_one_doubtful_answer_does_not_outweigh_the_silence_of_three() -> None:
    assert put_to(0.5) == [True]
    assert put_to(0.5, 0.1, 0.1, 0.1) == [False] * 4
    assert put_to(0.8, 0.1, 0.1, 0.1) == [True, False, False, False]
    assert put_to(0.5, 0.1, 0.1, 0.1, needed=0.0)[0], "the bold see everything"


def test_articles_that_answer_too_vouch_for_it() -> None:
    assert put_to(0.68, 0.1, 0.1, 0.1)[0] is False
    assert put_to(0.68, 0.68, 0.68, 0.1) == [True, True, True, False]
    assert put_to(0.68, 0.41, 0.1, 0.1) == [True, False, False, False]


@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=4), st.floats(0.01, 0.99))
def test_more_silent_articles_never_make_an_answer_surer(
    chance: float, others: list[float], needed: float
) -> None:
    fewer = put_to(chance, *others, needed=needed)
    more = put_to(chance, *others, 0.0, needed=needed)
    assert all(after <= before for before, after in zip(fewer, more, strict=False))
    assert all(put_to(chance, *others, needed=0.0))


def test_the_same_figures_are_said_to_agree() -> None:
    other = replace(TIMES, text=TIMES.text.replace("8", "6.5"))
    _, notices = shown((POST, finding(POST)), (other, finding(other)))
    assert notices == ("The articles give the same figures.",)


def test_one_article_that_answers_speaks_alone() -> None:
    refused = Finding(None, 0.1, 0.9)
    text, notices = shown((POST, finding(POST)), (TIMES, refused))
    assert text == "The rescue costs $6.5 billion.[1]"
    assert notices == ()


def test_a_doubtful_second_answer_is_left_out_unless_all_were_asked_for() -> None:
    pair = (POST, finding(POST, 0.9)), (TIMES, finding(TIMES, 0.5))
    text, _ = shown(*pair, question="How much does the rescue cost?")
    assert "Times" not in text
    assert "$8" not in text
    text, _ = shown(*pair)
    assert "$8" in text


def test_articles_are_told_apart_by_outlet_and_date_or_else_by_title() -> None:
    post = replace(POST, outlet="Post", published="2019-10-22T08:00")
    assert article_names([post, TIMES]) == {
        "a1": "Post, 2019-10-22",
        "b2": "“A company is rescued”",
    }
    twin = replace(TIMES, outlet="Post", published="2019-10-22")
    assert article_names([post, twin]) == {
        "a1": "“Rescue of a company”",
        "b2": "“A company is rescued”",
    }


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    def reply(prompt: str) -> str:
        return "The rescue costs $6.5 billion." if "6.5" in prompt else "It may cost $8 billion."

    model = ScriptedChatModel(replies=reply)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder(), caution=0.0) as assistant:
        for article in (POST, TIMES):
            assistant.add(text=article.text, title=article.title)
        yield assistant


def test_a_question_to_two_articles_is_answered_by_both(library: Assistant) -> None:
    events = list(library.stream(QUESTION))
    answer = events[-1]
    assert isinstance(answer, Answer)
    texts = {article.id: article.text for article in library.articles()}
    assert {citation.article_id for citation in answer.citations} == set(texts)
    for citation in answer.citations:
        assert texts[citation.article_id][citation.start : citation.end] == citation.quote
    said = "".join(event.text for event in events if isinstance(event, Delta))
    assert "“Rescue of a company”: The rescue" in said
    assert any("different figures" in notice for notice in answer.notices)
    assert answer.standalone == QUESTION
    assert isinstance(library.chat_model, ScriptedChatModel)
    prompts = "\n".join(library.chat_model.prompts)
    assert "How much does the rescue cost?" in prompts
    assert "each outlet" not in prompts


def test_the_parts_of_a_question_are_put_to_the_articles_that_tell_them(tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        if "Who won the rowing cup?" in prompt:
            return "Ida Lund won the rowing cup."
        return "The rescue of the company costs $6.5 billion."

    model = ScriptedChatModel(replies=reply)
    question = "How much does the rescue of the company cost, and who won the rowing cup?"
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder(), caution=0.0) as assistant:
        money = assistant.add(text="The rescue of the company costs $6.5 billion.", title="Money")
        sport = assistant.add(text="Ida Lund won the rowing cup on Sunday.", title="Sport")
        answer = assistant.ask(question)
    assert answer.text == (
        "“Money”: The rescue of the company costs $6.5 billion. "
        "“Sport”: Ida Lund won the rowing cup."
    )
    assert [c.article_id for c in answer.citations] == [money.id, sport.id]
    assert answer.question == answer.standalone == question
    assert answer.status == "answered"
    for prompt in model.prompts:
        assert ("Lund" in prompt) == ("Who won" in prompt)
        assert ("$6.5" in prompt) == ("How much" in prompt)


def test_a_part_that_no_article_tells_is_said_to_be_open(tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        return "I do not know." if "Who won" in prompt else "The rescue costs $6.5 billion."

    model = ScriptedChatModel(replies=reply)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder(), caution=0.0) as assistant:
        assistant.add(text="The rescue of the company costs $6.5 billion.", title="Money")
        assistant.add(text="Ida Lund lost the rowing cup on Sunday.", title="Sport")
        answer = assistant.ask("How much does the rescue cost, and who won the rowing cup?")
    assert answer.text == "The rescue costs $6.5 billion."
    assert answer.status == "partly"
    assert "The article does not say: Who won the rowing cup?" in answer.notices


def test_an_article_that_has_nothing_on_it_is_not_read(tmp_path: Path) -> None:
    def reply(prompt: str) -> str:
        told = "The rescue of the company costs $6.5 billion."
        return told if told in prompt else "I do not know."

    model = ScriptedChatModel(replies=reply)
    with Assistant.open(tmp_path, model=model, embedder=HashEmbedder(), caution=0.0) as assistant:
        assistant.add(text="The rescue of the company costs $6.5 billion.", title="Money")
        assistant.add(text="Ida Lund rowed on Sunday near Oslo, in rain.", title="Sport")
        answer = assistant.ask("How much does the rescue of the company cost?")
        assert not any("Lund" in prompt for prompt in model.prompts)
        heard = assistant.ask("How much does the rescue cost, according to each report?")
    assert answer.text == "The rescue of the company costs $6.5 billion."
    assert any("Lund" in prompt for prompt in model.prompts)
    assert "No answer was found in: “Sport”." in heard.notices


def test_of_several_articles_each_is_summed_up(library: Assistant) -> None:
    answer = library.ask("Summarise the articles.")
    assert {citation.article_id for citation in answer.citations} == {
        article.id for article in library.articles()
    }
    assert "“Rescue of a company”: The rescue costs $6.5 billion." in answer.text
    assert "“A company is rescued”: It may cost $8 billion." in answer.text
