"""The memory that is free: the least of what the machine has and every limit above leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.memory import available_memory
from assistant.weights import check_memory

GIB = 2**30


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


def machine(root: Path) -> Path:
    """A machine with 8 GiB free."""
    meminfo = f"MemTotal: 99 kB\nMemAvailable:    {8 * GIB // 1024} kB\n"
    return write(root, {"proc/meminfo": meminfo})


def test_without_a_container_it_is_what_the_machine_has(tmp_path: Path) -> None:
    assert available_memory(machine(tmp_path)) == 8 * GIB


def test_where_nothing_tells_it_is_unknown(tmp_path: Path) -> None:
    assert available_memory(tmp_path) is None


@pytest.mark.parametrize("path", ["/", "/kubepods/pod1/c2"])
def test_a_container_has_its_limit(tmp_path: Path, path: str) -> None:
    """Its own group is mounted as the root, whether or not it is told another path."""
    root = write(
        machine(tmp_path),
        {
            "proc/self/cgroup": f"0::{path}\n",
            "sys/fs/cgroup/memory.max": f"{2 * GIB}\n",
            "sys/fs/cgroup/memory.current": f"{GIB}\n",
            "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {GIB // 2}\n",
        },
    )
    assert available_memory(root) == 1.5 * GIB


def test_a_group_above_limits_too(tmp_path: Path) -> None:
    root = write(
        machine(tmp_path),
        {
            "proc/self/cgroup": "0::/user.slice/app\n",
            "sys/fs/cgroup/user.slice/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/user.slice/memory.current": "0\n",
            "sys/fs/cgroup/user.slice/app/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/app/memory.current": "0\n",
        },
    )
    assert available_memory(root) == GIB


def test_the_older_version_is_read(tmp_path: Path) -> None:
    root = write(
        machine(tmp_path),
        {
            "proc/self/cgroup": "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/docker/x\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GIB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GIB // 2}\n",
            "sys/fs/cgroup/memory/memory.stat": "total_rss 1\n"
            f"total_inactive_file {GIB // 8}\ntotal_active_file {GIB // 8}\n",
        },
    )
    assert available_memory(root) == 0.75 * GIB


def test_no_limit_is_none_and_less_than_nothing_is_nothing(tmp_path: Path) -> None:
    limit = "sys/fs/cgroup/memory/memory.limit_in_bytes"
    used = "sys/fs/cgroup/memory/memory.usage_in_bytes"
    root = write(machine(tmp_path), {"proc/self/cgroup": "4:memory:/\n"})
    write(root, {limit: "9223372036854771712\n", used: f"{GIB}\n"})
    assert available_memory(root) == 8 * GIB
    write(root, {limit: "1000\n", used: "2000\n"})
    assert available_memory(root) == 0


def test_this_machine_tells(tmp_path: Path) -> None:
    assert available_memory() is not None
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    check_memory(tmp_path / "tiny.gguf")
