"""`/v1/messages`, as Ollama answers it and better."""

from __future__ import annotations

import re
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient

from app.wire import json_codec
from tests.apps import MakeClient
from tests.blueprints.anthropic.asking import (
    WEATHER,
    asking,
    message,
    post,
    put_together,
    refusal,
    stream,
)
from tests.blueprints.talking import GPT, MESSAGES, QWEN, picture, sent, user
from tests.cerebras import Fake

PROMPT = {"role": "system", "content": "Be brief."}


def test_an_answer_has_the_shape_of_a_message(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    said = message(client, model="gpt-oss:120b")

    assert re.fullmatch(r"msg_[a-z0-9]{24}", said.pop("id"))
    assert said.pop("usage").keys() == {"input_tokens", "output_tokens"}
    assert said == {
        "type": "message",
        "role": "assistant",
        "model": "gpt-oss:120b",
        "content": [
            {"type": "thinking", "thinking": "Hm."},
            {"type": "text", "text": "Good day."},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
    }


def test_a_stream_has_every_event_in_its_turn(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day.", "delta_size": 99})

    told = stream(client)

    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    around = ["message_start", *block, *block, "message_delta", "message_stop"]
    assert [event["type"] for event in told] == around
    start = told[0]["message"]
    assert (start["content"], start["stop_reason"]) == ([], None)
    assert start["usage"]["output_tokens"] == 0
    assert told[-2]["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("path", [f"{MESSAGES}?beta=true", f"{MESSAGES}/?beta=true"])
def test_query_and_headers_of_anthropic_change_nothing(
    client: FlaskClient, path: str
) -> None:
    headers = {
        "x-api-key": "sk-ant",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "interleaved-thinking-2025-05-14,x",
        "anthropic-dangerous-direct-browser-access": "true",
    }

    answer = client.post(path, json=asking(), headers=headers, follow_redirects=True)

    assert answer.status_code == 200


def test_a_compressed_body_is_read(client: FlaskClient) -> None:
    body = zstandard.compress(json_codec.encode(asking()))

    answer = client.post(MESSAGES, data=body, headers={"Content-Encoding": "zstd"})

    assert answer.status_code == 200


def test_a_stream_is_not_kept_by_caches(client: FlaskClient) -> None:
    assert post(client, stream=True).headers["Cache-Control"] == "no-cache"


def test_no_model_is_asked_for_more_than_it_can_say(
    client: FlaskClient, fake: Fake
) -> None:
    message(client, model=QWEN, max_tokens=64_000)

    assert sent(fake)["max_completion_tokens"] == 40_960


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"model": None}, "model is required"),
        ({"model": " "}, "model is required"),
        ({"max_tokens": None}, "max_tokens is required and must be positive"),
        ({"max_tokens": -1}, "max_tokens is required and must be positive"),
        ({"messages": []}, "messages is required"),
        ({"messages": None}, "messages is required"),
        ({"messages": [{"role": "user"}]}, "unexpected end of JSON input"),
        ({"messages": [{"role": "user", "content": None}]}, "messages is required"),
        ({"model": None, "max_tokens": 0, "messages": []}, "model is required"),
    ],
)
def test_what_is_needed_is_named(
    client: FlaskClient, body: dict[str, Any], text: str
) -> None:
    assert refusal(client, **body) == text


@pytest.mark.parametrize(("data", "text"), [(b"", "EOF"), (b"{", "unexpected EOF")])
def test_a_body_that_is_none_is_told(
    client: FlaskClient, data: bytes, text: str
) -> None:
    told = client.post(MESSAGES, data=data).get_json()

    assert told["error"] == {"type": "invalid_request_error", "message": text}
    assert re.fullmatch(r"req_[0-9a-f]{24}", told["request_id"])


def test_a_model_without_tools_is_told(make_client: MakeClient) -> None:
    client = make_client(models=[{"id": "old", "capabilities": {"tools": False}}])

    assert "does not support tools" in refusal(client, model="old", tools=[WEATHER])


def test_tools_that_nobody_runs_are_left_out_with_a_word(
    client: FlaskClient, fake: Fake, app_log: pytest.LogCaptureFixture
) -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    choice = {"type": "tool", "name": "web_search"}

    said = message(client, tools=[search], tool_choice=choice)

    assert said["stop_reason"] == "end_turn"
    assert not {"tools", "tool_choice"} & set(sent(fake))
    assert "web_search" in app_log.text


def test_pictures_of_a_tool_are_seen(client: FlaskClient, fake: Fake) -> None:
    source = {"type": "base64", "media_type": "image/gif", "data": picture("GIF")}
    result = {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [{"type": "image", "source": source}],
    }
    call = {"type": "tool_use", "id": "a", "name": "weather", "input": {}}
    messages = [
        user(),
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]

    message(client, model=QWEN, messages=messages, tools=[WEATHER])

    told = sent(fake)["messages"]
    assert [each["role"] for each in told] == ["user", "assistant", "tool", "user"]
    assert told[-1]["content"][0]["image_url"]["url"].startswith("data:image/jpeg")


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "whole"])
def test_a_stop_that_is_found_here_is_told(
    client: FlaskClient, fake: Fake, streams: bool
) -> None:
    fake.script({"content": "one two END three"})
    body = {"stop_sequences": ["a1", "b2", "c3", "d4", "END"]}

    if streams:
        told = stream(client, **body)
        [block], end = put_together(told), told[-2]["delta"]
    else:
        said = message(client, **body)
        [block], end = said["content"], said

    assert block["text"] == "one two "
    assert (end["stop_reason"], end["stop_sequence"]) == ("stop_sequence", "END")
    assert sent(fake)["stop"] == ["a1", "b2", "c3", "d4"]


def test_a_thread_that_is_not_kept_is_not_continued(client: FlaskClient) -> None:
    thread = {"type": "continue", "previous_message_id": "msg_1"}

    answer = post(client, thread=thread)

    assert answer.status_code == 404
    assert answer.get_json()["error"]["details"] == {"error_code": "thread_not_found"}


def test_tokens_are_counted_without_a_model(client: FlaskClient, fake: Fake) -> None:
    body = {"model": "claude-x", "messages": [user("x" * 36)], "system": "y" * 40}

    answer = client.post(f"{MESSAGES}/count_tokens?beta=true", json=body)

    assert answer.get_json() == {"input_tokens": 20}
    assert not fake.inference_requests()


def test_what_cannot_be_counted_is_told(client: FlaskClient) -> None:
    answer = client.post(f"{MESSAGES}/count_tokens", json={"model": GPT})

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"] == "messages is required"


def test_a_page_may_send_what_anthropics_client_sends(client: FlaskClient) -> None:
    origin = {"Origin": "http://localhost:3000"}

    answer = client.options(MESSAGES, headers=origin)

    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(",")
    assert {
        "x-api-key",
        "anthropic-version",
        "anthropic-beta",
        "anthropic-dangerous-direct-browser-access",
    } <= set(allowed)


@pytest.mark.parametrize(
    ("native", "here"),
    [
        ({"messages": [user()]}, {}),
        ({"messages": [PROMPT, user()]}, {"system": "Be brief."}),
        ({"think": False}, {"thinking": {"type": "disabled"}}),
        ({"think": "high"}, {"output_config": {"effort": "high"}}),
        (
            {"options": {"temperature": 0.5, "top_p": 0.9}},
            {"temperature": 0.5, "top_p": 0.9},
        ),
        ({"options": {"stop": ["x"]}}, {"stop_sequences": ["x"]}),
        (
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "weather",
                            "description": WEATHER["description"],
                            "parameters": WEATHER["input_schema"],
                        },
                    }
                ]
            },
            {"tools": [WEATHER]},
        ),
    ],
    ids=["plain", "system", "no thinking", "effort", "sampling", "stop", "tools"],
)
@pytest.mark.parametrize("model", [GPT, QWEN])
def test_the_upstream_is_asked_as_by_the_native_api(
    client: FlaskClient,
    fake: Fake,
    model: str,
    native: dict[str, Any],
    here: dict[str, Any],
) -> None:
    options = {"num_predict": 100} | native.get("options", {})
    body = {"model": model, "messages": [user()], "stream": False, **native}
    client.post("/api/chat", json={**body, "options": options})
    expected = sent(fake)

    message(client, model=model, **here)

    assert sent(fake) == expected


def test_a_derived_model_may_bear_any_name(make_client: MakeClient, fake: Fake) -> None:
    client = make_client()
    made = {
        "model": "claude-opus-4-8",
        "from": GPT,
        "system": "Be brief.",
        "parameters": {"temperature": 0.5, "num_predict": 7},
        "stream": False,
    }
    assert client.post("/api/create", json=made).status_code == 200

    said = message(client, model="claude-opus-4-8")

    assert said["model"] == "claude-opus-4-8"
    asked = sent(fake)
    assert asked["messages"] == [PROMPT, user()]
    assert (asked["temperature"], asked["max_completion_tokens"]) == (0.5, 100)
