"""Who said what: hand-made gold for real articles, and one sentence for every pattern.

Gold holds every attributed sentence of an article and its speaker, by the sentence's first
words, as a person read it (also where the rules miss it).
"""

from __future__ import annotations

import json
import time
import timeit
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.attribution import (
    Person,
    SpeakerIndex,
    Statement,
    antecedents,
    people,
    speaker_index,
    statements,
)
from assistant.passages import split_article
from assistant.schema import Article
from tests.sample_articles import article, seed_article

SHARED = Path(__file__).parents[2] / "shared"

Gold = dict[str, list[str]]

# Annotated by hand; the pages before the rules had seen them. Precision and recall were then
# 0.85 and 0.80 on the first pages, 0.89 and 0.87 on the next, 0.84 and 0.61 on the last, which
# are an editorial, a gossip column, an appeal and a test drive beside two reports.
GOLD: dict[str, dict[str, Gold]] = json.loads(
    (Path(__file__).parent / "data" / "speakers.json").read_text(encoding="utf-8")
)


def shared(*parts: str) -> Path:
    """A path in the optional data folder beside the checkout; skips where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no {path}: the data folder ../shared is not here")
    return path


def index_of(text: str) -> SpeakerIndex:
    one = article(text)
    return speaker_index(one, split_article(one))


def said(text: str) -> list[str]:
    return [statement.speaker.name for statement in index_of(text).statements]


def outcome(one: Article, gold: Gold) -> tuple[int, int, int]:
    """Hits, extras and misses of (passage, speaker) against the gold of an article."""
    passages = split_article(one)
    starts = {p.id: next((g for g in gold if p.text.startswith(g)), p.text) for p in passages}
    assert set(gold) <= set(starts.values()), set(gold) - set(starts.values())
    wanted = {(start, name.casefold()) for start, names in gold.items() for name in names}
    found = {
        (starts[s.passage_id], name)
        for s in statements(one, passages)
        for name in [_like(s.speaker, gold.get(starts[s.passage_id], []))]
    }
    return len(wanted & found), len(found - wanted), len(wanted - found)


def _like(person: Person, names: list[str]) -> str:
    """The gold's name of a speaker ("Andrew" is "Prince Andrew"), else the speaker's own."""
    name = person.name.casefold()
    alike = (g.casefold() for g in names if set(g.casefold().split()) <= set(name.split()))
    return next(alike, name)


def assert_quality(outcomes: list[tuple[int, int, int]], least: float = 0.9) -> None:
    hits, extras, misses = (sum(column) for column in zip(*outcomes, strict=True))
    precision, recall = hits / (hits + extras), hits / (hits + misses)
    print(f"precision {precision:.3f}, recall {recall:.3f} of {hits + misses} statements")
    assert precision >= least
    assert recall >= least


def test_speakers_of_the_sample_article() -> None:
    (gold,) = GOLD["seed"].values()
    assert_quality([outcome(seed_article(), gold)])


def test_speakers_of_news_articles() -> None:
    texts = {key: shared("articles", f"{key}.json").read_text() for key in GOLD["articles"]}
    assert_quality(
        [
            outcome(article(json.loads(texts[key])["text"]), gold)
            for key, gold in GOLD["articles"].items()
        ]
    )


@pytest.mark.parametrize(
    ("name", "least"), [("first pages", 0.9), ("more pages", 0.9), ("other genres", 0.75)]
)
def test_speakers_of_web_pages(name: str, least: float) -> None:
    truth = json.loads(shared("pages", "ground-truth.json").read_text())
    texts = {key[:8]: row["articleBody"] for key, row in truth.items()}
    found = [outcome(article(texts[key]), gold) for key, gold in GOLD[name].items()]
    assert_quality(found, least)


# One sentence for every pattern, with made-up names.

PATTERNS = {
    "“It will rain,” Mara Quill said.": ["Mara Quill"],
    "“It will rain,” said Mara Quill.": ["Mara Quill"],
    "“It will rain,” said Dutch Transport Minister Mara Quill.": ["Mara Quill"],
    "“It will rain,” said Mara Quill, chief forecaster of the Oslo station.": ["Mara Quill"],
    "“It will rain,” said Mara Quill in an email to staff.": ["Mara Quill"],
    "It will rain, says veteran sailor and skipper Mara Quill.": ["Mara Quill"],
    "Mara Quill said it would rain.": ["Mara Quill"],
    "Mara Quill said that it would rain.": ["Mara Quill"],
    "Mara Quill on Monday said it would rain.": ["Mara Quill"],
    "Mara Quill, however, said it would rain.": ["Mara Quill"],
    "Mara Quill, president of Quill & Sons, a Dutch maker of boats, said it would rain.": [
        "Mara Quill"
    ],
    "Mara Quill, 43, said it would rain.": ["Mara Quill"],
    "Mara Quill, who runs the port, said it would rain.": ["Mara Quill"],
    "The port's owner, Mara Quill, said it would rain.": ["Mara Quill"],
    "Sen. Mara Quill, D-Utah, called the rain “a disgrace.”": ["Mara Quill"],
    "In a letter asking for boats, Mayor Mara Quill said it would rain.": ["Mara Quill"],
    "According to Mara Quill, it will rain.": ["Mara Quill"],
    "It will rain, according to Mara Quill.": ["Mara Quill"],
    "The rain, Mara Quill insisted, will stop.": ["Mara Quill"],
    "“The rain,” Mara Quill said, “will stop.”": ["Mara Quill"],
    "The rain was condemned on Friday by Mayor Mara Quill.": ["Mara Quill"],
    "Mara Quill arrived in Oslo on Friday and said it would rain.": ["Mara Quill"],
    "Mara Quill issued a statement warning that it would rain.": ["Mara Quill"],
    "Rain fell again, with Mayor Mara Quill warning of floods.": ["Mara Quill"],
    "Mayor Mara Quill is demanding more boats.": ["Mara Quill"],
    "Mayor Mara Quill declined to comment.": ["Mara Quill"],
    "When Mayor Mara Quill looked up, she said it would rain.": ["Mara Quill"],
    "The Dutch weather ministry said it would rain.": ["Dutch weather ministry"],
    "Officials in Utrecht said it would rain.": ["Officials in Utrecht"],
    "A spokesman for the port of Oslo said it would rain.": ["A spokesman for the port of Oslo"],
    "It will rain, the survey says.": ["the survey"],
    "“It will rain,” Mara Quill said. The 43-year-old said she was wet.": ["Mara Quill"] * 2,
    "Rain fell. The 43-year-old said she was wet.": ["The 43-year-old"],
    "Mara Quill runs the port. Quill came late. It will rain, according to her.": ["Mara Quill"],
    "The Boat League and Port Union condemned the rain.": ["Boat League", "Port Union"],
    "Mayor Mara Quill and Judge Tam Orrin said it would rain.": ["Mara Quill", "Tam Orrin"],
}
SILENT = (
    "Mayor Mara Quill refused to say whether it would rain.",
    "Mayor Mara Quill did not say whether it would rain.",
    "Mayor Mara Quill was told that it would rain.",
    "The rain is called drizzle.",
    "The company added 300 boats to its fleet.",
    "The firm reported a loss of three boats.",
    "The talks continued until dawn.",
    "A condition called drizzle fell on the so-called port.",
    "The reported loss and the claimed damage differ.",
    "Mayor Mara Quill walked home in the rain.",
)


@pytest.mark.parametrize(("text", "speakers"), PATTERNS.items())
def test_a_speaker_is_found(text: str, speakers: list[str]) -> None:
    assert said(text) == speakers


@pytest.mark.parametrize("text", SILENT)
def test_narration_has_no_speaker(text: str) -> None:
    assert said(text) == []


def test_a_telling_has_an_addressee() -> None:
    index = index_of("“We support you,” Mara Quill told Norwegian Prime Minister Tam Orrin.")
    (told,) = index.statements
    assert (told.verb, told.addressee) == ("told", people_by_name(index)["Tam Orrin"])


def test_gender_is_no_reason_to_doubt_a_pronoun() -> None:
    seed = seed_article()
    index = speaker_index(seed, split_article(seed))
    quote = next(s for s in index.statements if "humanitarian ceasefire" in s.text)
    assert quote.speaker.name == "Annalena Bärbock"
    assert not quote.explicit
    assert index.antecedents[quote.passage_id].role == "German Foreign Minister"


PRONOUNS = {
    "Mayor Mara Quill visited Oslo. He said it would rain.": "Mara Quill",
    "Judge Tam Orrin said so. Mayor Mara Quill visited Oslo. She said it would rain.": "Mara Quill",
    "Mayor Mara Quill said no. Rain fell. The mayor said it would stop.": "Mara Quill",
    "Mayor Mara Quill said no.\n\n“It will rain.”": "Mara Quill",
    "Mayor Mara Quill said: “No.\n\n“It will rain.”": "Mara Quill",
    "Mayor Mara Quill said no, his office said.": "Mara Quill's office",
    "Quayside said it lost a boat. Quayside is Dutch. The company said it was sad.": "Quayside",
    "Rain fell.\n\nI love rain. It is wet.\n\n— Mara Quill (@quill) May 1, 2020": "Mara Quill",
}


@pytest.mark.parametrize(("text", "speaker"), PRONOUNS.items())
def test_a_speaker_is_carried_on(text: str, speaker: str) -> None:
    last = index_of(text).statements[-1]
    assert (last.speaker.name, last.explicit) == (speaker, False)


ROLES = {
    "British Harbour Secretary Mara Quill said no.": "British Harbour Secretary",
    "US Secretary of State Mara Quill said no.": "US Secretary of State",
    "Mara Quill, the British harbour secretary, said no.": "British harbour secretary",
    "Mara Quill, president of Quill & Sons, a boat firm, said no.": "president of Quill & Sons",
    "White House Press Secretary Mara Quill said no.": "White House Press Secretary",
    "The chief negotiator, Mara Quill, said no.": "chief negotiator",
    "Chairman, CEO and president Mara Quill said no.": "Chairman, CEO and president",
    "Mara Quill said no. Quill is the owner of a boat.": "owner of a boat",
    "The league called on U.S. Rep. Mara Quill.": "U.S. Rep.",
    "Dr. Mara Quill, a chest surgeon at the Oslo clinic, said no.": (
        "chest surgeon at the Oslo clinic"
    ),
}


@pytest.mark.parametrize(("text", "role"), ROLES.items())
def test_a_role_is_split_from_the_name(text: str, role: str) -> None:
    assert people_by_name(index_of(text))["Mara Quill"].role == role


def test_a_role_that_is_a_surname_is_one() -> None:
    index = index_of("“No,” says harbour analyst Mara Judge. Judge asserts that it will rain.")
    assert [s.speaker.name for s in index.statements] == ["Mara Judge", "Mara Judge"]


def test_every_mention_of_a_person_is_known() -> None:
    seed = seed_article()
    blinken = people(seed, split_article(seed))[0]
    assert blinken.name == "Antony Blinken"
    assert blinken.countries == {"United States"}
    assert [seed.text[a:b].split()[-1] for a, b in blinken.mentions] == ["Blinken"] * 6
    assert {"Blinken", "the secretary"} <= set(blinken.aliases)


def test_pronouns_outside_quotations_have_antecedents() -> None:
    one = article(
        "Mayor Mara Quill said Judge Tam Orrin lost his boat. “He swam,” she said.\nRain fell on."
    )
    passages = split_article(one)
    meant = antecedents(one, passages)
    assert meant[passages[0].id].name == "Tam Orrin"
    assert meant[passages[1].id].name == "Mara Quill"
    assert passages[-1].id not in meant


# Whatever the text.

PIECES = st.sampled_from(
    "“ ” \" ' ‘ ’ , . ? ! : ; — - ( ) \n \n\n said says told added called urging saying by to that "
    "who and but he she they his the a The He Minister President Mara Quill Orrin Jr. U.S. "
    "according to office company statement of for in with Monday 43 @quill É 北京".split(" ")
)
PROSE = st.lists(PIECES, max_size=60).map(" ".join)


@given(PROSE | st.text(max_size=200))
def test_any_text_gives_statements_that_stand_in_it(text: str) -> None:
    one = article(text)
    passages = split_article(one)
    index = speaker_index(one, passages)
    by_id = {passage.id: passage for passage in passages}
    for statement in index.statements:
        passage = by_id[statement.passage_id]
        assert statement.text == passage.text
        assert passage.start <= statement.start < statement.end <= passage.end
    for person in spoken(index):
        assert person in index.people
    for person in index.people:
        assert person.name.strip()
        assert list(person.mentions) == sorted(person.mentions)
        assert all(0 <= a < b <= len(text) for a, b in person.mentions)
    assert index.antecedents.keys() <= by_id.keys()


def seconds_to_index(one: Article) -> float:
    """The least of five: of this thread alone, and without the garbage of the tests before."""
    passages = split_article(one)
    runs = timeit.repeat(
        lambda: speaker_index(one, passages), timer=time.thread_time, number=1, repeat=5
    )
    return min(runs)


def test_every_article_is_read_quickly() -> None:
    index_of("Minister Mara Quill of Norway said no.")  # Loads the names of countries.
    slowest = 0.0
    for path in sorted(shared("articles").glob("*.json")):
        one = article(json.loads(path.read_text())["text"])
        slowest = max(slowest, seconds_to_index(one) / max(len(one.text), 2000))
    # Measured: under 1 ms for 1,000 characters; a news article has 2,000 to 8,000.
    assert slowest < 5e-6, f"{slowest * 1e6:.1f} ms for 1,000 characters"


@pytest.mark.parametrize(
    "unit",
    [
        "Mayor Mara Quill{0} said it would rain. ",
        "“It will rain. ",
        "Quill, the mayor, of Oslo, in rain, ",
        "According to the office of the mayor of Town{0} it rains.\n\n",
        "— Mara Quill{0} (@quill)\n",
    ],
)
def test_time_grows_with_the_text_and_not_faster(unit: str) -> None:
    def seconds(copies: int) -> float:
        one = article("".join(unit.format(_letters(i)) for i in range(copies)))
        return seconds_to_index(one)

    assert seconds(1600) < 12 * max(seconds(400), 0.01)


def _letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number))


def people_by_name(index: SpeakerIndex) -> dict[str, Person]:
    return {person.name: person for person in index.people}


def spoken(index: SpeakerIndex) -> Iterator[Person]:
    for statement in index.statements:
        assert isinstance(statement, Statement)
        yield statement.speaker
        if statement.addressee:
            yield statement.addressee
    yield from index.antecedents.values()
