"""Who said what: an article's speaker index, and the statements that a question asks for.

The question's words are matched to names, roles and countries ("Germany's foreign minister",
"the UK's position"); what it asks about ranks the speaker's statements. Not handled: questions
about groups that the article names otherwise ("European leaders").
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from assistant.aliases import countries
from assistant.attribution.people import Person
from assistant.attribution.speech import JUDGING, SAYING, is_role, singular
from assistant.attribution.statements import Statement
from assistant.wording import STOPWORDS, content_words, names

_ENOUGH = 2.0
"""Score from which a person is whom a question means: a surname, or an office and its country."""

_NAMED = 9.0
"""Score of a name, above any that roles add up to."""

_SAID_THAT = 0.5
"""Share of a "who said …" question's weight that a statement must hold."""

_OFFICES = (
    (
        r"foreign (?:secretary|minister)|secretary of state|(?:top|chief) diplomat",
        "foreignminister",
    ),
    (r"prime minister|premier\b|\bpm\b", "premier"),
    (r"(?:finance minister|treasury secretary|chancellor of the exchequer)", "financeminister"),
    (r"(?:interior minister|home secretary)", "interiorminister"),
    (r"defen[cs]e (?:minister|secretary)", "defenceminister"),
    (r"chief executive(?: officer)?|\bceo\b|\bboss\b", "chiefexecutive"),
    (r"spokes(?:man|woman|person)", "spokesperson"),
    (r"chair(?:man|woman|person)", "chair"),
    (r"\b(?:attorney|counsel)(?! general)", "lawyer"),
    (r"congress(?:man|woman)|\brep\.", "lawmaker"),
    (r"\bsen\.", "senator"),
    (r"\bgov\.", "governor"),
    (r"\bdr\.?\b|physician", "doctor"),
)
_HEADS = frozenset("head chief chiefexecutive director president leader chair".split())
_VERBS = (
    SAYING | JUDGING | frozenset("answer react feel want expect hope see view oppose".split())
) - {"state"}
_AUXILIARY = re.compile(
    r"\b(?:did|does|do|has|have|had|is|was|were|are|will|would)\s+", re.IGNORECASE
)
_STANCE = re.compile(
    r"['’]s?\s+(?:\w+\s+)?(?:position|view|stance|opinion|reaction|response|attitude|answer|comment|"
    r"message|verdict|statement|argument|words)s?\b",
    re.IGNORECASE,
)
_ACCORDING = re.compile(
    r"\baccording to (.+?)(?=[,?.]|$)|\bin (.+?)['’]s?\s+(?:view|opinion|words)\b", re.I
)
_WHO = re.compile(r"^\W*(?:who|which|whose)\b(?!.*\b(?:did|does)\b)", re.IGNORECASE)
_RELATED = re.compile(r"\s*(?:his|her|their|its|your|my|he|she|they|it)\b", re.IGNORECASE)
_BEFORE_NOUN = re.compile(
    r"(?:\b(?:the|an?|these|those|two|three|four|five|six|seven|eight|nine|ten|\d+)|[’']s)\s*$",
    re.IGNORECASE,
)
"""What a noun follows, perhaps with a participle: "the two accused officers"."""

_QUOTED = re.compile(r"[“\"‘']([^“”\"]{4,}?)[”\"’'](?!\w)")
_TOPIC = re.compile(
    r"\b(?:about|regarding|concerning"
    r"|(?:position|view|stance|opinion|comment|commented|remark|remarked)s? on"
    r"|(?:react|respond|reaction|response)(?:ed|s)? to|describe[ds]?)\s+(.+?)\W*$",
    re.IGNORECASE,
)
_WHAT_OR_HOW = re.compile(r"^\W*(?:(?:and|but|so)\b\W*)?(?:what|how)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"(?:what|when|how|why|who|where|that|which|whether|if)\b", re.IGNORECASE)
_VAGUE = frozenset(
    content_words(
        "issue situation matter subject topic news case event incident affair story article report "
        "everything anything something nothing thing future past plan decision move deal problem "
        "question himself herself itself themselves result outcome development announcement "
        "claim allegation statement remark comment idea proposal effort work role way reason "
        "person people time day year"
    )
)
"""Words that mean something told before, by whatever name it has there."""

_WORD = re.compile(r"[^\W_]+(?:[.&’'-](?!s\b)[^\W_]+)*")
_BARE_NAME = re.compile(r"(?:[Tt]he )?([A-Z][\w.&’'-]*(?: (?:(?:of|and|the) )*[A-Z][\w.&’'-]*)*)")
"""A name and nothing else: "AT&T", "the Bank of England"."""


def find_person(question: str, people: Sequence[Person]) -> Person | None:
    """Whom a question asks about, or None when the article has no such person.

    In "What did Kamikawa tell Blinken?" that is Kamikawa. A name that the article does not know
    is not replaced by the next one that it does, and "the minister" of several is no one.
    """
    subject = _subject(question)
    found = _meant(subject, people)
    ambiguous = len(found) > 1 and not countries(subject)
    return found[0] if found and not ambiguous else None


def asked_statement(
    question: str,
    people: Sequence[Person],
    statements: Sequence[Statement],
    nearness: Callable[[Statement], float] = lambda _: 0.0,
) -> tuple[Statement, ...]:
    """The statements that a question about saying asks for, best first; else ``()``.

    Shapes: "What did X say (about Y)?", "How did X describe Y?", "What is X's position on Y?",
    "according to X", and "Who said “…”?", for which the statements hold those words. Of somebody's
    statements those are best that share the rarest words with the question; ``nearness``, from -1
    to 1, decides among those that share hardly any.
    """
    if _WHO.match(question) and (asked := _who_said(question, people, statements)):
        return asked
    subject = _subject(question)
    verb = _verb_at(question, 0)
    shaped = verb is not None or _STANCE.search(question) or _ACCORDING.search(question)
    meant = _meant(subject, people) if shaped else []
    if not meant:
        return ()
    offices = {f"{person.name}'s office" for person in meant}
    theirs = [s for s in statements if s.speaker in meant or s.speaker.name in offices]
    if verb is not None:
        told = _meant(question[verb:], [p for p in people if p not in meant])
        theirs = [s for s in theirs if s.addressee in told and told] or theirs
    topic = set(content_words(question)) - set(content_words(subject))
    weights = _weights(statements)
    return tuple(sorted(theirs, key=lambda s: -_overlap(topic, s.text, weights) - nearness(s)))


def asked_names(question: str) -> frozenset[str]:
    """Folded words of the names of those whose words or views a question asks for."""
    return names(f"x {_subject(question)}")


def asked_name(question: str) -> str:
    """The one name that alone tells whose words a question asks for; ``""`` where none does.

    Who is told by an office, a country or a description may be named otherwise in the article.
    """
    found = _BARE_NAME.fullmatch(_subject(question).strip())
    return "" if found is None or countries(found[1]) else found[1]


def asked_topic(question: str) -> str:
    """What a question wants someone's words about, as it says it, or ``""``.

    "What did X say about Y?", "What is X's position on Y?", "How did X react to Y?". What is told
    as a clause ("what happened") and what could be anything ("the issue", "it") is none.
    """
    shaped = _verb_at(question, 0) is not None or _STANCE.search(question)
    found = _TOPIC.search(question)
    if not shaped or found is None or not _WHAT_OR_HOW.match(question) or _CLAUSE.match(found[1]):
        return ""
    named = set(content_words(found[1])) - set(content_words(_subject(question)))
    return found[1] if named - _VAGUE else ""


def asks_who(question: str) -> bool:
    """Whether a question asks who said something ("Which official said “…”?")."""
    told = _verb_at(question, 0) is not None or _QUOTED.search(question)
    return bool(_WHO.match(question) and told)


def _subject(question: str) -> str:
    """The part of a question that names whose words or views it asks for."""
    if according := _ACCORDING.search(question):
        return according[1] or according[2]
    auxiliary = _AUXILIARY.search(question)
    start = auxiliary.end() if auxiliary else 0
    if stance := _STANCE.search(question, start):
        return question[start : stance.start()]
    end = _verb_at(question, start)
    return question[start:end]


def _verb_at(question: str, start: int) -> int | None:
    """Offset of the first verb of speaking (never a capitalised word)."""
    for word in _WORD.finditer(question, start):
        if word[0] in _VERBS and not _BEFORE_NOUN.search(question, 0, word.start()):
            return word.start()
    return None


def _meant(phrase: str, people: Sequence[Person]) -> list[Person]:
    """The persons a phrase means, best first: all who score as well as the best."""
    if _RELATED.match(phrase):
        return []
    scored = [(_score(phrase, person), person) for person in people]
    best = max((score for score, _ in scored), default=0.0)
    return [person for score, person in scored if score >= max(_ENOUGH, best - 0.01)]


def _score(phrase: str, person: Person) -> float:
    told = person.role or person.name
    offices, held = _offices(phrase), _offices(told)
    if person.kind == "body" and offices and not offices & held:
        return 0.0  # "PG&E's boss" is not PG&E.
    if at := _name_in(phrase, person):
        return _NAMED if _first(phrase[: at.start()], person) else 0.0
    asked, own = countries(phrase), countries(told)
    if asked and not asked & (own or person.countries):
        return 0.0
    if asked and _bare_country(phrase):
        return _ENOUGH if own & asked and (held or person.kind == "body") else 0.0
    if offices and not offices & held and not (offices & _HEADS and held & _HEADS):
        return 0.0
    common = _other_words(phrase) & _other_words(told)
    office = 3.5 if offices & held else 1.0 if offices else 0.0
    return office + len(common) + (1.0 if asked & own else 0.0)


def _other_words(text: str) -> frozenset[str]:
    """Stems of the words that are neither offices nor countries."""
    rest = (w for w in _WORD.findall(text) if not is_role(w) and not countries(w))
    return frozenset(content_words(" ".join(rest)))


def _name_in(phrase: str, person: Person) -> re.Match[str] | None:
    forms = [person.name]
    if person.kind == "person" and person.name[:1].isupper():
        forms.append(person.last_name)
    forms = [re.sub(r"^(?:the|an?)\s+", "", form, flags=re.IGNORECASE) for form in forms]
    for form in forms:
        if found := re.search(rf"(?<!\w){re.escape(form)}(?!\w)", phrase, re.IGNORECASE):
            return found
    return None


def _first(before: str, person: Person) -> bool:
    """Whether a name is not preceded by another: roles and given names are no other."""
    known = {word.casefold() for word in _WORD.findall(f"{person.name} {person.role}")}
    for word in _WORD.findall(before):
        other = word[0].isupper() and word.casefold() not in known | STOPWORDS
        if other and not is_role(word) and not countries(word):
            return False
    return True


def _bare_country(phrase: str) -> bool:
    """Whether a country itself is asked for ("the UK", "Germany's government", "Paris")."""
    rest = [w for w in _WORD.findall(phrase) if w.casefold() not in STOPWORDS and not countries(w)]
    return all(
        word.casefold() in ("government", "authorities", "officials", "side") for word in rest
    )


def _offices(text: str) -> frozenset[str]:
    """Canonical roles in a text: premier for "prime minister", chair for "chairwoman"."""
    folded = text.casefold()
    for pattern, office in _OFFICES:
        folded = re.sub(pattern, office, folded)
    known = {office for _, office in _OFFICES}
    words = (singular(word) for word in re.findall(r"[^\W_]+", folded))
    return frozenset(word for word in words if word in known or is_role(word))


def _who_said(
    question: str, people: Sequence[Person], statements: Sequence[Statement]
) -> tuple[Statement, ...]:
    """The statements that hold what "who said …" asks for, or that the "which …" can have made."""
    verb = _verb_at(question, 0)
    quoted = _QUOTED.search(question)
    if verb is None and not quoted:
        return ()
    meant = _meant(question[:verb], people) if verb is not None and not quoted else []
    heard = [s for s in statements if s.speaker in meant] or statements
    asked = quoted[1] if quoted else _WORD.sub("", question[verb:], count=1)
    words, weights = set(content_words(asked)), _weights(statements)
    total = sum(weights.get(word, weights[""]) for word in words)
    scored = [(_overlap(words, s.text, weights), s) for s in heard]
    least = 0.0 if heard is not statements else _SAID_THAT * total
    enough = [pair for pair in scored if words and pair[0] >= least]
    return tuple(s for _, s in sorted(enough, key=lambda pair: -pair[0]))


def _weights(statements: Sequence[Statement]) -> dict[str, float]:
    """Weight of each word: rarer among the statements is heavier; ``""`` is an unseen word."""
    frequency = Counter(word for s in statements for word in set(content_words(s.text)))
    size = len(statements) + 1
    return {word: math.log(1 + size / count) for word, count in frequency.items()} | {
        "": math.log(1 + size)
    }


def _overlap(words: Iterable[str], text: str, weights: Mapping[str, float]) -> float:
    given = set(content_words(text))
    return math.fsum(weights[word] for word in words if word in given)
