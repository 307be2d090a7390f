"""`POST /v1/chat/completions`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import (
    GPT,
    OPENAI,
    QWEN,
    WEATHER,
    Object,
    complete,
    encode_image,
    post,
    upstream_request,
    user_message,
)
from tests.blueprints.readers import (
    join_deltas,
    read_chunks,
    read_error,
    read_events,
)
from tests.cerebras import Fake

HEAD = ["id", "object", "created", "model", "system_fingerprint"]
USAGE = ["prompt_tokens", "completion_tokens", "total_tokens"]


def chat(client: FlaskClient, **fields: Any) -> Object:
    """Return the message of a whole reply."""
    message: Object = complete(client, OPENAI, **fields)["choices"][0]["message"]
    return message


def stream(client: FlaskClient, **fields: Any) -> list[Object]:
    return read_chunks(post(client, OPENAI, stream=True, **fields))


def image_message(url: Any) -> Object:
    image = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    return {"role": "user", "content": [{"type": "text", "text": "Look."}, image]}


def test_whole_reply_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    body = complete(client, OPENAI, model="gpt-oss:120b")

    assert list(body) == [*HEAD, "choices", "usage"]
    assert re.fullmatch(r"chatcmpl-[a-z0-9]{24}", body["id"])
    assert body["object"] == "chat.completion"
    assert body["model"] == "gpt-oss:120b"
    assert body["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Good day.",
                "reasoning": "Hm.",
            },
            "finish_reason": "stop",
        }
    ]
    assert list(body["usage"]) == USAGE
    assert body["usage"]["total_tokens"] == sum(body["usage"][key] for key in USAGE[:2])


def test_stream_has_the_shape_of_ollamas(client: FlaskClient, fake: Fake) -> None:
    fake.script({"reasoning": "Let me see now.", "content": "Good day to you."})

    chunks = stream(client)

    heads = {(chunk["id"], chunk["created"], chunk["object"]) for chunk in chunks}
    assert len(heads) == 1
    assert heads.pop()[2] == "chat.completion.chunk"
    assert all(list(chunk) == [*HEAD, "choices"] for chunk in chunks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert join_deltas(chunks, "reasoning") == "Let me see now."
    assert join_deltas(chunks, "content") == "Good day to you."
    assert all("content" in delta for delta in deltas[:-1])
    assert deltas[-1] == {}


@pytest.mark.parametrize(
    ("options", "has_usage"),
    [({"include_usage": True}, True), ({"include_usage": False}, False), (None, False)],
)
def test_include_usage_adds_a_last_chunk(
    client: FlaskClient, options: dict[str, bool] | None, has_usage: bool
) -> None:
    chunks = stream(client, stream_options=options)

    assert ("usage" in chunks[-1]) == has_usage
    assert not any("usage" in chunk for chunk in chunks[:-1])
    if has_usage:
        assert chunks[-1]["choices"] == []
        assert all(chunks[-1]["usage"][key] > 0 for key in USAGE)


def test_nothing_follows_the_end_of_a_stream(client: FlaskClient, fake: Fake) -> None:
    fake.script({"content": "Good day.", "extras": ["usage_chunk", "comments"]})

    events = read_events(post(client, OPENAI, stream=True))

    assert events.index("[DONE]") == len(events) - 1


def test_empty_reply_has_a_first_and_a_last_chunk(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"content": ""})

    assert [chunk["choices"][0]["delta"] for chunk in stream(client)] == [
        {"role": "assistant", "content": ""},
        {},
    ]


def test_fields_that_the_upstream_lacks_are_not_sent(
    client: FlaskClient, fake: Fake
) -> None:
    complete(client, OPENAI, n=3, user="me", store=True, logit_bias={"1": 1})

    assert set(upstream_request(fake)) == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"max_tokens": 9}, 9),
        ({"max_tokens": 9, "max_completion_tokens": 8}, 8),
    ],
    ids=str,
)
def test_max_completion_tokens_takes_precedence(
    client: FlaskClient, fake: Fake, fields: dict[str, Any], limit: int
) -> None:
    complete(client, OPENAI, **fields)

    assert upstream_request(fake)["max_completion_tokens"] == limit


@pytest.mark.parametrize("stop", ["X", ["X"], ["X", 5, None]])
def test_stop_is_a_text_or_a_list(client: FlaskClient, fake: Fake, stop: Any) -> None:
    fake.script({"content": "one X two"})

    assert chat(client, stop=stop)["content"] == "one "
    assert upstream_request(fake)["stop"] == ["X"]


@pytest.mark.parametrize(
    ("model", "fields", "effort", "is_shown"),
    [
        (GPT, {}, None, True),
        (GPT, {"reasoning_effort": "minimal"}, "low", True),
        (GPT, {"reasoning_effort": "none"}, "low", False),
        (GPT, {"reasoning_effort": "xhigh"}, "high", True),
        (GPT, {"reasoning": {}, "reasoning_effort": "low"}, None, True),
        (QWEN, {"reasoning_effort": "none"}, "none", False),
        (QWEN, {"reasoning": {"effort": "medium"}}, "medium", True),
    ],
)
def test_effort_is_mapped_to_the_model_and_none_hides_reasoning(
    client: FlaskClient,
    fake: Fake,
    model: str,
    fields: dict[str, Any],
    effort: str | None,
    is_shown: bool,
) -> None:
    message = chat(client, model=model, **fields)

    assert upstream_request(fake).get("reasoning_effort") == effort
    assert ("reasoning" in message) == is_shown


@pytest.mark.parametrize("streamed", [True, False])
def test_logprobs_cover_the_whole_text(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"content": "Good day."})
    fields = {"logprobs": True, "top_logprobs": 2}

    bodies = stream(client, **fields) if streamed else None
    bodies = bodies or [complete(client, OPENAI, **fields)]

    entries = [
        entry
        for body in bodies
        for entry in body["choices"][0].get("logprobs", {}).get("content", ())
    ]
    assert "".join(entry["token"] for entry in entries) == "Good day."


@pytest.mark.parametrize(("model", "role"), [(GPT, "developer"), (QWEN, "system")])
def test_developer_message_has_the_role_that_the_model_supports(
    client: FlaskClient, fake: Fake, model: str, role: str
) -> None:
    message = {"role": "developer", "content": "Be brief."}

    complete(client, OPENAI, model=model, messages=[message, user_message()])

    first = upstream_request(fake)["messages"][0]
    assert first == {"role": role, "content": "Be brief."}


def test_tool_is_called_and_its_result_is_used(client: FlaskClient, fake: Fake) -> None:
    question = user_message("What is the weather in Oslo?")

    called = chat(client, messages=[question], tools=[WEATHER])
    [call] = called["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
    message = chat(client, messages=[question, called, result], tools=[WEATHER])

    assert called["content"] == ""
    assert list(call) == ["id", "index", "type", "function"]
    assert json.loads(call["function"]["arguments"]) == {"town": "simulated town"}
    assert "sunny" in message["content"]
    sent_call = upstream_request(fake)["messages"][1]["tool_calls"][0]
    assert sent_call["id"] == call["id"]


def test_parallel_calls_are_whole_in_one_chunk(client: FlaskClient, fake: Fake) -> None:
    calls = [{"name": "rain", "arguments": {"n": 1}}, {"name": "wind", "arguments": {}}]
    fake.script({"tool_calls": calls, "arguments_delta_size": 1})

    *_, chunk, last = stream(client, tools=[WEATHER])

    tool_calls = chunk["choices"][0]["delta"]["tool_calls"]
    assert [(call["index"], call["function"]) for call in tool_calls] == [
        (0, {"name": "rain", "arguments": '{"n":1}'}),
        (1, {"name": "wind", "arguments": "{}"}),
    ]
    assert last["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
def test_tool_choice_is_honoured(client: FlaskClient, fake: Fake, choice: str) -> None:
    message = chat(client, tools=[WEATHER], tool_choice=choice)

    assert upstream_request(fake)["tool_choice"] == choice
    assert ("tool_calls" in message) == (choice == "required")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"messages": [{"role": "user"}]}, "invalid message content type: <nil>"),
        (
            {"messages": [image_message("https://x.example/a.png")]},
            "image URLs are not currently supported, "
            "please use base64 encoded data instead",
        ),
        (
            {"messages": [image_message("data:image/gif;base64,AAAA")]},
            "invalid image input",
        ),
        ({"model": ""}, "model is required"),
        ({"model": "a b"}, "invalid model name"),
        ({"top_logprobs": 21}, "top_logprobs must be between 0 and 20"),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_invalid_request_returns_400(
    client: FlaskClient, fields: dict[str, Any], text: str, streamed: bool
) -> None:
    response = post(client, OPENAI, stream=streamed, **fields)

    assert response.status_code == 400
    assert response.get_json()["error"]["type"] == "invalid_request_error"
    assert read_error(OPENAI, response) == text


def test_webp_data_url_is_sent_as_jpeg(client: FlaskClient) -> None:
    url = f"data:image/webp;base64,{encode_image('WEBP')}"

    content = chat(client, model=QWEN, messages=[image_message(url)])["content"]

    assert "I see a JPEG picture of 3 × 2 pixels." in content


def test_unknown_model_returns_404(client: FlaskClient) -> None:
    response = post(client, OPENAI, model="zz", stream=True)

    assert (response.status_code, response.content_type) == (404, "application/json")
    assert response.get_json()["error"] == {
        "message": "model 'zz' not found",
        "type": "not_found_error",
        "param": None,
        "code": None,
    }
