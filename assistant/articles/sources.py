"""What a person named, as single files: a file, a folder or a pattern."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.articles.kinds import READABLE, Kind
from assistant.errors import ArticleError

SUFFIXES = {
    *(".txt", ".text", ".md", ".markdown", ".mdown", ".mkd", ".html", ".htm", ".xhtml"),
    *(".mhtml", ".mht", ".pdf", ".docx", ".epub"),
}
LISTS: frozenset[Kind] = frozenset({"feed", "sitemap"})
"""Kinds of file that list articles instead of being one."""

_PATTERN = re.compile(r"[*?\[]")
_LIST_PATH = re.compile(r"(sitemap|feeds?\b|rss|atom)|\.xml(\.gz)?$", re.IGNORECASE)


def looks_like_a_list(name: str) -> bool:
    """Whether a path or the path of a URL is worth opening to see if it lists articles."""
    return (
        _LIST_PATH.search(name.partition("?")[0].rpartition("://")[2].partition("/")[2]) is not None
    )


def named(source: str | Path) -> str | Path:
    """``source``, if it names anything: an empty one would be the current folder.

    Raises:
        ArticleError: it is empty.
    """
    if not str(source).strip():
        raise ArticleError(
            "nothing to add: the name given is empty; give a path or a URL (a variable of the "
            "shell may not be set), or '.' for the current folder"
        )
    return source


def local_files(source: str | Path) -> list[str]:
    """The readable files in a folder and below, or those that a pattern matches, sorted.

    A path that is neither is returned as it is. Hidden files and folders are left out.

    Raises:
        ArticleError: nothing there to add.
    """
    path = Path(source)
    try:
        folder = path.is_dir()
        single = folder or path.exists() or not _PATTERN.search(str(source))
    except (OSError, ValueError):  # too long, or not a path at all: loading it will say so
        return [str(source)]
    if single and not folder:
        return [str(source)]
    if folder:
        matches = [p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES]
    else:
        anchor = Path(path.anchor)
        pattern = str(path.relative_to(anchor))
        matches = _matches(anchor, pattern)
    root = path if folder else Path()
    files = sorted(str(p) for p in matches if p.is_file() and not _hidden(p, root))
    if not files:
        raise ArticleError(f"{source} holds no {READABLE} files")
    return files


def _matches(anchor: Path, pattern: str) -> list[Path]:
    try:
        return list(anchor.glob(pattern))
    except ValueError as error:
        raise ArticleError(
            f"{pattern} is not a usable pattern ({error}); * stands for part of a name, and ** "
            "for folders where it stands alone: **/*.txt"
        ) from None


def _hidden(path: Path, root: Path) -> bool:
    inner = path.relative_to(root) if path.is_relative_to(root) else path
    return any(part.startswith(".") and part not in (".", "..") for part in inner.parts)
