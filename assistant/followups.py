"""Make a follow-up question standalone: "And Germany's?" → "What was Germany's position?".

A question that can be understood alone is never changed. "And X?" is answered by putting X
in its place in the last question, which needs no model; everything else is rewritten by the
model and checked: a rewrite that brings in a name from nowhere is not used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from assistant.aliases import countries
from assistant.parts import parts_of
from assistant.prompts import render
from assistant.reading import Halt, never, pieces
from assistant.schema import Turn
from assistant.wording import content_words, names, numbers

_TURNS = 3
"""How many earlier exchanges are looked at."""

_ANSWER_CHARS = 600
"""How much of an earlier answer the model is shown."""

_MAX_CHARS = 400
_MAX_TOKENS = 64

_POINTING = re.compile(
    r"\b(?:he|she|him|her|his|hers|they|them|their|theirs|its|ones|else|it(?! that\b)"
    # not "Is there a ceasefire?"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )there"
    r"(?! (?:is|are|was|were|be|been|has|have|will|would)\b)"
    r"|(?:this|these)(?! (?:article|text|story|report|news|week|month|year|morning|evening)\b)"
    r"|those(?! (?:who|whose|that|in|of|\w+ed)\b)"
    # not "the first day" or "one state or two"
    r"|the (?:first|second|third|last|other|former|latter|same)"
    r"(?: one)?(?=\s*(?:[?.,;]|$|(?:say|said|do|did|mean|want|think|one)\b))"
    r"|(?:which|this|that|the) one|(?:so|then)(?=\s*\?)|(?:do|does|did|done|say|said|think) so)\b"
    r"|\b(?:did|does|do|was|is|were|will|of|about|after|before|for|to|with|like|by) that\b"
    r"(?! (?:the|an?|his|her|their|its|this|these)\b)",
    re.IGNORECASE,
)
# "Where is the meeting?" has one word only, and yet all it needs.
_DEFINITE = re.compile(r"^\w+ (?:is|are|was|were|did|does|do|will|has|have|had) the \w", re.I)
_CONTINUING = re.compile(
    r"^(and|but|or|so|also|then|what about|how about|why|why not|how so|when|where|who|"
    r"what else|anything else|who else|since when|how come)\b",
    re.IGNORECASE,
)
_SAME_FOR = re.compile(r"^(?:and|but|what about|how about)\s+(?:what about\s+)?(.+?)\s*\??$", re.I)
_PREPOSITIONS = frozenset("among in at on for after before since during from by with".split())
_NAME = r"(?:the\s+)?[A-Z][\w.’'-]*(?:\s+(?:of\s+)?[A-Z][\w.’'-]*)*"


def is_standalone(question: str) -> bool:
    """Whether a question can be understood without what was said before.

    A pronoun is no reason to doubt it when a name stands before it in the same question
    ("What did Cleverley say his government would support?").
    """
    pointing = _POINTING.search(question)
    if pointing and not names(f"x {question[: pointing.start()]}"):
        return False
    if _SAME_FOR.match(question) and not re.search(r"\b(did|do|does|is|was|were)\b", question):
        return False
    short = len(content_words(question)) < 2 and not _DEFINITE.match(question)
    return not (_CONTINUING.match(question) and short)


def standalone(
    question: str,
    history: Sequence[Turn],
    model: BaseChatModel | None,
    prompts: Path | None = None,
    stopped: Halt = never,
) -> str:
    """The question as it would be asked without the conversation.

    Raises:
        EndpointError, ModelError: when the model fails.
        Stopped: ``stopped`` said so while the model was rewriting.
    """
    if not history or is_standalone(question):
        return question
    if moved := _same_for_another(question, history[-1].question):
        return moved
    if model is not None:
        rewritten = _rewrite(question, history[-_TURNS:], model, prompts, stopped)
        if rewritten and _is_faithful(rewritten, question, history):
            return rewritten
    # The words of both find what the follow-up is about, and its own come first: they ask.
    return f"{question} (This follows the question: {history[-1].question.strip()})"


def parts_alone(question: str) -> list[tuple[str, str]]:
    """The parts of a question (``parts_of``), each with how it can be asked by itself."""
    first, *others = parts_of(question)
    return [(first, first), *((one, standalone(one, [Turn(first, "")], None)) for one in others)]


def _same_for_another(question: str, previous: str) -> str:
    """ "And Paris?" after "What did the UK say?": the previous question about Paris."""
    match = _SAME_FOR.match(question)
    if not match:
        return ""
    subject = match.group(1).strip()
    if moved := _same_place(subject, previous):
        return moved
    if subject.islower() and countries(subject.title()):
        subject = subject.title()
    if not re.fullmatch(_NAME + r"(?:['’]s?)?", subject):
        return ""
    is_country = bool(countries(subject))
    first = previous.split(maxsplit=1)[0] if previous else ""
    for found in re.finditer(_NAME, previous):
        old = found.group()
        # The first word has its capital by right ("What did …").
        if found.start() == 0 and not countries(old):
            rest = old.removeprefix(first).lstrip()
            if not rest:
                continue
            old = rest
        if is_country and not countries(old):
            continue
        bare, possessive = re.sub(r"['’]s?$", "", subject), re.search(r"['’]s?$", old)
        new = bare + (possessive.group() if possessive else "")
        return previous.replace(old, new, 1)
    return ""


def _same_place(phrase: str, previous: str) -> str:
    """ "And among teenagers?" after "… among adults after the vote?": the phrase is swapped."""
    preposition = phrase.split(maxsplit=1)[0].casefold()
    if preposition not in _PREPOSITIONS or " " not in phrase:
        return ""
    others = "|".join(_PREPOSITIONS - {preposition})
    place = re.compile(rf"\b{preposition}\b.+?(?=\s+\b(?:{others})\b|\?|$)", re.IGNORECASE)
    found = place.search(previous)
    return f"{previous[: found.start()]}{phrase}{previous[found.end() :]}" if found else ""


def _rewrite(
    question: str,
    history: Sequence[Turn],
    model: BaseChatModel,
    prompts: Path | None,
    stopped: Halt,
) -> str:
    """The first line that the model writes."""
    told = "\n".join(f"Q: {turn.question}\nA: {turn.said[:_ANSWER_CHARS]}" for turn in history)
    prompt = render("rewrite", prompts, history=told, question=question)
    text = ""
    with closing(pieces(model, [("user", prompt)], stopped, max_tokens=_MAX_TOKENS)) as chunks:
        for chunk in chunks:
            text = f"{text}{chunk.text}".lstrip()
            if "\n" in text:
                break
    return text.partition("\n")[0].strip(' "“”')


def _is_faithful(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    given = " ".join([*(f"{turn.question} {turn.said}" for turn in history), question])
    known = set(content_words(given)) | names(given)
    invented = {name for name in names(rewritten) if name not in known}
    kept = set(content_words(question))
    return (
        len(rewritten) <= _MAX_CHARS
        and not invented
        and numbers(rewritten) <= numbers(given)
        # "How did it turn out?" has no word that a rewrite must keep.
        and (len(kept) < 2 or len(kept & set(content_words(rewritten))) * 2 >= len(kept))
    )
