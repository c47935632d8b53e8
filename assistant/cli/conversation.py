"""``chat``: a conversation in a terminal, or with questions from a pipe, one a line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from assistant.adding import keep
from assistant.articles import load_article
from assistant.cli.printing import console, print_answer, print_error, say
from assistant.cli.streaming import answered
from assistant.cli.waiting import Waiting
from assistant.errors import AssistantError, UserInputError
from assistant.printable import one_line
from assistant.schema import Turn

if TYPE_CHECKING:
    from assistant.answering import Assistant

_PROMPT = "› "
_REMEMBERED = 8
"""Exchanges that a follow-up can refer to."""

_HELP = "/articles  /add FILE_OR_URL  /new (forget what was said)  /quit"


class Conversation:
    """Questions and answers until the end of input. ``articles`` are ids; None asks them all."""

    def __init__(
        self, assistant: Assistant, articles: Sequence[str] | None, *, timings: bool = False
    ) -> None:
        self._assistant = assistant
        self._timings = timings
        self._articles = list(articles) if articles is not None else None
        self._history: list[Turn] = []
        self._screen = console()
        self._by_hand = sys.stdin.isatty()

    def run(self) -> int:
        """Converse. Returns 1 when a question from a pipe failed, else 0."""
        self._greet()
        failures = 0
        while (line := self._read()) is not None:
            try:
                if line.startswith("/"):
                    if not self._obey(line):
                        break
                elif line:
                    self._ask(line)
            except AssistantError as error:
                failures += 1
                print_error(str(error))
        return int(failures > 0 and not self._by_hand)

    def _greet(self) -> None:
        with suppress(ImportError):  # line editing and history; not on every system
            import readline  # noqa: F401
        known = self._articles
        count = len(self._assistant.library.article_ids() if known is None else known)
        has = "No article yet" if not count else "1 article" if count == 1 else f"{count} articles"
        say(self._screen, f"{has}. {_HELP}", style="dim")
        if count:  # while the first question is being typed
            self._assistant.read_ahead(self._articles)

    def _read(self) -> str | None:
        """The next line; None at the end."""
        if self._by_hand:
            try:
                return input(_PROMPT).strip()
            except EOFError:
                self._screen.print()
                return None
        line = sys.stdin.readline()
        if line:
            say(self._screen, one_line(line), lead=_PROMPT)
        return line.strip() if line else None

    def _ask(self, question: str) -> None:
        with Waiting("Finding evidence …") as waiting:
            try:
                answer = answered(
                    self._assistant,
                    question,
                    self._articles,
                    history=self._history,
                    screen=self._screen,
                    waiting=waiting,
                )
            except KeyboardInterrupt:
                if not self._by_hand:
                    raise
                waiting.stop()
                say(self._screen, "Stopped.", style="yellow")
                return
        ids = {hit.passage.article_id for hit in answer.related}
        shown = {key: self._assistant.library.article(key) for key in ids}
        print_answer(answer, self._screen, shown, timings=self._timings)
        self._screen.print()
        self._history = [*self._history, Turn(question, answer)][-_REMEMBERED:]

    def _obey(self, line: str) -> bool:
        """Do what a line with a slash says; False ends the conversation."""
        command, _, rest = line.partition(" ")
        if command in ("/quit", "/exit", "/q"):
            return False
        if command == "/articles":
            for article in self._assistant.articles():
                if self._articles is None or article.id in self._articles:
                    say(self._screen, one_line(article.title), lead=f"{article.id}  ")
        elif command == "/add" and rest.strip():
            self._add(rest.strip())
        elif command == "/new":
            self._history = []
            say(self._screen, "Forgotten.", style="dim")
        elif command == "/help":
            say(self._screen, _HELP)
        else:
            raise UserInputError(f"There is no command {line!r}. There are: {_HELP}")
        return True

    def _add(self, source: str) -> None:
        with Waiting("Adding …"):
            article = load_article(source, offline=self._assistant.settings.offline)
            outcome = keep(article, self._assistant.library, source=source)
        if self._articles is not None:
            kept = (one for one in self._articles if one not in (outcome.id, outcome.replaced))
            self._articles = [*kept, outcome.id]
        say(self._screen, one_line(article.title), lead=f"{article.id}  ")
