"""What a chat model replies: how much, whether it goes round in circles, and its plain words.

Not handled: asking it (``reading``), and whether what it says is so (``citations``, ``support``).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from langchain_core.messages import AIMessageChunk

_LOOP_CHARS = 160
_FURNITURE = re.compile(r"\[\d{1,3}\]|\*\*|^(?:Answer|A):\s*")
_LEAD_IN = re.compile(
    r"^(?:according to|based on|as stated in|in) the (?:given |provided )?"
    r"(?:passages?|articles?|text)s?,?\s*(?:provided,?\s*)?",
    re.IGNORECASE,
)
_REPORTING = re.compile(
    r"(^|(?<=[.!?]\s))the (?:passages?|articles?|texts?) (?:also )?"
    r"(?:states?|says?|mentions?|reports?|explains?|notes?|indicates?) that (\W?\w)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Reply:
    """What the model wrote, and what it cost. ``cut`` says why it was stopped, or ``""``.

    Tokens are added up where one question takes several replies.
    """

    text: str = ""
    cut: str = ""
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None

    def count(self, chunk: AIMessageChunk) -> None:
        """Add the tokens that a piece of the reply says it took."""
        usage = chunk.usage_metadata
        if usage:
            cached = usage.get("input_token_details", {}).get("cache_read")
            self.prompt_tokens = (self.prompt_tokens or 0) + usage["input_tokens"]
            self.completion_tokens = (self.completion_tokens or 0) + usage["output_tokens"]
            if cached is not None:
                self.cached_tokens = (self.cached_tokens or 0) + cached

    @property
    def loops(self) -> bool:
        """Whether the tail is one piece three times over, at least 160 characters in all."""
        text = self.text
        if len(text) < _LOOP_CHARS:
            return False
        for size in range(_LOOP_CHARS // 3, min(len(text) // 3, 400) + 1):
            tail = text[-size:]
            if text.endswith(tail * 3):
                return True
        return len(set(text[-_LOOP_CHARS:])) <= 3


def clean(text: str) -> str:
    """The model's text without markers, markup and "According to the passages,"."""
    text = _FURNITURE.sub("", text).strip()
    text = _REPORTING.sub(lambda match: match[2].upper(), text)
    shorter = _LEAD_IN.sub("", text)
    return shorter[:1].upper() + shorter[1:] if shorter != text else text


def first_words(logprobs: object) -> Mapping[str, float] | None:
    """Probabilities, 0 to 1, of the likeliest first words of a reply, in small letters.

    ``logprobs`` is what a model reports beside its reply; None where it reports nothing.
    """
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not content:
        return None
    mass: dict[str, float] = defaultdict(float)
    for row in content[0].get("top_logprobs") or []:
        mass[str(row["token"]).strip(' "“”').casefold()] += math.exp(float(row["logprob"]))
    return mass
