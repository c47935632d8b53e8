"""``eval`` and ``questions``: measure answers with a question set, and draft one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli import options
from assistant.errors import UserInputError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.answering import Assistant


def evaluate(
    questions: Annotated[
        Path | None,
        typer.Argument(help="JSONL, CSV or SQuAD JSON.", show_default="the sample questions"),
    ] = None,
    articles: Annotated[Path | None, typer.Option(help="Folder of the articles.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only the first so many.")] = None,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Search, but do not answer.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for results and report.", show_default="evaluations/…"),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of an earlier run to compare with.")
    ] = None,
    guard: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIGURE",
            help="Fail when this fell significantly (repeatable).",
            show_default="trusted, or recall@5",
        ),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=NUMBER", help="Fail when a figure misses this (repeatable)."),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Also let this model judge the answers.")
    ] = None,
    model: options.Model = None,
    endpoint: options.Endpoint = None,
    caution: options.Caution = None,
    extractive: options.Extractive = False,
    offline: options.Offline = None,
    timings: options.Timings = False,
    as_json: options.AsJson = False,
) -> int:
    """Ask every question of a set and report how good the answers are, with intervals.

    Exit code 1 where a guarded figure fell or one is under its limit.
    """
    from assistant.cli.printing import console, print_json
    from assistant.evaluation import EvalRequest, EvaluationReport, parse_limits, run_eval

    def as_summary(report: EvaluationReport, folder: Path) -> None:
        print_json({"folder": str(folder), **report.to_dict()})

    # Without answers no language model is needed, and none should be fetched.
    chosen = options.chosen_model(model, extractive or (retrieval_only and model is None))
    settings = options.given(model=chosen, endpoint=endpoint, caution=caution, offline=offline)
    request = EvalRequest(
        questions=questions,
        articles=articles,
        out=out,
        limit=limit,
        retrieval_only=retrieval_only,
        compare=compare,
        guard=tuple(guard or ()),
        fail_under=parse_limits(fail_under or ()),
    )
    return run_eval(
        request,
        _opener(settings),
        console(stderr=as_json),
        judge=_judge(judge, settings),
        on_report=as_summary if as_json else None,
    )


def questions(
    article: Annotated[str, typer.Argument(metavar="SOURCE", help="A file or a URL.")],
    n: Annotated[int, typer.Option("-n", help="How many questions.")] = 20,
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write.", show_default="<article>.questions.jsonl"),
    ] = None,
    model: options.Model = None,
    endpoint: options.Endpoint = None,
    offline: options.Offline = None,
    timings: options.Timings = False,
) -> int:
    """Draft questions about an article, with evidence, for a person to review."""
    from assistant import models
    from assistant.cli.printing import console
    from assistant.cli.waiting import Waiting
    from assistant.evaluation import run_questions
    from assistant.settings import Settings

    settings = options.given(model=model, endpoint=endpoint, offline=offline)
    with Waiting("Loading the model …") as waiting:
        chat = models.chat_model(Settings.load(**settings), waiting.downloaded)
    if chat is None:
        raise UserInputError("Questions are drafted by a language model; name one with --model.")
    return run_questions(article, n, out, _opener(settings, chat), chat, console())


def _opener(
    settings: dict[str, Any], model: BaseChatModel | None = None
) -> Callable[[Path], contextlib.AbstractContextManager[Assistant]]:
    """Opens an assistant with its library in a given folder, showing what takes long.

    The folder is deleted afterwards, by whoever made it.
    """

    @contextlib.contextmanager
    def opened(store: Path) -> Iterator[Assistant]:
        from assistant.cli.opening import opened_assistant
        from assistant.cli.waiting import Waiting

        chosen = (
            settings | {"store": store, "temporary": True} | ({"model": model} if model else {})
        )
        with Waiting("Loading the models …") as waiting, opened_assistant(chosen, waiting) as it:
            waiting.stop()
            yield it

    return opened


def _judge(name: str | None, settings: dict[str, Any]) -> Any:
    if name is None:
        return None
    from assistant import models
    from assistant.cli.waiting import Waiting
    from assistant.evaluation import ModelJudge
    from assistant.settings import Settings

    loaded = Settings.load(**settings | {"model": name})
    with Waiting("Loading the judge …") as waiting:
        model = models.chat_model(loaded, waiting.downloaded)
    if model is None:
        raise UserInputError("--judge takes a language model, not 'extractive'.")
    return ModelJudge(name, model, loaded.prompts)
