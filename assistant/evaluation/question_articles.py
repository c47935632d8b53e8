"""Find the articles a question file names, and nothing outside the folders it may look in."""

from __future__ import annotations

import json
from pathlib import Path

from assistant.evaluation.question_rows import shown
from assistant.schema import Article

MAX_ARTICLE_BYTES = 16 * 1024 * 1024
"""Largest article file that is read."""

_ENDINGS = ("", ".txt", ".md", ".json")
_UNSEEN = "\0"


class ArticleFinder:
    """Articles by the name the questions use; each file is read once.

    ``found`` maps names to articles. The ``id`` of such an article is its name: the library
    gives it another when it is added. A text file's title is ``""``, and found in its text
    when it is added. A file is looked for in the folder given, beside the
    question file, and in ``articles`` beside the file or beside the file's folder.
    """

    def __init__(self, question_file: Path, folder: Path | None = None) -> None:
        beside = question_file.parent
        nearby = [beside, beside / "articles", beside.parent / "articles"]
        self.folders = [folder, *nearby] if folder is not None else nearby
        self.found: dict[str, Article] = {}
        self._missing: set[str] = set()

    def put(self, article: Article) -> None:
        """Know an article that came with the question file."""
        self.found[article.id] = article

    def find(self, name: str, mistakes: list[str]) -> Article | None:
        """The article of this name; ``None`` and a mistake where there is none.

        An article that is missing is reported at its first mention only.
        """
        if name in self.found:
            return self.found[name]
        if name in self._missing:
            return None
        path = self._path(name)
        article = None
        if path is None:
            places = ", ".join(str(folder) for folder in self.folders[:2])
            mistakes.append(
                f"expected the article {shown(name)} as a .txt, .md or .json file in {places}, "
                "found none; name its folder with --articles"
            )
        else:
            article = _read_article(name, path, mistakes)
        if article is None:
            self._missing.add(name)
            return None
        self.found[name] = article
        return article

    def _path(self, name: str) -> Path | None:
        if _UNSEEN in name or Path(name).is_absolute():
            return None
        for folder in self.folders:
            for ending in _ENDINGS:
                candidate = folder / f"{name}{ending}"
                # A question file may come from anywhere: it must not read our keys into a report.
                inside = candidate.resolve().is_relative_to(folder.resolve())
                if inside and candidate.is_file():
                    return candidate
        return None


def _read_article(name: str, path: Path, mistakes: list[str]) -> Article | None:
    try:
        if (size := path.stat().st_size) > MAX_ARTICLE_BYTES:
            mistakes.append(f"{path}: expected at most {MAX_ARTICLE_BYTES:,} bytes, found {size:,}")
            return None
        text = path.read_text(encoding="utf-8-sig")
        title = ""
        if path.suffix == ".json":
            title, text = _title_and_text(text, path)
    except (OSError, ValueError, RecursionError) as error:
        mistakes.append(f"{path}: expected a readable article in UTF-8, found: {error}")
        return None
    if not text.strip():
        mistakes.append(f"{path}: expected an article, found no text")
        return None
    return Article(id=name, title=title, text=text, source=str(path))


def _title_and_text(raw: str, path: Path) -> tuple[str, str]:
    values = json.loads(raw)
    if not isinstance(values, dict) or not isinstance(values.get("text"), str):
        raise ValueError('no {"title": …, "text": …} object')
    title = values.get("title")
    return (title if isinstance(title, str) else ""), values["text"]
