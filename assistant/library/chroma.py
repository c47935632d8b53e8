"""Connections to Chroma, in a folder or on a server: deadlines, clean closing, errors in words.

chromadb leaves four things open, which are closed here: its HTTP client waits for ever and
never closes its sockets, what it raises may be anything, bare ``Exception`` included, and a
folder that could not be opened once cannot be opened again.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from assistant.errors import LibraryError

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 10.0
"""Longest wait for a Chroma server to accept a connection, and to answer one request."""

_M_PERTURB = -6
_FILLING = 0x55
"""mallopt's name for filling memory, and what freed memory is filled with."""

_FOLDER_ADVICE = (
    "Check the folder's permissions and disk, then open the library again: the index is "
    "rebuilt from the ledger."
)
_SERVER_ADVICE = (
    "Check that the server runs (chroma run --path DIR --port PORT), or leave the setting "
    "chroma_url out to keep the index in the store folder."
)


def _clear_memory() -> None:
    """Have the C library overwrite memory as it is handed out and given back, where it can.

    Chroma writes memory to its files that it never filled. What was there before, such as the
    header of a request with somebody's key, would stand in the index. glibc only: elsewhere
    nothing is done.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_PERTURB, _FILLING)


class Chroma:
    """An open Chroma client. Close it, or files and sockets stay open."""

    def __init__(self, client: Client, close: Callable[[], None], where: str, advice: str) -> None:
        """Used by :meth:`in_folder` and :meth:`on_server`."""
        self.client = client
        self._close = close
        self._where = where
        self._advice = advice

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Chroma's files in ``folder``. Damaged ones can end the process: see ``upkeep``."""
        import chromadb

        _clear_memory()
        where = f"The index in {folder}"
        client: Client | None = None
        with _explained(where, _FOLDER_ADVICE):
            try:
                opened = chromadb.PersistentClient(str(folder), settings=_settings())
                client = cast("Client", opened)
            finally:
                if client is None:
                    _forget(folder)
        return cls(client, client.close, where, _FOLDER_ADVICE)

    @classmethod
    def on_server(cls, url: str) -> Self:
        """The Chroma server at ``url`` (http or https).

        Raises:
            LibraryError: when no Chroma server answers there within seconds.
        """
        import chromadb
        import httpx

        where = f"The Chroma server at {urlsplit(url).hostname}"
        with _explained(where, _SERVER_ADVICE):
            # Asked first, with a deadline: constructing the client has none.
            httpx.get(f"{url}/api/v2/heartbeat", timeout=CONNECT_SECONDS).raise_for_status()
            client = cast("Client", chromadb.HttpClient(url, settings=_settings(url)))
            sessions = _sessions(client)
            for session in sessions:
                session.timeout = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)

        def close() -> None:
            client.close()
            for session in sessions:
                session.close()

        return cls(client, close, where, _SERVER_ADVICE)

    def close(self) -> None:
        """Release files or sockets. Idempotent."""
        with self.explained():
            self._close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Whatever chromadb raises inside becomes a LibraryError that says what to do."""
        with _explained(self._where, self._advice):
            yield


def _forget(folder: Path) -> None:
    """Drop what chromadb keeps of a folder that it could not open, for example on a full disk.

    It keeps one system for each folder, also one that did not start, and gives that to whoever
    opens the folder next. Where a client has it open the system works, and stays.
    """
    from chromadb.api.shared_system_client import SharedSystemClient

    if str(folder) not in SharedSystemClient._identifier_to_refcount:
        SharedSystemClient._identifier_to_system.pop(str(folder), None)


def _settings(url: str | None = None) -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False, chroma_server_host=url)


def _sessions(client: Client) -> list[httpx.Client]:
    """The HTTP clients inside a chromadb client: there is no public way to them."""
    parts: list[Any] = [client, client._admin_client]
    return [part._server._session for part in parts]


@contextmanager
def _explained(where: str, advice: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        detail = " ".join(str(error).split())[:200]
        raise LibraryError(
            f"{where} failed ({type(error).__name__}: {detail}). {advice}"
        ) from error
