"""What a run was made with: model, settings, versions, machine. Without it a figure is hearsay."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.schema import QuestionSet
from assistant.settings import Settings

_PACKAGES = (
    "ask-the-article",
    "chromadb",
    "langchain-core",
    "sentence-transformers",
    "torch",
    "xllamacpp",
)


def identity(
    question_set: QuestionSet, settings: Settings, model: str, **how: Any
) -> dict[str, Any]:
    """What must be equal for results to belong to the same run."""
    return {
        "questions": fingerprint(question_set),
        "model": model,
        "settings": settings.fingerprint(),
        "version": _version("ask-the-article"),
        "commit": _commit(),
        **how,
    }


def facts(question_set: QuestionSet, settings: Settings, model: str) -> dict[str, Any]:
    """What a reader of the figures must know, in the order it is shown."""
    return {
        "question_set": question_set.name,
        "questions": len(question_set.questions),
        "articles": len(question_set.articles),
        "questions_sha256": fingerprint(question_set),
        "model": model,
        "embedder": settings.embedder,
        "settings_fingerprint": settings.fingerprint(),
        "settings": _shown(settings),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()}
        | {name: _version(name) for name in _PACKAGES},
        "commit": _commit(),
        "machine": machine(),
    }


def fingerprint(question_set: QuestionSet) -> str:
    """Sixteen hex digits that change with any question and any article."""
    digest = hashlib.sha256()
    for question in question_set.questions:
        digest.update(json.dumps(asdict(question), sort_keys=True).encode())
    for name in sorted(question_set.articles):
        digest.update(json.dumps([name, question_set.articles[name].text]).encode())
    return digest.hexdigest()[:16]


@cache
def machine() -> dict[str, Any]:
    """Processor, cores this process may use, memory in GiB, operating system."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": _memory(),
        "platform": platform.platform(),
    }


def _shown(settings: Settings) -> dict[str, Any]:
    """The settings without the key, and without folders that say who someone is."""
    hidden = {"api_key", "store", "cache", "prompts"}
    return settings.model_dump(mode="json", exclude=hidden, exclude_none=True)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> float | None:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    return round(total / 2**30, 1)


@cache
def _commit() -> str | None:
    """The commit this package is run from, with ``+`` when files differ; ``None`` if installed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    answers = []
    for arguments in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "-uno"]):
        try:
            done = subprocess.run(
                ["git", "-C", str(root), *arguments],
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        answers.append(done.stdout.strip())
    return answers[0] + ("+" if answers[1] else "")


def summary_line(values: Mapping[str, Any]) -> str:
    """Model, settings and machine in one line."""
    box = values.get("machine", {})
    parts = (
        values.get("model"),
        values.get("embedder"),
        f"settings {values.get('settings_fingerprint')}",
        f"{box.get('cores')} cores" if box.get("cores") else None,
        box.get("cpu"),
    )
    return " · ".join(str(part) for part in parts if part)
