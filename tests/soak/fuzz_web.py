"""Let schemathesis make up requests to every named endpoint of the page's server.

    make fuzz-web

The server is a real one over a library of its own, with a scripted model. A status of 500 or
more is a fault, and so is a server that does not answer a plain question afterwards. What else
a command line of schemathesis takes may follow.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a script, this folder stands there instead

from tests.browser import scripted_site  # noqa: E402
from tests.conftest import POSITION  # noqa: E402


def main(schemathesis: str, *options: str) -> int:
    with tempfile.TemporaryDirectory() as folder, scripted_site(Path(folder)) as site:
        site.say(POSITION)
        command = [schemathesis, "run", f"{site.url}gradio_api/openapi.json"]
        checks = ["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing"]
        done = subprocess.run([*command, *checks, *options], check=False, cwd=folder)
        answer = site.assistant.ask("What was the UK's position?")
        print(f"Asked afterwards: {answer.status}")
        return done.returncode or answer.status != "answered"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
