"""Unpack a gzip file of a bounded size: sitemaps and feeds are often stored packed."""

from __future__ import annotations

import gzip
import io
import zlib

from assistant.errors import ArticleError

_MAGIC = b"\x1f\x8b"


def is_gzip(data: bytes) -> bool:
    """Whether ``data`` begins as a gzip file does."""
    return data.startswith(_MAGIC)


def unpacked(data: bytes, *, cap: int) -> bytes:
    """What is in a gzip file, of one part or of several: at most ``cap`` bytes.

    Never more than that is unpacked, whatever the file expands to.

    Raises:
        ArticleError: it is damaged, cut off, or larger.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(cap + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise ArticleError("the gzip file is damaged or cut off; get it again") from None
    if len(content) > cap:
        raise ArticleError(f"the gzip file unpacks to more than {cap:,} bytes; split it")
    return content
