"""A model endpoint on 127.0.0.1 that answers like OpenAI's API, or fails in a chosen way.

It speaks HTTP over plain sockets, because most failures are ones no web framework can be made
to commit: half a reply, a byte now and then, a connection that is reset.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"


@dataclass
class Exchange:
    """One request that has come in, and the connection to answer it on."""

    connection: socket.socket
    headers: str
    body: dict[str, object]

    @property
    def streamed(self) -> bool:
        return bool(self.body.get("stream"))

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.sendall(part)

    def answer(self, *words: str) -> None:
        """A whole and proper reply, streamed if that was asked for."""
        if self.streamed:
            self.send(EVENTS, *(delta(word) for word in words), delta("", "stop"), DONE)
        else:
            self.send(*reply("".join(words)))


Behaviour = Callable[[Exchange], None]


def delta(text: str, finish: str | None = None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    kind = "chat.completion.chunk"
    event = {"id": "1", "object": kind, "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(event)}\n\n".encode()


def reply(text: str) -> tuple[bytes, bytes]:
    """Head and body of a reply that is not streamed."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return status(200, json.dumps(body).encode())


def status(
    code: int, body: bytes = b"{}", media: str = "application/json", **headers: str
) -> tuple[bytes, bytes]:
    """Head and body of any reply."""
    lines = [f"HTTP/1.1 {code} Told", f"Content-Type: {media}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode(), body


@dataclass
class EndpointServer:
    """Runs until closed; ``behave`` answers every request, each in a thread of its own."""

    behave: Behaviour = lambda exchange: exchange.answer("Yes.")
    seen: list[Exchange] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # Closing alone does not wake the thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                exchange = _received(connection)
                self.times.append(time.monotonic())
                self.seen.append(exchange)
                self.behave(exchange)
            except OSError:  # whoever asked has hung up
                return


def _received(connection: socket.socket) -> Exchange:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    headers = head.decode("latin-1")
    [length] = [
        int(line.partition(":")[2])
        for line in headers.splitlines()
        if line.lower().startswith("content-length:")
    ]
    while len(body) < length:
        body += _more(connection)
    return Exchange(connection, headers, json.loads(body))


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionError
    return data


# Ways to fail.


def hang(exchange: Exchange) -> None:
    exchange.connection.settimeout(20)
    exchange.connection.recv(1)


def drip_headers(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.send(b"X-Slow: 1\r\n")
        time.sleep(0.05)


def drip_words(exchange: Exchange) -> None:
    exchange.send(EVENTS)
    while True:
        exchange.send(delta("slow "))
        time.sleep(0.1)


def drip_comments(exchange: Exchange) -> None:
    """What never becomes an event keeps a connection alive, and a time-out of reads asleep."""
    exchange.send(EVENTS, delta("Begun "))
    while True:
        exchange.send(b": still thinking\n")
        time.sleep(0.05)


def reset(exchange: Exchange) -> None:
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def no_http(exchange: Exchange) -> None:
    exchange.send(b"SSH-2.0-OpenSSH_9.0\r\n")


def cut(exchange: Exchange) -> None:
    """A body that announces more than comes."""
    if exchange.streamed:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        event = delta("Begun ")
        exchange.send(head, b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(event), event))
    else:
        head, body = reply("Begun")
        exchange.send(head, body[:20])


def ended(exchange: Exchange) -> None:
    exchange.send(EVENTS, delta("Begun "), DONE)


def silent(exchange: Exchange) -> None:
    exchange.send(EVENTS, DONE)


def nothing(exchange: Exchange) -> None:
    exchange.send(EVENTS)


def garbled(exchange: Exchange) -> None:
    if exchange.streamed:
        exchange.send(EVENTS, delta("Begun "), b"data: {oops\n\n")
    else:
        exchange.send(*status(200, b'{"choices": [{"mess'))


def misshapen(exchange: Exchange) -> None:
    exchange.send(*status(200, b'{"choices": "none"}'))


def failed_midway(exchange: Exchange) -> None:
    exchange.send(EVENTS, delta("Begun "), b'data: {"error": {"message": "out of memory"}}\n\n')


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first request meets the first behaviour, and so on; the last one stays."""
    left: Sequence[Behaviour] = list(behaviours)
    lock = threading.Lock()

    def behave(exchange: Exchange) -> None:
        nonlocal left
        with lock:
            now, left = left[0], left[1:] or left
        now(exchange)

    return behave


def answers(
    code: int, body: bytes = b"{}", media: str = "application/json", **headers: str
) -> Behaviour:
    """A behaviour that is always the same reply."""

    def behave(exchange: Exchange) -> None:
        exchange.send(*status(code, body, media, **headers))

    return behave
