"""The "Passages" tab: what is found for a query, with scores, and no model in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from assistant.answering import MAX_QUESTION_CHARS
from assistant.errors import AssistantError
from assistant.schema import Article, RetrievedPassage
from assistant.web.assets import html_part
from assistant.web.conversation import Conversation, ids
from assistant.web.formatting import attributes, joined, text
from assistant.web.workspace import Workspace

MAX_PASSAGES = 50


def lay_out(workspace: Workspace, left_out: gr.BrowserState) -> None:
    """Query, number of passages and the ranking. Call inside the column it fills."""
    with gr.Row(elem_classes="line"):
        query = gr.Textbox(
            label="Find passages",
            placeholder="Words or a question",
            max_length=MAX_QUESTION_CHARS,
            elem_id="query",
            scale=3,
        )
        count = gr.Number(
            value=8, minimum=1, maximum=MAX_PASSAGES, precision=0, label="How many", scale=0
        )
        find = gr.Button("Find", variant="primary", elem_id="find", scale=0)
    found = html_part(_hint(), "passages")

    def search(query: str, count: float | None, out: Any) -> str:
        try:
            assistant = workspace.assistant
            scope = Conversation(left_out=ids(out)).asked(assistant.library.article_ids())
            hits = assistant.search(query, k=int(count or 8), articles=scope)
            found = {hit.passage.article_id for hit in hits}
            return ranking_html(hits, {key: assistant.library.article(key) for key in found})
        except AssistantError as error:
            return f'<p class="problem" role="status">{text(error)}</p>'

    gr.on(
        [query.submit, find.click],
        search,
        [query, count, left_out],
        found,
        api_visibility="private",
        show_progress="hidden",
    )


def ranking_html(hits: Sequence[RetrievedPassage], articles: Mapping[str, Article]) -> str:
    """Passages best first; each is a button that shows it in its article."""
    if not hits:
        return '<p class="facts" role="status">Nothing was found.</p>'
    rows = []
    for hit in hits:
        passage = hit.passage
        where = attributes(
            type="button",
            data_do="show",
            data_article=passage.article_id,
            data_start=passage.start,
            data_end=passage.end,
        )
        about = joined((articles[passage.article_id].title, passage.heading))
        rows.append(
            f"<li><button{where}>{text(passage.text)}</button>"
            f'<p class="facts"><span class="score">{hit.score:.3f}</span> {about}</p></li>'
        )
    return f'<ol class="ranking">{"".join(rows)}</ol>'


def _hint() -> str:
    return (
        '<p class="facts">The passages nearest to a query among the chosen articles, best first, '
        "each with its score. No language model takes part, so what it would be given to read "
        "can be seen here.</p>"
    )
