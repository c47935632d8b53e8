"""What the words of a sentence claim: its content words, numbers, dates and names.

The pieces that citing and checking share. English rules, harmless elsewhere: without spaces
or capitals there are simply fewer pieces to compare.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache

from snowballstemmer import stemmer

from assistant.aliases import mentions

STOPWORDS = frozenset(
    """
    a about after again all also am an and any are as at be because been before being between
        both but by can could d did do does doing don down during each either else ever every few
        for from further had has have having he her here hers him his how i if in into is it its
        itself just ll m may me might more most much must my no nor not of off on once only or
        other our ours out over own per re s same shall she should so some such t than that the
        their theirs them then there these they this those through to too under until up upon us
        ve very was we were what when where which while who whom whose why will with would you
        your yours
    """.split()
)
"""Words that any two English sentences share without meaning anything by it."""

_STEMMER = stemmer("english")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W_]+(?:['’][^\W_]+)*")
_CONTRACTED = re.compile(r"\b(ca|wo|sha|\w+)(?:n['’]t|(?<=can)not)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FIGURE = re.compile(r"(?<![\w.,])\d[\d.,]*\d(?!\w)")
_LONG_NAME = 6
_SPELT_ALIKE = 0.87
"""Two long names this alike differ by about one letter."""

_RUN = re.compile(r"[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)+")
_CAPITAL = re.compile(r"[A-Z][\w’'-]+")
_PHRASE = re.compile(r"[A-Z][\w’'-]+(?:(?: of| and| for| the)* [A-Z][\w’'-]+)+")
_ABBREVIATION = re.compile(r"\b(?:Mrs?|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Lt|Sgt|St|[A-Z])\.\s$")
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
).split()
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SMALL)} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70",
    "eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000", "dozen": "12",
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5",
    "sixth": "6", "seventh": "7", "eighth": "8", "ninth": "9", "tenth": "10",
    "twice": "2", "million": "1000000", "billion": "1000000000", "trillion": "1000000000000",
    "mn": "1000000", "bn": "1000000000", "tn": "1000000000000",
}  # fmt: skip
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
_MONTH_SHORT = {month[:3]: month for month in _MONTHS} | {"sept": "september"}
# Capitalised in the middle of a sentence without naming anyone.
_UNNAMING = frozenset(
    "i i'm i'd i'll i've mr mrs ms dr prof sir lord lady sen rep gov gen president "
    "yesterday today tomorrow".split()
)
_NO_NAMES = STOPWORDS | _UNNAMING | _DAYS | _MONTHS | _NUMBER_WORDS.keys()


Same = Callable[[Collection[str], Collection[str]], bool]
"""Whether two groups of names, as :func:`names` gives them, can mean one person or country."""

_COMMA = re.compile(r"[”\" ]*,")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written and what it is compared by: its stem, a number's digits, "not".

    ``comma`` tells that a comma follows it.
    """

    text: str
    stem: str
    comma: bool = False


def words_of(text: str) -> list[Word]:
    """Every word of a text in order, those without a meaning of their own too.

    A contracted "not" is a word of its own: "isn't" is "is" and "not".
    """
    found = []
    text = _CONTRACTED.sub(_uncontracted, text)
    for match in _WORD.finditer(text):
        plain = _plain(match.group())
        if plain:
            comma = _COMMA.match(text, match.end()) is not None
            key = plain if plain in STOPWORDS else stem(plain)
            found.append(Word(match.group(), key, comma))
    return found


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, with repeats; numbers as digits."""
    words = [_plain(word) for word in _WORD.findall(text)]
    return [stem(word) for word in words if word and word not in STOPWORDS]


def numbers(text: str) -> frozenset[str]:
    """Every number a text states, in digits: "three", "3" and "3.0" are one."""
    found = {_digits(match) for match in _NUMBER.findall(text)}
    for word in _WORD.findall(text):
        folded = word.casefold()
        if folded in _NUMBER_WORDS:
            found.add(_NUMBER_WORDS[folded])
    return frozenset(found)


def figures(text: str) -> frozenset[str]:
    """The numbers of three digits or more that a text writes in digits: years, large counts.

    Decades ("the 1700s") are left out: a text that means one writes it in other ways, too.
    """
    return frozenset(
        _digits(match)
        for match in _FIGURE.findall(text)
        if sum(letter.isdigit() for letter in match) >= 3
    )


def dates(text: str) -> frozenset[str]:
    """Weekdays and months a text names ("may" and "march" only when capitalised)."""
    words = {_plain(word) for word in _WORD.findall(text) if word[0].isupper()}
    return frozenset(words & (_DAYS | _MONTHS))


def names(text: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Folded words of the proper names in a text; of countries the canonical name.

    The first word of a sentence has its capital by right: it counts when another capital
    follows or when it is ``known`` as a name from elsewhere.
    """
    mentioned = mentions(text)
    found = {country.casefold() for _, _, country in mentioned}
    within = {place for start, end, _ in mentioned for place in range(start, end)}
    matches = list(_WORD.finditer(text))
    for i, match in enumerate(matches):
        word, folded = match.group(), _plain(match.group())
        if not word[0].isupper() or len(folded) < 2 or match.start() in within:
            continue
        if folded in _NO_NAMES:
            continue
        if folded not in known and _opens(text, match.start()):
            follower = matches[i + 1] if i + 1 < len(matches) else None
            # "However, Blinken said": a comma parts what would else be a first and a last name.
            if follower is None or not follower.group()[0].isupper():
                continue
            if text[match.end() : follower.start()] != " ":
                continue
        found.add(folded)
    return frozenset(found)


@lru_cache(maxsize=16)
def vocabulary(text: str) -> frozenset[str]:
    """Everything that a text as a whole has of content words, names and numbers."""
    return frozenset(content_words(text)) | names(text) | numbers(text)


def abbreviations(text: str) -> frozenset[str]:
    """Initials of the capitalised phrases in a text, folded: "g7" for "Group of Seven"."""
    phrases = (_CAPITAL.findall(run.group()) for run in _PHRASE.finditer(text))
    return frozenset(
        "".join(next(iter(numbers(word)), word[0]) for word in words).casefold()
        for words in phrases
    )


def full_names(text: str) -> Mapping[str, frozenset[str]]:
    """For each last part of a capitalised run ("Corbyn") all parts of the one run it ends.

    Where two runs end alike (Anas and Sirajuddin Haqqani) the last part alone tells nothing
    and only stands for itself.
    """
    runs: dict[str, set[frozenset[str]]] = {}
    for match in _RUN.finditer(text):
        parts = [_plain(word) for word in match.group().split()]
        parts = [part for part in parts if part not in STOPWORDS]
        if len(parts) > 1:
            runs.setdefault(parts[-1], set()).add(frozenset(parts[-2:]))
    return {last: next(iter(found)) for last, found in runs.items() if len(found) == 1}


def is_spelt_like(name: str, others: Collection[str]) -> bool:
    """Whether a long name is one of the others in another spelling ("Baerbock", "Cleverly")."""
    return len(name) >= _LONG_NAME and bool(get_close_matches(name, others, 1, _SPELT_ALIKE))


@cache
def stem(word: str) -> str:
    """The English stem of a folded word."""
    return str(_STEMMER.stemWord(word))


def _opens(text: str, start: int) -> bool:
    """Whether a sentence, a quotation or a line begins at ``start``."""
    before = text[max(0, start - 8) : start]
    if _ABBREVIATION.search(before):
        return False
    said = before.rstrip()
    space = before[len(said) :]
    if said.endswith(',"'):
        return False  # "…," Smith said
    return not said or "\n" in space or said[-1] in '“"‘([' or (said[-1] in ".!?…:" and space != "")


@lru_cache(maxsize=2**16)
def _plain(word: str) -> str:
    is_capital = word[:1].isupper()
    word = unicodedata.normalize("NFKD", word).casefold().replace("’", "'")
    word = "".join(c for c in word if not unicodedata.combining(c))
    word = re.sub(r"'s?$", "", word)
    if is_capital and word in _MONTH_SHORT:
        return _MONTH_SHORT[word]
    if word[:1].isdigit():
        return _digits(word) if word.replace(",", "").replace(".", "").isdigit() else word
    return _NUMBER_WORDS[word] if word in _SMALL else word


def _uncontracted(match: re.Match[str]) -> str:
    verb = match[1].casefold()
    return f"{ {'ca': 'can', 'wo': 'will', 'sha': 'shall'}.get(verb, match[1]) } not"


def _digits(number: str) -> str:
    """ "600,000" and "600.000" as "600000"; "3.0" as "3"; "3.80" as "3.8"."""
    if re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", number):
        return re.sub(r"[.,]", "", number)
    if "," in number and "." in number:  # "1,234.5" and "1.234,5": the last one is the point
        number = re.sub(r"[.,](?=.*[.,])", "", number)
    number = number.replace(",", ".")
    if number.count(".") > 1:
        return number
    return number.rstrip("0").rstrip(".") if "." in number else number.lstrip("0") or "0"
