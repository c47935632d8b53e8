"""Open a zip only after its directory says that unpacking it is harmless."""

from __future__ import annotations

import io
import zipfile

from assistant.errors import ArticleError

MAX_ENTRIES = 2_000
MAX_ENTRY_BYTES = 50_000_000
MAX_TOTAL_BYTES = 100_000_000
MAX_RATIO = 200
_RATIO_FLOOR = 1_000_000  # bytes below which even a high ratio is harmless
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def checked_zip(data: bytes) -> zipfile.ZipFile:
    """The archive in ``data``; what it declares is within limits, and it never yields more.

    zipfile stops at the declared size of an entry, so that a lying size is found by its checksum.

    Raises:
        ArticleError: damaged, protected, or larger than any document of words.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        raise ArticleError("the file is damaged; get it again") from None
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise ArticleError("it is protected by a password; save a copy without one")
    if len(set(names)) < len(names) or any(e.compress_type not in _METHODS for e in entries):
        raise ArticleError("it is packed in a way no office program uses; save it again")
    bomb = (
        len(entries) > MAX_ENTRIES
        or sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES
        or any(entry.file_size > MAX_ENTRY_BYTES for entry in entries)
        or any(
            entry.file_size > max(_RATIO_FLOOR, MAX_RATIO * entry.compress_size)
            for entry in entries
        )
    )
    if bomb:
        raise ArticleError(
            f"it unpacks to more than a document should (over {MAX_ENTRIES:,} parts, "
            f"{MAX_TOTAL_BYTES:,} bytes, or {MAX_RATIO}-fold); save the text alone"
        )
    return archive
