"""From a verb of speaking to its subject: pure functions over the tokens of one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.attribution.speech import (
    AUXILIARIES,
    BE,
    BOUNDARIES,
    DAYS,
    DETERMINERS,
    JUDGING,
    MODALS,
    NEEDS_CLAUSE,
    NOUN_LIKE,
    OPENERS,
    PREPOSITIONS,
    PRONOUNS,
    SAYING,
    VERBS,
    WRITINGS,
    is_adverb,
    is_role,
    singular,
)
from assistant.attribution.tokens import QUOTATION, Token

TELLING = frozenset("tell tells told telling".split())
_DECLINED = frozenset(
    "comment say discuss answer elaborate address disclose specify give provide confirm".split()
)
_TRANSITIVE = ("call", "describ", "label", "dub", "think", "thought")
_CLAUSE = frozenset("that how why he she it they we there this".split())
_AFTER_NOUN = BOUNDARIES | DAYS | frozenset("in on during by from about to with last".split())
_TIMES = frozenset("week weekend month year night morning afternoon evening".split())
_AGED = re.compile(r"\d+-year-old$")


def is_verb(words: Sequence[Token], i: int) -> bool:
    """Whether a token is a verb of speaking whose subject speaks here and now.

    Not infinitives, passives, negations ("did not say"), nor nouns of the same form.
    """
    word = words[i].lower
    if (word not in SAYING and word not in JUDGING) or (words[i].capital and i):
        return False
    j = i - 1
    while j >= 0 and is_adverb(words[j].lower):
        j -= 1
    before = words[j].lower if j >= 0 else ""
    after = words[i + 1].lower if i + 1 < len(words) else ""
    if before in DETERMINERS - {"both", "two", "several"} or before in ("'s", "'"):
        return False  # "the alleged ring"
    if before in MODALS or before.endswith("n't") or (before in BE and not word.endswith("ing")):
        return False
    if word in NOUN_LIKE and not (before in PRONOUNS or before == "who"):
        name = j >= 0 and words[j].capital and not (j == 0 and before in OPENERS | {"no", "the"})
        if not name:
            return False
    if (
        after == "by"
        or (word.startswith("call") and after.isdigit())
        or (word.startswith(_TRANSITIVE) and after in ("", ".", ","))
    ):
        return False
    if word.startswith("declin"):
        return after == "to" and i + 2 < len(words) and words[i + 2].lower in _DECLINED
    if word.startswith("point"):
        return after == "out"
    if word.startswith("ask") and after == "to":
        return False
    return not word.startswith(NEEDS_CLAUSE) or _has_clause(words, i)


def agent(words: Sequence[Token], i: int) -> int | None:
    """Where the speaker begins after a passive ("announced on Monday by NAME")."""
    word = words[i].lower
    if not word.endswith("ed") or word not in VERBS or words[i].capital:
        return None
    for k in range(i + 1, min(i + 4, len(words) - 1)):
        if not words[k].word:
            return None
        if words[k].lower == "by":
            doing = words[k + 1].lower.endswith("ing") or word.startswith("respond")
            return None if doing else k + 1
    return None


def _has_clause(words: Sequence[Token], i: int) -> bool:
    """Whether what is said stands beside the verb: "added that", "Menear continued."."""
    coming = [word.lower for word in words[i + 1 : i + 6]]
    if coming[:1] == ["to"]:
        return False
    near = any(word.text in (QUOTATION, ",") for word in words[max(0, i - 6) : i])
    closes = near and (not coming or coming[0] in (".", ","))
    quoted = QUOTATION in coming or any(w.text == QUOTATION for w in words[max(0, i - 4) : i])
    if closes or quoted or (coming and coming[0] in _CLAUSE):
        return True
    if "that" in coming:
        return coming[0] in ("on", "in", "last", "this") or coming[0] in DAYS
    return any(word in BE or word in ("has", "had", "will", "would") for word in coming[1:4])


def before_verb(words: Sequence[Token], i: int) -> int:
    """Index of the last token before a verb's adverbs, auxiliaries and days."""
    j = i - 1
    while j >= 0:
        word = words[j].lower
        aside = word == "," and j >= 2 and words[j - 1].lower == "however"
        if aside and words[j - 2].text == ",":
            j -= 3
        elif word in _TIMES and j and words[j - 1].lower in ("last", "this"):
            j -= 2
        elif _passes(words, j):
            j -= 1
        else:
            break
    return j


def _passes(words: Sequence[Token], j: int) -> bool:
    word = words[j].lower
    if word == "on":
        return words[j + 1].lower in DAYS
    return word in AUXILIARIES | DAYS or (is_adverb(word) and not words[j].capital)


def is_participle(words: Sequence[Token], i: int) -> bool:
    """Whether a verb is an "-ing" that does not make a tense ("is demanding")."""
    j = i - 1
    while j > 0 and is_adverb(words[j].lower):
        j -= 1
    return words[i].lower.endswith("ing") and not (j >= 0 and words[j].lower in BE)


def is_inverted(words: Sequence[Token], i: int, j: int) -> bool:
    """Whether the subject may follow the verb: "“…,” said NAME", "…, says NAME."."""
    word = words[i].lower
    if word not in SAYING or word in TELLING or word.endswith("ing") or j != i - 1:
        return False
    if i + 1 >= len(words) or (j >= 0 and words[j].text not in (QUOTATION, ",")):
        return False
    after = words[i + 1]
    if after.lower in DAYS or after.text == QUOTATION:
        return False
    if after.lower in PRONOUNS:
        return i + 2 >= len(words) or not words[i + 2].word
    if j >= 0 and words[j].text == QUOTATION and after.word:
        function = after.lower in PREPOSITIONS | BOUNDARIES | MODALS | {"and", "but", "or"}
        return not function and not is_adverb(after.lower)
    opening = after.lower in ("a", "an", "the", "his", "her", "one") or _AGED.match(after.lower)
    return after.capital or bool(opening) or is_role(after.text)


def segment_start(words: Sequence[Token], j: int) -> int:
    """First token of the stretch that ends at ``j`` and crosses no clause boundary."""
    while j >= 0:
        word = words[j]
        past = word.lower in SAYING or (word.lower in JUDGING and word.lower.endswith("ed"))
        verb = past and word.lower not in NOUN_LIKE and not word.capital
        if verb or word.lower in BOUNDARIES or not (word.word or word.text in "'’"):
            break
        j -= 1
    return j + 1


def phrase_end(words: Sequence[Token], start: int) -> int:
    """Index after the noun phrase that begins at ``start``."""
    k = start
    while k < len(words) and words[k].word:
        if k > start and (words[k].lower in _AFTER_NOUN or _governs_verb(words, k)):
            break
        k += 1
    return k


def _governs_verb(words: Sequence[Token], k: int) -> bool:
    """Whether a preposition introduces a doing: "accused by critics of promoting"."""
    following = words[k + 1].lower if k + 1 < len(words) else ""
    return words[k].lower in ("of", "for") and following.endswith("ing")


def source_end(words: Sequence[Token], start: int) -> int:
    """Index after what "according to" names: "a report in the Argus Leader" is one source."""
    end = phrase_end(words, start)
    while end + 1 < len(words) and words[end].lower in ("by", "from", "in", "with"):
        further = phrase_end(words, end + 1)
        named = any(word.capital and word.lower not in DAYS for word in words[end + 1 : further])
        if not named and words[end].lower != "with":
            break
        end = further
    return end


def opening_subject(words: Sequence[Token], before: int) -> tuple[int, int]:
    """Token range of the noun phrase that opens a sentence's main clause."""
    start = 0
    while start < before and (skipped(words[start]) or not words[start].word):
        start += 1
    if start < before and words[start].lower in PREPOSITIONS | BOUNDARIES:
        comma = next((k for k in range(start, before) if words[k].text == ","), before)
        start = comma + 1
    end = start
    while end < min(before, start + 8):
        word = words[end]
        verb = word.lower in AUXILIARIES | MODALS or is_adverb(word.lower)
        verb = verb or (end > start + 1 and word.lower.endswith("ed"))
        if verb or not word.word or word.lower in BOUNDARIES:
            break
        end += 1
    else:
        end = min(end, start + 4)
    return start, end


def skipped(word: Token) -> bool:
    """Whether a word at the beginning of a phrase is no part of it."""
    adverb = is_adverb(word.lower) and word.lower not in ("first", "long", "ever")
    return word.lower in OPENERS or adverb or (is_aged(word) and not word.capital)


def is_aged(word: Token) -> bool:
    """Whether a word tells an age: "56-year-old"."""
    return bool(_AGED.match(word.lower))


def head(part: Sequence[Token]) -> str:
    """The noun a phrase is about, folded: the last one before a preposition."""
    end = next((k for k, word in enumerate(part) if k and word.lower in PREPOSITIONS), len(part))
    while end > 1 and part[end - 1].lower in ("familiar", "close", "representing"):
        end -= 1
    return part[end - 1].lower


def joined(part: Sequence[Token]) -> list[Sequence[Token]]:
    """ "The United Nations and European Union" as two phrases."""
    if len(part) > 3 and not any(word.lower in PREPOSITIONS for word in part):
        for k in range(1, len(part) - 1):
            if part[k].lower == "and" and part[k - 1].capital and part[k + 1].capital:
                return [part[:k], *joined(part[k + 1 :])]
    return [part]


def writes(part: Sequence[Token]) -> bool:
    """Whether a stretch names a writing, so that a participle says what it says."""
    return any(singular(word.lower) in WRITINGS for word in part)


def owns(words: Sequence[Token], end: int) -> bool:
    """Whether the name that ends at an offset is a possessive."""
    after = next((word for word in words if word.start >= end), None)
    return after is not None and after.lower in ("'s", "'")
