"""The articles someone has added, kept safe and found again.

library ─┬─ lifecycle             an article in and out, whatever happens meanwhile
         ├─ search                by meaning and by words
         ├─ upkeep ── index       the collection in Chroma, and its agreement with the ledger
         ├─ embedding ── vectors  one embedder at work
         └─ ledger                the truth in SQLite (database, format):
            passage_table, lexical, spaces, history, facts, records
"""

from assistant.library.history import Origin
from assistant.library.library import Library
from assistant.library.vectors import Vectors

__all__ = ["Library", "Origin", "Vectors"]
