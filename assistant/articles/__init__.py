"""Articles from wherever people have them: a path, a URL, or the text itself.

:func:`load_article` is the one door. Not handled here: storing (``library``) and splitting
(``passages``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.articles.text import (
    clean_text,
    decode,
    excerpt,
    first_line_title,
    markdown_title,
    text_id,
)
from assistant.errors import ArticleError
from assistant.schema import Article

__all__ = ["load_article"]

MAX_BYTES = 25_000_000
MAX_CHARS = 5_000_000
_MARKDOWN = {".md", ".markdown", ".mdown"}


def load_article(
    source: str | Path | None = None,
    *,
    text: str | None = None,
    title: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_chars: int = MAX_CHARS,
) -> Article:
    """One article from a path or a URL, or from ``text`` as it is.

    Args:
        source: a path, an http(s) URL, or ``"-"`` for standard input. With ``text`` it only
            names where the text came from.
        text: the article itself; then nothing is opened.
        title: overrides the title found.
        max_bytes: size of the file or page above which it is refused.
        max_chars: length of the text above which it is refused.

    Raises:
        ArticleError: missing, empty, too long, binary or undecodable; the message says what to do.
        FetchError: a URL that cannot or must not be fetched.
    """
    if text is not None:
        return _from_text(
            text, title=title, source=str(source or "text"), stem=None, max_chars=max_chars
        )
    if source is None:
        raise ArticleError("nothing to add: give a path, a URL, or text=")
    if str(source) == "-":
        data = sys.stdin.buffer.read(max_bytes + 1)
        name, path = "standard input", None
    else:
        path = Path(source)
        data, name = _read(path, max_bytes), str(source)
    if len(data) > max_bytes:
        raise ArticleError(f"{name} is larger than {max_bytes:,} bytes; split it")
    if not data.strip():
        raise ArticleError(f"{name} is empty; there is nothing to ask about")
    try:
        decoded = decode(data)
    except ArticleError as error:
        raise ArticleError(f"{name}: {error}") from None
    markdown = path is not None and path.suffix.lower() in _MARKDOWN
    if title is None and markdown:
        title = markdown_title(clean_text(decoded))
    return _from_text(
        decoded,
        title=title,
        source=name,
        stem=path.stem if path else None,
        max_chars=max_chars,
    )


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise ArticleError(f"{path} is a folder; name a file in it, or add the whole folder")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ArticleError(
            f"there is no file {path}; check the path, or pass the article itself as text="
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ArticleError(f"{str(path)[:200]} cannot be read: {reason}") from None


def _from_text(
    text: str, *, title: str | None, source: str, stem: str | None, max_chars: int
) -> Article:
    stored = clean_text(text)
    if not stored:
        raise ArticleError(f"{source} is empty; there is nothing to ask about")
    if len(stored) > max_chars:
        raise ArticleError(
            f"{source} has {len(stored):,} characters, more than {max_chars:,}; split it"
        )
    heading = " ".join(clean_text(title or "").split())
    found = heading or markdown_title(stored) or first_line_title(stored) or stem
    return Article(id=text_id(stored), title=found or excerpt(stored), text=stored, source=source)
