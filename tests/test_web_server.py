"""What the server refuses: foreign sites, other people's files, floods, an open door."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from assistant.errors import UserInputError
from assistant.web.binding import allowed_hosts, bind, check_binding, parse_auth
from tests.browser import Site, scripted_site, served

SECRET = "the secret words of a file that is nobody's business"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with scripted_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("private") / "secret.txt"
    path.write_text(SECRET, "utf-8")
    return path


FETCHED = (
    "https://evil.example/x",
    "http://127.0.0.1:1/",
    "HTTP://127.0.0.1:1/",
    "http:%2F%2F127.0.0.1:1/",
    "http%3A//127.0.0.1:1/",
    "http%253A%252F%252F127.0.0.1:1/",
    "ftp://127.0.0.1/x",
    "file:///etc/passwd",
    "//evil.example/x",
    "/%2Fevil.example/x",
    "\\\\evil.example\\x",
)


@pytest.mark.parametrize("address", FETCHED)
@pytest.mark.parametrize("route", ["gradio_api/file=", "gradio_api/file/", "gradio_api/proxy="])
def test_the_server_fetches_nothing_for_anybody(
    client: httpx.Client, route: str, address: str
) -> None:
    answer = client.get(f"/{route}{address}")
    assert answer.status_code in (403, 404)
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    ("route", "sent"),
    [
        ("call/v2/ask", {"json": {}}),
        ("call/v2/ask", {"json": {"question": "Who?", "nothing": 1}}),
        (
            "upload?upload_id=1",
            {"files": {"files": (None, b"no file")}},
        ),
        ("upload", {"files": {"other": ("a.txt", b"text")}, "data": {"files": "no file"}}),
    ],
)
def test_wrong_fields_are_the_fault_of_who_sent_them(
    client: httpx.Client, route: str, sent: dict[str, Any]
) -> None:
    answer = client.post(f"/gradio_api/{route}", **sent)
    assert answer.status_code == 422
    assert answer.text


def test_a_stream_that_nobody_began_ends_with_the_reason(client: httpx.Client) -> None:
    answer = client.get("/gradio_api/call/ask/nobody-began-this")
    assert answer.status_code == 200
    assert answer.text.startswith("event: error")


def _spellings(path: Path) -> list[str]:
    up = "../" * 12
    name = str(path).lstrip("/")
    return [
        f"gradio_api/file={path}",
        f"gradio_api/file=/{path}",
        f"gradio_api/file={up}{name}",
        f"gradio_api/file={up.replace('/', '%2f')}{name}",
        f"gradio_api/file={up.replace('.', '%2e')}{name}",
        f"gradio_api/file={up.replace('../', '..%252f')}{name}",
        f"gradio_api/file={up.replace('../', '....//')}{name}",
        f"gradio_api/file={up.replace('/', '%5c')}{name}",
        f"gradio_api/file={path}%00.png",
        f"gradio_api/file={str(path).upper()}",
        f"gradio_api/file/{path}",
        f"file={path}",
        f"file/{path}",
        f"static/{up}{name}",
        f"static/{up.replace('/', '%2f')}{name}",
        f"assets/{up.replace('/', '%2f')}{name}",
        f"svelte/{up.replace('/', '%2f')}{name}",
        f"gradio_api/custom_component/1/client/component/{up.replace('/', '%2f')}{name}",
    ]


def test_no_file_of_this_computer_is_given_away(
    site: Site, client: httpx.Client, secret: Path
) -> None:
    ledger = next(site.assistant.settings.store.glob("*.sqlite3"))
    for path in (secret, ledger, Path("/etc/passwd")):
        begin = path.read_bytes()[:40]
        for spelling in _spellings(path):
            answer = client.get(f"/{spelling}")
            assert answer.status_code in (400, 403, 404), spelling
            assert begin not in answer.content, spelling


@pytest.mark.parametrize(
    "route",
    ["vibe-edit", "monitoring", "runs", "dev/reload", "deep_link", "stream/1", "component_server"],
)
def test_what_the_page_does_not_use_is_not_there(client: httpx.Client, route: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, f"/gradio_api/{route}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost.evil.example"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
    ],
)
def test_other_sites_get_nothing_done(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    for path in ("/gradio_api/call/articles", "/gradio_api/queue/join", "/gradio_api/upload"):
        answer = client.post(path, json={"data": []}, headers=headers)
        assert answer.status_code == status
        assert "access-control-allow-origin" not in answer.headers


def test_the_page_itself_may_ask(site: Site, client: httpx.Client) -> None:
    """The probes above are refused for what they are, not because nothing works."""
    headers = {"origin": site.url.rstrip("/"), "sec-fetch-site": "same-origin"}
    answer = client.post("/gradio_api/call/articles", json={"data": []}, headers=headers)
    assert answer.status_code == 200
    kept = client.post("/gradio_api/upload", files={"files": ("a.txt", b"words")}, headers=headers)
    assert client.get(f"/gradio_api/file={kept.json()[0]}").content == b"words"


def test_a_flood_is_cut_off(site: Site, client: httpx.Client) -> None:
    megabytes = 26
    answer = client.post(
        "/gradio_api/upload", files={"files": ("big.txt", bytes(megabytes * 1_000_001))}
    )
    assert answer.status_code == 413

    def endless() -> Iterator[bytes]:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        yield head
        for _ in range(megabytes + 4):
            yield bytes(1_000_000)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = client.post("/gradio_api/upload", content=endless(), headers=kind)
    except httpx.TransportError:
        return  # hung up
    assert answer.status_code >= 400


def test_browsers_are_told_to_load_nothing_foreign(client: httpx.Client) -> None:
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    for rule in ("default-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "https:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_names_no_other_server(client: httpx.Client) -> None:
    config = client.get("/config").json()
    assert not config.get("analytics_enabled")
    assert not config.get("enable_monitoring")
    for word in ("googleapis", "gstatic", "cdn."):
        assert word not in client.get("/theme.css").text


def test_it_opens_no_door_without_a_lock() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        with pytest.raises(UserInputError, match="--auth"):
            check_binding(host, (), insecure=False)
        check_binding(host, (), insecure=True)
        check_binding(host, [("ada", "secret")], insecure=False)
    for host in ("127.0.0.1", "localhost", "::1", "127.8.9.1"):
        check_binding(host, (), insecure=False)


def test_the_command_refuses_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant", "web", "--host", "0.0.0.0"]
    ran = subprocess.run(
        [*command, "--store", str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 1
    assert "--auth NAME:PASSWORD" in ran.stderr


def test_accounts_are_named_with_passwords() -> None:
    assert parse_auth("ada:secret\nbob:pass:word") == [("ada", "secret"), ("bob", "pass:word")]
    assert parse_auth(None) == []
    for wrong in ("ada", "ada:", ":secret"):
        with pytest.raises(UserInputError):
            parse_auth(wrong)


def test_names_a_request_may_use() -> None:
    assert allowed_hosts("0.0.0.0", "", ()) is None
    assert "evil.example" not in (allowed_hosts("127.0.0.1", "", ()) or ())
    assert "chat.example" in (allowed_hosts("127.0.0.1", "https://chat.example/ask", ()) or ())


def test_a_taken_port_is_said_and_the_next_one_tried() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UserInputError, match="--port"),
    ):
        bind("127.0.0.1", taken.getsockname()[1])
    with bind("127.0.0.1", None) as first, bind("127.0.0.1", None) as second:
        assert first.getsockname()[1] != second.getsockname()[1]


def test_a_login_guards_everything(site: Site) -> None:
    from assistant.web.app import build_app
    from assistant.web.server import asgi_app

    def build() -> FastAPI:
        return asgi_app(build_app(site.assistant), auth=[("ada", "secret")])

    with served(build) as url, httpx.Client(base_url=url, timeout=20) as client:
        for path in ("/config", "/gradio_api/info", f"/gradio_api/file={__file__}"):
            assert client.get(path).status_code == 401
        refused = client.post("/gradio_api/call/articles", json={"data": []})
        assert refused.status_code == 401
        wrong = client.post("/login", data={"username": "ada", "password": "guess"})
        assert wrong.status_code == 400
        right = client.post("/login", data={"username": "ada", "password": "secret"})
        assert right.status_code == 200
        assert client.get("/config").status_code == 200
