"""Turn settings into models: the only file that names providers.

What is handed out are LangChain's own protocols, ``Embeddings`` and ``BaseChatModel``.
Provider packages are imported when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from assistant import weights
from assistant.cross_encoder import BASE, CrossEncoder
from assistant.endpoint_faults import TOO_SLOW, UNREACHABLE, UNREADABLE, refusal
from assistant.errors import EndpointError, EndpointRefused, ModelError, PromptTooLong
from assistant.settings import THIS_MACHINE, Settings
from assistant.tracing import span

EXTRACTIVE = "extractive"
"""The name of "no language model": the best evidence sentences are the answer."""

HASH = "hash"
"""The name of the embedder that needs no file: shared words make near vectors. For trying out."""

_TOO_LONG = re.compile("context (length|size|window)|context_length|context_size")
"""How servers say that a prompt is more than the model reads; there is no code for it."""

Progress = Callable[[weights.Progress], None]


def embedder(settings: Settings, progress: Progress | None = None) -> Embeddings:
    """The embedding model the settings name; downloads it when it is not there.

    Raises:
        ModelError: unknown name, or a folder that holds no model.
        WeightsError: the files cannot be had.
    """
    name = settings.embedder
    if name == HASH:
        from assistant.testing import HashEmbedder

        return HashEmbedder()
    if name in weights.catalogue():
        return _sentence_embedder(weights.ensure(name, settings, progress), name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _sentence_embedder(folder, folder.name)
    raise ModelError(
        f"There is no embedder '{name}'. Use one of {_known('embedder')}, '{HASH}', "
        "or the folder of a sentence-transformers model."
    )


def cross_encoder(settings: Settings) -> CrossEncoder | None:
    """What judges whether passages answer; None beside another embedder than the one it needs.

    It loads on first use.
    """
    if settings.embedder != BASE:
        return None
    return CrossEncoder(weights.ensure(BASE, settings))


def chat_model(settings: Settings, progress: Progress | None = None) -> BaseChatModel | None:
    """The chat model the settings name, or None for ``extractive``. Weights load on first use.

    Raises:
        ModelError: unknown name, or a provider package that is not installed.
        WeightsError: the file of an embedded model cannot be had.
    """
    name = settings.model
    if name == EXTRACTIVE:
        return None
    if settings.endpoint:
        _allowed_offline(settings, urlsplit(settings.endpoint).hostname or "")
        return _endpoint(settings)
    if name in weights.catalogue():
        path = weights.ensure(name, settings, progress)
        weights.check_memory(path)
        return _in_process(path, settings, weights.catalogue()[name].adapters)
    if name.endswith(".gguf"):
        path = Path(name).expanduser()
        weights.check_gguf(path)
        return _in_process(path, settings)
    if ":" in name:
        _allowed_offline(settings, name.partition(":")[0])
        return _provider(settings)
    raise ModelError(
        f"There is no model '{name}'. Use one of {_known('chat')}, '{EXTRACTIVE}', a .gguf file, "
        "'<provider>:<model>', or name an endpoint with the endpoint setting."
    )


@contextmanager
def endpoint_errors(model: BaseChatModel) -> Iterator[None]:
    """Turn what a remote provider's client raises into EndpointError or PromptTooLong.

    Provider clients share no base class, but all of them talk through httpx or derive from
    their package's own error; a model of this package raises ModelError by itself.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        # The one place where foreign errors enter: an unknown provider's error types cannot
        # be listed. What is not from a client package is a bug and goes through unchanged.
        if type(error).__module__.split(".")[0] in ("builtins", "assistant", "langchain_core"):
            raise
        # Some versions of a client wrap what our own part of it has raised.
        if isinstance(error.__cause__, ModelError):
            raise error.__cause__ from error
        where = getattr(model, "where", "The model provider")
        if _TOO_LONG.search(str(error)):
            raise PromptTooLong(
                f"{where} cannot read a prompt this long. Lower evidence, or ask a shorter "
                "question."
            ) from error
        status = getattr(error, "status_code", None)
        kind = EndpointRefused if status in (400, 413, 422) else EndpointError
        raise kind(f"{where} {_cause(error, status)}") from error


def _sentence_embedder(folder: Path, name: str) -> Embeddings:
    with span("load embedder", model=name):
        from assistant.sentence_embedder import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder(folder)


def _in_process(
    path: Path, settings: Settings, adapters: Mapping[str, Path] | None = None
) -> BaseChatModel:
    from assistant.llamacpp import LlamaCppChat

    return LlamaCppChat(
        path=path,
        adapters=adapters or {},
        context_tokens=settings.context_tokens,
        threads=settings.threads,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
        states=settings.states,
    )


def _endpoint(settings: Settings) -> BaseChatModel:
    from assistant.endpoint import EndpointChat
    from assistant.endpoint_client import EndpointClient

    where = f"The model endpoint {settings.endpoint}"
    return EndpointChat(
        where=where,
        model=settings.model,
        base_url=settings.endpoint,
        # Local servers need no key, but the client insists on one.
        api_key=settings.api_key or SecretStr("none"),
        temperature=0.0,
        seed=settings.seed,
        max_completion_tokens=settings.max_tokens,
        timeout=settings.request_timeout,
        # One layer of retries only: our client's.
        max_retries=0,
        http_client=EndpointClient(where, settings.request_timeout),
        stream_usage=True,
    )


def _allowed_offline(settings: Settings, host: str) -> None:
    if settings.offline and host not in THIS_MACHINE:
        raise ModelError(
            f"Offline mode is on, and the model is answered by {host}. Choose a model on this "
            "machine, or turn offline mode off (ASSISTANT_OFFLINE)."
        )


def _provider(settings: Settings) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    try:
        model: Any = init_chat_model(
            settings.model, temperature=0.0, max_tokens=settings.max_tokens
        )
    except ImportError as error:
        raise ModelError(f"{error} Then ask again.") from error
    except Exception as error:
        # Each provider has errors of its own for a key that is not there, or of pydantic's.
        first = str(error).strip().splitlines()[:1]
        raise ModelError(
            f"The model '{settings.model}' cannot be used ({first[0] if first else type(error)}). "
            "Check its name, and that the provider's key is set."
        ) from error
    if not isinstance(model, BaseChatModel):
        raise ModelError(f"'{settings.model}' is not a chat model.")
    return model


def _cause(error: Exception, status: object) -> str:
    name = type(error).__name__
    if isinstance(status, int):
        return refusal(status)
    if "Timeout" in name:
        return TOO_SLOW
    if "Connect" in name:
        return UNREACHABLE
    if name == "APIError":
        return "reported an error in its reply. Ask again, or look at the server's log."
    if "JSON" in name:
        return UNREADABLE
    return f"failed ({name}). Ask again, or choose another model."


def _known(kind: str) -> str:
    return ", ".join(f"'{name}'" for name, row in weights.catalogue().items() if row.kind == kind)
