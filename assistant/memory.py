"""How much memory this process can still take: of the machine, and of its container.

A container that reaches its limit is ended without a word, however much the machine has left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

_ROOT = Path("/")

_FILES = (
    ("", "memory.max", "memory.current", ("active_file", "inactive_file")),
    (
        "memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_active_file", "total_inactive_file"),
    ),
)
"""Of either version of cgroups: its controller, limit, use, and what of it goes when in the way."""


def available_memory(root: Path = _ROOT) -> int | None:
    """Bytes this process could still take without swapping, or None where nothing tells.

    ``root`` is the folder that ``proc`` and ``sys`` are in.
    """
    free = [*_machine(root / "proc/meminfo"), *_containers(root)]
    return max(0, min(free)) if free else None


def _machine(meminfo: Path) -> Iterator[int]:
    for line in _text(meminfo).splitlines():
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            yield int(amount.split()[0]) * 1024


def _containers(root: Path) -> Iterator[int]:
    """What is left in each limited group that this process is in: its own, and those above."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller, most, used, cached in _FILES:
            if controller not in controllers.split(","):
                continue
            mounted = root / "sys/fs/cgroup" / controller
            group = Path(path.lstrip("/"))
            # Inside a container its own group is often the root, whatever its path is outside.
            for folder in {group, *group.parents}:
                yield from _left(mounted / folder, most, used, cached)


def _left(group: Path, most: str, used: str, cached: Sequence[str]) -> Iterator[int]:
    limit, use = _text(group / most).strip(), _text(group / used).strip()
    if not (limit.isdigit() and use.isdigit()):  # "max" is no limit
        return
    told = dict(line.split() for line in _text(group / "memory.stat").splitlines())
    # Files that were read count as used: a model's own, after it has been loaded once.
    yield int(limit) - int(use) + sum(int(told.get(name, 0)) for name in cached)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
