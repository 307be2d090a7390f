"""A conversation in Ollama's own manner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.ollama.chatting import chat
from tests.blueprints.talking import (
    CHAT,
    GPT,
    QWEN,
    TOWN,
    asking,
    lines,
    picture,
    sent,
    texts,
    user,
)
from tests.cerebras import Fake


def test_an_answer_is_streamed_unless_told_otherwise(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"content": "Good day to you."}, times=3)

    for more in ({}, {"stream": True}, {"stream": None}):
        said = lines(client.post(CHAT, json=asking(CHAT, **more)))
        assert len(said) > 2
        assert texts(said, "content") == "Good day to you."
        assert said[-1]["done"] is True


def test_a_whole_answer_is_the_same_as_the_stream(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."}, times=2)

    streamed = lines(client.post(CHAT, json=asking(CHAT)))
    message = chat(client, messages=[user()])

    assert message == {
        "role": "assistant",
        "content": texts(streamed, "content"),
        "thinking": texts(streamed, "thinking"),
    }


def test_a_conversation_goes_up_in_order(client: FlaskClient, fake: Fake) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        user("one"),
        {"role": "ASSISTANT", "content": "two", "thinking": "hm"},
        {"role": "user", "content": "three", "images": None},
    ]

    chat(client, messages=messages)

    assert sent(fake)["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two", "reasoning": "hm"},
        {"role": "user", "content": "three"},
    ]


def test_options_go_up_by_name(client: FlaskClient, fake: Fake) -> None:
    options = {
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "num_predict": 99,
        "stop": ["X"],
        "num_ctx": 8192,
        "top_k": 40,
    }

    chat(client, messages=[user()], options=options)

    body = sent(fake)
    assert body["max_completion_tokens"] == 99
    assert {key: body[key] for key in ("temperature", "top_p", "seed", "stop")} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["X"],
    }
    assert not {"num_ctx", "top_k", "num_predict"} & body.keys()


def test_an_option_the_upstream_lacks_is_noted_once(
    client: FlaskClient, app_log: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        chat(client, messages=[user()], options={"an_option_of_this_test": 1})

    noted = [line for line in app_log.messages if "an_option_of_this_test" in line]
    assert len(noted) == 1


def test_a_long_name_is_noted_in_part(
    client: FlaskClient, app_log: pytest.LogCaptureFixture
) -> None:
    chat(client, messages=[user()], options={"long\n" * 1000: 1})

    [noted] = [line for line in app_log.messages if "long" in line]
    assert len(noted) < 120
    assert "\n" not in noted


@pytest.mark.parametrize(
    ("model", "think", "effort"),
    [
        (GPT, None, None),
        (GPT, True, None),
        (GPT, False, "low"),
        (GPT, "low", "low"),
        (GPT, "medium", "medium"),
        (GPT, "high", "high"),
        (GPT, "max", "high"),
        (QWEN, None, None),
        (QWEN, True, None),
        (QWEN, False, "none"),
        (QWEN, "low", "low"),
        (QWEN, "medium", "medium"),
        (QWEN, "high", "high"),
        (QWEN, "max", "high"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_thinking_is_asked_for_as_each_model_can(
    client: FlaskClient,
    fake: Fake,
    model: str,
    think: Any,
    effort: str | None,
    stream: bool,
) -> None:
    body = asking(CHAT, model=model, think=think, stream=stream)

    answer = client.post(CHAT, json=body)

    said = lines(answer) if stream else [answer.get_json()]
    assert sent(fake).get("reasoning_effort") == effort
    assert bool(texts(said, "thinking")) == (think is not False)
    assert texts(said, "content")


@pytest.mark.parametrize("wanted", ["json", TOWN], ids=["json", "schema"])
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_has_the_form_it_was_asked_for(
    client: FlaskClient, wanted: Any, stream: bool
) -> None:
    answer = client.post(CHAT, json=asking(CHAT, format=wanted, stream=stream))

    said = lines(answer) if stream else [answer.get_json()]
    value = json.loads(texts(said, "content"))
    assert isinstance(value, dict)
    if wanted is TOWN:
        assert set(value) == {"name", "people"}


def test_a_streamed_json_answer_comes_in_more_than_one_line(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "An object.", "content": '{"a": 1, "b": [true, false]}'})

    said = lines(client.post(CHAT, json=asking(CHAT, format="json")))

    contents = [line["message"]["content"] for line in said]
    assert sum(1 for content in contents if content) > 1
    assert "".join(contents) == '{"a": 1, "b": [true, false]}'
    assert texts(said, "thinking") == "An object."
    assert said[-1]["eval_count"] > 1


@pytest.mark.parametrize("stream", [True, False])
def test_logprobs_cover_the_whole_text(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "Good day."})
    body = asking(CHAT, logprobs=True, top_logprobs=3, stream=stream)

    answer = client.post(CHAT, json=body)

    said = lines(answer) if stream else [answer.get_json()]
    entries = [entry for line in said for entry in line.get("logprobs", ())]
    assert "".join(entry["token"] for entry in entries) == "Good day."
    assert all(len(entry["top_logprobs"]) <= 3 for entry in entries)
    assert sent(fake)["top_logprobs"] == 3


@pytest.mark.parametrize("stream", [True, False])
def test_more_than_four_stops_all_work(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "one two FIVE three"})
    options = {"stop": ["AA", "BB", "CC", "DD", "FIVE"]}

    answer = client.post(CHAT, json=asking(CHAT, options=options, stream=stream))

    said = lines(answer) if stream else [answer.get_json()]
    assert texts(said, "content") == "one two "
    assert said[-1]["done_reason"] == "stop"


@pytest.mark.parametrize(
    ("options", "cap"), [({}, 55), ({"num_predict": -1}, 55), ({"num_predict": 9}, 9)]
)
def test_the_cap_is_the_clients_or_else_the_default(
    make_client: MakeClient, fake: Fake, options: dict[str, int], cap: int
) -> None:
    client = make_client(DEFAULT_NUM_PREDICT="55")

    client.post(CHAT, json=asking(CHAT, options=options))

    assert sent(fake)["max_completion_tokens"] == cap


def test_without_a_default_nothing_is_capped(client: FlaskClient, fake: Fake) -> None:
    chat(client, messages=[user()])

    assert not {"max_completion_tokens", "max_tokens"} & sent(fake).keys()


def test_measures_that_the_upstream_leaves_out_are_our_own(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"content": "one two three", "omit": ["usage", "time_info", "done"]})

    last = lines(client.post(CHAT, json=asking(CHAT)))[-1]

    for kind in ("total", "load", "prompt_eval", "eval"):
        assert last[f"{kind}_duration"] > 0
    assert last["prompt_eval_count"] > 0
    assert last["eval_count"] > 0


def test_what_would_be_asked_is_shown_as_the_model_would_take_it(
    client: FlaskClient, fake: Fake
) -> None:
    message = {**user("Look."), "images": [picture("PNG")] * 2}
    body = {
        "model": QWEN,
        "messages": [message],
        "think": "max",
        "_debug_render_only": True,
    }

    answer = client.post(CHAT, json=body).get_json()

    shown = json.loads(answer["_debug_info"]["rendered_template"])
    assert answer["_debug_info"]["image_count"] == 2
    assert answer["message"] == {"role": "", "content": ""}
    assert shown["model"] == QWEN
    assert shown["reasoning_effort"] == "high"
    assert fake.inference_requests() == []
