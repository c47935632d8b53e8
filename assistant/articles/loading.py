"""From a path, a URL or a text to an :class:`Article`.

Plain text and Markdown are read here; everything that needs a real parser goes through the
sandbox, and every URL through ``fetching``.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Self

from assistant.articles.assembling import article_from
from assistant.articles.decoding import decode
from assistant.articles.gzips import is_gzip, unpacked
from assistant.articles.kinds import kind_of
from assistant.articles.parsed import Parsed
from assistant.articles.sources import LISTS, local_files, looks_like_a_list, named
from assistant.articles.text import parse_markdown
from assistant.errors import ArticleError, FetchError
from assistant.fetching import Fetcher, is_url
from assistant.sandbox import Sandbox
from assistant.schema import Article
from assistant.tracing import span

MAX_BYTES = 25_000_000
MAX_CHARS = 5_000_000
MAX_SITEMAPS = 50
"""Sitemaps in a sitemap that are opened at once; more stand for themselves, and are read later."""

STANDARD_INPUT = "-"

_ADD_ALL = "add everything in it (assistant add, or Assistant.add_all in Python)"


def load_article(
    source: str | Path | None = None,
    *,
    text: str | None = None,
    title: str | None = None,
    allow_private: Collection[str] = (),
    offline: bool = False,
) -> Article:
    """One article from a path or a URL, or from ``text`` as it is.

    To load many, keep one :class:`Loader`: it starts its child process once.

    Args:
        source: a path, an http(s) URL, or ``"-"`` for standard input. With ``text`` it only
            names where the text came from.
        text: the article itself; then nothing is opened.
        title: overrides the title found.
        allow_private: host names that may resolve to private addresses.
        offline: refuse URLs.

    Raises:
        ArticleError: missing, empty, too long or unreadable; the message says what to do.
        FetchError: a URL that cannot or must not be fetched.
    """
    with Loader(allow_private=allow_private, offline=offline) as loader:
        return loader.load(source, text=text, title=title)


class ListedError(ArticleError):
    """What was to be loaded lists articles, and is none; ``links`` are the addresses it lists."""

    def __init__(self, message: str, links: list[str]) -> None:
        super().__init__(message)
        self.links = links


class Loader:
    """Loads articles, one after the other, with one warm child process for the parsers."""

    def __init__(
        self,
        *,
        allow_private: Collection[str] = (),
        offline: bool = False,
        max_bytes: int = MAX_BYTES,
        max_chars: int = MAX_CHARS,
    ) -> None:
        """``max_bytes`` bounds a file, ``max_chars`` the text found in it."""
        self._fetcher = Fetcher(allow_private=allow_private, offline=offline)
        self._sandbox = Sandbox("assistant.articles.parsing:parse")
        self._max_bytes = max_bytes
        self._max_chars = max_chars

    def load(
        self,
        source: str | Path | None = None,
        *,
        text: str | None = None,
        title: str | None = None,
    ) -> Article:
        """As :func:`load_article`."""
        with span("read article"):
            if text is not None:
                name, parsed = str(source or "text"), Parsed(text)
            elif source is None:
                raise ArticleError("nothing to add: give a path, a URL, or text=")
            elif is_url(named(source)):
                name, parsed = str(source), self._from_url(str(source))
            else:
                name, parsed = self._from_file(source)
            return article_from(
                parsed, name=name, title=title, named=text is None, most=self._max_chars
            )

    def expand(self, source: str | Path) -> list[str]:
        """Every single source that ``source`` stands for, each of which :meth:`load` takes.

        A folder gives its readable files, a pattern its matches, an RSS or Atom feed and a
        sitemap (by path or URL) the addresses they list; anything else stands for itself. A
        list in a list in a list does too: :meth:`load` gives what it lists as a ListedError.

        Raises:
            ArticleError: nothing there to add, or a damaged list.
            FetchError: a list that cannot or must not be fetched.
        """
        name = str(named(source))
        if not is_url(source):
            files = [] if name == STANDARD_INPUT else local_files(source)
            if len(files) != 1 or not looks_like_a_list(f"/{files[0]}"):
                return files or [name]
            name = files[0]
        elif not looks_like_a_list(name):
            return [name]
        return self._listed(name)

    def _listed(self, name: str, *, inner: bool = False) -> list[str]:
        """What a list lists; ``inner`` is one that another list named."""
        location: str | None = None
        if is_url(name):
            page = self._fetcher.fetch(name)
            data, location = page.data, page.url
        else:
            data = self._bytes_of(name)
        try:
            data = self._unpacked(data)
            kind = kind_of(data, name=name)
            if kind not in LISTS:
                return [name]
            reply = self._sandbox.call(data, kind=kind, url=location, charset=None)
        except ArticleError as error:
            raise ArticleError(f"{name}: {error}") from None
        links = [str(link) for link in reply["links"]]
        if not reply["nested"]:
            return links
        if inner:
            return [name]
        parts = (self._inner(link) for link in links[:MAX_SITEMAPS])
        found = [link for part in parts for link in part]
        return list(dict.fromkeys([*found, *links[MAX_SITEMAPS:]]))

    def _inner(self, sitemap: str) -> list[str]:
        """What a sitemap in a sitemap lists; itself when it fails, as loading it will say why."""
        try:
            return self._listed(sitemap, inner=True)
        except (ArticleError, FetchError):
            return [sitemap]

    def _unpacked(self, data: bytes) -> bytes:
        """A packed feed or sitemap as it was before; anything else as it is."""
        if not is_gzip(data):
            return data
        inner = unpacked(data, cap=self._max_bytes)
        return inner if kind_of(inner) in LISTS else data

    def close(self) -> None:
        """End the child process and the connections."""
        self._sandbox.close()
        self._fetcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _from_url(self, url: str) -> Parsed:
        page = self._fetcher.fetch(url)
        parsed = self._parse(
            page.data, url, location=page.url, declared=page.media_type, charset=page.charset
        )
        if page.url != url and "url" not in parsed.facts:
            parsed = replace(parsed, facts={**parsed.facts, "url": (page.url, "redirection")})
        return parsed

    def _from_file(self, source: str | Path) -> tuple[str, Parsed]:
        name = "standard input" if str(source) == STANDARD_INPUT else str(source)
        return name, self._parse(self._bytes_of(source), name)

    def _bytes_of(self, source: str | Path) -> bytes:
        """The whole of a file or of standard input. Raises ArticleError for more than is taken."""
        # One byte more than is taken is enough to know.
        if str(source) == STANDARD_INPUT:
            name, data = "standard input", sys.stdin.buffer.read(self._max_bytes + 1)
        else:
            name, data = str(source), _read(Path(source), self._max_bytes + 1)
        if len(data) > self._max_bytes:
            raise ArticleError(f"{name} is larger than {self._max_bytes:,} bytes; split it")
        return data

    def _parse(
        self,
        data: bytes,
        name: str,
        *,
        location: str | None = None,
        declared: str | None = None,
        charset: str | None = None,
    ) -> Parsed:
        if not data.strip():
            raise ArticleError(f"{name} is empty; there is nothing to ask about")
        try:
            data = self._unpacked(data)
            kind = kind_of(data, name=name, declared=declared)
            if kind == "text":
                return Parsed(decode(data, declared=charset))
            if kind == "markdown":
                return parse_markdown(decode(data, declared=charset))
            reply = self._sandbox.call(data, kind=kind, url=location, charset=charset)
            if kind in LISTS:
                links = [str(link) for link in reply["links"]]
                listed = f"{name}: this is a {kind}, a list of articles; {_ADD_ALL}"
                raise ListedError(listed, links)
            return Parsed.from_json(reply)
        except ListedError:
            raise
        except ArticleError as error:
            raise ArticleError(f"{name}: {error}") from None


def _read(path: Path, count: int) -> bytes:
    try:
        if path.is_dir():
            raise ArticleError(f"{path} is a folder; name a file in it, or {_ADD_ALL}")
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        raise ArticleError(
            f"there is no file {path}; check the path, or pass the article itself as text="
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ArticleError(f"{str(path)[:200]} cannot be read: {reason}") from None
