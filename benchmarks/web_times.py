"""How long a reader waits: the seed questions in a browser, with the real models.

    python -m benchmarks.web_times
    python -m benchmarks.web_times --model extractive --limit 5

Prints a Markdown table of seconds from pressing the button to the first highlighted sentence of
the article, the first word of the answer and the checked answer, each when it is on the screen:
median, 95th percentile and the number of questions in which it came. Follow-ups are left out:
they need a conversation before them. Every question is asked on a fresh page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
from playwright.sync_api import Browser

from assistant import seeds
from assistant.answering import Assistant
from assistant.evaluation import load_question_set
from assistant.web.app import build_app
from assistant.web.server import asgi_app
from assistant.web.workspace import seed_library
from tests.browser import DESKTOP, Visit, chromium, served

STEPS = {
    "highlight": "first highlight",
    "word": "first word",
    "done": "checked answer",
}
PATIENCE = 120_000
"""Milliseconds for an answer."""

_WATCH = """() => {
  const times = window.times = {};
  const seen = {
    highlight: "#article .s.found, #article .s.cited", word: "#live .draft",
    done: "#log .turn .actions",
  };
  const look = () => requestAnimationFrame(() => {
    for (const [step, selector] of Object.entries(seen)) {
      if (!(step in times) && document.querySelector(selector)) {
        times[step] = (performance.now() - window.asked) / 1000;
      }
    }
  });
  const parts = { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] };
  document.querySelector("#ask").addEventListener(
    "click", () => { window.asked = performance.now(); }, { capture: true });
  new MutationObserver(look).observe(document.body, parts);
}"""


def asked(browser: Browser, url: str, question: str) -> dict[str, float]:
    """Seconds to every step of one question, on a page of its own."""
    context = browser.new_context(viewport=DESKTOP)
    try:
        visit = Visit(context.new_page(), url)
        visit.page.set_default_timeout(PATIENCE)
        visit.open()
        visit.page.evaluate(_WATCH)
        visit.begin(question)
        visit.page.wait_for_function("window.times.done !== undefined", timeout=PATIENCE)
        times: dict[str, float] = visit.page.evaluate("window.times")
        return times
    finally:
        context.close()


def measured(assistant: Assistant, questions: Sequence[str]) -> list[dict[str, float]]:
    """The times of every question; the first one is asked twice, to load what is loaded once."""
    with served(lambda: asgi_app(build_app(assistant))) as url, chromium() as browser:
        asked(browser, url, questions[0])
        rows = []
        for question in questions:
            rows.append(asked(browser, url, question))
            steps = ", ".join(f"{step} {seconds:.2f}" for step, seconds in rows[-1].items())
            print(f"{question}  {steps}", file=sys.stderr)
        return rows


def table(rows: Sequence[dict[str, float]]) -> str:
    """Median and 95th percentile of every step, as Markdown."""
    lines = ["| Seconds from asking to | p50 | p95 | n |", "|---|---:|---:|---:|"]
    for step, title in STEPS.items():
        values = [row[step] for row in rows if step in row]
        if values:
            p50, p95 = np.percentile(values, [50, 95])
            lines.append(f"| {title} | {p50:.2f} | {p95:.2f} | {len(values)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="another model than the configured one")
    parser.add_argument("--limit", type=int, help="only the first questions")
    given = parser.parse_args()
    every = load_question_set(seeds.questions()).questions
    questions = [question.question for question in every if not question.history][: given.limit]
    with (
        tempfile.TemporaryDirectory() as store,
        Assistant.open(store=store, model=given.model) as assistant,
    ):
        seed_library(assistant)
        assistant.warm_up()
        print(f"Model: {assistant.model_name}\n\n{table(measured(assistant, questions))}")


if __name__ == "__main__":
    main()
