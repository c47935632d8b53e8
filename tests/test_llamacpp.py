"""The in-process model: waiting for a turn, states that cannot be kept, and failures of any kind.

None of these tests needs a model file; those that do are in ``test_readahead`` and
``test_stopping``.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from assistant.errors import ModelError, Stopped
from assistant.llamacpp import LlamaCppChat
from assistant.schema import Evidence, Turn
from assistant.states import SavedStates, shrink
from tests.conftest import Opener
from tests.sample_articles import SEED
from tests.test_weights_gguf import made

ASKED = [HumanMessage("Read this.")]


def never() -> bool:
    return False


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that passes for a model until llama.cpp looks for the weights."""
    path = tmp_path / "base.gguf"
    path.write_bytes(made())
    return path


class TestTurns:
    def test_a_request_that_waits_for_its_turn_can_be_stopped(self, tmp_path: Path) -> None:
        """As one does that is asked while the model reads an article for somebody else."""
        model = LlamaCppChat(path=tmp_path / "none.gguf")
        stopped, ended = threading.Event(), threading.Event()

        def ask() -> None:
            with pytest.raises(Stopped):
                list(model.stream("Who?", stopped=stopped.is_set))
            ended.set()

        with model.turns.taken(never):
            thread = threading.Thread(target=ask, daemon=True)
            thread.start()
            assert not ended.wait(0.3)
            assert model.turns.wanted, "what can wait makes way for it"
            stopped.set()
            assert ended.wait(2)
        thread.join()
        assert not model.turns.wanted

    def test_ctrl_c_does_not_wait_for_a_turn(self, tmp_path: Path) -> None:
        model = LlamaCppChat(path=tmp_path / "none.gguf")
        here = threading.get_ident()
        ctrl_c = threading.Timer(0.3, signal.pthread_kill, (here, signal.SIGINT))
        with model.turns.taken(never):
            ctrl_c.start()
            begun = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                list(model.stream("Who?"))
            assert time.monotonic() - begun < 2

    def test_reading_waits_its_turn_and_can_be_stopped(self, file: Path) -> None:
        model = LlamaCppChat(path=file)
        with model.turns.taken(never):
            assert not model.read(ASKED, "a-b.state", lambda: True)

    def test_nothing_is_read_ahead_from_the_first_word_of_a_question_on(
        self, open_assistant: Opener, tmp_path: Path
    ) -> None:
        model = LlamaCppChat(path=tmp_path / "none.gguf")
        assistant = open_assistant(SEED, model=model)
        history = [Turn("What was the UK's position?", "A pause.")]
        stream = assistant.stream("And Germany's?", history=history)
        assert isinstance(next(stream), Evidence)
        assert model.turns.wanted
        stream.close()
        assert not model.turns.wanted


class TestStates:
    def test_a_folder_that_cannot_be_made_costs_only_the_states(
        self, file: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "cache").write_text("a file")
        model = LlamaCppChat(path=file, states=tmp_path / "cache" / "states")
        assert not model.has("a-b.state")
        # It comes as far as llama.cpp, which finds no weights in this file.
        with pytest.raises(ModelError, match=r"cannot load base\.gguf"):
            model.invoke("Who?")
        model.forget("a")
        model.close()

    def test_where_they_are_is_decided_once_and_a_temporary_folder_goes(
        self, tmp_path: Path
    ) -> None:
        blocked = tmp_path / "cache"
        blocked.write_text("a file")
        saved = SavedStates(blocked / "states")
        folder = saved.folder
        assert folder.is_dir()
        blocked.unlink()
        assert saved.folder == folder
        (folder / "a-b.state").write_bytes(b"read")
        assert saved.has("a-b.state")
        saved.close()
        assert not folder.exists()
        assert saved.folder == blocked / "states"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_cannot_be_written_costs_only_the_states(
        self, file: Path, tmp_path: Path
    ) -> None:
        states = tmp_path / "states"
        states.mkdir(mode=0o500)
        model = LlamaCppChat(path=file, states=states)
        with pytest.raises(ModelError, match=r"cannot load base\.gguf"):
            model.invoke("Who?")
        model.close()

    def test_models_of_one_name_and_size_do_not_share_states(
        self, file: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "tuned").mkdir()
        tuned = shutil.copy2(file, tmp_path / "tuned" / file.name)
        one, other = (LlamaCppChat(path=Path(path)) for path in (file, tuned))
        assert one.state_of("a", ASKED) != other.state_of("a", ASKED)
        assert one.state_of("a", ASKED) == LlamaCppChat(path=file).state_of("a", ASKED)

    def test_a_model_put_in_anothers_place_has_its_own_states(self, file: Path) -> None:
        before = LlamaCppChat(path=file).state_of("a", ASKED)
        os.utime(file, ns=(0, 1))
        assert LlamaCppChat(path=file).state_of("a", ASKED) != before

    def test_a_link_to_a_model_is_the_model(self, file: Path, tmp_path: Path) -> None:
        link = tmp_path / "link.gguf"
        link.symlink_to(file)
        one, other = (LlamaCppChat(path=path) for path in (file, link))
        assert one.state_of("a", ASKED) == other.state_of("a", ASKED)

    def test_a_model_that_is_gone_is_said_to_be(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="Check the path"):
            LlamaCppChat(path=tmp_path / "none.gguf").state_of("a", ASKED)

    def test_what_another_process_removes_meanwhile_is_gone(self, tmp_path: Path) -> None:
        for name, age in (("old", 3), ("newer", 2), ("new", 1)):
            (tmp_path / f"{name}.state").write_bytes(b"x" * 10)
            os.utime(tmp_path / f"{name}.state", (100 - age, 100 - age))
        # Its target is not there: what a listing shows of a file removed a moment later.
        (tmp_path / "gone.state").symlink_to(tmp_path / "nowhere")
        shrink(tmp_path, 20)
        assert sorted(path.name for path in tmp_path.glob("*.state") if path.exists()) == [
            "new.state",
            "newer.state",
        ]


def test_whatever_goes_wrong_in_the_models_thread_reaches_the_one_who_asked(file: Path) -> None:
    model = LlamaCppChat(path=file, states=Path("no\0folder"))
    with pytest.raises(ValueError, match="null byte"):
        model.invoke("Who?")
