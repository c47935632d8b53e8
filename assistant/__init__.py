"""Ask an article: answers whose every sentence is backed by a verbatim quote.

>>> from assistant import ask
>>> print(ask("What was the UK's position?", "seeds/g7-gaza-blinken.txt"))  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answering import Assistant, ask
    from assistant.articles import load_article
    from assistant.errors import (
        ArticleError,
        AssistantError,
        EmptyLibrary,
        EndpointError,
        EndpointRefused,
        FetchError,
        LibraryBusy,
        LibraryError,
        ModelError,
        PromptError,
        PromptTooLong,
        QuestionSetError,
        SettingsError,
        Stopped,
        UnknownArticle,
        UserInputError,
        WeightsError,
    )
    from assistant.evaluation import EvaluationReport, evaluate, load_question_set
    from assistant.schema import (
        NOT_IN_ARTICLE,
        Answer,
        Article,
        Citation,
        Delta,
        Evidence,
        Passage,
        Question,
        QuestionResult,
        QuestionSet,
        RetrievedPassage,
        Score,
        Sentence,
        Timings,
        Turn,
    )
    from assistant.settings import Settings

__all__ = [
    "NOT_IN_ARTICLE",
    "Answer",
    "Article",
    "ArticleError",
    "Assistant",
    "AssistantError",
    "Citation",
    "Delta",
    "EmptyLibrary",
    "EndpointError",
    "EndpointRefused",
    "EvaluationReport",
    "Evidence",
    "FetchError",
    "LibraryBusy",
    "LibraryError",
    "ModelError",
    "Passage",
    "PromptError",
    "PromptTooLong",
    "Question",
    "QuestionResult",
    "QuestionSet",
    "QuestionSetError",
    "RetrievedPassage",
    "Score",
    "Sentence",
    "Settings",
    "SettingsError",
    "Stopped",
    "Timings",
    "Turn",
    "UnknownArticle",
    "UserInputError",
    "WeightsError",
    "ask",
    "evaluate",
    "load_article",
    "load_question_set",
]

# Where each public name lives. They are fetched on first use: LangChain, torch and Chroma
# take seconds to import, and `import assistant` must not.
_HOMES = {
    "Assistant": "answering",
    "ask": "answering",
    "load_article": "articles",
    "Settings": "settings",
    "EvaluationReport": "evaluation",
    "evaluate": "evaluation",
    "load_question_set": "evaluation",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    for home in (_HOMES[name],) if name in _HOMES else ("schema", "errors"):
        module = import_module(f"assistant.{home}")
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
