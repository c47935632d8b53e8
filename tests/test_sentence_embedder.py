"""The real embedder: texts, and passages read where they stand."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from assistant import weights
from assistant.articles import load_article
from assistant.errors import ModelError
from assistant.library.vectors import Vectors, recipe
from assistant.models import HASH, embedder
from assistant.passages import split_article
from assistant.sentence_embedder import SentenceTransformerEmbedder
from assistant.settings import Settings
from tests.conftest import need_models
from tests.sample_articles import SEED

pytestmark = pytest.mark.model

TALKS = [
    "Olena Kovalenko has led the harbour authority of Odesa since 2019.",
    "She wants the ferries to run again before the winter.",
    "The weather in Lisbon was mild.",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    settings = Settings.load(offline=True)
    need_models(settings.embedder)
    return weights.ensure(settings.embedder, settings, None)


@pytest.fixture(scope="module")
def minilm(folder: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(folder)


def placed(model: SentenceTransformerEmbedder, texts: list[str], headline: str = "") -> Vectors:
    rows = model.embed_in_context(texts, [headline] * len(texts))
    assert rows is not None
    vectors = np.asarray(rows, dtype=np.float32)
    assert vectors.shape == (len(texts), 384)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_the_sentence_before_says_who_she_is(minilm: SentenceTransformerEmbedder) -> None:
    question = np.asarray(minilm.embed_query("What does Olena Kovalenko want in Odesa?"))
    others = ["Pedro Silva was the mayor of Porto for nine years.", *TALKS[1:]]
    here, elsewhere = placed(minilm, TALKS) @ question, placed(minilm, others) @ question
    assert here[1] > elsewhere[1] + 0.05


def test_halves_give_nearly_the_same_vectors(folder: Path) -> None:
    article = load_article(SEED)
    texts = [passage.text for passage in split_article(article)]
    exact, halves = (SentenceTransformerEmbedder(folder, halves=on) for on in (False, True))
    for vectors in (
        [np.asarray(model.embed_documents(texts)) for model in (exact, halves)],
        [placed(model, texts) for model in (exact, halves)],
    ):
        cosines = (vectors[0] * vectors[1]).sum(axis=1)
        assert cosines.min() > 0.9999
        assert not np.array_equal(*vectors)


def test_a_headline_is_read_and_leaves_room(minilm: SentenceTransformerEmbedder) -> None:
    text = TALKS[1:2]
    headed = placed(minilm, text, "Ferries in Odesa")
    assert 0.5 < float(headed[0] @ placed(minilm, text)[0]) < 0.98
    assert 0.5 < float(placed(minilm, text, "Ferries in Odesa " * 200)[0] @ headed[0]) < 1


def test_every_passage_has_its_own_vector_however_many_windows(
    minilm: SentenceTransformerEmbedder,
) -> None:
    texts = [passage.text for passage in split_article(load_article(SEED))]
    texts.insert(9, "The council of Tromso met, " + "and met again, " * 150 + "on Friday.")
    found = placed(minilm, texts)
    near = found @ np.asarray(minilm.embed_documents(texts)).T
    # Read where it stands, a passage is still most like itself: nothing is shifted by one.
    assert np.mean(near.argmax(axis=1) == np.arange(len(texts))) > 0.8
    # What stands far away changes nothing at all.
    apart = placed(minilm, [*texts[:-1], "A dolphin was seen."])
    np.testing.assert_allclose(apart[:9], found[:9], atol=1e-5)


def test_no_passage_and_one_without_a_token(minilm: SentenceTransformerEmbedder) -> None:
    assert minilm.embed_in_context([], []) == []
    rows = minilm.embed_in_context(["Bergen.", "\u200b", "Oslo."], ["", "", ""])
    assert rows is not None
    assert [any(row) for row in rows] == [True, False, True]


def test_questions_are_embedded_while_an_article_is(minilm: SentenceTransformerEmbedder) -> None:
    long = "What does the council of Tromso want? " * 60  # more than the model reads at once
    expected = minilm.embed_query(long)
    with ThreadPoolExecutor(2) as pool:
        adding = pool.submit(lambda: [placed(minilm, [*TALKS, long] * 3) for _ in range(8)])
        asking = [pool.submit(minilm.embed_query, long) for _ in range(12)]
        for asked in asking:
            np.testing.assert_allclose(asked.result(), expected, atol=1e-5)
        assert len(adding.result()) == 8


@pytest.mark.parametrize("mode", ["cls", "max"])
def test_a_model_that_does_not_average_embeds_texts(
    mode: str, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other, symlinks=False)
    pooling = other / "1_Pooling" / "config.json"
    kept = json.loads(pooling.read_text(encoding="utf-8"))
    kept = {name: value for name, value in kept.items() if not name.startswith("pooling_mode")}
    pooling.write_text(json.dumps({**kept, "pooling_mode": mode}), encoding="utf-8")
    model = embedder(Settings.load(offline=True, embedder=str(other)))
    assert isinstance(model, SentenceTransformerEmbedder)
    assert model.embed_in_context(TALKS, [""] * 3) is None
    assert recipe(model) == recipe(embedder(Settings.load(embedder=HASH)))
    assert recipe(model) != recipe(SentenceTransformerEmbedder(folder))
    assert len(model.embed_documents(TALKS)) == 3


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        SentenceTransformerEmbedder(tmp_path)
