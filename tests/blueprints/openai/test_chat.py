"""`/v1/chat/completions`, as Ollama answers it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.openai.completing import complete, message, stream
from tests.blueprints.talking import (
    GPT,
    OPENAI,
    QWEN,
    asking,
    delta_texts,
    events,
    sent,
    user,
)
from tests.cerebras import Fake

HEAD = ["id", "object", "created", "model", "system_fingerprint"]
USAGE = ["prompt_tokens", "completion_tokens", "total_tokens"]


def test_a_completion_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    said = complete(client, model="gpt-oss:120b")

    [choice] = said["choices"]
    assert list(said) == [*HEAD, "choices", "usage"]
    assert re.fullmatch(r"chatcmpl-[a-z0-9]{24}", said["id"])
    assert said["object"] == "chat.completion"
    assert said["model"] == "gpt-oss:120b"
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": "Good day.", "reasoning": "Hm."},
        "finish_reason": "stop",
    }
    assert list(said["usage"]) == USAGE
    assert said["usage"]["total_tokens"] == sum(said["usage"][key] for key in USAGE[:2])


def test_a_stream_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Let me see now.", "content": "Good day to you."})

    said = stream(client)

    assert len({each["id"] for each in said}) == len({e["created"] for e in said}) == 1
    assert all(list(each) == [*HEAD, "choices"] for each in said)
    assert {each["object"] for each in said} == {"chat.completion.chunk"}
    deltas = [each["choices"][0]["delta"] for each in said]
    assert [delta.get("role") for delta in deltas] == ["assistant"] + [None] * (
        len(deltas) - 1
    )
    assert delta_texts(said, "reasoning") == "Let me see now."
    assert delta_texts(said, "content") == "Good day to you."
    assert all("content" in delta for delta in deltas[:-1])
    reasons = [each["choices"][0]["finish_reason"] for each in said]
    assert reasons == [None] * (len(said) - 1) + ["stop"]
    assert deltas[-1] == {}


@pytest.mark.parametrize(
    ("options", "asked"),
    [({"include_usage": True}, True), ({"include_usage": False}, False), (None, False)],
)
def test_usage_ends_a_stream_that_asks_for_it(
    client: FlaskClient, options: dict[str, bool] | None, asked: bool
) -> None:
    said = stream(client, stream_options=options)

    assert ("usage" in said[-1]) == asked
    assert not any("usage" in each for each in said[:-1])
    if asked:
        assert said[-1]["choices"] == []
        assert all(said[-1]["usage"][key] > 0 for key in USAGE)


def test_an_empty_answer_still_opens_and_ends(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": ""})

    said = stream(client)

    assert [each["choices"][0]["delta"] for each in said] == [
        {"role": "assistant", "content": ""},
        {},
    ]


def test_what_the_upstream_knows_goes_up(client: FlaskClient, fake: Fake) -> None:
    body = {
        "temperature": 0.3,
        "top_p": 0.8,
        "seed": 5,
        "stop": ["X", "Y"],
        "max_completion_tokens": 77,
        "frequency_penalty": 0.0,
        "n": 3,
        "user": "me",
        "store": True,
        "logit_bias": {"1": 1},
    }

    complete(client, **body)

    up = sent(fake)
    known = ("temperature", "top_p", "seed", "stop", "max_completion_tokens")
    assert {key: up[key] for key in known} == {key: body[key] for key in known}
    assert not {"n", "user", "store", "logit_bias"} & up.keys()


@pytest.mark.parametrize(
    ("more", "cap"),
    [
        ({"max_tokens": 9}, 9),
        ({"max_completion_tokens": 8}, 8),
        ({"max_tokens": 9, "max_completion_tokens": 8}, 8),
        ({}, 55),
        ({"max_tokens": None}, 55),
    ],
    ids=str,
)
def test_the_cap_is_the_clients_or_else_the_default(
    make_client: MakeClient, fake: Fake, more: dict[str, Any], cap: int
) -> None:
    complete(make_client(DEFAULT_NUM_PREDICT="55"), **more)

    assert sent(fake)["max_completion_tokens"] == cap


def test_a_cut_by_the_cap_is_told(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": "one two three four five"}, times=2)

    assert complete(client, max_tokens=3)["choices"][0]["finish_reason"] == "length"
    assert stream(client, max_tokens=3)[-1]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stop", ["X", ["X"], ["X", 5, None]])
def test_a_stop_is_a_text_or_a_list(client: FlaskClient, fake: Fake, stop: Any) -> None:
    fake.script({"content": "one X two"})

    assert message(client, stop=stop)["content"] == "one "
    assert sent(fake)["stop"] == ["X"]


@pytest.mark.parametrize("streamed", [True, False])
def test_more_than_four_stops_all_work(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"content": "one two FIVE three"})
    stop = ["AA", "BB", "CC", "DD", "FIVE"]

    text = (
        delta_texts(stream(client, stop=stop), "content")
        if streamed
        else message(client, stop=stop)["content"]
    )

    assert text == "one two "


@pytest.mark.parametrize(
    ("model", "asked", "effort", "thinks"),
    [
        (GPT, {}, None, True),
        (GPT, {"reasoning_effort": "minimal"}, "low", True),
        (GPT, {"reasoning_effort": "none"}, "low", False),
        (GPT, {"reasoning_effort": "xhigh"}, "high", True),
        (GPT, {"reasoning": {"effort": "low"}}, "low", True),
        (GPT, {"reasoning": {}, "reasoning_effort": "low"}, None, True),
        (QWEN, {"reasoning_effort": "none"}, "none", False),
        (QWEN, {"reasoning_effort": "max"}, "high", True),
        (QWEN, {"reasoning": {"effort": "medium"}}, "medium", True),
    ],
)
def test_reasoning_is_asked_for_as_each_model_can(
    client: FlaskClient,
    fake: Fake,
    model: str,
    asked: dict[str, Any],
    effort: str | None,
    thinks: bool,
) -> None:
    said = message(client, model=model, **asked)

    assert sent(fake).get("reasoning_effort") == effort
    assert ("reasoning" in said) == thinks


@pytest.mark.parametrize("streamed", [True, False])
def test_logprobs_cover_the_whole_text(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"content": "Good day."})
    body = {"logprobs": True, "top_logprobs": 2}

    said = stream(client, **body) if streamed else [complete(client, **body)]

    entries = [
        entry
        for each in said
        for entry in each["choices"][0].get("logprobs", {}).get("content", ())
    ]
    assert "".join(entry["token"] for entry in entries) == "Good day."


@pytest.mark.parametrize("model", [GPT, QWEN])
def test_a_developer_is_heard_by_every_model(
    client: FlaskClient, fake: Fake, model: str
) -> None:
    rule = {"role": "developer", "content": "Be brief."}

    complete(client, model=model, messages=[rule, user()])

    role = "developer" if model == GPT else "system"
    assert sent(fake)["messages"][0] == {"role": role, "content": "Be brief."}


def test_what_would_be_asked_is_shown(client: FlaskClient, fake: Fake) -> None:
    said = complete(client, _debug_render_only=True, reasoning_effort="none")

    asked = json.loads(said["_debug_info"]["rendered_template"])
    assert list(said) == [*HEAD, "choices", "_debug_info"]
    assert asked["model"] == GPT
    assert asked["reasoning_effort"] == "low"
    assert fake.inference_requests() == []


def test_nothing_follows_the_end_of_a_stream(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": "Good day.", "extras": ["usage_chunk", "comments"]})

    said = events(client.post(OPENAI, json=asking(OPENAI, stream=True)))

    assert said[-1] == "[DONE]"
    assert said.count("[DONE]") == 1
