"""A question under way: the assistant's events from a thread, until they end or are stopped.

Gradio can only stop a generator between two of its steps, and a model reads for seconds
before its first word. So the events come through a queue: stopping is felt at once, and the
model, which asks now and then whether it is still wanted, ends within two seconds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator

from assistant.errors import AssistantError
from assistant.reading import Halt
from assistant.schema import StreamEvent

_LOG = logging.getLogger(__name__)

Events = Callable[[Halt], Generator[StreamEvent, None, None]]
"""Begins a question's events, given what says that they are not wanted any more."""

COALESCE = 0.05
"""Seconds within which pieces of an answer are shown together."""


class Stopped:
    """The reader stopped the answer."""


class Ended:
    """The stream is over."""


class Run:
    """One question's events. Made and read in an event loop, stopped from any thread."""

    def __init__(self, ask: Events) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[StreamEvent | AssistantError | Stopped | Ended] = (
            asyncio.Queue()
        )
        self._stop = threading.Event()
        threading.Thread(target=self._work, args=(ask,), name="question", daemon=True).start()

    def stop(self) -> None:
        """End the events with :class:`Stopped`, and the model as soon as it can be."""
        if not self._stop.is_set():
            self._stop.set()
            self._put(Stopped())

    async def batches(self) -> AsyncGenerator[list[StreamEvent | Stopped], None]:
        """Events as they come, several at once when they come fast; the last may be Stopped.

        Raises:
            AssistantError: what the question ran into.
        """
        try:
            while True:
                batch: list[StreamEvent | Stopped] = []
                event = await self._events.get()
                while True:
                    if isinstance(event, AssistantError):
                        raise event
                    if isinstance(event, Ended):
                        if batch:
                            yield batch
                        return
                    batch.append(event)
                    if isinstance(event, Stopped):
                        yield batch
                        return
                    if self._events.empty():
                        break
                    event = self._events.get_nowait()
                yield batch
                await asyncio.sleep(COALESCE)
        finally:
            self._stop.set()

    def _work(self, ask: Events) -> None:
        try:
            stream = ask(self._stop.is_set)
            try:
                for event in stream:
                    if self._stop.is_set():
                        break
                    self._put(event)
            finally:
                stream.close()
        except AssistantError as error:
            self._put(error)
        except Exception:  # noqa: BLE001
            # A door: whatever it was, the page stays usable and the log has the rest.
            _LOG.exception("A question failed")
            self._put(AssistantError("Something went wrong here. Ask again; the log says more."))
        finally:
            self._put(Ended())

    def _put(self, event: StreamEvent | AssistantError | Stopped | Ended) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
