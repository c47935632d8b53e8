"""Which model answers, and how boldly: the settings every reader has for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant import weights
from assistant.errors import AssistantError
from assistant.models import EXTRACTIVE
from assistant.web.assets import download_html, html_part
from assistant.web.formatting import text
from assistant.web.variants import Choice
from assistant.web.workspace import Workspace

ENDPOINT = "A model server …"


@dataclass(frozen=True, slots=True)
class ChoiceWidgets:
    """The widgets that make up a :class:`Choice`."""

    model: gr.Dropdown
    caution: gr.Slider
    endpoint: gr.Textbox
    name: gr.Textbox
    key: gr.Textbox

    def inputs(self) -> list[Any]:
        """In the order :meth:`read` takes their values."""
        return [self.model, self.caution, self.endpoint, self.name, self.key]

    def read(self, values: Sequence[Any]) -> Choice:
        """The widgets' values as a choice."""
        model, caution, endpoint, name, key = values
        if model == ENDPOINT:
            return Choice(str(name), float(caution), str(endpoint).strip(), str(key))
        return Choice(str(model), float(caution))


def lay_out(workspace: Workspace) -> ChoiceWidgets:
    """Model, caution, and the fields of a model server. Call inside the column it fills."""
    widgets = _widgets(workspace)
    ready = gr.Button("Get this model ready", elem_id="prepare")
    state = html_part("", "prepared")
    kept = gr.Button("Save the ratings given here as a file", elem_id="save-feedback")
    download = html_part("", "feedback")

    def prepare(*values: Any, progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008
        progress(0.0, desc="Getting the model ready")
        try:
            name = workspace.variants.prepare(widgets.read(values))
        except AssistantError as error:
            return f'<p class="problem" role="status">{text(error)}</p>'
        return f'<p role="status">Ready: {text(name)} answers from the next question on.</p>'

    def ratings() -> str:
        return download_html("feedback.jsonl", "\n".join(workspace.feedback.lines()))

    hidden: dict[str, Any] = {"api_visibility": "private"}
    kept.click(ratings, None, download, show_progress="hidden", **hidden)
    ready.click(prepare, widgets.inputs(), state, concurrency_limit=1, **hidden)
    return widgets


def _widgets(workspace: Workspace) -> ChoiceWidgets:
    settings = workspace.settings
    names = list(dict.fromkeys((settings.model, *_embedded_models(), EXTRACTIVE)))
    if workspace.endpoints:
        names.append(ENDPOINT)
    labels = {EXTRACTIVE: "No model: the article's own sentences"}
    model = gr.Dropdown(
        [(labels.get(name, name), name) for name in names],
        value=settings.model,
        label="Model",
        info="Answers are checked the same way, whoever writes them.",
        elem_id="model",
    )
    server = _model_server(model)
    caution = gr.Slider(
        0,
        1,
        value=settings.caution,
        step=0.05,
        label="Bold – cautious",
        info="0 answers whenever it can; 1 says “The article does not say” when in any doubt.",
        elem_id="caution",
    )
    return ChoiceWidgets(model, caution, *server)


def _model_server(model: gr.Dropdown) -> tuple[gr.Textbox, gr.Textbox, gr.Textbox]:
    """Address, name and key, seen when a model server is what was chosen."""
    with gr.Group(visible=False) as server:
        endpoint = gr.Textbox(label="Address", placeholder="http://127.0.0.1:11434/v1")
        name = gr.Textbox(label="Model's name there", placeholder="llama3.2")
        key = gr.Textbox(label="Key", type="password", placeholder="if it wants one")
    model.change(
        lambda chosen: gr.update(visible=chosen == ENDPOINT),
        model,
        server,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    return endpoint, name, key


def _embedded_models() -> list[str]:
    """The chat models that run in this process, by name."""
    return [name for name, row in weights.catalogue().items() if row.kind == "chat"]
