"""Which model answers, and how boldly: the settings every reader has for themselves.

The browser keeps them, all but the key of a model server: what is in a browser's storage can be
read by whoever uses it next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant import weights
from assistant.errors import AssistantError
from assistant.models import EXTRACTIVE
from assistant.web.assets import download_html, html_part
from assistant.web.downloads import Downloads, in_background, told
from assistant.web.formatting import text
from assistant.web.header import header_html
from assistant.web.variants import Choice
from assistant.web.workspace import Workspace

ENDPOINT = "A model server …"

MAX_NAME = 300
"""Characters of an address or a name."""

_GIVEN = "(model, caution, endpoint, name) => ({model, caution, endpoint, name})"


@dataclass(frozen=True, slots=True)
class ChoiceWidgets:
    """The widgets that make up a :class:`Choice`, and how often one was got ready."""

    model: gr.Dropdown
    caution: gr.Slider
    endpoint: gr.Textbox
    name: gr.Textbox
    key: gr.Textbox
    prepared: gr.State

    def inputs(self) -> list[Any]:
        """In the order :meth:`read` takes their values."""
        return [self.model, self.caution, self.endpoint, self.name, self.key]

    def read(self, values: Sequence[Any]) -> Choice:
        """The widgets' values as a choice."""
        model, caution, endpoint, name, key = values
        if model == ENDPOINT:
            return Choice(str(name).strip(), float(caution), str(endpoint).strip(), str(key))
        return Choice(str(model), float(caution))


@dataclass(frozen=True, slots=True)
class Kept:
    """A reader's settings as the browser keeps them; being the browser's, they are checked."""

    model: str | None = None
    caution: float | None = None
    endpoint: str = ""
    name: str = ""

    @classmethod
    def restore(cls, kept: object, known: Sequence[str]) -> Kept:
        """What the browser kept, as far as it can still be chosen."""
        given = kept if isinstance(kept, dict) else {}
        model, caution = given.get("model"), given.get("caution")
        if not isinstance(caution, int | float) or not 0 <= caution <= 1:
            caution = None
        endpoint, name = (str(given.get(key) or "")[:MAX_NAME] for key in ("endpoint", "name"))
        return cls(model if model in known else None, caution, endpoint, name)

    def choice(self) -> Choice:
        """What answers, as far as it is known: without the key."""
        if self.model == ENDPOINT:
            return Choice(self.name, self.caution, self.endpoint)
        return Choice(self.model or "", self.caution)


def lay_out(workspace: Workspace) -> ChoiceWidgets:
    """Model, caution, and the fields of a model server. Call inside the column it fills."""
    widgets = _widgets(workspace)
    ready = gr.Button("Get this model ready", elem_id="prepare")
    state = html_part("", "prepared")
    kept = gr.Button("Save the ratings given here as a file", elem_id="save-feedback")
    download = html_part("", "feedback")

    def prepare(*values: Any) -> Iterator[str]:
        downloads, choice = Downloads(), widgets.read(values)
        name = in_background(
            lambda: workspace.variants.prepare(choice, downloads.take), "get a model ready"
        )
        for now in told(name, downloads, "Getting the model ready …"):
            yield f'<p role="status">{text(now)}</p>'
        try:
            answers = f"Ready: {name.result()} answers from the next question on."
            yield f'<p role="status">{text(answers)}</p>'
        except AssistantError as error:
            yield f'<p class="problem" role="status">{text(error)}</p>'

    def ratings() -> str:
        return download_html("feedback.jsonl", "\n".join(workspace.feedback.lines()))

    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    kept.click(ratings, None, download, **hidden)
    got = ready.click(prepare, widgets.inputs(), state, concurrency_limit=1, **hidden)
    got.then(lambda times: times + 1, widgets.prepared, widgets.prepared, queue=False, **hidden)
    return widgets


def keep(
    workspace: Workspace, widgets: ChoiceWidgets, page: gr.Blocks, kept: gr.BrowserState, top: Any
) -> None:
    """Let the browser keep the choice, and the page's top line name what answers."""

    def restore(state: Any) -> list[Any]:
        before = Kept.restore(state, _names(workspace))
        return [
            gr.skip() if before.model is None else before.model,
            gr.skip() if before.caution is None else before.caution,
            before.endpoint,
            before.name,
        ]

    def named(model: str, caution: float, endpoint: str, name: str) -> Any:
        given = {"model": model, "caution": caution, "endpoint": endpoint, "name": name}
        opening = workspace.opening
        if not opening.done() or opening.exception():  # which the top line tells
            return gr.skip()
        return header_html(answering(workspace, given))

    fields: list[Any] = [widgets.model, widgets.caution, widgets.endpoint, widgets.name]
    quick: dict[str, Any] = {
        "queue": False,
        "api_visibility": "private",
        "show_progress": "hidden",
    }
    page.load(restore, kept, fields, **quick)
    changes: list[Any] = [field.change for field in fields]
    # In the browser alone: by way of the server, a page closed at once would lose the choice.
    gr.on(changes, None, fields, kept, js=_GIVEN, api_visibility="private")
    # One listener, which runs once at a time: of two, the older's name could come last. A model
    # got ready counts as a change, since the one that was configured may be had only now.
    changes.append(widgets.prepared.change)
    gr.on(changes, named, fields, top, trigger_mode="always_last", **quick)


def answering(workspace: Workspace, kept: object) -> str:
    """The name of what answers a reader's questions, once the assistant is open."""
    choice = Kept.restore(kept, _names(workspace)).choice()
    base = workspace.assistant
    if choice.endpoint is not None:
        return choice.model or "No model is named"
    if choice.model in ("", base.settings.model):
        return workspace.variants.assistant(Choice(choice.model)).model_name
    return choice.model


def _widgets(workspace: Workspace) -> ChoiceWidgets:
    settings = workspace.settings
    labels = {EXTRACTIVE: "No model: the article's own sentences"}
    model = gr.Dropdown(
        [(labels.get(name, name), name) for name in _names(workspace)],
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
    return ChoiceWidgets(model, caution, *server, prepared=gr.State(0))


def _model_server(model: gr.Dropdown) -> tuple[gr.Textbox, gr.Textbox, gr.Textbox]:
    """Address, name and key, seen when a model server is what was chosen."""
    with gr.Group(visible=False) as server:
        endpoint = gr.Textbox(
            label="Address", placeholder="http://127.0.0.1:11434/v1", max_length=MAX_NAME
        )
        name = gr.Textbox(label="Model's name there", placeholder="llama3.2", max_length=MAX_NAME)
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


def _names(workspace: Workspace) -> list[str]:
    """The models that can be chosen."""
    here = [name for name, row in weights.catalogue().items() if row.kind == "chat"]
    names = list(dict.fromkeys((workspace.settings.model, *here, EXTRACTIVE)))
    return [*names, ENDPOINT] if workspace.endpoints else names
