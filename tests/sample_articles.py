"""Articles made up for tests: every sentence has words no other sentence has."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant.schema import Article

SEED = Path(__file__).parents[1] / "seeds" / "g7-gaza-blinken.txt"


def article(text: str, title: str = "Untitled") -> Article:
    """An article whose id is a hash of its text, as the loader makes it."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Article(id=digest, title=title, text=text, source=f"{title}.txt")


def seed_article() -> Article:
    """The sample article that ships with the package."""
    return article(SEED.read_text(encoding="utf-8"), "Blinken at the G7")


def numbered(number: int, sentences: int = 6) -> Article:
    """Article ``number``, whose every sentence holds a word of its own: ``n<number>s<i>``."""
    lines = [
        f"Minister {_word(number, i)} of town n{number}s{i} said {_word(i, number)} would be "
        f"decided in round {number * 1000 + i} of the talks."
        for i in range(sentences)
    ]
    return article(" ".join(lines), f"Talks {number}")


def _word(*numbers: int) -> str:
    digest = hashlib.sha256(repr(numbers).encode()).digest()
    syllables = ("ba", "do", "fe", "gi", "ku", "la", "mo", "ne", "pi", "ru", "sa", "to", "ve", "zu")
    return "".join(syllables[byte % len(syllables)] for byte in digest[:5]).capitalize()
