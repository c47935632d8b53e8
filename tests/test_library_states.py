"""Any sequence of adding, removing, reopening, changing, damaging and crashing, against a dict.

STATE_EXAMPLES in the environment says how many sequences are tried (500 for the long run).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.library import Library
from assistant.testing import HashEmbedder
from tests.sample_articles import numbered

NUMBERS = st.integers(0, 5)


class LibraryAgainstDict(RuleBasedStateMachine):
    """The model is the set of numbers of the articles that are there."""

    @initialize()
    def create(self) -> None:
        self.store = Path(tempfile.mkdtemp()) / "0"
        self.copies = 0
        self.dimensions = 16
        self.model: dict[int, None] = {}
        self.open()

    def open(self) -> None:
        embedder = HashEmbedder(self.dimensions)
        self.library = Library.open(self.store, embedder, embedder_name="hash")

    @rule(number=NUMBERS)
    def add(self, number: int) -> None:
        assert self.library.add(numbered(number)) is (number not in self.model)
        self.model[number] = None

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        if number in self.model:
            self.library.remove(numbered(number).id)
            del self.model[number]

    @rule()
    def reopen(self) -> None:
        self.library.close()
        self.open()

    @rule()
    def change_the_embedder(self) -> None:
        self.library.close()
        self.dimensions = 33 - self.dimensions
        self.open()

    @rule(data=st.data())
    def damage_the_index(self, data: st.DataObject) -> None:
        self.library.close()
        files = sorted(path for path in self.store.glob("chroma/**/*") if path.is_file())
        if files:
            path = files[data.draw(st.integers(0, len(files) - 1))]
            path.write_bytes(path.read_bytes()[: data.draw(st.integers(0, 4096))])
        self.open()

    @rule()
    def crash(self) -> None:
        """A copy of the files of an open store is what a kill at this moment leaves."""
        self.copies += 1
        copy = self.store.with_name(str(self.copies))
        shutil.copytree(self.store, copy, ignore=shutil.ignore_patterns(".writer.*"))
        self.library.close()
        self.store = copy
        self.open()

    @invariant()
    def agrees(self) -> None:
        ids = {numbered(number).id: number for number in self.model}
        assert self.library.article_ids() == list(ids)
        for number in range(6):
            hits = self.library.search_lexical(f"n{number}s2", 1)
            expected = [number] if number in self.model else []
            assert [ids[hit.passage.article_id] for hit in hits] == expected
            if number in self.model:
                vector = self.library.vectors(numbered(number).id)[2]
                assert self.library.search_dense(vector, 1)[0].score > 0.999
        everything = self.library.search_dense("minister", 1000)
        assert len({hit.passage.id for hit in everything}) == 6 * len(self.model)

    def teardown(self) -> None:
        if hasattr(self, "library"):
            self.library.close()
            shutil.rmtree(self.store.parent)


LibraryAgainstDict.TestCase.settings = settings(
    max_examples=int(os.environ.get("STATE_EXAMPLES", "25")),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLibrary = LibraryAgainstDict.TestCase
