"""The assistant as a program sees it: what it adds, is asked, finds and removes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage

from assistant import Assistant, ask
from assistant.errors import ArticleError, EmptyLibrary, FetchError, UnknownArticle, UserInputError
from assistant.llamacpp import LlamaCppChat
from assistant.schema import Answer, Turn
from assistant.settings import Settings
from assistant.testing import ScriptedChatModel
from tests.conftest import POSITION, Opener
from tests.sample_articles import SEED

HARBOUR = "The harbour of Bergen was closed on Friday. A storm had torn three cranes from the quay."
BRIDGE = "The bridge of Visby was opened on Monday. It is forty metres long."
NOBODY_LISTENS = "http://127.0.0.1:9"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


class TestAdding:
    def test_offline_nothing_is_fetched(self, open_assistant: Opener) -> None:
        url = "https://news.example/story"
        assistant = open_assistant(offline=True)
        with pytest.raises(FetchError, match="offline is set"):
            assistant.add(url)
        [outcome] = assistant.add_all([url])
        assert "offline is set" in outcome.reason
        with pytest.raises(FetchError, match="offline is set"):
            ask("What?", url, model="extractive", embedder="hash", offline=True)

    def test_pasted_texts_are_no_versions_of_a_file_called_text(
        self, open_assistant: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        source = written(tmp_path / "text", "Another one.")
        assistant = open_assistant()
        assistant.add(text=HARBOUR)
        assistant.add(text=BRIDGE)
        assistant.add(source, text=f"{BRIDGE} It was dear.")  # named, and a paste all the same
        texts = [article.text for article in assistant.articles()]
        assert texts == [HARBOUR, BRIDGE, f"{BRIDGE} It was dear."]
        assert not any(assistant.library.history.versions(one.id) for one in assistant.articles())

    def test_a_file_that_changed_is_a_new_version(
        self, open_assistant: Opener, tmp_path: Path
    ) -> None:
        assistant = open_assistant()
        source = tmp_path / "two  spaces.txt"
        first = assistant.add(written(source, HARBOUR))
        second = assistant.add(written(source, BRIDGE))
        assert assistant.articles() == [second]
        assert assistant.library.article(first.id) == first

    def test_a_title_given_holds_for_an_article_that_is_there(self, open_assistant: Opener) -> None:
        assistant = open_assistant()
        assistant.add(text=HARBOUR, title="Storm")
        assert assistant.add(text=HARBOUR).title == "Storm"
        renamed = assistant.add(text=HARBOUR, title="Bergen")
        assert renamed.title == "Bergen"
        assert assistant.articles() == [renamed]

    def test_folders_patterns_and_failures_in_one_go(
        self, open_assistant: Opener, tmp_path: Path
    ) -> None:
        written(tmp_path / "in" / "a.txt", HARBOUR)
        written(tmp_path / "in" / "deeper" / "b.txt", BRIDGE)
        assistant = open_assistant()
        outcomes = assistant.add_all([tmp_path / "in", tmp_path / "none.txt"])
        assert [outcome.state for outcome in outcomes] == ["added", "added", "failed"]
        again = assistant.add_all(str(tmp_path / "in" / "*.txt"))  # one alone needs no list
        assert [outcome.state for outcome in again] == ["unchanged"]

    def test_a_folder_is_not_one_article_and_the_way_is_named(
        self, open_assistant: Opener, tmp_path: Path
    ) -> None:
        with pytest.raises(ArticleError, match=r"is a folder.*Assistant\.add_all"):
            open_assistant().add(tmp_path)


class TestAsking:
    @pytest.mark.parametrize(
        "asked",
        [
            lambda assistant: assistant.ask("What?", articles=[]),
            lambda assistant: assistant.stream("What?", articles=[]),
            lambda assistant: assistant.search("What?", articles=()),
            lambda assistant: assistant.as_retriever(articles=[]),
            lambda assistant: assistant.as_runnable().invoke({"question": "What?", "articles": []}),
        ],
        ids=["ask", "stream", "search", "as_retriever", "as_runnable"],
    )
    def test_an_empty_list_of_articles_is_no_question_to_all(
        self, open_assistant: Opener, asked: Callable[[Assistant], object]
    ) -> None:
        with pytest.raises(UserInputError, match="list of articles to ask is empty"):
            asked(open_assistant(HARBOUR))

    def test_an_id_that_is_no_list_is_told(self, open_assistant: Opener) -> None:
        assistant = open_assistant(HARBOUR)
        [article] = assistant.articles()
        with pytest.raises(UserInputError, match=rf"articles=\['{article.id}'\]"):
            assistant.ask("What was closed?", articles=article.id)

    def test_an_older_version_cannot_be_asked(self, open_assistant: Opener, tmp_path: Path) -> None:
        assistant = open_assistant()
        first = assistant.add(written(tmp_path / "a.txt", HARBOUR))
        second = assistant.add(written(tmp_path / "a.txt", BRIDGE))
        with pytest.raises(UnknownArticle, match=f"older version.*{second.id}"):
            assistant.ask("What was closed?", articles=[first.id])

    @pytest.mark.parametrize("k", [0, -1])
    def test_fewer_than_one_passage_is_no_search(self, open_assistant: Opener, k: int) -> None:
        assistant = open_assistant(HARBOUR)
        with pytest.raises(UserInputError, match=f"1 or more; {k}"):
            assistant.search("harbour", k=k)
        with pytest.raises(UserInputError, match=f"1 or more; {k}"):
            assistant.as_retriever(k=k)

    def test_half_a_letter_in_a_question_is_a_question_mark(self, open_assistant: Opener) -> None:
        model = ScriptedChatModel(replies=[POSITION], yes=0.99)
        assistant = open_assistant(SEED, model=model, caution=0.0, evidence=32)
        history = [Turn("What was Germany\udce9s position?", "It agreed\udce9.")]
        answer = assistant.ask("What was the UK\udce9s position?", history=history)
        assert answer.question == "What was the UK?s position?"
        assert Answer.from_json(answer.to_json()) == answer
        assert model.prompts
        for prompt in model.prompts:
            prompt.encode()

    @pytest.mark.parametrize("question", ["", " \n", "\u200b\u2060", "\x00"])
    def test_a_question_without_anything_to_read_is_empty(
        self, open_assistant: Opener, question: str
    ) -> None:
        with pytest.raises(UserInputError, match="The question is empty"):
            open_assistant(HARBOUR).ask(question)

    def test_no_text_is_read_to_know_what_there_is(
        self, open_assistant: Opener, tmp_path: Path
    ) -> None:
        assistant = open_assistant(HARBOUR, BRIDGE)
        ledger = sqlite3.connect(assistant.settings.store / "ledger.sqlite3")
        with ledger:
            ledger.execute("UPDATE articles SET details = 'not to be read'")
        ledger.close()
        assistant.read_ahead()  # checks that there is something, and has no model to read it
        with pytest.raises(ValueError, match="Expecting value"):
            assistant.articles()


class TestRetriever:
    def test_documents_are_the_passages_with_their_places(self, open_assistant: Opener) -> None:
        assistant = open_assistant(HARBOUR, BRIDGE)
        texts = {article.id: article.text for article in assistant.articles()}
        found = assistant.as_retriever(k=2).invoke("Which harbour was closed?")
        hits = assistant.search("Which harbour was closed?", k=2)
        assert [document.page_content for document in found] == [hit.passage.text for hit in hits]
        for document, hit in zip(found, hits, strict=True):
            facts = document.metadata
            text = texts[facts["article_id"]][facts["start"] : facts["end"]]
            assert text == document.page_content
            assert (facts["score"], facts["rank"]) == (hit.score, hit.rank)

    def test_it_searches_the_articles_chosen_or_all_there_are(self, open_assistant: Opener) -> None:
        assistant = open_assistant(HARBOUR)
        [harbour] = assistant.articles()
        one, every = assistant.as_retriever(articles=[harbour.id]), assistant.as_retriever()
        bridge = assistant.add(text=BRIDGE)

        def ids(documents: list[Document]) -> set[str]:
            return {document.metadata["article_id"] for document in documents}

        assert ids(one.invoke("bridge")) == {harbour.id}
        assert ids(every.invoke("bridge")) == {harbour.id, bridge.id}
        with pytest.raises(UnknownArticle):
            assistant.as_retriever(articles=["nonsense"])

    def test_it_is_composed_like_any_other(self, open_assistant: Opener) -> None:
        chain = open_assistant(HARBOUR).as_retriever(k=1) | (lambda found: found[0].page_content)
        assert chain.batch(["cranes", "harbour"]) == [
            "A storm had torn three cranes from the quay.",
            "The harbour of Bergen was closed on Friday.",
        ]

    def test_a_library_without_articles_has_nothing(self, open_assistant: Opener) -> None:
        assert open_assistant().as_retriever().invoke("harbour") == []
        with pytest.raises(EmptyLibrary):
            open_assistant().search("harbour")


def kept_states(article_id: str, settings: Settings) -> list[Path]:
    """What a model in this process would keep of an article, whole and begun."""
    weights = written(settings.cache / "tiny.gguf", "weights")
    model = LlamaCppChat(path=weights, states=settings.cache / "states")
    state = model.state_of(article_id, [HumanMessage("It reads this.")])
    begun = state.replace(".state", ".begun.state")
    return [written(settings.cache / "states" / name, "read") for name in (state, begun)]


class TestRemoving:
    def test_what_models_have_read_goes_with_the_article_and_its_versions(
        self, open_assistant: Opener, tmp_path: Path
    ) -> None:
        # Answers are extractive now; what an earlier run has kept goes all the same.
        assistant = open_assistant(BRIDGE, cache=tmp_path / "cache")
        [other] = assistant.articles()
        first = assistant.add(written(tmp_path / "a.txt", HARBOUR))
        second = assistant.add(written(tmp_path / "a.txt", f"{HARBOUR} It is open again."))
        kept = kept_states(other.id, assistant.settings)
        gone = [path for one in (first, second) for path in kept_states(one.id, assistant.settings)]
        with pytest.raises(UnknownArticle):
            assistant.remove("nonsense")
        assert all(path.exists() for path in (*kept, *gone))
        assistant.remove(second.id)
        assert assistant.articles() == [other]
        assert [path for path in (*kept, *gone) if path.exists()] == kept


def test_a_temporary_library_leaves_nothing_on_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_CHROMA_URL", NOBODY_LISTENS)
    answer = ask(
        "When was the harbour closed?",
        text=HARBOUR,
        model="extractive",
        embedder="hash",
        caution=0.0,
    )
    assert "Friday" in answer.text
    options: dict[str, Any] = {"model": "extractive", "embedder": "hash"}
    with Assistant.open(tmp_path / "store", temporary=True, **options) as assistant:
        assert assistant.settings.chroma_url is None
    with Assistant.open(tmp_path / "store", **options) as assistant:
        assert assistant.settings.chroma_url == NOBODY_LISTENS
