"""Draft questions about an article into a file: what ``assistant questions`` does."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.console import Console

from assistant.errors import UserInputError
from assistant.evaluation.drafting import draft_questions, write_drafts
from assistant.evaluation.runner import Answerer
from assistant.evaluation.terminal import DraftProgress

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

MOST_DRAFTS = 500


def run_questions(
    source: str,
    n: int,
    out: Path | None,
    open_assistant: Callable[[Path], AbstractContextManager[Answerer]],
    model: BaseChatModel,
    console: Console,
) -> int:
    """Draft ``n`` questions about an article (a path or a URL) and write them for review.

    ``open_assistant`` should answer with the same ``model``, so that it is loaded once. The
    file is ``out``, or ``<article>.questions.jsonl`` in the current folder; the article's text
    goes to ``articles`` beside it.

    Returns:
        0, or 1 where nothing could be drafted.

    Raises:
        UserInputError: ``n`` is out of range, or the file exists.
        ArticleError, FetchError, ModelError.
    """
    if not 1 <= n <= MOST_DRAFTS:
        raise UserInputError(f"-n must be 1 to {MOST_DRAFTS}, not {n}.")
    name = re.sub(r"[^\w-]+", "-", Path(urlsplit(source).path).stem).strip("-") or "article"
    path = out or Path(f"{name}.questions.jsonl")
    if path.exists():
        raise UserInputError(f"{path} exists, and may have been reviewed. Name another with --out.")
    with (
        tempfile.TemporaryDirectory(prefix="assistant-eval-", ignore_cleanup_errors=True) as store,
        open_assistant(Path(store)) as assistant,
        DraftProgress(console, n) as progress,
    ):
        article = assistant.add(source)
        prompts = assistant.settings.prompts
        drafts = map(progress, draft_questions(assistant, model, article, n, prompts=prompts))
        count = write_drafts(drafts, article, path)
    if not count:
        path.unlink()
        console.print("Nothing could be drafted: the article is too short, or the model too small.")
        return 1
    console.print(
        f"{count} questions, {progress.unconfirmed} of them not confirmed by the assistant's own "
        "answers. Read each one before you trust a figure made with it.",
        highlight=False,
    )
    console.print(f"Questions: {path}", markup=False, highlight=False, soft_wrap=True)
    return 0
