"""Where the page may be reached: the address it listens on, its names, and who may log in."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from assistant.errors import UserInputError
from assistant.web.security import is_loopback

Accounts = Sequence[tuple[str, str]]
"""Names with their passwords."""

FIRST_PORT = 7860
PORTS_TRIED = 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def parse_auth(auth: str | Accounts | None) -> list[tuple[str, str]]:
    """``"user:password"``, one a line, as pairs.

    Raises:
        UserInputError: a line without a name or without a password.
    """
    if not isinstance(auth, str):
        return list(auth or ())
    pairs = []
    for line in filter(None, (line.strip() for line in auth.splitlines())):
        name, _, password = line.partition(":")
        if not name or not password:
            raise UserInputError("auth takes NAME:PASSWORD, both of them.")
        pairs.append((name, password))
    return pairs


def check_binding(host: str, accounts: Accounts, *, insecure: bool) -> None:
    """Refuse to be reachable from elsewhere without a password.

    Raises:
        UserInputError: and says how to go on.
    """
    if is_loopback(host) or accounts or insecure:
        return
    raise UserInputError(
        f"With host {host} anybody on the network could read and change your library. "
        "Give --auth NAME:PASSWORD, or --insecure if that is what you want."
    )


def allowed_hosts(host: str, root_path: str, accounts: Accounts) -> list[str] | None:
    """The names a request may use, so that no other site's name can be pointed here.

    A wider binding goes by names that are not known here; the login protects it.
    """
    if not is_loopback(host):
        return None
    public = urlsplit(root_path).hostname
    if root_path and not public:
        return None if accounts else list(LOOPBACK)
    return [*LOOPBACK, host, *([public] if public else [])]


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket on ``port``, or on the first free one.

    Raises:
        UserInputError: the port is taken, or the address is not this computer's.
    """
    candidates = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reason = ""
    for candidate in candidates:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
            sock.listen(128)
        except (OSError, OverflowError) as error:
            sock.close()
            reason = str(getattr(error, "strerror", None) or error)
        else:
            return sock
    tried = f"port {port}" if port is not None else f"any port from {FIRST_PORT}"
    raise UserInputError(f"{tried} on {host} cannot be used: {reason}. Choose another --port.")
