"""A model does one thing at a time: who waits for it can be stopped, and who asks goes first."""

from __future__ import annotations

import threading
import time

from assistant.turns import Turns


def never() -> bool:
    return False


def test_a_turn_ends_before_the_next_begins() -> None:
    turns = Turns()
    seen: list[int] = []

    def work() -> None:
        with turns.taken(never) as mine:
            assert mine
            seen.append(1)
            time.sleep(0.01)
            seen.append(-1)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1, -1] * 5


def test_who_waits_for_a_turn_can_be_stopped() -> None:
    turns = Turns()
    with turns.taken(never):
        begun = time.monotonic()
        with turns.taken(lambda: True) as mine:
            assert not mine
        assert time.monotonic() - begun < 2
    with turns.taken(lambda: True) as mine:
        assert mine, "nobody had it"


def test_a_turn_that_fails_is_over() -> None:
    turns = Turns()
    try:
        with turns.taken(never):
            raise ValueError
    except ValueError:
        pass
    with turns.taken(lambda: True) as mine:
        assert mine


def test_it_is_wanted_until_the_last_has_asked() -> None:
    turns = Turns()
    waited = threading.Event()

    def wait() -> None:
        turns.wait_until_unwanted(never)
        waited.set()

    with turns.asking():
        with turns.asking():
            assert turns.wanted
        assert turns.wanted
        thread = threading.Thread(target=wait)
        thread.start()
        assert not waited.wait(0.1)
    assert waited.wait(5)
    thread.join()
    assert not turns.wanted


def test_who_has_waited_enough_is_woken() -> None:
    turns = Turns()
    enough = threading.Event()
    thread = threading.Thread(target=turns.wait_until_unwanted, args=(enough.is_set,))
    with turns.asking():
        thread.start()
        enough.set()
        turns.wake()
        thread.join(timeout=5)
        assert not thread.is_alive()
