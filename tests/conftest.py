"""Fixtures for every test, and two rules all of them keep: no network, nobody's own settings.

Tests that need model files are marked ``model`` and skip, saying how to get them, where the
files are not there. They are the only ones that look into the user's real cache.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from langchain_core.language_models import BaseChatModel

from assistant import weights
from assistant.answering import Assistant
from assistant.articles import load_article
from assistant.schema import Article
from assistant.settings import ENV_PREFIX, Settings
from assistant.testing import HashEmbedder, ScriptedChatModel
from tests.command_line import CommandLine
from tests.sample_articles import SEED

# A shell ignores Ctrl-C for what it starts in the background, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

POSITION = "The UK would only support a humanitarian pause, rather than a broad ceasefire."
"""What the scripted model of :func:`assistant` says: true, and in the seed article."""

# The same examples in every run: a failure is always the fault of the last change. To look for
# new ones: HYPOTHESIS_PROFILE=explore python -m pytest. No deadlines: the machine is shared.
_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
hypothesis_settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=_SLOW
)
hypothesis_settings.register_profile(
    "explore", deadline=None, max_examples=2_000, suppress_health_check=_SLOW
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Fails the test that looks up a host or connects to one that is not this machine.

    An audit hook sees every socket of the process, whoever made it. What fails a test is no
    Exception, so code that expects the network to be down cannot swallow it.
    """
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host is not None and not _is_harmless(host, looked_up=event == "socket.getaddrinfo"):
        pytest.fail(f"A test must not open the network, and this one went for {host!r}.")


def _is_harmless(host: str, looked_up: bool) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return looked_up and _is_numeric(host)
    return looked_up or address.is_loopback or address.is_unspecified


def _is_numeric(host: str) -> bool:
    """Whether a host is an address in one of the old spellings, which no server is asked for."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


sys.addaudithook(_refuse_the_network)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that at the end no process is left with one of them alone."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


@pytest.fixture(autouse=True, scope="session")
def _nobodys_settings() -> Iterator[None]:
    """Whoever runs the tests may have set ASSISTANT_ variables; the tests do not see them."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
            environment.delenv(name)
        yield


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the user's cache of model files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ask-the-article"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a library of this test's own, with no language model and no network."""
    return Settings.load(store=tmp_path / "store", model="extractive", offline=True)


@pytest.fixture(scope="session")
def seed_article() -> Article:
    """The sample article, as it is loaded from its file."""
    return load_article(SEED)


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Runs ``assistant …`` with a library of this test's own, offline and without models."""
    return CommandLine(tmp_path, monkeypatch, capsys)


class Opener:
    """Opens assistants over real libraries in a folder, and closes them after the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._opened = 0

    def __call__(
        self,
        *texts: str | Path,
        model: BaseChatModel | str = "extractive",
        **settings: Any,
    ) -> Assistant:
        """An assistant with these articles: paths are loaded, anything else is the text."""
        self._opened += 1
        store = self._folder / f"store-{self._opened}"
        options: dict[str, Any] = {"store": store, "offline": True} | settings
        assistant = self._stack.enter_context(
            Assistant.open(model=model, embedder=HashEmbedder(), **options)
        )
        for text in texts:
            if isinstance(text, Path):
                assistant.add(text)
            else:
                assistant.add(text=text, title=f"Article {len(assistant.articles()) + 1}")
        return assistant


@pytest.fixture
def open_assistant(tmp_path: Path) -> Iterator[Opener]:
    """Opens assistants with articles, models and settings of the test's choice."""
    with ExitStack() as stack:
        yield Opener(tmp_path, stack)


@pytest.fixture
def assistant(open_assistant: Opener) -> Assistant:
    """An assistant that knows the seed article and whose model says :data:`POSITION`.

    Its library is real; its vectors are of shared words, and its model is scripted. It is bold
    and reads the whole article, so that what the model says decides what is answered.
    """
    model = ScriptedChatModel(replies=[POSITION], yes=0.99)
    return open_assistant(SEED, model=model, caution=0.0, evidence=32)


def need_models(*names: str) -> None:
    """Skip the test, saying how to get them, unless these model files are there and whole."""
    for name in names:
        if weights.path(name, Settings.load()) is None:
            pytest.skip(f"needs a model file; get it with: assistant models pull {name}")


@pytest.fixture(scope="session")
def real_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The default models over the seed article: for tests marked ``model``."""
    chat, embedder = (Settings.model_fields[name].default for name in ("model", "embedder"))
    need_models(chat, embedder)
    store = tmp_path_factory.mktemp("real") / "store"
    with Assistant.open(store=store, offline=True) as assistant:
        assistant.add(SEED)
        yield assistant
