"""The commands by name, and the one place where errors become messages and exit codes.

Exit codes: 0, 1 for an error, 2 for a command line that cannot be read, 130 for Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from assistant.cli import articles, asking, checking, measuring, models, serving
from assistant.errors import AssistantError

INTERRUPTED = 130

app = typer.Typer(
    help="Ask articles: answers whose every sentence is backed by a verbatim quote.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(asking.ask)
app.command()(asking.chat)
app.command()(asking.search)
app.command()(serving.web)
app.command()(articles.add)
app.command("list")(articles.list_articles)
app.command()(articles.remove)
app.add_typer(models.app, name="models")
app.command()(checking.doctor)
app.command("eval")(measuring.evaluate)
app.command()(measuring.questions)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Ask articles: answers whose every sentence is backed by a verbatim quote.

    Without a command the web page opens.
    """
    if version:
        typer.echo(f"assistant {checking.version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        serving.web()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Never raises, never prints a traceback."""
    _print_whatever_comes()
    try:
        result = app(arguments, prog_name="assistant", standalone_mode=False)
    except AssistantError as error:
        return _failed(str(error))
    except TyperException as error:
        return _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever was reading has seen enough; nothing more can be said there, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the door: nobody is shown a traceback
        return _failed(_bug(error))
    return result if isinstance(result, int) else 0


def _failed(message: str) -> int:
    from assistant.cli.printing import print_error

    print_error(message)
    return 1


def _misused(error: TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "assistant"
    _failed(f"{error.format_message()} Try: {command} --help")
    return error.exit_code


def _bug(error: Exception) -> str:
    """What to say of an error nobody foresaw; what happened is kept for a report."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="assistant-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        traceback.print_exception(error, file=log)
    return (
        f"Something is wrong in the program itself ({type(error).__name__}: {error}). Please "
        f"report it with the file {log.name}."
    )


def _print_whatever_comes() -> None:
    """A terminal that cannot show a letter shows "?" instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
