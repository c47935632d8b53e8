"""The words of speaking: verbs that report, nouns for those who speak, words between clauses.

English. Open classes are recognised by their endings where that works ("-ologist", "-woman");
no list holds a name.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(lemmas: str) -> frozenset[str]:
    """Base, third person, past and participle of regular verbs."""
    forms: set[str] = set()
    for lemma in lemmas.split():
        stem = lemma[:-1] if lemma.endswith("e") else lemma
        stem += stem[-1] if lemma in ("quip", "slam", "rebut", "admit") else ""
        forms |= {lemma, f"{lemma}s", f"{stem}ed", f"{stem}ing"}
        if lemma.endswith("y"):
            forms |= {f"{lemma[:-1]}ies", f"{lemma[:-1]}ied"}
        if lemma.endswith(("s", "sh")):
            forms.add(f"{lemma}es")
    return frozenset(forms)


SAYING = _forms(
    """
    add warn argue explain insist claim note declare remark reply quip joke recall comment
    continue admit acknowledge allege assert stress reiterate emphasise emphasize announce
    observe ask testify predict tweet post respond
    """
) | _words("say says said saying tell tells told telling write writes wrote writing stated stating")
"""Forms of verbs that may stand before their subject ("…, added Claure")."""

JUDGING = _forms(
    """
    accuse advise apologise apologize appeal assure believe blame blast call caution characterise
    characterize commend complain conclude condemn confirm contend criticise criticize decline
    defend demand denounce deny describe disclose dismiss dub estimate hail label pledge praise
    promise propose rebut recommend regret reject relate report reveal rule slam suggest thank
    threaten urge vow welcome
    """
) | _words("thinks think thought thinking points pointed pointing read reads")
"""Forms of verbs that follow their subject, who must be someone who can speak."""

VERBS = SAYING | JUDGING

PLAIN = _words(
    """
    argued argues explained explains insisted insists joked quipped recalled replied said say says
    tell tells told tweeted warned warns write writes wrote
    """
)
"""Forms that make a speaker of any subject: one says, a survey says."""

NOUN_LIKE = _words(
    """
    appeal appeals blame blast call calls claim claims comment comments demand demands estimate
    estimates hail joke jokes label labels note notes pledge pledges points post posts praise
    promise promises quip quips regret regrets remark remarks replies reply report reports rule
    rules slam thank thanks thought tweet tweets urge vow vows welcome
    """
)
"""Forms that are as often nouns: they count as verbs after a name or a pronoun only."""

NEEDS_CLAUSE = (
    "add",
    "report",
    "post",
    "respond",
    "continu",
    "conclud",
    "estimat",
    "relat",
    "read",
)
"""Beginnings of verbs that report speech only where what is said stands beside them."""

ROLES = _words(
    """
    activist adviser advisor advocate aide ambassador analyst archbishop architect artist
    astronaut attorney author bishop boss broker campaigner captain cardinal ceo cfo chair
    chairman chairperson chairwoman chancellor chief clerk coach co-author co-chair co-founder
    colonel columnist commander commissioner congressman congresswoman consultant coordinator
    coroner correspondent councillor councilman councilwoman counsel creator critic curator
    dean defender delegate deputy designer detective developer diplomat director doctor
    economist editor employee engineer entrepreneur envoy epidemiologist examiner executive
    expert farmer fellow founder general governor head historian imam insider inspector
    instructor investigator investor journalist judge justice king landlord lawmaker lawyer
    leader legislator lieutenant lord manager marshal mayor mediator member minister mp monarch
    negotiator nurse observer officer official organiser organizer owner partner pastor
    physician pilot player policeman pope premier president priest prince princess principal
    producer professor programmer prosecutor queen rabbi ranger reporter representative
    researcher scholar scientist secretary senator sergeant sheriff singer speaker specialist
    spokesman spokesperson spokeswoman strategist student superintendent supervisor surgeon
    sultan teacher technician therapist trader treasurer trustee undersecretary veteran
    whistleblower witness writer
    dr mr mrs ms prof sir dame lady sen rep gov gen col capt lt sgt rev hon adm maj supt det
    """
)
"""Words that name an office or a profession, singular; :func:`is_role` also knows plurals."""

HONORIFICS = _words("dr mr mrs ms prof sir dame lady lord hon")
"""Roles that say nothing about an office."""

PEOPLE = _words(
    """
    ally boy brother colleague customer daughter demonstrator father friend girl husband insider
    insurgent man men mother neighbor neighbour opponent parent people person protester relative
    resident rival settler sister son source staffer supporter survivor teammate user victim voter
    patient widow wife woman women worker
    """
)
"""Words for people without an office, singular (and irregular plurals)."""

BODIES = _words(
    """
    administration agency airline alliance army assembly association authority bank board bureau
    cabinet campaign chamber charity church club coalition commission committee company
    congress corporation council court department embassy family federation firm force foundation
    government group headquarters hospital institute institution kremlin league legislature
    manufacturer maker military ministry mission movement network newspaper office operator
    organisation organization paper parliament party police prosecution publisher regulator
    retailer school secretariat senate service side society staff supplier team treasury tribunal
    union university utility watchdog
    """
)
"""Words for bodies that speak, singular."""

WRITINGS = _words(
    """
    article biography book complaint data document email filing indictment lawsuit letter list
    memo paper poll record release report review statement story study survey tweet website
    """
)
"""Words for writings that are named as where a statement comes from, singular."""

PRONOUNS = _words("he she they it")
BE = _words("is are was were be been being am")
AUXILIARIES = BE | _words("has have had did does do having")
MODALS = _words("to would will may might can could should must not never cannot")
DAYS = _words("monday tuesday wednesday thursday friday saturday sunday yesterday today")
DASHES = frozenset("-–—")
DETERMINERS = _words("the a an this these his her their its one some many several both two")
PREPOSITIONS = _words(
    "of for to from with by at in on against about over under between into than like among amid "
    "despite during through toward towards without"
)
BOUNDARIES = _words(
    """
    that because when while as if although though whether since until unless after before where
    which who whom how what why but so whereas
    """
)
"""Words at which a clause ends and another begins."""

OPENERS = _words(
    """
    but and or yet so however meanwhile still instead indeed then later earlier also nor plus
    separately additionally ironically finally again even only unfortunately moreover often today
    """
)
"""Words that stand before the subject of a sentence without belonging to it."""

SUBORDINATE = _words("when while after as before because although though if since speaking in at")
"""First words of sentences whose main clause may take its "he" from what stands before it."""

_ROLE_ENDINGS = ("ologist", "person", "woman", "ician", "crat")
_ADVERBS = _words("also later then again once first now still further already often long ever")
_NOT_ADVERBS = _words(
    "ally anomaly assembly bully daily family italy july monopoly monthly only rally reply supply "
    "weekly"
)


def singular(word: str) -> str:
    """A noun without its plural ending, roughly: "officials" as "official"."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("men") and len(word) > 4:
        return f"{word[:-3]}man"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def is_role(word: str) -> bool:
    """Whether a word, of any case and number, names an office or a profession."""
    folded = word.casefold().rstrip(".")
    one = singular(folded)
    return folded in ROLES or one in ROLES or (one.endswith(_ROLE_ENDINGS) and len(one) > 6)


def is_adverb(word: str) -> bool:
    """Whether a folded word is an adverb as they stand beside verbs."""
    return word in _ADVERBS or (word.endswith("ly") and word not in _NOT_ADVERBS)


def can_speak(word: str) -> bool:
    """Whether a folded noun, of any number, is someone who can speak."""
    one = singular(word)
    return is_role(word) or one in BODIES or one in PEOPLE or word in PEOPLE
