"""Two well-known recipes for question answering over texts, under the yardstick's interface.

- ``LangChainTutorial``: the RAG tutorial of LangChain's documentation: chunks of 1,000
  characters overlapping by 200, the four nearest, its prompt. It has no citations: all four
  chunks count as cited.
- ``LlamaIndexCitations``: ``CitationQueryEngine`` as in its documentation: sources of 512
  tokens from the three nearest nodes; the sources its answer names by number are its citations.

Both are helped: follow-ups are rewritten with the tutorial's prompt, and any wording of "I
don't know" counts as a refusal.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel

from assistant.articles import load_article
from assistant.schema import (
    Answer,
    Article,
    Citation,
    Passage,
    RetrievedPassage,
    Sentence,
    Timings,
    Turn,
)
from assistant.settings import Settings

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


Ranked = tuple[Passage, float]
"""A chunk and its similarity to the question."""


class Response(NamedTuple):
    """What a recipe says, the chunks it read, best first, and those of them it cites."""

    text: str
    read: list[Ranked]
    cited: list[Passage]


class Peer:
    """The part both recipes share: articles, follow-ups, and our types at the border."""

    model_name = "peer"

    def __init__(self, settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> None:
        self.settings = settings
        self.model = model
        self.embeddings = embeddings
        self.articles: dict[str, Article] = {}
        self._first_word: float | None = None

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

    def retrieve(self, query: str, k: int, articles: Sequence[str]) -> list[Ranked]:
        """The nearest chunks with their similarity, best first."""
        raise NotImplementedError

    def respond(self, question: str, articles: Sequence[str]) -> Response:
        """The answer's text, what it was made from, and what it cites."""
        raise NotImplementedError

    def search(
        self, query: str, *, k: int = 8, articles: Sequence[str] | None = None
    ) -> list[RetrievedPassage]:
        return _ranked(self.retrieve(query, k, articles or list(self.articles)))

    def ask(
        self, question: str, *, articles: Sequence[str] | None = None, history: Sequence[Turn] = ()
    ) -> Answer:
        begun = time.perf_counter()
        alone = self._condensed(question, history)
        self._first_word = None
        text, read, cited = self.respond(alone, articles or list(self.articles))
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
            retrieved=tuple(_ranked(read)),
            standalone=alone,
            timings=Timings(
                first_token=self._first_word and self._first_word - begun,
                total=time.perf_counter() - begun,
            ),
            model=self.model_name,
        )

    def write(self, prompt: str) -> str:
        """The model's reply, streamed, so that it is known when its first word came."""
        text = ""
        for chunk in self.model.stream([("user", prompt)]):
            text += chunk.text
            if text and self._first_word is None:
                self._first_word = time.perf_counter()
        return text

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

    def retrieve(self, query: str, k: int, articles: Sequence[str]) -> list[Ranked]:
        found = self._store.similarity_search_with_score(
            query, k=k, filter=lambda document: document.metadata["article"] in articles
        )
        return [
            (self.chunk(document.metadata["article"], document.page_content), score)
            for document, score in found
        ]

    def respond(self, question: str, articles: Sequence[str]) -> Response:
        read = self.retrieve(question, 4, articles)
        chunks = [passage for passage, _ in read]
        context = "\n\n".join(chunk.text for chunk in chunks)
        prompt = TUTORIAL.format(question=question, context=context)
        return Response(self.write(prompt), read, chunks)


class LlamaIndexCitations(Peer):
    """CitationQueryEngine with the values of its documentation, over the articles in scope."""

    def __init__(self, settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> None:
        super().__init__(settings, model, embeddings)
        self.model_name = f"LlamaIndex CitationQueryEngine, {settings.model}"
        self._llm, self._embedding = _for_llama_index(settings, self.write, embeddings)
        self._indexes: dict[tuple[str, ...], Any] = {}

    def retrieve(self, query: str, k: int, articles: Sequence[str]) -> list[Ranked]:
        found = self._index_of(articles).as_retriever(similarity_top_k=k).retrieve(query)
        return [(self._chunk(item.node), item.score or 0.0) for item in found]

    def respond(self, question: str, articles: Sequence[str]) -> Response:
        from llama_index.core.query_engine import CitationQueryEngine

        engine = CitationQueryEngine.from_args(
            self._index_of(articles), llm=self._llm, similarity_top_k=3, citation_chunk_size=512
        )
        response = engine.query(question)
        text = str(response)
        named = {int(number) for number in re.findall(r"\[(\d{1,2})\]", text)}
        read = [(self._chunk(item.node), item.score or 0.0) for item in response.source_nodes]
        cited = [chunk for place, (chunk, _) in enumerate(read, start=1) if place in named]
        return Response(re.sub(r"\s*\[\d{1,2}\]", "", text), read, cited)

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


def _ranked(found: Sequence[Ranked]) -> list[RetrievedPassage]:
    return [
        RetrievedPassage(passage, score, rank)
        for rank, (passage, score) in enumerate(found, start=1)
    ]


def _for_llama_index(
    settings: Settings, write: Callable[[str], str], embeddings: Embeddings
) -> Any:
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
            return CompletionResponse(text=write(prompt))

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
