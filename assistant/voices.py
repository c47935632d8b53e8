"""Whose words are these? Compare the speaker a claim names with the speaker of its quote.

Stands between the speaker index of an article (``attribution``) and the checks of an answer
(``support``, ``grounding``). Not handled: finding statements and speakers.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

from assistant.aliases import countries, mentions
from assistant.attribution import Person, SpeakerIndex, Statement, speaker_index
from assistant.contradiction import Contradiction
from assistant.schema import Article, Passage
from assistant.verbs import is_verb_like
from assistant.wording import content_words, is_spelt_like, names, words_of

_MOSTLY = 0.6
"""Share of a claim's words inside quotation marks that makes it someone's words."""

_ALLEGING = frozenset(
    "allege alleges alleged alleging claim claims claimed claiming contend contends contended "
    "suspect suspects suspected believe believes believed insist insists insisted".split()
)
"""Verbs whose speaker vouches for what others doubt: it stays the speaker's."""

_SUBJECT = 5
"""Words with which a claim opens and names whose view it tells."""

_REACH = 500
"""Characters within which a pronoun whose speaker was inferred may mean someone else."""

_OUTWEIGHS = 2
"""How many times as much of a claim a passage has where nobody speaks, for it to be said there."""

Indexes = Mapping[str, SpeakerIndex]
"""Speaker indexes by article id."""


def statements_in(passages: Sequence[Passage], indexes: Indexes) -> list[Statement]:
    """The statements the passages hold, in their order."""
    return [
        statement
        for passage in passages
        if passage.article_id in indexes
        for statement in indexes[passage.article_id].statements
        if statement.passage_id == passage.id
    ]


def meant_in(passages: Sequence[Passage], indexes: Indexes) -> str:
    """Names and roles of those whom the passages mean by a pronoun or let speak."""
    meant = [statement.speaker for statement in statements_in(passages, indexes)]
    meant += filter(None, (_antecedent(passage, indexes) for passage in passages))
    return ". ".join(dict.fromkeys(person.label for person in meant))


def meant_by_pronoun(passage: Passage, indexes: Indexes) -> frozenset[str]:
    """The names of whom the first "he", "she" or "they" of a passage means, if that is known."""
    person = _antecedent(passage, indexes)
    return names(f"x {person.name}") if person else frozenset()


def _antecedent(passage: Passage, indexes: Indexes) -> Person | None:
    index = indexes.get(passage.article_id)
    return index.antecedents.get(passage.id) if index else None


def unnamed_speakers(indexes: Indexes) -> dict[str, Person]:
    """By passage id, who speaks in passages that do not name their speaker."""
    return unnamed(one for index in indexes.values() for one in index.statements)


def unnamed(statements: Iterable[Statement]) -> dict[str, Person]:
    """By passage id, who makes those of the statements that do not name their speaker."""
    return {one.passage_id: one.speaker for one in statements if not one.explicit}


def misattributed(
    claim: str, passages: Sequence[Passage], indexes: Indexes, question: str = ""
) -> str:
    """Why the claim puts the quote into a wrong mouth, in words; ``""`` when it does not.

    Only speaks up when the claim names a speaker, the passages have speakers, and nobody
    among them can be meant. Whom the question describes without a name ("the head of the
    agency") and the claim repeats may be anyone the article names.
    """
    everything = statements_in(passages, indexes)
    texts = {passage.id: passage.text for passage in passages}
    addressed = {statement.addressee.name for statement in everything if statement.addressee}
    for statement in _claimed(claim) if everything else ():
        claimed = statement.speaker
        said = _about_this(claim, claimed, everything)
        if _described_by(question, claimed):
            continue
        if own := [other for other in said if _same(claimed, other.speaker)]:
            if _stands_elsewhere(claim, claimed, own, passages, everything):
                return f"the quote does not put this into the mouth of {claimed.name}"
            continue
        last = claimed.last_name
        named = any(last in texts[other.passage_id] for other in said)
        if named and not any(last in name for name in addressed):
            continue
        if all(_is_inferred(other) and _near(claimed, other, indexes) for other in said):
            continue
        return f"these are the words of {said[0].speaker.label}, not of {claimed.name}"
    return ""


def held_by_another(
    claim: str, passages: Sequence[Passage], indexes: Indexes
) -> Contradiction | None:
    """Whose view it is that the claim gives to another country, or to somebody of another one.

    "Japan would support a pause", from what a British minister said. Only where the passages that
    hold what is claimed do not name the other one at all.
    """
    subject = _opening(claim)
    words = set(content_words(claim)) - set(content_words(subject))
    shared = [len(words & set(content_words(passage.text))) for passage in passages]
    passages = [p for p, n in zip(passages, shared, strict=True) if 0 < max(shared) <= 2 * n]
    speakers = [statement.speaker for statement in statements_in(passages, indexes)]
    named = _people_in(subject, indexes)
    ours = countries(subject).union(*map(_lands, named))
    told = " ".join(passage.text for passage in passages)
    # "Fumio Kishida's office" is of his country.
    meant = (_people_in(speaker.label, indexes) for speaker in speakers)
    theirs = frozenset[str]().union(*map(_lands, (*speakers, *itertools.chain(*meant))))
    if not ours or not theirs or ours & (theirs | countries(told)):
        return None
    if any(p.last_name in told or any(_same(p, s) for s in speakers) for p in named):
        return None
    if any(_is_named(claim, speaker) for speaker in speakers):
        return None
    whose = [p.last_name for p in named] or [subject[a:b] for a, b, _ in mentions(subject)]
    reason = f"these are the words of {speakers[0].label}, not of {' and '.join(whose)}"
    return Contradiction(" ".join(whose), reason, passages[0].text)


def _opening(claim: str) -> str:
    """What stands before the first verb: whose view a claim tells."""
    words = words_of(claim)[: _SUBJECT + 1]
    verb = next((i for i, word in enumerate(words) if is_verb_like(word)), _SUBJECT)
    return " ".join(word.text for word in words[:verb])


def _people_in(text: str, indexes: Indexes) -> list[Person]:
    return [p for p in _everyone(indexes) if p.last_name in text]


def _everyone(indexes: Indexes) -> list[Person]:
    """The persons of all articles, bodies left out."""
    people = (person for index in indexes.values() for person in index.people)
    return [person for person in people if person.kind == "person"]


def _described_by(question: str, claimed: Person) -> bool:
    words = set(content_words(claimed.label))
    named = names(f"x {question}") & names(f"x {claimed.name}")
    return not named and bool(words) and words <= set(content_words(question))


def _about_this(claim: str, claimed: Person, said: Sequence[Statement]) -> list[Statement]:
    """The statements that hold what is claimed, not those that only name who is to have said it.

    A passage brought in for the speaker's name alone would else clear any speaker.
    """
    words = set(content_words(claim)) - set(content_words(claimed.label))
    shared = [len(words & set(content_words(statement.text))) for statement in said]
    return [one for one, count in zip(said, shared, strict=True) if count * 2 >= max(shared)]


def _stands_elsewhere(
    claim: str,
    claimed: Person,
    own: Sequence[Statement],
    passages: Sequence[Passage],
    everything: Sequence[Statement],
) -> bool:
    """Whether what is claimed stands where nobody speaks, far from what the speaker says.

    Then the speaker's passage was only brought in for the name.
    """
    words = set(content_words(claim)) - set(content_words(claimed.label))
    spoken = {statement.passage_id for statement in everything}
    silent = [
        passage
        for passage in passages
        if passage.id not in spoken
        and claimed.last_name not in passage.text
        and all(abs(passage.start - statement.end) > _REACH for statement in own)
    ]
    here = max((len(words & set(content_words(passage.text))) for passage in silent), default=0)
    there = max(len(words & set(content_words(statement.text))) for statement in own)
    return here >= _OUTWEIGHS * max(1, there)


def people_of(indexes: Indexes) -> frozenset[str]:
    """Every word of the persons' names, folded as ``wording.names`` folds them."""
    return names(". ".join(f"x {person.name}" for person in _everyone(indexes)))


def may_be_one(ours: Collection[str], theirs: Collection[str], indexes: Indexes) -> bool:
    """Whether two groups of names may mean one: by a shared word, a role, or initials.

    Both are folded as ``wording.names`` folds them. Two different persons are never one.
    """
    if set(ours) & set(theirs):
        return True
    mine, other = (_persons(words, indexes) for words in (ours, theirs))
    if mine and other:
        return any(one in other for one in mine)
    roles = names(". ".join(f"x {one.label}" for one in (*mine, *other)))
    if roles & set(theirs if mine else ours):
        return True
    initials = {"".join(name[0] for name in group) for group in (ours, theirs)}
    return any(set(name) == set(short) for name in (*ours, *theirs) for short in initials)


def _persons(words: Collection[str], indexes: Indexes) -> list[Person]:
    return [p for p in _everyone(indexes) if names(f"x {p.name}") & set(words)]


def unattributed(claim: str, passages: Sequence[Passage], indexes: Indexes) -> Person | None:
    """The speaker whose quoted words, or allegation, the claim states as plain fact, if it does."""
    words = set(content_words(claim))
    for statement in statements_in(passages, indexes):
        if not words or not (statement.direct or statement.verb in _ALLEGING):
            continue
        offset = next(p.start for p in passages if p.id == statement.passage_id)
        quoted = statement.text[statement.start - offset : statement.end - offset]
        if not statement.direct:
            quoted = quoted.partition(f" {statement.verb} ")[2]
        inside = sum(word in set(content_words(quoted)) for word in words)
        if inside >= _MOSTLY * len(words) and not _is_named(claim, statement.speaker):
            return statement.speaker
    return None


def _is_inferred(statement: Statement) -> bool:
    """Whether who speaks stands in another passage than what they say."""
    return not statement.explicit and statement.speaker.last_name not in statement.text


def _near(claimed: Person, statement: Statement, indexes: Indexes) -> bool:
    """Whether the claimed speaker is named so shortly before that a pronoun may mean them."""
    return any(
        statement.start - _REACH <= start <= statement.end
        for person in indexes[statement.article_id].people
        if _same(claimed, person)
        for start, _ in person.mentions
    )


def _claimed(claim: str) -> tuple[Statement, ...]:
    article = Article("claim", "", claim, "")
    return speaker_index(article, [Passage("claim", "claim", claim, 0, len(claim))]).statements


def _same(claimed: Person, speaker: Person) -> bool:
    """Whether two ways of naming can mean one person. Countries that differ rule it out."""
    here, there = _lands(claimed), _lands(speaker)
    if here and there and not here & there:
        return False
    one = set(content_words(claimed.label))
    other = set(content_words(". ".join((speaker.label, *speaker.aliases))))
    return bool(one & other) or bool(here & there) or _is_spelt_like(claimed, speaker)


def _is_spelt_like(claimed: Person, speaker: Person) -> bool:
    """Whether two last names are one in two spellings ("Baerbock" and "Bärbock")."""
    theirs = names(f"x {speaker.last_name}")
    return any(is_spelt_like(name, theirs) for name in names(f"x {claimed.last_name}"))


def _lands(person: Person) -> frozenset[str]:
    return countries(person.label)


def _is_named(claim: str, speaker: Person) -> bool:
    said = set(content_words(claim))
    return bool(said & set(content_words(speaker.name))) or bool(countries(claim) & _lands(speaker))
