"""Reading ahead for the readers of a page: one at a time, the newest wish, never in a question."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from assistant.answering import Assistant
from assistant.web.ahead import Ahead, wish_for
from assistant.web.variants import Choice
from assistant.web.workspace import Workspace, opened


@dataclass
class Book:
    """Something that can be read: how often it was begun, and how many readings are open."""

    begun: int = 0
    open: list[object] = field(default_factory=list)

    def begin(self) -> _Reading:
        self.begun += 1
        return _Reading(self)


class _Reading:
    def __init__(self, book: Book) -> None:
        self._book = book
        book.open.append(self)

    def close(self) -> None:
        self._book.open.remove(self)


def test_a_wish_is_read_until_a_newer_one_comes() -> None:
    ahead, one, other = Ahead(), Book(), Book()
    ahead.wish(one.begin)
    assert (one.begun, len(one.open)) == (1, 1)
    ahead.wish(other.begin)
    assert (len(one.open), len(other.open)) == (0, 1)
    ahead.wish(None)
    assert not other.open


def test_nothing_is_read_while_anybody_asks() -> None:
    ahead, book, newer = Ahead(), Book(), Book()
    ahead.wish(book.begin)
    with ahead.paused():
        assert not book.open
        with ahead.paused():
            ahead.wish(newer.begin)
        assert newer.begun == 0, "somebody still asks"
    assert (book.begun, newer.begun, len(newer.open)) == (1, 1, 1)
    with ahead.paused():
        pass
    assert (newer.begun, len(newer.open)) == (2, 1), "it goes on after every question"


def test_fifty_readers_at_once_are_one_reading() -> None:
    ahead, books = Ahead(), [Book() for _ in range(50)]
    together = threading.Barrier(len(books))

    def read(book: Book) -> None:
        together.wait()
        ahead.wish(book.begin)
        with ahead.paused():
            pass

    threads = [threading.Thread(target=read, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(book.open) for book in books) == 1


def test_questions_and_additions_pause_it(assistant: Assistant) -> None:
    workspace, book = Workspace(opened(assistant), assistant.settings), Book()
    workspace.ahead.wish(book.begin)
    with workspace.at_work():
        assert not book.open
    assert len(book.open) == 1
    workspace.close(with_assistant=False)
    assert not book.open


def test_a_model_elsewhere_reads_nothing_ahead(assistant: Assistant) -> None:
    ids = assistant.library.article_ids()
    assert wish_for(assistant, ids) is None
    workspace, book = Workspace(opened(assistant), assistant.settings), Book()
    workspace.ahead.wish(book.begin)
    workspace.read_ahead(Choice(), ids)
    workspace.read_ahead(Choice(), ["no such id"])
    assert len(book.open) == 1, "what somebody else wished for goes on"


def test_a_model_that_is_not_there_is_not_fetched_for_it(assistant: Assistant) -> None:
    workspace = Workspace(opened(assistant), assistant.settings)
    assert workspace.variants.at_hand(Choice())
    assert workspace.variants.at_hand(Choice(caution=0.3))
    assert not workspace.variants.at_hand(Choice(model="/nowhere/model.gguf"))
