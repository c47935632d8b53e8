"""Search by words: any question is a valid query, and the rarest words decide."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.library import Library, lexical
from assistant.library.lexical import spaced, terms
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


CHINESE = (
    "布林肯周三在东京呼吁七国集团外长就加沙危机采取统一立场。\n"
    "日本首相岸田文雄赞扬了拜登政府的外交努力。\n"
    "英国外交大臣表示，英国只支持人道主义暂停，不支持全面停火。\n"
    "会议还讨论了乌克兰战争和朝鲜的核试验。"
)
JAPANESE = (
    "ブリンケン国務長官は水曜日、東京でＧ７外相会合に出席した。\n"
    "岸田首相はバイデン政権の外交努力を評価した。\n"
    "英国のクレバリー外相は、広範な停戦ではなく人道的休止だけを支持すると述べた。\n"
    "会合では北朝鮮の核実験についても話し合われた。\n"
    "猫の名前はたまである。"
)
THAI = (
    "นายแอนโทนี บลิงเคน เรียกร้องให้กลุ่มประเทศจีเจ็ดแสดงจุดยืนร่วมกันเรื่องฉนวนกาซา\n"
    "นายกรัฐมนตรีญี่ปุ่นชื่นชมความพยายามทางการทูตของสหรัฐ\n"
    "อังกฤษสนับสนุนเพียงการหยุดยิงชั่วคราวเพื่อมนุษยธรรม\n"
    "น้ำท่วมใหญ่ทำให้ถนนหลายสายในกรุงเทพฯ ถูกปิด"
)
KOREAN = (
    "블링컨 국무장관은 도쿄에서 주요 7개국의 단결을 촉구했다.\n"
    "일본 총리는 바이든 행정부의 외교 노력을 높이 평가했다.\n"
    "영국은 전면적인 휴전이 아니라 인도주의적 교전 중단만 지지한다고 밝혔다."
)


@pytest.fixture(scope="module")
def unspaced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Articles in languages without spaces, and one in English."""
    store = tmp_path_factory.mktemp("unspaced")
    with Library.open(store, HashEmbedder(16), embedder_name="hash") as library:
        for text in (CHINESE, JAPANESE, THAI, KOREAN):
            library.add(article(text, text[:8]))
        library.add(seed_article())
        yield library


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("英国支持什么？", "人道主义暂停"),
        ("岸田文雄说了什么", "赞扬了拜登政府"),
        ("朝鲜的核试验", "乌克兰战争"),
        ("谁呼吁七国集团采取统一立场？", "布林肯"),
        ("英国の外相は何を支持しましたか？", "人道的休止"),
        ("クレバリー", "クレバリー外相"),
        ("G7外相会合に出席したのは誰ですか", "ブリンケン国務長官"),
        ("ﾊﾞｲﾃﾞﾝ政権", "岸田首相"),  # of half width
        ("猫はどこにいますか", "たまである"),  # a word of one letter
        ("อังกฤษสนับสนุนอะไร", "เพื่อมนุษยธรรม"),
        ("ถนนสายไหนถูกปิดเพราะน้ำท่วม", "กรุงเทพฯ"),
        ("นายกรัฐมนตรีของญี่ปุ่นคิดอย่างไร", "ชื่นชม"),
        ("영국이 지지하는 것은 무엇인가?", "인도주의적"),
        ("바이든", "바이든 행정부의"),
        ("What did Kamikawa tell Blinken?", "Kamikawa told Blinken"),
    ],
)
def test_words_are_found_where_there_are_no_spaces(
    unspaced: Library, question: str, holds: str
) -> None:
    assert holds in found(unspaced, question)[0]


@pytest.mark.parametrize("question", ["海豚", "イルカ", "โลมา", "돌고래", "は", "海"])
def test_words_that_are_not_there_are_not_found(unspaced: Library, question: str) -> None:
    assert found(unspaced, question) == []


def test_only_what_is_written_without_spaces_is_cut() -> None:
    text = "Größe, naïve café: the U.S. said «да» και شكرا नमस्ते."
    assert spaced(text) == text
    assert spaced("北京市").split() == ["北京", "京市", "市"]
    assert spaced("G7外相は２０２３年").split() == ["G7", "外相", "相", "2023", "年"]
    assert spaced("น้ำใจ").split() == ["น้ํา", "าใ", "ใจ", "จ"]


def test_a_removed_article_leaves_no_pairs_behind(tmp_path: Path) -> None:
    with Library.open(tmp_path, HashEmbedder(16), embedder_name="hash") as library:
        gone = article(JAPANESE, "gone")
        library.add(gone)
        library.add(article(CHINESE, "kept"))
        library.remove(gone.id)
        assert found(library, "クレバリー外相の猫") == []
        assert found(library, "岸田首相") == ["日本首相岸田文雄赞扬了拜登政府的外交努力。"]


def test_words_cut_in_another_way_are_cut_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(lexical, "spaced", lambda text: text)
        earlier.setattr(lexical, "FINGERPRINT", "an earlier one")
        with Library.open(tmp_path, HashEmbedder(16), embedder_name="hash") as library:
            library.add(article(CHINESE, "Chinese"))
            assert found(library, "全面停火") == []
    with Library.open(tmp_path, HashEmbedder(16), embedder_name="hash") as library:
        assert "人道主义暂停" in found(library, "全面停火")[0]
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as file:
        stored = file.execute("SELECT value FROM facts WHERE name = 'words'").fetchone()
    file.close()
    assert stored == (lexical.FINGERPRINT,)
