"""From what a parser found to the :class:`Article` that is stored and cited from."""

from __future__ import annotations

from pathlib import Path

from assistant.articles.languages import language_notice, language_of
from assistant.articles.parsed import Parsed
from assistant.articles.text import (
    clean_text,
    excerpt,
    first_line_title,
    is_blank,
    storable,
    text_id,
)
from assistant.errors import ArticleError
from assistant.fetching import is_url
from assistant.schema import Article

GIVEN = "given"
"""The origin of a title that a person gave, see ``Article.origins``."""

_REPLACED_SHARE = 0.01
"""Share of characters that could not be decoded from which that is said."""


def article_from(
    parsed: Parsed, *, name: str, title: str | None, named: bool, most: int
) -> Article:
    """The article that is stored: its text cleaned, with an id, a title and a language.

    Args:
        parsed: what was found in the source.
        name: the source; ``named`` when it is a path or a URL that can lend a title.
        title: overrides the title found.
        most: characters of text at most.

    Raises:
        ArticleError: there is no text, or too much.
    """
    stored = clean_text(parsed.text)
    if is_blank(stored):
        raise ArticleError(f"{name} is empty; there is nothing to ask about")
    if len(stored) > most:
        raise ArticleError(f"{name} has {len(stored):,} characters, more than {most:,}; split it")
    facts = {key: (_line(value), origin) for key, (value, origin) in parsed.facts.items()}
    facts["title"] = _title(title, facts.get("title"), stored, name if named else None)
    language = language_of(stored, stated=facts.pop("language", (None, ""))[0])
    values = {key: value for key, (value, _) in facts.items()}
    return Article(
        id=text_id(stored),
        text=stored,
        source=_line(storable(name)),
        language=language,
        captions=tuple(_line(caption) for caption in parsed.captions),
        pages=parsed.pages if stored == parsed.text else (),
        notices=(*parsed.notices, *_notices(stored, language)),
        origins=tuple(sorted((key, origin) for key, (_, origin) in facts.items())),
        **values,
    )


def _title(
    given: str | None, found: tuple[str, str] | None, text: str, name: str | None
) -> tuple[str, str]:
    """The title and where it is from; a file without one is called by its name."""
    if given and _line(given):
        return _line(given), GIVEN
    if found and found[0]:
        return found
    if line := first_line_title(text):
        return line, "first line"
    stem = "" if name is None or is_url(name) else _line(Path(name).stem)
    return (stem, "file name") if stem else (excerpt(text), "opening words")


def _line(value: str) -> str:
    return " ".join(clean_text(value).split())


def _notices(text: str, language: str | None) -> list[str]:
    notices = []
    replaced = text.count("\ufffd")
    if replaced > _REPLACED_SHARE * len(text):
        notices.append(
            f"{replaced:,} of {len(text):,} characters could not be decoded; quotes show '\ufffd'."
        )
    if about_language := language_notice(language):
        notices.append(about_language)
    return notices
