"""Every error this package raises on purpose.

    AssistantError                what went wrong, and what to do next
    ├── UserInputError            a question, option or setting that cannot be used
    │   └── SettingsError         an unknown settings key, or a value out of bounds
    ├── ArticleError              an article that is missing, empty or unreadable
    ├── FetchError                a URL that cannot or must not be fetched
    ├── LibraryError              the store on disk (or the Chroma server) cannot be used
    │   ├── EmptyLibrary          nothing has been added under these settings
    │   ├── LibraryBusy           another process is writing to this store
    │   └── UnknownArticle        no article with this id
    ├── PromptError               a template with a missing or unknown variable
    ├── ModelError                a model that is unknown, missing or failing
    │   ├── PromptTooLong         the question and its passages are more than it reads
    │   └── EndpointError         a remote model endpoint that fails, hangs or turns us away
    │       └── EndpointRefused   it works, and does not take this very request
    ├── Stopped                   whoever asked has stopped the answer
    ├── WeightsError              a model file that is missing, damaged or cannot be stored
    └── QuestionSetError          mistakes in a question file, all of them, as file:line

Messages are shown to people as they are: one plain sentence, then what to do.
They are caught only at the doors (``cli`` and ``web``).
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of every error raised on purpose; its text may be shown to a person."""


class UserInputError(AssistantError):
    """A question or an option cannot be used as given."""


class SettingsError(UserInputError):
    """A setting is unknown, has the wrong type or is out of bounds."""


class ArticleError(AssistantError):
    """An article is missing, empty, binary or otherwise unreadable."""


class FetchError(AssistantError):
    """A URL could not be fetched, or must not be."""


class LibraryError(AssistantError):
    """The library's ledger or index cannot be used."""


class EmptyLibrary(LibraryError):
    """A question was asked of a library that holds no articles."""


class LibraryBusy(LibraryError):
    """Another process holds the library open."""


class UnknownArticle(LibraryError):
    """No article in the library has the given id."""


class PromptError(AssistantError):
    """A prompt template is missing, or its variables are not the declared ones."""


class ModelError(AssistantError):
    """A model is unknown, cannot be loaded, or failed while answering."""


class PromptTooLong(ModelError):
    """A question is more than the model reads at once, with the fewest passages it can have."""


class EndpointError(ModelError):
    """A remote model endpoint refused, failed or did not answer in time."""


class EndpointRefused(EndpointError):
    """A remote model endpoint does not take this request, such as an option it does not know."""


class Stopped(AssistantError):
    """Whoever asked does not want the answer any more."""


class WeightsError(AssistantError):
    """A model file is missing, damaged, or could not be downloaded or stored."""


class QuestionSetError(AssistantError):
    """A question file has mistakes; the message lists each as ``file:line``."""
