"""Articles from wherever people have them: a path, a URL, or the text itself.

:func:`load_article` is the one door; :class:`Loader` is the same door kept open for many.
Not handled here: storing (``library``) and splitting (``passages``).
"""

from __future__ import annotations

from assistant.articles.loading import ListedError, Loader, load_article

__all__ = ["ListedError", "Loader", "load_article"]
