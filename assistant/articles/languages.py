"""Which language an article is in, and what that means for the answers."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_SAMPLE = 4_000
_ENOUGH = 60  # characters; below, any guess is a coin toss
_SURE = 0.5
_ENGLISH = {"the", "and", "that", "with", "from", "which", "this", "have", "for", "are"}
_ENGLISH_SHARE = 0.07
# Varieties that the model tells apart and a reader of the notice need not.
_MACRO = {"wuu": "zh", "yue": "zh", "nan": "zh", "gan": "zh", "nb": "no", "arz": "ar", "ary": "ar"}
# In this order: Japanese and Korean texts hold Han characters as well.
_SCRIPTS = {
    "ja": (re.compile("[\u3041-\u30ff]"), 0.1),
    "ko": (re.compile("[\uac00-\ud7a3]"), 0.2),
    "zh": (re.compile("[\u3400-\u9fff]"), 0.3),
}
_NAMES = {
    **{"ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek"},
    **{"es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew"},
    **{"hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese"},
    **{"ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese"},
    **{"ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian"},
    **{"vi": "Vietnamese", "zh": "Chinese"},
}


def language_of(text: str, *, stated: str | None = None) -> str | None:
    """A BCP 47 tag such as ``en`` or ``pt-BR``, or ``None`` where the text is too short to tell.

    The text decides: pages often state the language of their template. What is ``stated`` adds
    the region where it names the same language, and stands in where the text is too short.
    """
    sample = text[:_SAMPLE]
    found = "en" if _plainly_english(sample) else _by_script(sample) or _classified(sample)
    base, _, region = (stated or "").partition("-")
    if found is None or base.lower() == found:
        return "-".join(filter(None, (base.lower(), _region(region)))) or None
    return found


def language_notice(language: str | None) -> str | None:
    """A sentence for the reader of an article that is not in English."""
    base = (language or "en").partition("-")[0].lower()
    if base == "en":
        return None
    return (
        f"This article is in {_NAMES.get(base, f'the language {base!r}')}; the standard models "
        "are made for English, so answers may miss things. Set a multilingual embedder and model."
    )


def _region(tag: str) -> str:
    return tag.upper() if len(tag) == 2 else tag


def _by_script(sample: str) -> str | None:
    """Languages that their script gives away, also where Latin names stand between."""
    letters = sum(map(str.isalpha, sample)) or 1
    for language, (script, share) in _SCRIPTS.items():
        if len(script.findall(sample)) >= share * letters:
            return language
    return None


def _plainly_english(sample: str) -> bool:
    words = re.findall(r"[^\W\d_]+", sample.lower())
    return len(words) >= 30 and sum(w in _ENGLISH for w in words) >= _ENGLISH_SHARE * len(words)


def _classified(sample: str) -> str | None:
    letters = sum(map(str.isalpha, sample))
    if letters < _ENOUGH and sample.isascii():
        return None
    language, sure = _identifier().classify(sample)
    if sure < _SURE or language in ("und", "zxx"):
        return None
    return _MACRO.get(str(language), str(language))


@functools.cache
def _identifier() -> LanguageIdentifier:
    # Imported and read here: it takes half a second, and English articles never need it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
