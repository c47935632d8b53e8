"""Countries by every name an article may use: UK, British, London; Germany, German, Berlin.

The names come from the countryinfo package. Not handled: offices and persons ("the
chancellor"), regions, and cities that are not capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

_WORDS = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*", re.UNICODE)
_POSSESSIVE = re.compile(r"['’]s?$")
_LONGEST = 4
"""Words of a country's name at most; the full official names are not written in news."""

_SENTENCE = 1_000
"""Characters of what is remembered once it was looked through; whole articles are not."""

_ALSO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "United Kingdom": ("Britain", "Britons"),
        "United States": ("America",),
        "Turkey": ("Türkiye",),
        "Ukraine": ("Kiev",),
        "Holy See (Vatican City State)": ("Vatican",),
    }
)
"""Everyday names that the package lacks."""


def countries(text: str) -> frozenset[str]:
    """Canonical names of the countries a text mentions, by whatever name."""
    return frozenset(country for _, _, country in mentions(text))


def mentions(text: str) -> tuple[tuple[int, int, str], ...]:
    """Start, end and canonical name of each country a text mentions, in order.

    The longest name wins: "South Sudan" is not Sudan, and its words are no names of their own.
    """
    return (_mentions_again if len(text) <= _SENTENCE else _mentions)(text)


def _mentions(text: str) -> tuple[tuple[int, int, str], ...]:
    index = _index()
    tokens = list(_WORDS.finditer(text))
    bare = [_POSSESSIVE.sub("", token.group()) for token in tokens]
    found: list[tuple[int, int, str]] = []
    i = 0
    while i < len(tokens):
        size, country = _longest(bare[i : i + _LONGEST], index)
        if country:
            found.append((tokens[i].start(), tokens[i + size - 1].end(), country))
        i += size
    return tuple(found)


_mentions_again = lru_cache(maxsize=4096)(_mentions)


def expansions(text: str) -> tuple[str, ...]:
    """Other names of the countries a text mentions, to search with beside its own words."""
    given = text.casefold()
    names = (name for country in sorted(countries(text)) for name in _names()[country])
    return tuple(name for name in names if name.casefold() not in given)


def _longest(tokens: Sequence[str], index: Mapping[str, str]) -> tuple[int, str]:
    """How many of the first tokens name which country: ``(1, "")`` when they name none."""
    if tokens[0][:1].isupper():
        for size in range(len(tokens), 0, -1):
            key = _key(" ".join(tokens[:size]))
            # "Germans", "South Koreans"
            country = index.get(key) or index.get(key.removesuffix("s"))
            if country:
                return size, country
    return 1, ""


def glosses(question: str, text: str) -> tuple[str, ...]:
    """How the text names the countries that the question names otherwise.

    "What does London say?" of a text about the British government gives
    ``("London: British",)``.
    """
    return tuple(
        f"{asked[0]}: {', '.join(given[:3])}" for asked, given in _named_otherwise(question, text)
    )


def reworded(question: str, text: str) -> str:
    """The question with those countries named as the text names them.

    "What does London say?" of a text about the British government gives "What does British
    say?", which is no English, and near enough for what compares words.
    """
    for asked, given in _named_otherwise(question, text):
        for name in sorted(asked, key=len, reverse=True):
            question = _pattern(name).sub(given[0], question)
    return question


def _named_otherwise(question: str, text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The names that a question has, and a text, of each country that both name differently."""
    for country in sorted(countries(question)):
        names = _names()[country]
        asked = [name for name in names if _stands(name, question)]
        given = [name for name in names if _stands(name, text)]
        if asked and given and not set(asked) & set(given):
            yield asked, given


def _stands(name: str, text: str) -> bool:
    return _pattern(name).search(text.replace(".", "")) is not None


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name)}\b")


def _key(name: str) -> str:
    # Codes count in capitals only: "us" is a pronoun, "US" a country.
    bare = name.replace(".", "")
    return bare if len(bare) <= 3 and bare.isupper() else name.casefold()


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    from countryinfo import all_countries

    names = {}
    infos = (country.info() for country in all_countries())
    # The larger country first: "American" is the United States before it is Saipan.
    for info in sorted(infos, key=lambda info: -(info.get("population") or 0)):
        name = info.get("name")
        if not name:
            continue
        others = [info.get("demonym"), _capital(info.get("capital")), *info.get("altSpellings", ())]
        full = [name, *(other for other in others if isinstance(other, str))]
        usable = (other for other in full if _usable(other, full))
        names[name] = tuple(dict.fromkeys([*usable, *_ALSO.get(name, ())]))
    return MappingProxyType(names)


@cache
def _index() -> Mapping[str, str]:
    index: dict[str, str] = {}
    for country, names in _names().items():
        for name in names:
            index.setdefault(_key(name), country)
    # A country's own name wins over another's demonym or capital (Georgia, Guinea, Congo).
    index.update({_key(country): country for country in _names()})
    return MappingProxyType(index)


def _capital(name: object) -> str | None:
    # "Washington D.C." is written "Washington" when it stands for a government.
    return re.sub(r",? D\.?C\.?$", "", name) if isinstance(name, str) else None


def _usable(name: str, names: Sequence[str]) -> bool:
    if not name.isascii() or len(name) < 2:
        return False
    if len(name) > 3 or not name.isupper():
        return True
    # Of the codes only those that people write: the initials of a name (UK, US, USA, UAE).
    # The others (IT, IN, NO, DE) are words.
    return any(name == "".join(w[0] for w in full.split() if w[0].isupper()) for full in names)
