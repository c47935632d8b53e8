"""Articles in other languages: recognised, split where a reader would, quoted to the character."""

from __future__ import annotations

import pytest

from assistant.articles import load_article
from assistant.articles.languages import language_notice
from assistant.passages import split_article
from tests.conftest import Opener

SENTENCES = {
    "de": [
        "Der Minister sprach am 3. Mai in Berlin über die Lage.",
        "„Wir müssen handeln“, sagte er z. B. vor Journalisten.",
        "Danach flog er nach Paris, wo ihn Präsident Macron empfing.",
    ],
    "fr": [
        "Le ministre a parlé mardi à Paris.",
        "« Nous devons agir ! » a-t-il dit à M. Dupont.",
        "Ensuite, il s’est rendu à Berlin pour y rencontrer la chancelière.",
    ],
    "es": [
        "El ministro habló el martes en Madrid sobre la guerra.",
        "«Debemos actuar», afirmó ante el Sr. García.",
        "¿Quién lo acompañó en su viaje a París?",
    ],
    "ru": [
        "Министр выступил во вторник в Москве.",
        "«Мы должны действовать», — сказал он г. Иванову.",
        "Затем он вылетел в Париж, где его ждал президент.",
    ],
    "ar": [
        "تحدث الوزير يوم الثلاثاء في القاهرة.",
        "هل وافق أحد على الاقتراح؟",
        "ثم سافر إلى باريس للقاء الرئيس الفرنسي.",
    ],
    "zh": [
        "七国外长星期三在东京举行了一次会议。",
        "他们讨论了中东的战争问题和人道主义援助。",
        "会议将于星期四结束，届时将发表声明。",
    ],
    "ja": [
        "七か国の外相は水曜日に東京で会談した。",
        "「我々は行動しなければならない。」と国務長官は述べた。",
        "会議は木曜日に終わる予定だ。",
    ],
}
SPACES = {"zh": "", "ja": ""}

languages = pytest.mark.parametrize("language", SENTENCES)


def text_in(language: str) -> str:
    return SPACES.get(language, " ").join(SENTENCES[language])


@languages
def test_the_language_is_told_and_what_it_means_for_answers(language: str) -> None:
    article = load_article(text=text_in(language))
    assert article.language == language
    assert article.notices == (language_notice(language),)
    assert "made for English" in article.notices[0]


@languages
def test_sentences_end_where_a_reader_ends_them(language: str) -> None:
    article = load_article(text=text_in(language))
    passages = split_article(article)
    assert [passage.text for passage in passages] == SENTENCES[language]
    assert all(article.text[p.start : p.end] == p.text for p in passages)


@languages
def test_quotes_are_exact_and_bring_the_notice_along(language: str, open_assistant: Opener) -> None:
    assistant = open_assistant(text_in(language), caution=0.0)
    (article,) = assistant.articles()
    answer = assistant.ask(SENTENCES[language][1])
    assert SENTENCES[language][1] in [citation.quote for citation in answer.citations]
    for citation in answer.citations:
        assert article.text[citation.start : citation.end] == citation.quote
    assert article.notices == (language_notice(language),)
