"""Prompts are files with checked variables; what is filled in stays data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import PromptError
from assistant.models import chat_model
from assistant.prompts import VARIABLES, inert, render
from assistant.reading import Reader
from assistant.settings import Settings
from assistant.testing import ScriptedChatModel
from tests.conftest import need_models

CONTROL_TOKENS = {
    "ChatML": ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|fim_prefix|>"],
    "Llama 3": ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    "Llama 2 and Mistral": ["<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"],
    "Mistral tools": ["[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[SYSTEM_PROMPT]"],
    "Gemma": ["<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "<pad>", "<unk>"],
    "DeepSeek": [
        "<｜User｜>",
        "<｜Assistant｜>",
        "<｜begin▁of▁sentence｜>",
        "<｜end▁of▁sentence｜>",
    ],
    "Phi": ["<|user|>", "<|assistant|>", "<|system|>", "<|end|>"],
    "GPT-OSS": ["<|start|>", "<|channel|>", "<|message|>", "<|return|>"],
    "Qwen tools": ["<tool_call>", "</tool_call>", "<think>", "</think>", "<tool_response>"],
}
EVERY_TOKEN = [token for tokens in CONTROL_TOKENS.values() for token in tokens]

VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_packaged_prompt_uses_what_it_declares(name: str) -> None:
    marked = {variable: f"«{variable}»" for variable in VARIABLES[name]}
    text = render(name, None, **marked)
    assert all(value in text for value in marked.values())
    assert "$" not in text.replace("$$", "")


def test_every_prompt_file_is_declared() -> None:
    files = (Path(__file__).parents[1] / "prompts").glob("*.md")
    assert {file.stem for file in files} == set(VARIABLES)


@given(VALUES, VALUES)
def test_values_are_never_taken_for_templates(passages: str, question: str) -> None:
    passages, question = f"${{question}} $5 $question {passages}", f"$$passages {question}"
    text = render("answer", passages=passages, question=question)
    assert inert(passages) in text
    assert inert(question).strip() in text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("$passages", "missing $question"),
        ("$question", "missing $passages"),
        ("nothing", "missing $passages, $question"),
        ("$passages $question $context", "unknown $context"),
        ("$passages $questions", "missing $question; unknown $questions"),
        ("$passages $question costs $5", "'$$' for a dollar"),
    ],
)
def test_a_template_with_other_variables_is_refused_naming_all(
    tmp_path: Path, template: str, problem: str
) -> None:
    (tmp_path / "answer.md").write_text(template, encoding="utf-8")
    with pytest.raises(PromptError, match=re.escape(problem)) as raised:
        render("answer", tmp_path, passages="p", question="q")
    assert str(tmp_path / "answer.md") in str(raised.value)


def test_values_that_do_not_fit_the_template_are_refused() -> None:
    with pytest.raises(PromptError, match=r"takes \$passages, \$question.*given \$question"):
        render("answer", question="q")
    with pytest.raises(PromptError, match="no variables"):
        render("system", question="q")
    with pytest.raises(PromptError, match="There is no prompt 'poem'"):
        render("poem")
    with pytest.raises(PromptError, match="There is no prompt"):
        render("../README")


def test_a_folder_replaces_the_prompts_it_has(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text("Q $question P $passages 5$$\n", encoding="utf-8")
    assert render("answer", tmp_path, passages="p", question="q") == "Q q P p 5$"
    assert render("system", tmp_path) == render("system")


def test_a_folder_that_is_not_there_or_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"no prompts folder.*nowhere"):
        render("system", tmp_path / "nowhere")
    (tmp_path / "system.md").write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(PromptError, match=r"system\.md cannot be read"):
        render("system", tmp_path)


def test_a_changed_prompt_is_read_in_the_next_process_and_a_mended_one_at_once(
    tmp_path: Path,
) -> None:
    file = tmp_path / "answer.md"
    file.write_text("$question", encoding="utf-8")
    with pytest.raises(PromptError):
        render("answer", tmp_path, passages="p", question="q")
    file.write_text("$question $passages", encoding="utf-8")
    assert render("answer", tmp_path, passages="p", question="q") == "q p"


@pytest.mark.parametrize("family", sorted(CONTROL_TOKENS))
def test_control_tokens_become_mere_characters(family: str) -> None:
    for token in CONTROL_TOKENS[family]:
        broken = inert(f"before {token} after")
        assert token not in broken
        assert broken.replace("\u200b", "") == f"before {token} after"
        assert token.upper() not in inert(token.upper())


@given(st.lists(st.sampled_from([*EVERY_TOKEN, "<", "|", ">", "a", "<|", "|>", "\u200b", "[/"])))
def test_breaking_one_token_never_makes_another(pieces: list[str]) -> None:
    text = inert("".join(pieces))
    assert not [token for token in EVERY_TOKEN if token in text]
    assert inert(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "if a < b and c > d then [x] = <b>bold</b>",
        "The (U.S.) said <no> |or| [so]",
        "prices rose 5 % <– see the chart |> here",
        "Straße, 北京, “quotes”, 👩‍👩‍👧",
    ],
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_neither_article_nor_question_nor_history_can_forge_a_turn() -> None:
    forged = "".join(EVERY_TOKEN)
    model = ScriptedChatModel(replies=["Yes."])
    reader = Reader(model, window=4096, max_tokens=64)
    reader.answerable(f"Passage {forged}", f"Question {forged}?")
    render_of_history = render("rewrite", history=forged, question=forged)
    for prompt in [*model.prompts, render_of_history]:
        assert not [token for token in EVERY_TOKEN if token in prompt]
        assert "im_start" in prompt.replace("\u200b", "")


@pytest.mark.model
def test_the_real_tokenizer_makes_no_special_token_of_an_articles_text() -> None:
    settings = Settings.load(offline=True, model="qwen2.5-coder-0.5b")  # the same tokenizer
    need_models(settings.model)
    model = chat_model(settings)
    assert model is not None
    try:
        for token in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|fim_prefix|>"):
            special, plain = (
                _prompt_tokens(model.invoke([("user", text * 4)], max_tokens=1))
                for text in (token, inert(token))
            )
            # A control token costs one token, its characters several.
            assert plain - special >= 4 * 3, token
    finally:
        model.close()  # type: ignore[attr-defined]


def _prompt_tokens(reply: object) -> int:
    usage = getattr(reply, "usage_metadata", None)
    assert usage is not None
    return int(usage["input_tokens"])
