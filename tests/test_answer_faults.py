"""A model that fails, loops or never ends while it answers: nothing is lost, nothing is hidden."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from assistant import endpoint_client
from assistant.errors import EndpointError, PromptTooLong
from assistant.schema import Answer, Delta, Turn
from assistant.testing import ScriptedChatModel
from tests import endpoint_server as server
from tests.conftest import POSITION, Opener, need_models
from tests.endpoint_server import Behaviour, EndpointServer, Exchange
from tests.sample_articles import SEED, numbered

QUESTION = "What was the UK's position?"
KEY = "sk-never-shown-0123456789"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointServer]:
    monkeypatch.setattr(endpoint_client, "PAUSE", 0.02)
    running = EndpointServer()
    yield running
    running.close()


def fails_after(*words: str, how: Behaviour) -> Behaviour:
    """Answers whatever is asked in one piece, and breaks streams off after some words."""

    def behave(exchange: Exchange) -> None:
        if exchange.streamed:
            exchange.send(server.EVENTS, *(server.delta(word) for word in words))
            how(exchange)
        else:
            exchange.answer("Yes")

    return behave


def stop(exchange: Exchange) -> None:
    """Close the connection, as if the reply were complete."""


ENDINGS: dict[str, tuple[Behaviour, str]] = {
    "ends": (stop, "in the middle of its reply"),
    "says it is done": (lambda it: it.send(server.DONE), "in the middle of its reply"),
    "hangs": (server.hang, "did not answer in time"),
    "resets": (server.reset, "broke off the connection"),
    "sends nonsense": (lambda it: it.send(b"data: {oops\n\n"), "cannot be read"),
    "reports an error": (
        lambda it: it.send(b'data: {"error": {"message": "out of memory"}}\n\n'),
        "reported an error",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_written_before_a_fault_is_kept_and_marked(
    open_assistant: Opener, endpoint: EndpointServer, ending: str
) -> None:
    how, says = ENDINGS[ending]
    endpoint.behave = fails_after(POSITION, " It", how=how)
    settings = {"endpoint": endpoint.url, "api_key": KEY, "request_timeout": 1.5}
    assistant = open_assistant(SEED, model="m", caution=0.0, evidence=32, **settings)
    answer = assistant.ask(QUESTION)
    assert answer.sentences[0].text == POSITION
    assert answer.citations
    [told] = [notice for notice in answer.notices if "interrupted" in notice]
    assert says in told
    exported = answer.to_json() + answer.to_markdown() + str(answer) + repr(answer)
    assert KEY not in exported
    # And when it is well again, so are the answers.
    endpoint.behave = lambda exchange: exchange.answer(POSITION)
    assert not [notice for notice in assistant.ask(QUESTION).notices if "interrupted" in notice]


def test_a_fault_before_the_first_word_is_an_error_and_the_next_question_works(
    open_assistant: Opener, endpoint: EndpointServer
) -> None:
    endpoint.behave = server.answers(500)
    assistant = open_assistant(SEED, model="m", caution=0.0, endpoint=endpoint.url, api_key=KEY)
    with pytest.raises(EndpointError, match="500") as caught:
        assistant.ask(QUESTION)
    assert KEY not in str(caught.value)
    assert len(endpoint.seen) == endpoint_client.TRIES, "in all, however much is asked of it"
    endpoint.behave = lambda exchange: exchange.answer(POSITION)
    assert assistant.ask(QUESTION).citations


def test_a_model_that_repeats_itself_is_cut_and_marked(open_assistant: Opener) -> None:
    model = ScriptedChatModel(
        replies=[f"{POSITION} " + "And the talks went on for another day. " * 2000], yes=0.99
    )
    assistant = open_assistant(SEED, model=model, caution=0.0, evidence=32)
    events = list(assistant.stream(QUESTION))
    answer = events[-1]
    assert isinstance(answer, Answer)
    # Three repetitions of 39 letters and a fourth make it a loop: some 40 words.
    assert sum(isinstance(event, Delta) for event in events) < len(POSITION.split()) + 64
    assert any("repeated itself" in notice for notice in answer.notices)
    assert answer.sentences[0].text == POSITION


@pytest.mark.parametrize("letters", ["!", "a b ", "哈"])
def test_one_letter_for_ever_is_a_loop_too(open_assistant: Opener, letters: str) -> None:
    model = ScriptedChatModel(replies=[f"{POSITION} " + f"{letters * 40} " * 500], yes=0.99)
    assistant = open_assistant(SEED, model=model, caution=0.0, evidence=32)
    events = list(assistant.stream(QUESTION))
    assert sum(isinstance(event, Delta) for event in events) < 200


@pytest.mark.parametrize(
    ("question", "history"),
    [
        (QUESTION, ()),
        ("What did minister Badofe say about " + "the talks and " * 270 + "the rest?", ()),
        ("And what of that?", [Turn("Who? " * 700, "They said so. " * 900)] * 8),
        ("部長は何と言いましたか。" * 200, ()),
    ],
)
def test_too_much_to_read_is_cut_by_whole_passages_and_said(
    open_assistant: Opener, question: str, history: list[Turn]
) -> None:
    article = numbered(1, 200)
    model = ScriptedChatModel(replies=["Minister said it would be decided in the talks."], yes=0.99)
    assistant = open_assistant(
        article.text, model=model, caution=0.0, evidence=64, context_tokens=1024, max_tokens=64
    )
    start = time.monotonic()
    answer = assistant.ask(question, history=history)
    assert time.monotonic() - start < 20
    assert answer.text
    assert any("left out" in notice for notice in answer.notices)
    [kept] = assistant.articles()
    whole = [passage.text for passage in assistant.library.passages(kept.id)]
    for prompt in model.prompts:
        # Every sentence that is shown is there to its very end.
        assert prompt.count(" of town n1s") == sum(text in prompt for text in whole)


WINDOW = 1024
SCRIPTS = ("the talks and ", "переговоры и ", "会谈的内容、", "🕊️", "ဆွေးနွေးပွဲ ")


def reads_at_most(tokens: int) -> Behaviour:
    """A model with a small window, which needs more tokens for other scripts than for ASCII."""

    def behave(exchange: Exchange) -> None:
        messages: Any = exchange.body["messages"]
        prompt = "".join(message["content"] for message in messages)
        ascii_bytes = sum(map(str.isascii, prompt))
        if ascii_bytes / 4.4 + (len(prompt.encode()) - ascii_bytes) / 3 > tokens:
            says = b'{"error": {"message": "the request exceeds the available context size"}}'
            exchange.send(*server.status(400, says))
        else:
            exchange.answer("It would be decided in town n1s4.")

    return behave


def test_questions_of_any_length_are_answered_or_named_too_long(
    open_assistant: Opener, endpoint: EndpointServer
) -> None:
    endpoint.behave = reads_at_most(WINDOW)
    settings = {"endpoint": endpoint.url, "context_tokens": WINDOW, "max_tokens": 64}
    text = numbered(1, 200).text
    assistant = open_assistant(text, model="m", caution=0.0, evidence=12, **settings)
    choose = random.Random(37)
    outcomes: Counter[str] = Counter()
    for _ in range(40):
        words = choose.choice(SCRIPTS)
        question = "What of town n1s4, " + words * choose.randrange(3_900 // len(words))
        try:
            answer = assistant.ask(question)
        except PromptTooLong as error:
            assert "shorter question" in str(error)  # noqa: PT017
            outcomes["too long"] += 1
        else:
            assert answer.text
            outcomes["answered"] += 1
    assert min(outcomes["answered"], outcomes["too long"]) > 8, outcomes
    assert assistant.ask("What of town n1s4?").citations


@pytest.mark.model
def test_the_real_model_names_a_question_too_long(open_assistant: Opener) -> None:
    chat = "qwen2.5-coder-0.5b"
    need_models(chat)
    beginning = SEED.read_text(encoding="utf-8")[:600]  # the whole takes a quarter of a minute
    assistant = open_assistant(beginning, model=chat, caution=0.0, context_tokens=WINDOW)
    with pytest.raises(PromptTooLong, match="tokens and the model reads"):
        assistant.ask("部長は何と言いましたか。" * 300)
    assert assistant.ask(QUESTION).text
