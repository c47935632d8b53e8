"""The page's own script and style: files in ``assets``, sent with the page, never fetched."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from time import time_ns

import gradio as gr

from assistant.web.formatting import attributes


@cache
def head() -> str:
    """What goes into the page's ``<head>``."""
    return (
        '<meta name="color-scheme" content="light dark">'
        f"<style>{_asset('page.css')}</style><script>{_asset('page.js')}</script>"
    )


def html_part(value: str, name: str, *events: str) -> gr.HTML:
    """A ``gr.HTML`` that the page's script knows as ``name``, with the events it can trigger.

    Gradio finds the events by their quoted names in ``js_on_load``, and puts ``value`` into
    the page as it is: it has to be escaped already.
    """
    quoted = ", ".join(f"'{event}'" for event in events)
    return gr.HTML(
        value,
        elem_id=name,
        apply_default_css=False,
        js_on_load=f"window.articlePage.mount('{name}', element, trigger, watch); [{quoted}];",
    )


def download_html(name: str, content: str) -> str:
    """A file for the reader, which the page's script saves from the browser: no file is made
    on the server. The time makes two downloads of the same content two.
    """
    kind = "application/json" if name.endswith((".json", ".jsonl")) else "text/markdown"
    return (
        f"<i{attributes(data_name=name, data_kind=kind, data_text=content, data_at=time_ns())}></i>"
    )


def theme() -> gr.themes.Base:
    """Gradio's plain theme in the system's own fonts: nothing is fetched from the network."""
    base: gr.themes.Base = gr.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        radius_size=gr.themes.sizes.radius_md,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
    ).set(
        # Gradio's own blue is too light under white text to be read by everybody.
        button_primary_background_fill="#1d4ed8",
        button_primary_background_fill_hover="#1e40af",
        button_primary_background_fill_dark="#8ab4ff",
        button_primary_background_fill_hover_dark="#a9c7ff",
        button_primary_text_color_dark="#0b1220",
    )
    return base


def favicon() -> str:
    """Path of the icon."""
    return str(files("assistant.web") / "assets" / "icon.svg")


def _asset(name: str) -> str:
    return (files("assistant.web") / "assets" / name).read_text(encoding="utf-8")
