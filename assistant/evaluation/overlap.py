"""Compare texts by their words: the rules every scorer shares. Knows nothing of questions.

On purpose it shares no code with the parts it measures: a yardstick that bends with what it
measures finds nothing.

Two readings of a text are used. :func:`words` is ours, for "holds half the words of" and for
"says this phrase". :func:`squad_tokens` is SQuAD's official one, to the letter, so that F1 and
exact match mean what they mean elsewhere.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = frozenset({"a", "an", "the"})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
# Kept apart from punctuation while a text is taken to pieces: "1.5" is not "15", and not "1 5".
_POINT = "\ue000"
_SQUAD_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
_SQUAD_PUNCTUATION = frozenset(string.punctuation)


def words(text: str, *, joiner: str = " ") -> list[str]:
    """The words of a text: case-folded, punctuation and symbols replaced by ``joiner``.

    ``joiner=""`` deletes punctuation instead ("U.S." is then "us", not "u s"). Thousands
    separators vanish and decimal points stay, under either reading.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _DECIMAL_POINT.sub(_POINT, _THOUSANDS.sub("", folded))
    kept = "".join(
        joiner if unicodedata.category(character)[0] in "PS" else character for character in folded
    )
    return kept.replace(_POINT, ".").split()


def says(text: str, phrase: str) -> bool:
    """Whether the text holds the phrase as whole words.

    Case, punctuation and the articles a, an, the are ignored. Punctuation is ignored in
    either way a reader might: "Israel's" says "Israel", and "U.S." says "US".
    """
    for joiner in (" ", ""):
        wanted, given = (
            [word for word in words(part, joiner=joiner) if word not in _ARTICLES]
            for part in (phrase, text)
        )
        if wanted and f" {' '.join(wanted)} " in f" {' '.join(given)} ":
            return True
    return False


def common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence of two lists of words.

    In order, so that a long passage does not "hold" a sentence by its small words alone.
    Bit-parallel (Hyyrö 2004): one integer operation a word of ``second``.
    """
    places: dict[str, int] = {}
    for position, word in enumerate(first):
        places[word] = places.get(word, 0) | (1 << position)
    full = (1 << len(first)) - 1
    row = full
    for word in second:
        hits = row & places.get(word, 0)
        row = ((row + hits) | (row - hits)) & full
    return len(first) - row.bit_count()


def share_held(holder: str, sentence: str) -> float:
    """The share (0 to 1) of a sentence's words that ``holder`` has, in the sentence's order."""
    wanted = words(sentence)
    if not wanted:
        return 0.0
    return common_subsequence(wanted, words(holder)) / len(wanted)


def rouge_l(answer: str, reference: str) -> tuple[float, float, float]:
    """Precision, recall and F1 of the longest common subsequence of words (ROUGE-L)."""
    given, wanted = words(answer), words(reference)
    return _precision_recall_f1(common_subsequence(wanted, given), len(given), len(wanted))


def squad_tokens(text: str) -> list[str]:
    """SQuAD's official normalisation: lower case, no ASCII punctuation, no a/an/the."""
    bare = "".join(letter for letter in text.lower() if letter not in _SQUAD_PUNCTUATION)
    return _SQUAD_ARTICLES.sub(" ", bare).split()


def squad_exact(answer: str, gold: str) -> float:
    """1 when both texts are the same under SQuAD's normalisation, else 0."""
    return float(squad_tokens(answer) == squad_tokens(gold))


def token_overlap(answer: str, gold: str) -> tuple[float, float, float]:
    """Precision, recall and F1 of SQuAD's tokens, counted with repetition, order ignored."""
    given, wanted = squad_tokens(answer), squad_tokens(gold)
    if not given or not wanted:
        same = float(given == wanted)
        return same, same, same
    shared = sum((Counter(given) & Counter(wanted)).values())
    return _precision_recall_f1(shared, len(given), len(wanted))


def _precision_recall_f1(shared: int, given: int, wanted: int) -> tuple[float, float, float]:
    if not shared:
        return 0.0, 0.0, 0.0
    precision, recall = shared / given, shared / wanted
    return precision, recall, 2 * precision * recall / (precision + recall)
