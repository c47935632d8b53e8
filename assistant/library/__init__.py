"""The articles someone has added, kept safe and found again.

library ── upkeep ── index      the collection in Chroma, and its agreement with the ledger
       ├── vectors, spaces      embedding, and what an embedding belongs to
       └── ledger ── lexical    the truth in SQLite, and search by words
                 ├── history    sources of articles, and versions that were replaced
                 └── database, format
"""

from assistant.library.history import Origin
from assistant.library.library import Library

__all__ = ["Library", "Origin"]
