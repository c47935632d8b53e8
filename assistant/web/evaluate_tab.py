"""The "Evaluate" tab: run a question file, watch it, open the report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.evaluation.report import figure_row
from assistant.schema import QuestionResult
from assistant.web.assets import html_part
from assistant.web.choices import ChoiceWidgets
from assistant.web.evaluation_run import EvaluationRun, State
from assistant.web.formatting import attributes, plural, shorten, text
from assistant.web.workspace import Workspace

SHOWN = 5
"""Latest questions listed while a run goes on."""


def lay_out(workspace: Workspace, choices: ChoiceWidgets) -> None:
    """Files, number of questions, progress and figures. Call inside the column it fills."""
    html_part(_hint(), "evaluate-hint")
    files = gr.File(
        label="A question file and the articles it names",
        file_count="multiple",
        height=130,
        elem_id="question-files",
        elem_classes="files",
    )
    with gr.Row(elem_classes="line"):
        limit = gr.Number(
            label="Only the first … questions (0: all)",
            value=0,
            minimum=0,
            precision=0,
            elem_id="limit",
            scale=3,
        )
        start = gr.Button("Run", variant="primary", elem_id="run", scale=0)
        stop = gr.Button("Stop", variant="stop", elem_id="stop-run", visible=False, scale=0)
    outputs = [html_part("", "evaluation"), start, stop]
    running = start.click(
        partial(_run, workspace, choices),
        [files, limit, *choices.inputs()],
        outputs,
        concurrency_limit=1,
        api_visibility="private",
        show_progress="minimal",
    )
    stop.click(
        _stopped,
        None,
        outputs,
        cancels=[running],
        api_visibility="private",
        show_progress="hidden",
    )


def _run(
    workspace: Workspace,
    choices: ChoiceWidgets,
    files: list[str] | None,
    limit: float | None,
    *chosen: Any,
) -> Iterator[list[Any]]:
    paths = [Path(name) for name in files or ()]
    choice = choices.read(chosen)
    yield ['<p role="status">Starting …</p>', gr.update(visible=False), gr.update(visible=True)]
    for state in EvaluationRun(workspace, choice, paths, int(limit or 0) or None).states():
        yield [state_html(state), gr.skip(), gr.skip()]
    yield [gr.skip(), gr.update(visible=True), gr.update(visible=False)]


def _stopped() -> list[Any]:
    note = "<p role='status'>Stopped. The question under way is still being finished.</p>"
    return [note, gr.update(visible=True), gr.update(visible=False)]


def state_html(state: State) -> str:
    """A run: how far it is, the latest questions, and at the end figures and report."""
    if state.problem:
        return f'<p class="problem" role="status">{text(state.problem)}</p>'
    done = len(state.results)
    bar = attributes(max=max(state.total, 1), value=done, aria_label="Questions asked")
    head = f"<progress{bar}></progress><p role='status'>{done} of {plural(state.total, 'question')}"
    if not state.report:
        rows = "".join(_row(result) for result in reversed(state.results[-SHOWN:]))
        return f'{head}</p><ul class="asked">{rows}</ul>'
    figures = "".join(
        f"<tr><th scope='row'>{text(row.title)}</th><td>{text(row.shown)}</td>"
        f"<td>{text(row.interval)}</td><td>{row.n}</td></tr>"
        for row in (figure_row(name, figure) for name, figure in state.figures.items())
    )
    report = attributes(data_report=state.report, href="#", target="_blank")
    return (
        f"{head}</p><p><a{report}>Open the report</a></p>"
        "<table class='figures'><thead><tr><th scope='col'>Figure</th><th scope='col'>Value</th>"
        "<th scope='col'>95 % interval</th><th scope='col'>Questions</th></tr></thead>"
        f"<tbody>{figures}</tbody></table>"
        '<p class="facts">Kept in the store’s folder “evaluations” as well.</p>'
    )


def _row(result: QuestionResult) -> str:
    said = result.error or (str(result.answer) if result.answer else "")
    return (
        f"<li><strong>{text(result.question.question)}</strong> "
        f"<span>{text(shorten(said, 200))}</span></li>"
    )


def _hint() -> str:
    return (
        '<p class="facts">Give a question file and the articles it names, or run the sample '
        "questions as they are. Everything is asked in a library of its own; yours is not touched. "
        "Model and caution are those under Settings. <code>docs/questions.md</code> describes "
        "the file.</p>"
    )
