"""Our assistant beside two well-known recipes: same model file, embedder, questions, machine.

    pip install 'ask-the-article[peers]'           # uv: --link-mode copy, for NLTK
    python benchmarks/peers.py seeds/*.questions.jsonl ../shared/questions/news.jsonl \\
        --systems ours ours:extractive langchain llamaindex --out runs/peers

- ``langchain``: the RAG tutorial of LangChain's documentation: chunks of 1,000 characters
  overlapping by 200, the four nearest, its prompt. It has no citations: all four chunks count.
- ``llamaindex``: ``CitationQueryEngine`` as in its documentation: sources of 512 tokens from
  the three nearest nodes; the sources its answer names by number are its citations.

Both are helped: follow-ups are rewritten with the tutorial's prompt, and any wording of "I
don't know" counts as a refusal. A run that is cut off goes on; complete ones are kept.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from rich.console import Console

from assistant.answering import Assistant
from assistant.articles import load_article
from assistant.evaluation import EvaluationReport, evaluate, load_question_set, read_run
from assistant.evaluation.report import figure_row, write_report
from assistant.evaluation.runner import Answerer, first
from assistant.evaluation.runs import SUMMARY
from assistant.evaluation.terminal import LiveProgress
from assistant.models import chat_model, embedder
from assistant.schema import (
    Answer,
    Article,
    Citation,
    Passage,
    QuestionSet,
    RetrievedPassage,
    Sentence,
    Timings,
    Turn,
)
from assistant.settings import Settings

COLUMNS = (
    "trusted",
    "correct",
    "cited",
    "citation_precision",
    "refused",
    "false_refusal",
    "recall@5",
    "seconds_total_p50",
)

CONDENSE = (
    "Given a chat history and the latest user question which might reference context in the "
    "chat history, formulate a standalone question which can be understood without the chat "
    "history. Do NOT answer the question, just reformulate it if needed and otherwise return "
    "it as is."
)
TUTORIAL = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't "
    "know. Use three sentences maximum and keep the answer concise.\n"
    "Question: {question} \nContext: {context} \nAnswer:"
)
REFUSAL = re.compile(
    r"\bI (?:do not|don['’]t) (?:know|have)|\b(?:cannot|can['’]t|unable to) "
    r"(?:be determined|answer|find|provide|determine)"
    r"|\b(?:context|passages?|articles?|texts?|sources?|information)\b[^.]{0,60}"
    r"\b(?:not|n['’]t|no)\b[^.]{0,20}\b(?:say|state|mention|specif|provide|contain|include|give|"
    r"indicat|discuss|answer|available|helpful)"
    r"|\b(?:no|not enough) (?:specific |direct )?(?:information|mention|answer)\b"
    r"|none of the sources",
    re.IGNORECASE,
)
"""Any wording of a refusal that is about the text, not about what someone in it did not do."""


class Peer:
    """The part both recipes share: articles, follow-ups, and our types at the border."""

    model_name = "peer"

    def __init__(self, settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> None:
        self.settings = settings
        self.model = model
        self.embeddings = embeddings
        self.articles: dict[str, Article] = {}

    def add(
        self, source: str | Path | None = None, *, text: str | None = None, title: str | None = None
    ) -> Article:
        article = load_article(source, text=text, title=title)
        if article.id not in self.articles:
            self.articles[article.id] = article
            self.index(article)
        return article

    def index(self, article: Article) -> None:
        """Make the article searchable."""

    def retrieve(self, query: str, k: int, articles: Sequence[str]) -> list[tuple[Passage, float]]:
        """The nearest chunks with their similarity, best first."""
        raise NotImplementedError

    def respond(self, question: str, articles: Sequence[str]) -> tuple[str, list[Passage]]:
        """The answer's text and the chunks it cites."""
        raise NotImplementedError

    def search(
        self, query: str, *, k: int = 8, articles: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        found = self.retrieve(query, k, articles or list(self.articles))
        return [
            RetrievedPassage(passage, score, rank)
            for rank, (passage, score) in enumerate(found, start=1)
        ]

    def ask(
        self, question: str, *, articles: Sequence[str] | None = None, history: Sequence[Turn] = ()
    ) -> Answer:
        begun = time.perf_counter()
        alone = self._condensed(question, history)
        text, cited = self.respond(alone, articles or list(self.articles))
        citations = tuple(
            self._citation(marker, passage) for marker, passage in enumerate(cited, start=1)
        )
        refused = bool(REFUSAL.search(text)) or not text.strip()
        return Answer(
            question=question,
            text=text,
            sentences=(Sentence(text, "weak", citations),),
            citations=citations,
            status="not_in_article" if refused else "answered",
            confidence=0.5,  # neither recipe has one
            standalone=alone,
            timings=Timings(total=time.perf_counter() - begun),
            model=self.model_name,
        )

    def chunk(self, article_id: str, text: str) -> Passage:
        """A piece of an article with its place, where it stands there verbatim."""
        start = self.articles[article_id].text.find(text)
        return Passage(f"{article_id}:{start}", article_id, text, start, start + len(text))

    def _citation(self, marker: int, passage: Passage) -> Citation:
        article = self.articles[passage.article_id]
        place = (passage.start, passage.end)
        return Citation(marker, article.id, article.title, article.source, passage.text, *place)

    def _condensed(self, question: str, history: Sequence[Turn]) -> str:
        if not history:
            return question
        turns = [
            message
            for turn in history
            for message in (("user", turn.question), ("assistant", str(turn.answer)))
        ]
        return self.model.invoke([("system", CONDENSE), *turns, ("user", question)]).text.strip()


class LangChainTutorial(Peer):
    """Chunks of 1000/200 characters in an InMemoryVectorStore, k = 4, the tutorial's prompt."""

    def __init__(self, settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> None:
        super().__init__(settings, model, embeddings)
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        self.model_name = f"LangChain tutorial, {settings.model}"
        self._store = InMemoryVectorStore(embeddings)
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)

    def index(self, article: Article) -> None:
        from langchain_core.documents import Document

        document = Document(article.text, metadata={"article": article.id})
        self._store.add_documents(self._splitter.split_documents([document]))

    def retrieve(self, query: str, k: int, articles: Sequence[str]) -> list[tuple[Passage, float]]:
        found = self._store.similarity_search_with_score(
            query, k=k, filter=lambda document: document.metadata["article"] in articles
        )
        return [
            (self.chunk(document.metadata["article"], document.page_content), score)
            for document, score in found
        ]

    def respond(self, question: str, articles: Sequence[str]) -> tuple[str, list[Passage]]:
        chunks = [passage for passage, _ in self.retrieve(question, 4, articles)]
        context = "\n\n".join(chunk.text for chunk in chunks)
        prompt = TUTORIAL.format(question=question, context=context)
        return self.model.invoke([("user", prompt)]).text, chunks


class LlamaIndexCitations(Peer):
    """CitationQueryEngine with the values of its documentation, over the articles in scope."""

    def __init__(self, settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> None:
        super().__init__(settings, model, embeddings)
        self.model_name = f"LlamaIndex CitationQueryEngine, {settings.model}"
        self._llm, self._embedding = _for_llama_index(settings, model, embeddings)
        self._indexes: dict[tuple[str, ...], Any] = {}

    def retrieve(self, query: str, k: int, articles: Sequence[str]) -> list[tuple[Passage, float]]:
        found = self._index_of(articles).as_retriever(similarity_top_k=k).retrieve(query)
        return [(self._chunk(item.node), item.score or 0.0) for item in found]

    def respond(self, question: str, articles: Sequence[str]) -> tuple[str, list[Passage]]:
        from llama_index.core.query_engine import CitationQueryEngine

        engine = CitationQueryEngine.from_args(
            self._index_of(articles), llm=self._llm, similarity_top_k=3, citation_chunk_size=512
        )
        response = engine.query(question)
        text = str(response)
        named = {int(number) for number in re.findall(r"\[(\d{1,2})\]", text)}
        sources = [
            self._chunk(item.node)
            for place, item in enumerate(response.source_nodes, start=1)
            if place in named
        ]
        return re.sub(r"\s*\[\d{1,2}\]", "", text), sources

    def _chunk(self, node: Any) -> Passage:
        text = re.sub(r"^Source \d+:\n", "", node.get_content()).strip()
        return self.chunk(node.ref_doc_id, text)

    def _index_of(self, articles: Sequence[str]) -> Any:
        from llama_index.core import Document, VectorStoreIndex

        key = tuple(sorted(articles))
        if key not in self._indexes:
            documents = [Document(text=self.articles[name].text, doc_id=name) for name in key]
            self._indexes[key] = VectorStoreIndex.from_documents(
                documents, embed_model=self._embedding
            )
        return self._indexes[key]


def _for_llama_index(settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> Any:
    """The same model and embedder under LlamaIndex's interfaces.

    Its own LangChain adapters do not import beside LangChain 1.
    """
    from llama_index.core.base.llms.types import CompletionResponse, LLMMetadata
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.llms import CustomLLM

    class Model(CustomLLM):
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(
                context_window=settings.context_tokens, num_output=settings.max_tokens
            )

        def complete(
            self, prompt: str, formatted: bool = False, **kwargs: Any
        ) -> CompletionResponse:
            return CompletionResponse(text=model.invoke([("user", prompt)]).text)

        def stream_complete(
            self, prompt: str, formatted: bool = False, **kwargs: Any
        ) -> Generator[CompletionResponse, None, None]:
            yield self.complete(prompt)

    class Embedder(BaseEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            return embeddings.embed_query(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return embeddings.embed_documents([text])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return embeddings.embed_query(query)

    return Model(), Embedder()


@contextmanager
def opened(system: str, model: str) -> Iterator[Answerer]:
    """One of the systems, with its library in a folder that is removed again."""
    name, _, own_model = system.partition(":")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as store:
        if name == "ours":
            with Assistant.open(store, model=own_model or model) as assistant:
                assistant.warm_up()
                yield assistant
            return
        settings = Settings.load(store=store, model=own_model or model)
        llm = chat_model(settings)
        if llm is None:
            raise SystemExit(f"{system} needs a language model")
        peer = {"langchain": LangChainTutorial, "llamaindex": LlamaIndexCitations}[name]
        llm.invoke([("user", "Ready?")], max_tokens=1)
        yield peer(settings, llm, embedder(settings))


def measured(
    system: AbstractContextManager[Answerer], questions: QuestionSet, out: Path, console: Console
) -> EvaluationReport:
    """The report of a complete run, or of one that is made now."""
    if (out / SUMMARY).exists():
        return read_run(out)
    with system as answerer, LiveProgress(console, len(questions.questions)) as progress:
        report = evaluate(answerer, questions, out=out, on_result=progress)
    write_report(report, out / "report.html")
    return report


def table(reports: Mapping[tuple[str, str], EvaluationReport]) -> str:
    """All runs as one Markdown table; shares with their 95 % interval."""
    lines = [
        "| set | system | " + " | ".join(COLUMNS) + " |",
        "|---|---|" + "---:|" * len(COLUMNS),
    ]
    for (name, system), report in reports.items():
        figures = report.figures
        cells = []
        for column in COLUMNS:
            figure = figures.get(column)
            row = figure_row(column, figure) if figure else None
            cells.append(f"{row.shown} ({row.interval})" if row else "–")
        lines.append(f"| {name} | {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run every system over every set and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path, help="question files")
    parser.add_argument("--articles", type=Path, help="folder of the articles")
    parser.add_argument("--model", default=Settings.model_fields["model"].default)
    parser.add_argument(
        "--systems", nargs="+", default=["ours", "ours:extractive", "langchain", "llamaindex"]
    )
    parser.add_argument("--limit", type=int, help="the first questions of every set only")
    parser.add_argument("--out", type=Path, default=Path("evaluations/peers"))
    options = parser.parse_args()
    console = Console(stderr=True)
    reports = {}
    for path in options.sets:
        questions = first(load_question_set(path, options.articles), options.limit)
        for system in options.systems:
            console.print(f"{questions.name}: {system}")
            out = options.out / questions.name / re.sub(r"[^\w.-]+", "-", system)
            run = opened(system, options.model)
            reports[questions.name, system] = measured(run, questions, out, console)
    print(table(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
