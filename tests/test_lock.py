"""The lock files pin everything that pyproject.toml asks for, and nothing that it must not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"


def pins(lock: str) -> list[Requirement]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def wanted(lock: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["dev"] if lock == DEV else []
    return [Requirement(line) for line in [*project["dependencies"], *extra]]


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_everything_wanted_is_pinned_at_a_version_that_fits(lock: str) -> None:
    versions: dict[str, list[str]] = {}
    for pin in pins(lock):
        (exact,) = pin.specifier
        assert exact.operator == "=="
        versions.setdefault(canonicalize_name(pin.name), []).append(exact.version)
    for need in wanted(lock):
        assert canonicalize_name(need.name) in versions, f"{need} is not in {lock}: run `make lock`"
        for version in versions[canonicalize_name(need.name)]:
            assert need.specifier.contains(version), f"{need} but {version}: run `make lock`"


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_no_gpu_package_no_address_and_no_build_of_one_machine(lock: str) -> None:
    for pin in pins(lock):
        assert not pin.name.startswith(("nvidia", "cuda", "triton"))
        assert pin.url is None
        assert "+" not in str(pin.specifier)
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


def test_tests_run_on_the_versions_that_people_get() -> None:
    assert {str(pin) for pin in pins(RUNTIME)} <= {str(pin) for pin in pins(DEV)}
