"""What readers thought of answers, one JSON object a line, in the store's folder.

Kept on this computer only, with the answer as it was shown and the settings that made it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import LibraryError, UserInputError
from assistant.web.conversation import Exchange

RATINGS = {"good": "Good", "answer": "Answer wrong", "evidence": "Evidence wrong"}
"""Rating and its label: a wrong answer and wrong evidence are different faults."""

MAX_COMMENT = 2_000
MAX_LINE = 200_000
MAX_FILE = 100_000_000


class Feedback:
    """The file ``feedback.jsonl`` of one store. Thread-safe."""

    def __init__(self, store: Path) -> None:
        self.path = store / "feedback.jsonl"
        self._lock = threading.Lock()

    def add(self, exchange: Exchange, rating: str, comment: str) -> None:
        """Append one rating, with the fingerprint of the settings that made the answer.

        Raises:
            UserInputError: an unknown rating, or an exchange without an answer.
            LibraryError: the file cannot be written, or is full.
        """
        if rating not in RATINGS or exchange.answer is None:
            raise UserInputError(f"Rate an answer with one of: {', '.join(RATINGS)}.")
        row = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "rating": rating,
            "comment": comment.strip()[:MAX_COMMENT],
            "settings": exchange.settings,
            "answer": exchange.answer.to_dict(),
        }
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        if len(line) > MAX_LINE:
            raise UserInputError("This answer is too long to be kept with a rating.")
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                raise LibraryError(
                    f"The rating could not be kept: {error.strerror}. Check the store's folder."
                ) from error

    def lines(self) -> Iterator[str]:
        """Every rating as it was written."""
        if self.path.exists():
            with self.path.open(encoding="utf-8") as file:
                yield from (line.rstrip("\n") for line in file)

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() + len(line) > MAX_FILE:
                raise LibraryError(f"{self.path.name} is full. Move it away to collect more.")
            file.write(line)
