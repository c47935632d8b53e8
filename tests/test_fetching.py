"""Fetching: what must never be connected to, what must end, and what is read politely."""

from __future__ import annotations

import gzip
import random
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from assistant.errors import FetchError
from assistant.fetching import USER_AGENT, Fetcher, Page, is_url
from tests.test_crash import everything_told, started

HOSTILE = [
    "http://127.0.0.1/",
    "http://127.0.0.1:80/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://user@127.0.0.1/",
    "http://example.com@127.0.0.1/",
    "http://user:secret@example.com/",
    "http://example.com#@127.0.0.1/\\@127.0.0.1",
    "http://127.0.0.1#@example.com/",
    "http://example.com:22/",
    "http://example.com:6379/",
    "http://example.com:0/",
    "https://example.com:8443/",
    "file:///etc/passwd",
    "ftp://example.com/a",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/",
    "jar:http://127.0.0.1!/",
    "http://exa mple.com/",
    "http://exam\r\nple.com/",
    "http:///etc/passwd",
    "http://",
    "http://" + "a" * 300 + ".com/",
    "http://example.com/" + "a" * 9000,
    "http://☃.net/",
    "http://[bad#part",
    "http://news.example/\ud800",
]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that anything connects to during the test; none is really connected."""
    made: list[Any] = []

    def record(self: socket.socket, address: Any) -> None:
        made.append(address)
        raise ConnectionRefusedError("recorded, not connected")

    monkeypatch.setattr(socket.socket, "connect", record)
    return made


def answering(*addresses: str) -> Callable[..., list[Any]]:
    """A resolver that gives these addresses for every name, and literals as they are."""

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        rows = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            where = (address, port, 0, 0) if ":" in address else (address, port)
            rows.append((family, socket.SOCK_STREAM, 6, "", where))
        return rows

    return resolve


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_urls_are_refused_without_a_connection(url: str, connections: list[Any]) -> None:
    with pytest.raises(FetchError):
        Fetcher(seconds=60, resolver=_only_numbers).fetch(url)
    assert connections == []


def _only_numbers(host: str, *args: Any, **options: Any) -> Any:
    """The system's resolver for every spelling of a number, without asking a name server."""
    if host.strip(".") in ("localhost", "ip6-localhost"):
        return answering("127.0.0.1")(host, args[0])
    try:
        socket.inet_aton(host)
    except OSError:
        if ":" not in host:
            return answering("127.0.0.1")(host, args[0])
    return socket.getaddrinfo(host, *args, **options)


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("93.184.216.34", "127.0.0.1"),
        ("10.1.2.3",),
        ("::1",),
        ("::ffff:10.0.0.1",),
        ("169.254.169.254",),
        ("168.63.129.16",),
        ("100.64.3.4",),
    ],
)
def test_a_public_name_with_a_private_address_is_refused(
    addresses: tuple[str, ...], connections: list[Any]
) -> None:
    with pytest.raises(FetchError, match="must not be fetched"):
        Fetcher(seconds=60, resolver=answering(*addresses)).fetch("http://news.example/story")
    assert connections == []


def test_only_the_checked_address_is_connected_to(connections: list[Any]) -> None:
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])

    def rebinding(host: str, port: int, *args: Any, **options: Any) -> Any:
        return answering(next(answers))(host, port)

    with pytest.raises(FetchError):
        Fetcher(seconds=60, resolver=rebinding).fetch("http://news.example/")
    assert connections == [("93.184.216.34", 80)]


def test_whatever_a_name_resolves_to_no_private_address_is_connected_to(
    connections: list[Any],
) -> None:
    private = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"]
    choose = random.Random(12)

    def flipping(host: str, port: int, *args: Any, **options: Any) -> Any:
        some = choose.sample(private, choose.randrange(3))
        return answering(*choose.sample(["93.184.216.34", *some], 1 + len(some)))(host, port)

    for _ in range(50):
        with pytest.raises(FetchError):
            Fetcher(seconds=60, resolver=flipping).fetch("http://news.example/")
    assert set(connections) == {("93.184.216.34", 80)}


def test_allowing_a_host_does_not_open_metadata_services(connections: list[Any]) -> None:
    fetcher = Fetcher(
        allow_private=["news.example"], seconds=60, resolver=answering("169.254.169.254")
    )
    with pytest.raises(FetchError, match="must not be fetched"):
        fetcher.fetch("http://news.example/")
    assert connections == []


def test_offline_opens_nothing(connections: list[Any]) -> None:
    with pytest.raises(FetchError, match="offline"):
        Fetcher(offline=True).fetch("https://example.com/")
    assert connections == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://example.com/a", True),
        ("HTTP://EXAMPLE.COM", True),
        ("file:///etc/passwd", True),
        ("story.txt", False),
        ("C:\\story.txt", False),
        ("a/b://c", False),
        (b"http://x", False),
        (None, False),
    ],
)
def test_what_counts_as_a_url(source: object, expected: bool) -> None:
    assert is_url(source) is expected


# From here on with a real server on the loopback address.


def fetch(server: HTTPServer, path: str, *, seconds: float = 60) -> Page:
    return Fetcher(allow_private=["localhost"], seconds=seconds).fetch(server.url_for(path))


@pytest.fixture
def server(httpserver: HTTPServer) -> HTTPServer:
    """A site without a robots.txt."""
    httpserver.expect_request("/robots.txt").respond_with_data(status=404)
    return httpserver


def serve_story(server: HTTPServer, path: str = "/story", **options: Any) -> None:
    options.setdefault("content_type", "text/html; charset=utf-8")
    server.expect_request(path).respond_with_data("<html>Grüße</html>", **options)


def test_a_page_comes_with_its_declared_type_and_place(server: HTTPServer) -> None:
    serve_story(server)
    page = fetch(server, "/story")
    assert page == Page(
        server.url_for("/story"), "<html>Grüße</html>".encode(), "text/html", "utf-8"
    )


def test_requests_are_plain_and_carry_nothing_personal(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen: list[dict[str, str]] = []

    def handle(request: Request) -> Response:
        seen.append(dict(request.headers))
        return Response("ok", content_type="text/plain", headers={"Set-Cookie": "a=b"})

    server.expect_request("/story").respond_with_handler(handle)
    fetcher = Fetcher(allow_private=["localhost"])
    fetcher.fetch(server.url_for("/story"))
    fetcher.fetch(server.url_for("/story"))
    for headers in seen:
        assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
        assert headers["User-Agent"] == USER_AGENT
        assert headers["Accept-Encoding"] == "gzip"


def test_redirects_are_followed_and_the_final_place_is_told(server: HTTPServer) -> None:
    serve_story(server)
    for step, onward in enumerate(["/1", "/2", "/story"]):
        server.expect_request(f"/{step}").respond_with_data(
            status=302, headers={"Location": onward}
        )
    assert fetch(server, "/0#part").url == server.url_for("/story")


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://10.0.0.1/", "must not"),
        ("http://169.254.169.254/", "must not"),
        ("//[::1]/", "must not"),
        ("http://127.0.0.1:1/", "must not"),
        ("http://user@127.0.0.1/", "must not"),
        ("file:///etc/passwd", "must not"),
        ("gopher://127.0.0.1/", "must not"),
        ("http://[::ffff:10.0.0.1]/", "must not"),
        ("http://0x7f.1/", "must not"),
        ("http://10.0.0.1#@localhost/", "must not"),
        ("data:text/html,<p>words", "must not"),
        ("javascript:alert(1)", "must not"),
        ("/loop", "redirects"),
        ("?again", "redirects"),
    ],
)
def test_redirects_are_checked_like_the_first_url(
    server: HTTPServer, location: str, says: str
) -> None:
    server.expect_request("/loop").respond_with_data(status=301, headers={"Location": location})
    with pytest.raises(FetchError, match=says):
        fetch(server, "/loop")


def test_a_sixth_redirect_is_not_followed_and_none_in_a_page(server: HTTPServer) -> None:
    for hop in range(6):
        server.expect_request(f"/{hop}").respond_with_data(
            status=307, headers={"Location": f"/{hop + 1}"}
        )
    serve_story(server, "/6")
    with pytest.raises(FetchError, match="redirects"):
        fetch(server, "/0")
    assert fetch(server, "/1").url == server.url_for("/6")
    refresh = "<meta http-equiv=refresh content='0; url=http://10.0.0.1/'>"
    server.expect_request("/meta").respond_with_data(refresh, content_type="text/html")
    assert fetch(server, "/meta").data.decode() == refresh


def test_robots_txt_is_respected_and_read_once(httpserver: HTTPServer) -> None:
    asked: list[str] = []

    def robots(request: Request) -> Response:
        asked.append(request.path)
        return Response("User-agent: *\nDisallow: /private/*.html\n", content_type="text/plain")

    httpserver.expect_request("/robots.txt").respond_with_handler(robots)
    serve_story(httpserver)
    serve_story(httpserver, "/private/a.html")
    fetcher = Fetcher(allow_private=["localhost"])
    fetcher.fetch(httpserver.url_for("/story"))
    with pytest.raises(FetchError, match=r"robots\.txt"):
        fetcher.fetch(httpserver.url_for("/private/a.html"))
    assert asked == ["/robots.txt"]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "login"),
        (403, "save the page"),
        (404, "no such page"),
        (429, "later"),
        (500, "later"),
        (204, "204"),
    ],
)
def test_refusals_say_what_to_do(server: HTTPServer, status: int, says: str) -> None:
    serve_story(server, status=status)
    with pytest.raises(FetchError, match=says):
        fetch(server, "/story")


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "application/json", "font/woff"])
def test_types_without_articles_are_refused(server: HTTPServer, media_type: str) -> None:
    serve_story(server, content_type=media_type)
    with pytest.raises(FetchError, match=media_type):
        fetch(server, "/story")


def test_gzip_is_unpacked(server: HTTPServer) -> None:
    server.expect_request("/story").respond_with_data(
        gzip.compress(b"words " * 1000), headers={"Content-Encoding": "gzip"}
    )
    assert fetch(server, "/story").data == b"words " * 1000


@pytest.mark.parametrize(
    ("coding", "body", "says"),
    [
        ("gzip", gzip.compress(b"\0" * 50_000_000), "unpacks to more"),
        ("gzip", b"not gzip at all", "damaged"),
        ("gzip", gzip.compress(b"words " * 1000)[:-12], "ended before"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), "packed as"),
        ("br", b"\x0b\x02\x80hello\x03", "packed as"),
        ("zstd", b"\x28\xb5\x2f\xfd", "packed as"),
        ("deflate", b"x", "packed as"),
    ],
    # Named, not shown: gzip writes the hour into what it packs, and no two collections would agree.
    ids=["bomb", "not packed", "cut", "packed twice", "brotli", "zstandard", "deflate"],
)
def test_packed_bodies_are_bounded(server: HTTPServer, coding: str, body: bytes, says: str) -> None:
    server.expect_request("/story").respond_with_data(
        body, headers={"Content-Encoding": coding}, content_type="text/html"
    )
    with pytest.raises(FetchError, match=says):
        fetch(server, "/story")


def test_a_large_page_is_refused_by_its_declared_size(server: HTTPServer) -> None:
    server.expect_request("/story").respond_with_data(b"x" * 10_000_001, content_type="text/html")
    with pytest.raises(FetchError, match="larger than"):
        fetch(server, "/story")


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start a server that does with its connections what it likes; gives its URL."""
    listeners: list[socket.socket] = []

    def start(behave: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(65536)
                    try:
                        if b"robots.txt" in request:
                            connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
                        else:
                            behave(connection)
                    except OSError:
                        continue

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.close()


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize("location", ["http://©.net/", "http://[bad", "http://[bad#part"])
def test_a_redirect_to_what_is_no_url_says_so(
    raw_server: Callable[[Callable[[socket.socket], None]], str], location: str
) -> None:
    url = raw_server(
        lambda connection: connection.sendall(
            f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode("latin-1")
        )
    )
    with pytest.raises(FetchError, match="is not a usable URL"):
        Fetcher(allow_private=["127.0.0.1"], seconds=60).fetch(url)


def _drip_body(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b"\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


def _drip_headers(connection: socket.socket) -> None:
    connection.sendall(_HEAD)
    while True:
        connection.sendall(b"X-Slow: 1\r\n")
        time.sleep(0.1)


def _never_answer(connection: socket.socket) -> None:
    connection.recv(1)


def _endless_body(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b"\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def _huge_headers(connection: socket.socket) -> None:
    connection.sendall(_HEAD)
    while True:
        connection.sendall(b"X-Long: " + b"x" * 65536 + b"\r\n")


def _cut_body(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b"Content-Length: 1000\r\n\r\nonly this")


def _not_http(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.0\r\n")


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "behave",
    [
        _drip_body,
        _drip_headers,
        _never_answer,
        _endless_body,
        _huge_headers,
        _cut_body,
        _not_http,
        _reset,
    ],
)
def test_bad_servers_end_as_errors_in_time(
    raw_server: Callable[[Callable[[socket.socket], None]], str],
    behave: Callable[[socket.socket], None],
) -> None:
    url = raw_server(behave)
    start = time.monotonic()
    with pytest.raises(FetchError):
        Fetcher(allow_private=["127.0.0.1"], seconds=1).fetch(url)
    assert time.monotonic() - start < 3


def _bomb(connection: socket.socket) -> None:
    packed = gzip.compress(bytes(300_000_000))
    connection.sendall(_HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed)


def _growth(url: str, told: Connection) -> None:
    """Fetch in a process of its own, and tell by how many bytes its memory grew."""
    fetcher = Fetcher(allow_private=["127.0.0.1"], seconds=20)
    with pytest.raises(FetchError):
        fetcher.fetch(url + "robots.txt")  # what is imported does not count
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FetchError):
        fetcher.fetch(url)
    told.send(("grew", "", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024))


@pytest.mark.parametrize("behave", [_endless_body, _huge_headers, _bomb])
def test_large_bodies_cost_little_memory(
    raw_server: Callable[[Callable[[socket.socket], None]], str],
    behave: Callable[[socket.socket], None],
) -> None:
    process, hears = started(_growth, raw_server(behave))
    [(_, _, growth)] = everything_told(hears)
    process.join()
    assert growth < 60_000_000


def test_a_name_server_that_hangs_is_given_up() -> None:
    def hang(*_: Any, **__: Any) -> Any:
        time.sleep(3)
        raise OSError

    start = time.monotonic()
    with pytest.raises(FetchError):
        Fetcher(seconds=0.5, resolver=hang).fetch("http://slow.example/")
    assert time.monotonic() - start < 2
