"""The long forms of the reliability tests: run them part by part, stop and go on, print a table.

    python tests/soak/run.py kills --cycles 500      # 500 cycles of one part; again: goes on
    python tests/soak/run.py all                     # every part, as often as it should be
    python tests/soak/run.py report                  # the table, as Markdown

What has been done is kept in runs/soak: a run that is cut off goes on where it stopped, and a
part is begun anew with --again. A violation is kept, with its cycle, and fails the run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a script, this folder stands there instead

from assistant.errors import AssistantError  # noqa: E402
from tests.soak.parts import PARTS, Part  # noqa: E402

KEPT = ROOT / "runs" / "soak"
MOST_FAILURES = 5


@dataclass
class Record:
    """How far a part is, and what came of it."""

    done: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    commit: str = ""
    finished: str = ""

    @classmethod
    def read(cls, path: Path) -> Record:
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else cls()

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        fresh.replace(path)

    def take(self, figures: dict[str, float]) -> None:
        """Add one cycle's figures; of those that begin with "most" the largest counts."""
        for name, value in figures.items():
            old = self.figures.get(name, 0.0)
            self.figures[name] = max(old, value) if name.startswith("most") else old + value


def run(part: Part, cycles: int) -> Record:
    """Bring a part to so many cycles."""
    path = KEPT / f"{part.name}.json"
    record = Record.read(path)
    folder = KEPT / part.name
    folder.mkdir(parents=True, exist_ok=True)
    if record.done < cycles:
        with part.opened(folder) as once:
            while record.done < cycles and len(record.failures) < MOST_FAILURES:
                start = time.monotonic()
                try:
                    record.take(once(record.done))
                except (AssertionError, AssistantError, OSError) as error:
                    where = traceback.format_exception_only(error)[-1].strip()
                    record.failures.append(f"cycle {record.done}: {where[:500]}")
                record.done += 1
                record.seconds += time.monotonic() - start
                record.commit = _commit()
                record.finished = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
                record.write(path)
                _tell(part, record, cycles)
        print(file=sys.stderr)
    return record


def report() -> str:
    """The table of everything that has been run."""
    lines = [
        "| Part | What is injected | Cycles | Violations | Seen | Minutes | Date (UTC) | Commit |",
        "|---|---|---:|---:|---|---:|---|---|",
    ]
    for part in PARTS.values():
        record = Record.read(KEPT / f"{part.name}.json")
        if record.done:
            seen = ", ".join(f"{name} {value:,.6g}" for name, value in record.figures.items())
            cells = (
                f"{part.name} | {part.injected} | {record.done:,} of {part.cycles:,} | "
                f"{len(record.failures)} | {seen} | {record.seconds / 60:.1f} | "
                f"{record.finished} | {record.commit}"
            )
            lines.append(f"| {cells} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("part", choices=[*PARTS, "all", "report"])
    parser.add_argument("--cycles", type=int, help="how many in all; by default the full number")
    parser.add_argument("--again", action="store_true", help="forget what was done before")
    chosen = parser.parse_args(arguments)
    names = list(PARTS) if chosen.part == "all" else [chosen.part]
    failures = 0
    for name in names if chosen.part != "report" else []:
        if chosen.again:
            (KEPT / f"{name}.json").unlink(missing_ok=True)
            shutil.rmtree(KEPT / name, ignore_errors=True)
        record = run(PARTS[name], PARTS[name].cycles if chosen.cycles is None else chosen.cycles)
        failures += len(record.failures)
        for failure in record.failures:
            print(f"{name}: {failure}", file=sys.stderr)
    print(report())
    return 1 if failures else 0


def _tell(part: Part, record: Record, cycles: int) -> None:
    rest = (cycles - record.done) * record.seconds / record.done
    print(
        f"\r{part.name}: {record.done} of {cycles}, {len(record.failures)} violations, "
        f"{rest / 60:.0f} min left   ",
        end="",
        file=sys.stderr,
        flush=True,
    )


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
