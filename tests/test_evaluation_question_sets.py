"""Question files: every format reads the same, and every mistake is said at once."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import QuestionSetError
from assistant.evaluation import load_question_set
from assistant.schema import Turn

TEXT = (
    "The mayor of Altburg resigned on Tuesday. “I am tired,” she said.\n\n"
    "Her deputy, Ole Brandt, takes over with a budget of 4.5 million euros.\n"
)
GOOD: dict[str, Any] = {
    "id": "q1",
    "article": "altburg",
    "question": "Who takes over?",
    "answerable": True,
    "answers": [["Brandt", "Ole Brandt"]],
    "evidence": ["Her deputy, Ole Brandt, takes over with a budget of 4.5 million euros."],
    "kind": "fact",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "altburg.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def write(folder: Path, *rows: object, name: str = "set.jsonl") -> Path:
    path = folder / name
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def mistakes(path: Path, articles: Path | None = None) -> list[str]:
    with pytest.raises(QuestionSetError) as caught:
        load_question_set(path, articles)
    return str(caught.value).splitlines()[1:]


def test_a_row_becomes_a_question(folder: Path) -> None:
    path = write(folder, {**GOOD, "history": [["Who resigned?", "The mayor."]], "note": "mine"})
    loaded = load_question_set(path)
    question = loaded.questions[0]
    assert loaded.name == "set"
    assert loaded.articles["altburg"].text == TEXT
    assert question.scope == ("altburg",)
    assert question.answers == (("Brandt", "Ole Brandt"),)
    assert question.history == (Turn("Who resigned?", "The mayor."),)
    assert [(gold.article, gold.quote) for gold in question.evidence] == [
        ("altburg", GOOD["evidence"][0])
    ]


def test_several_articles_and_where_their_evidence_stands(folder: Path) -> None:
    (folder / "other.json").write_text(json.dumps({"id": "x", "title": "T", "text": "No news."}))
    row = {**GOOD, "articles": ["altburg"], "scope": ["other", "altburg"]}
    del row["article"]
    named = {**row, "id": "q2", "evidence": [{"article": "other", "quote": "No news."}]}
    first, second = load_question_set(write(folder, row, named)).questions
    assert first.scope == ("other", "altburg")
    assert first.evidence[0].article == "altburg"
    assert second.evidence[0].article == "other"


def test_articles_are_found_in_the_folder_named(tmp_path: Path, folder: Path) -> None:
    elsewhere = tmp_path / "sets" / "deep"
    elsewhere.mkdir(parents=True)
    path = write(elsewhere, GOOD)
    assert "name its folder with --articles" in mistakes(path)[0]
    assert load_question_set(path, folder).articles["altburg"].text == TEXT


def test_every_mistake_is_reported_at_once_with_its_line(folder: Path) -> None:
    path = write(
        folder,
        GOOD,
        "{not json",
        "",
        {**GOOD, "question": " ", "evidence": ["Words of another article."], "refrence": "x"},
        {**GOOD, "id": "q3", "evidence": ["Her deputy, Ole Brand, takes over."]},
        {**GOOD, "id": "q4", "answerable": "yes"},
        {**GOOD, "id": "q5", "answers": ["Brandt"]},
        {**GOOD, "id": "q6", "article": "nowhere"},
        {**GOOD, "id": "q7", "answerable": False},
        {key: value for key, value in GOOD.items() if key != "id"},
        {**{k: v for k, v in GOOD.items() if k != "answers"}, "id": "q8", "anwsers": [["x"]]},
        {**GOOD, "id": "q9", "history": [["only a question"]]},
        {**GOOD, "id": "q10", "answers": [["…", "?"]]},
        [1, 2],
    )
    found = mistakes(path)
    numbers = [int(line.removeprefix(f"{path}:").split(":")[0]) for line in found]
    said = {str(number): "" for number in numbers}
    for number, line in zip(numbers, found, strict=True):
        said[str(number)] += line
    assert 1 not in numbers
    assert numbers == sorted(numbers)
    assert "expected one JSON object, found '{not json'" in said["2"]
    assert "'question': expected a question, found ' '" in said["4"]
    assert "expected an id of its own, found 'q1', which line 1 has" in said["4"]
    assert "'evidence': expected words that stand verbatim in 'altburg'" in said["4"]
    assert "expected 'reference', found 'refrence'" in said["4"]
    assert "after 'Her deputy, Ole Brand' the article has 't'" in said["5"]
    assert "'answerable': expected a valid boolean, found 'yes'" in said["6"]
    assert "expected groups of alternatives" in said["7"]
    assert "expected the article 'nowhere'" in said["8"]
    assert "expected no 'answers' because 'answerable' is false" in "".join(found)
    assert "expected 'id', found no such key" in said["10"]
    assert "expected 'answers', found 'anwsers'" in said["11"]
    assert "expected earlier turns" in said["12"]
    assert "expected a word or a number" in said["13"]
    assert "expected one JSON object, found [1, 2]" in said["14"]


def test_a_folder_of_articles_that_is_none(folder: Path) -> None:
    with pytest.raises(QuestionSetError, match="nowhere: expected a folder of articles"):
        load_question_set(write(folder, GOOD), folder / "nowhere")


def test_ids_are_unique(folder: Path) -> None:
    assert mistakes(write(folder, GOOD, {**GOOD, "question": "Who else?"})) == [
        f"{folder / 'set.jsonl'}:2: expected an id of its own, found 'q1', which line 1 has"
    ]


def test_a_question_file_reads_nothing_outside_its_folders(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("a key")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    names = ["../../secret", str(tmp_path / "secret"), "link", "a\0b"]
    rows = [
        {"id": str(place), "article": name, "question": "What?"} for place, name in enumerate(names)
    ]
    assert len(mistakes(write(inside, *rows))) == len(names)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected at least one question, found none"),
        (b'{"id": "\xff"}', ":1: expected UTF-8, found byte 0xff"),
    ],
)
def test_files_that_are_no_question_files(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(content)
    with pytest.raises(QuestionSetError, match=said):
        load_question_set(path)
    with pytest.raises(QuestionSetError, match="No such file"):
        load_question_set(tmp_path / "absent.jsonl")


def test_line_separators_inside_strings_do_not_end_a_line(folder: Path) -> None:
    path = write(folder, {**GOOD, "reference": "one\u2028two\x85three"})
    assert load_question_set(path).questions[0].reference == "one\u2028two\x85three"


def test_csv_has_the_same_columns(folder: Path) -> None:
    path = folder / "set.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "article", "question", "answerable", "answers", "evidence"])
        table.writerow(
            ["q1", "altburg", "Who\ntakes over?", "true", "Brandt|Ole Brandt", GOOD["evidence"][0]]
        )
        table.writerow(["q2", "altburg", "Who won?", "no", "", ""])
        table.writerow(["q3", "altburg", "When?", "yes", '[["Tuesday"], ["resigned"]]', ""])
    one, two, three = load_question_set(path).questions
    assert one.answers == (("Brandt", "Ole Brandt"),)
    assert one.evidence[0].quote == GOOD["evidence"][0]
    assert two.answerable is False
    assert three.answers == (("Tuesday",), ("resigned",))


def test_csv_mistakes_name_the_line_the_row_begins_on(folder: Path) -> None:
    path = folder / "set.csv"
    path.write_text(
        'id,article,question\nq1,altburg,"Who\nwon?"\nq2,altburg\nq3,altburg,\n', encoding="utf-8"
    )
    assert mistakes(path) == [
        f"{path}:4: expected 3 columns, found 2",
        f"{path}:5: expected 'question', found no such key",
    ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_csv_as_spreadsheets_write_it(folder: Path, delimiter: str) -> None:
    path = folder / "set.csv"
    cells = [["ID", "Article", "Question", "Answers"], ["q1", "altburg", "Who, now?", "Ole|Brandt"]]
    path.write_text("\r\n".join(map(delimiter.join, cells)), encoding="utf-8")
    (question,) = load_question_set(path).questions
    assert (question.question, question.answers) == ("Who, now?", (("Ole", "Brandt"),))


def test_csv_without_its_columns_is_one_mistake_and_not_one_a_row(folder: Path) -> None:
    path = folder / "set.csv"
    path.write_text("number,text,text\n" + "1,Who?,x\n" * 30, encoding="utf-8")
    assert mistakes(path) == [
        f"{path}:1: expected every column once, found 'text' 2 times",
        f"{path}:1: expected columns named 'id', 'question', 'article', "
        "found ['number', 'text', 'text']",
    ]


@pytest.mark.parametrize("value", [[GOOD, GOOD], {"questions": [GOOD]}])
def test_json_that_is_no_set_is_one_mistake_and_not_one_a_line(folder: Path, value: object) -> None:
    path = folder / "set.json"
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
    (said,) = mistakes(path)
    assert said.startswith(f"{path}:1: expected SQuAD's JSON, or one JSON object a line, found")


SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Alt_burg",
            "paragraphs": [
                {"context": "Altburg is a town. It has a mill.", "qas": []},
                {
                    "context": "The mill was built in 1702. It burned down in 1850.",
                    "qas": [
                        {
                            "id": "a",
                            "question": "When did it burn down?",
                            "is_impossible": False,
                            "answers": [
                                {"text": "1850", "answer_start": 46},
                                {"text": "in 1850", "answer_start": 43},
                                {"text": "1850", "answer_start": 46},
                            ],
                        },
                        {"id": "b", "question": "Who?", "is_impossible": True, "answers": []},
                    ],
                },
            ],
        }
    ],
}


def test_squad_paragraphs_become_one_article(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(SQUAD))
    loaded = load_question_set(path)
    answerable, unanswerable = loaded.questions
    article = loaded.articles["Alt_burg"]
    assert article.title == "Alt burg"
    assert article.text.startswith("Altburg is a town. It has a mill.\n\nThe mill was built")
    assert answerable.answers == (("1850", "in 1850"),)
    assert answerable.evidence[0].quote == "It burned down in 1850."
    assert not unanswerable.answerable


def test_squad_paragraphs_of_a_title_that_comes_again_are_of_one_article(tmp_path: Path) -> None:
    [whole] = SQUAD["data"]
    assert isinstance(whole, dict)
    first, second = whole["paragraphs"]
    other = {"title": "Mill", "paragraphs": [first]}
    parts = [whole | {"paragraphs": [part]} for part in (first, second)]
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"data": [parts[0], other, parts[1]]}))
    loaded = load_question_set(path)
    path.write_text(json.dumps(SQUAD))
    assert loaded.questions == load_question_set(path).questions
    assert loaded.articles["Alt_burg"] == load_question_set(path).articles["Alt_burg"]


def test_squad_offsets_are_checked(tmp_path: Path) -> None:
    squad = json.loads(json.dumps(SQUAD))
    squad["data"][0]["paragraphs"][1]["qas"][0]["answers"][0]["answer_start"] = 3
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(squad, indent=1))
    line = path.read_text().splitlines().index('       "id": "a",') + 1
    found = mistakes(path)[0]
    assert found.startswith(f"{path}:{line}: question 'a': expected '1850' at answer_start 3")


@pytest.mark.parametrize("name", ["news", "news_multi", "squad2", "clapnq", "seed"])
def test_the_shared_sets_load(name: str) -> None:
    shared = Path(__file__).parents[2] / "shared"
    if not (path := shared / "questions" / f"{name}.jsonl").is_file():
        pytest.skip(f"{path} is not there; put the shared sets beside the checkout")
    loaded = load_question_set(path, shared / "seeds")
    assert len(loaded.questions) == len(path.read_text(encoding="utf-8").splitlines())
    for question in loaded.questions:
        assert all(gold.quote in loaded.articles[gold.article].text for gold in question.evidence)
