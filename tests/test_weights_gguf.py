"""A model file that cannot be loaded is refused in words of its own, before llama.cpp sees it."""

from __future__ import annotations

import os
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.models import chat_model
from assistant.settings import Settings
from assistant.weights import check_gguf

WEIGHTS = 256
"""Numbers in the one tensor of :func:`made`, four bytes each."""


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def made(version: int = 3, weights: int = WEIGHTS) -> bytes:
    """A whole GGUF file: two facts, a list of texts, and a tensor."""
    facts = text("general.alignment") + struct.pack("<II", 4, 64)
    facts += text("general.name") + struct.pack("<I", 8) + text("tiny")
    facts += text("vocabulary") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("") + text("ccc")
    facts += text("scores") + struct.pack("<IIQ", 9, 6, 3) + struct.pack("<3f", 1, 2, 3)
    tensor = text("output") + struct.pack("<IQIQ", 1, weights, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", version, 1, 4) + facts + tensor
    return head + bytes(-len(head) % 64) + bytes(4 * WEIGHTS)


def nothing(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loop(path: Path) -> None:
    # Permissions would not stop a test that runs as root; a link to itself stops everybody.
    path.unlink()
    path.symlink_to(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def noise(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(5000))


def cut_in_the_weights(path: Path) -> None:
    path.write_bytes(made()[:-1])


def cut_in_the_header(path: Path) -> None:
    path.write_bytes(made()[:90])


def flipped_in_the_header(path: Path) -> None:
    data = bytearray(made())
    data[30] ^= 0x80  # a text of very many letters
    path.write_bytes(bytes(data))


def old(path: Path) -> None:
    path.write_bytes(made(version=1))


def huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(2**40)  # takes no room on the disk


FAULTS: dict[Callable[[Path], None], str] = {
    nothing: "There is no model file",
    folder: "is a folder",
    pipe: "is not a regular file",
    loop: "cannot be read",
    empty: "is empty",
    noise: "is not a GGUF model file",
    cut_in_the_weights: r"is cut off: it has [\d,]+ bytes of at least",
    cut_in_the_header: "header .* is damaged or cut off",
    flipped_in_the_header: "header .* is damaged or cut off",
    old: "version 1 of GGUF",
    huge: r"needs about 1099\.8 GB of memory, and [\d.]+ GB are free",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_own_message(tmp_path: Path, fault: Callable[[Path], None]) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(made())
    check_gguf(path)
    fault(path)
    start = time.monotonic()
    with pytest.raises(ModelError, match=FAULTS[fault]) as caught:
        chat_model(Settings.load(model=str(path), offline=True))
    assert time.monotonic() - start < 2
    assert "tiny.gguf" in str(caught.value)
    assert str(caught.value).count(". ") >= 1, "it says what to do"


@given(st.data())
def test_a_damaged_header_never_ends_as_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutant.gguf"
    mutant = bytearray(made())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutant) - 1))
        mutant[at : at + 8] = data.draw(st.binary(max_size=12))
    path.write_bytes(bytes(mutant))
    try:
        check_gguf(path)
    except ModelError as error:
        assert str(path) in str(error)  # noqa: PT017 - most mutants fail, some do not
