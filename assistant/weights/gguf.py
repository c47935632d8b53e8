"""Refuse a GGUF file that cannot be loaded, in words, before llama.cpp meets it.

llama.cpp says of every bad file that its parameters are wrong, and a machine without enough
memory ends the whole process. Only the header is read. Not handled: whether the numbers inside
are the right ones, which only a known SHA-256 tells (``store``).
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

from assistant.errors import ModelError
from assistant.memory import available_memory

_READS = (2, 3)
"""Versions of the format."""

_ALIGNMENT = 32
_KEPT_FREE = 300_000_000
"""Bytes that a context, its buffers and everything else take beside the weights."""

_WIDTHS: Mapping[int, int] = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by its type; a text (8) and a list (9) say their own length."""

_TEXT, _LIST = 8, 9

_BITS: Mapping[int, float] = {
    **{0: 32, 1: 16, 2: 4.5, 3: 5, 6: 5.5, 7: 6, 8: 8.5, 10: 2.625, 11: 3.4375, 12: 4.5},
    **{13: 5.5, 14: 6.5625, 20: 4.5, 23: 4.25, 30: 16, 39: 4.25},
}
"""Bits a weight by its tensor's type; of a type that is not here only the beginning counts."""


def check_gguf(path: Path) -> None:
    """Look at a model file before it is loaded; every kind of fault has its own message.

    Raises:
        ModelError: it is missing, no file, unreadable, empty, something else, damaged, cut off,
            of a version nobody reads, or larger than the memory there is.
    """
    size = _size(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            needed = _Header(path, data).end()
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read ({error.strerror}). Make it readable."
        ) from error
    if needed > size:
        raise ModelError(
            f"The model file {path} is cut off: it has {size:,} bytes of at least {needed:,}. "
            "Copy or download it again."
        )
    check_memory(path)


def check_memory(path: Path) -> None:
    """Refuse a model that does not fit into memory: the system would end the whole process.

    Raises:
        ModelError: it says how much is needed, and how much there is.
    """
    size, available = path.stat().st_size, available_memory()
    if available is not None and size + _KEPT_FREE > available:
        raise ModelError(
            f"The model {path.name} needs about {(size + _KEPT_FREE) / 1e9:.1f} GB of memory, and "
            f"{available / 1e9:.1f} GB are free here. Close other programs, raise the limit of the "
            "container if it runs in one, or choose a smaller model."
        )


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise ModelError(f"There is no model file {path}. Check the path.") from error
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read ({error.strerror}). Make it readable."
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise ModelError(f"{path} is a folder. Give the .gguf file inside it.")
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"{path} is not a regular file. Give a .gguf file.")
    if status.st_size == 0:
        raise ModelError(f"The model file {path} is empty. Copy or download it again.")
    if not os.access(path, os.R_OK):
        raise ModelError(f"The model file {path} must not be read. Change its permissions.")
    return status.st_size


class _Header:
    """The header of a mapped file, read from the beginning."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._path = path
        self._data = data
        self._at = 0

    def end(self) -> int:
        """How long the file is, going by what its header says of every tensor."""
        magic = self._data[:4]
        if magic != b"GGUF":
            raise ModelError(
                f"{self._path} is not a GGUF model file (it starts with {magic!r}). "
                "Convert it to GGUF, or choose another file."
            )
        self._at = 4
        try:
            (version,) = self._unpack("I")
            if version not in _READS:
                raise ModelError(
                    f"{self._path} is in version {version} of GGUF; versions 2 and 3 are read. "
                    "Convert it again."
                )
            tensors, pairs = self._unpack("QQ")
            alignment = self._values(pairs) or _ALIGNMENT
            after = self._tensors(tensors)
        except (struct.error, KeyError, OverflowError, ValueError) as error:
            raise ModelError(
                f"The header of the model file {self._path} is damaged or cut off. "
                "Copy or download it again."
            ) from error
        return -(-self._at // alignment) * alignment + after

    def _values(self, pairs: int) -> int:
        """Pass over all key-value pairs; returns the alignment if one of them gives it."""
        alignment = 0
        for _ in range(pairs):
            key = self._text()
            (kind,) = self._unpack("I")
            if key == b"general.alignment":
                (alignment,) = struct.unpack_from("<I", self._data, self._at)
            self._skip(kind)
        return alignment

    def _tensors(self, count: int) -> int:
        """Bytes of tensor data up to the end of the last tensor."""
        end = 0
        for _ in range(count):
            self._text()
            (dimensions,) = self._unpack("I")
            if dimensions > 8:
                raise ValueError("a tensor of more dimensions than there are")
            weights = 1
            for size in self._unpack(f"{dimensions}Q"):
                weights *= size
            kind, offset = self._unpack("IQ")
            end = max(end, offset + int(weights * _BITS.get(kind, 0) / 8))
        return end

    def _skip(self, kind: int) -> None:
        if kind == _TEXT:
            self._text()
        elif kind == _LIST:
            of, count = self._unpack("IQ")
            self._skip_texts(count) if of == _TEXT else self._move(_WIDTHS[of] * count)
        else:
            self._move(_WIDTHS[kind])

    def _skip_texts(self, count: int) -> None:
        # A vocabulary has some 300,000 of them: half a second with the methods below.
        data, at, end = self._data, self._at, len(self._data)
        for _ in range(count):
            at += 8 + int.from_bytes(data[at : at + 8], "little")
            if at > end:
                break
        self._move(at - self._at)

    def _text(self) -> bytes:
        (length,) = self._unpack("Q")
        start = self._at
        self._move(length)
        return self._data[start : start + length]

    def _move(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("beyond the end of the file")

    def _unpack(self, shape: str) -> tuple[int, ...]:
        start = self._at
        self._move(struct.calcsize(f"<{shape}"))
        return struct.unpack_from(f"<{shape}", self._data, start)
