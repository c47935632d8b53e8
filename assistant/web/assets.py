"""The page's own script and style: files in ``assets``, sent with the page and from nowhere else."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any


@cache
def head() -> str:
    """What goes into the page's ``<head>``."""
    return (
        '<meta name="color-scheme" content="light dark">'
        f"<style>{_asset('page.css')}</style><script>{_asset('page.js')}</script>"
    )


def script(name: str, *events: str) -> str:
    """``js_on_load`` of a ``gr.HTML``: register it with the page's script under a name.

    The events are those it can trigger. Gradio finds them by their quoted names in this text.
    """
    quoted = ", ".join(f"'{event}'" for event in events)
    return f"window.articlePage.mount('{name}', element, trigger, watch, [{quoted}]);"


def theme() -> Any:
    """Gradio's plain theme in the system's own fonts: nothing is fetched from the network."""
    import gradio as gr

    return gr.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        radius_size=gr.themes.sizes.radius_md,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
    )


def favicon() -> str:
    """Path of the icon."""
    return str(files("assistant.web") / "assets" / "icon.svg")


def _asset(name: str) -> str:
    return (files("assistant.web") / "assets" / name).read_text(encoding="utf-8")
