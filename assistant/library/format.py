"""What is in the ledger's file, format by format, as SQL. The file says which format it has."""

from __future__ import annotations

from assistant.library.lexical import ARTICLE_BITS

APPLICATION_ID = 0x41534B41
"""Marks a SQLite file as a ledger (``PRAGMA application_id``)."""

# A migration that has been released is never edited: add another, and keep a ledger of the
# old format among the test fixtures.
MIGRATIONS = (
    f"""
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE articles (
        number INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: passage numbers derive from it
        id TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('indexing', 'ready', 'deleting')),
        splitter TEXT NOT NULL,
        passages INTEGER NOT NULL,
        added TEXT NOT NULL,
        details TEXT NOT NULL                     -- JSON: the other fields of schema.Article
    ) STRICT;
    CREATE INDEX articles_by_state ON articles (state);
    CREATE TABLE texts (                          -- apart, so that listing does not read them
        article INTEGER PRIMARY KEY REFERENCES articles ON DELETE CASCADE,
        text TEXT NOT NULL
    ) STRICT;
    CREATE TABLE passages (
        number INTEGER PRIMARY KEY,               -- article << {ARTICLE_BITS} | position
        id TEXT NOT NULL,
        first INTEGER NOT NULL,                   -- characters into the article's text
        after INTEGER NOT NULL,
        heading TEXT NOT NULL
    ) STRICT;
    CREATE TABLE spaces (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        embedder TEXT NOT NULL,
        dimension INTEGER NOT NULL,
        splitter TEXT NOT NULL,
        recipe TEXT NOT NULL,
        probe BLOB NOT NULL                       -- float32: a fixed sentence, embedded
    ) STRICT;
    CREATE TABLE vectors (
        article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
        space INTEGER NOT NULL REFERENCES spaces,
        data BLOB NOT NULL,                       -- float32: one row a passage, in order
        PRIMARY KEY (article, space)
    ) STRICT;
    CREATE VIRTUAL TABLE words
        USING fts5(text, content='', tokenize='porter unicode61 remove_diacritics 2');
    """,
    """
    CREATE TABLE sources (
        source TEXT NOT NULL UNIQUE,              -- a URL, or the full path of a file
        article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
        stamp TEXT NOT NULL                       -- what the file was like when it was read
    ) STRICT;
    CREATE INDEX sources_by_article ON sources (article);
    INSERT OR IGNORE INTO sources
        SELECT json_extract(details, '$.source'), number, '' FROM articles
        WHERE json_extract(details, '$.source') GLOB 'http*://*' ORDER BY number DESC;
    CREATE TABLE older (                          -- versions that were replaced: never searched
        id TEXT NOT NULL UNIQUE,
        article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE, -- the newest version
        replaced TEXT NOT NULL,
        text TEXT NOT NULL,
        details TEXT NOT NULL
    ) STRICT;
    CREATE INDEX older_by_article ON older (article);
    CREATE TABLE sketches (                       -- what tells reprints: see articles.identity
        number INTEGER NOT NULL,
        article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
        PRIMARY KEY (number, article)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sketches_by_article ON sketches (article);
    """,
    # The table of words is made and filled by ``lexical``, whenever its way of cutting changes.
    "DROP TABLE words;",
)
FORMAT = len(MIGRATIONS)
"""Version of the file format that is written; older ones are migrated on open."""
