"""What a command works with: articles that were named, an assistant, with everything it takes."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import seeds
from assistant.cli.waiting import Waiting
from assistant.errors import EmptyLibrary
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.schema import Article


def load_all(sources: Sequence[str], settings: dict[str, Any]) -> dict[str, Article]:
    """The articles behind paths, folders and URLs, by the single source that gave each.

    Raises:
        SettingsError. ArticleError, FetchError: for the first that cannot be read.
    """
    from assistant.articles import Loader

    with Loader(offline=Settings.load(**settings).offline) as loader:
        singles = [single for source in sources for single in loader.expand(source)]
        return {single: loader.load(single) for single in dict.fromkeys(singles)}


@contextlib.contextmanager
def opened_assistant(
    settings: dict[str, Any], waiting: Waiting, *, keep: bool = True, warm: bool = False
) -> Iterator[Assistant]:
    """An assistant with the settings given; without ``keep`` its library is a temporary one.

    The error of asking an empty library, raised inside, names the sample article.
    """
    from assistant.answering import Assistant

    with contextlib.ExitStack() as stack:
        if not keep:
            folder = tempfile.TemporaryDirectory(prefix="assistant-")
            settings = settings | {"store": stack.enter_context(folder), "temporary": True}
        assistant = stack.enter_context(
            Assistant.open(progress=waiting.downloaded, warm=warm, **settings)
        )
        try:
            yield assistant
        except EmptyLibrary as error:
            raise EmptyLibrary(
                f"{error} Or try the sample article: assistant ask \"What was the UK's "
                f'position?" --article {_typed(seeds.article())}'
            ) from error


def _typed(path: Path) -> str:
    """The path as someone in the current folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
