"""The ``assistant`` command: a door. It reads options, prints, and turns errors into exit codes.

app ── asking · articles · models · measuring · checking · serving     one group of commands each
   └── options, opening, waiting, printing                             what they share
"""

from assistant.cli.app import main

__all__ = ["main"]
