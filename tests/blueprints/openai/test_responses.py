"""`POST /v1/responses`."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    OPENAI,
    RESPONSES,
    RESPONSES_WEATHER,
    Object,
    complete,
    post,
    upstream_request,
    user_message,
)
from tests.blueprints.readers import read_error, read_events
from tests.cerebras import Fake
from tests.fake_ollama import FakeOllama

CALL = {"name": "weather", "arguments": {"town": "Oslo"}}
both_ways = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])


def respond(client: FlaskClient, *, streamed: bool = False, **fields: Any) -> Object:
    """Return the response object, of a whole reply or of the last event."""
    if not streamed:
        return complete(client, RESPONSES, **fields)
    reply = post(client, RESPONSES, stream=True, **fields)
    assert reply.headers["Cache-Control"] == "no-cache"
    events = [event for event in read_events(reply) if isinstance(event, dict)]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    response: Object = events[-1]["response"]
    return response


@both_ways
def test_response_has_the_shape_of_openais(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"reasoning": "Hm.", "content": "Good day."})

    response = respond(client, streamed=streamed, model="gpt-oss:120b")

    reasoning, message = response["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert [part["text"] for part in message["content"]] == ["Good day."]
    assert (message["status"], message["role"]) == ("completed", "assistant")
    assert (response["status"], response["model"]) == ("completed", "gpt-oss:120b")
    assert re.fullmatch(r"resp_[a-z0-9]{24}", response["id"])
    assert response["completed_at"] >= response["created_at"]
    usage = response["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_tokens_details"]["reasoning_tokens"] > 0


def test_output_items_continue_the_conversation(
    client: FlaskClient, fake: Fake
) -> None:
    fake.script({"reasoning": "Ask.", "content": "Wait.", "tool_calls": [CALL, CALL]})
    output = respond(client, tools=[RESPONSES_WEATHER])["output"]
    call_ids = [item["call_id"] for item in output if item["type"] == "function_call"]
    results = [
        {"type": "function_call_output", "call_id": call_id, "output": "rain"}
        for call_id in call_ids
    ]

    respond(
        client, tools=[RESPONSES_WEATHER], input=[user_message(), *output, *results]
    )

    _, assistant, *tools = upstream_request(fake)["messages"]
    assert (assistant["content"], assistant["reasoning"]) == ("Wait.", "Ask.")
    assert len(set(call_ids)) == 2
    assert [call["id"] for call in assistant["tool_calls"]] == call_ids
    assert tools == [
        {"role": "tool", "content": "rain", "tool_call_id": call_id}
        for call_id in call_ids
    ]


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_response_repeats_the_requested_format(client: FlaskClient, kind: str) -> None:
    schema = {"name": "town", "schema": {"type": "object"}, "strict": True}
    requested = {"type": kind, **(schema if kind == "json_schema" else {})}

    response = respond(client, input="JSON", **{"text": {"format": requested}})

    assert response["text"]["format"] == requested


@both_ways
@pytest.mark.parametrize("empty", [[], "", None])
def test_empty_input_returns_no_output(
    client: FlaskClient, fake: Fake, streamed: bool, empty: Any
) -> None:
    response = respond(client, streamed=streamed, input=empty)

    assert (response["output"], response["status"]) == ([], "completed")
    assert fake.inference_requests() == []


def test_unsupported_tools_are_left_out_and_logged(
    client: FlaskClient, fake: Fake, app_log: pytest.LogCaptureFixture
) -> None:
    kind = "computer_use_preview"

    respond(
        client, tools=[RESPONSES_WEATHER, {"type": kind}], tool_choice={"type": kind}
    )

    request = upstream_request(fake)
    assert [tool["function"]["name"] for tool in request["tools"]] == ["weather"]
    assert "tool_choice" not in request
    assert kind in app_log.text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"model": ""}, "model is required"),
        ({"previous_response_id": "resp_1"}, "previous_response_id is not supported"),
        ({"input": 1}, "input must be a string or array"),
        ({"input": [{"role": "user", "content": [1]}]}, "input[0]: invalid message"),
        ({"reasoning": {"effort": "huge"}}, "invalid reasoning value"),
        ({"input": [{"type": "message"}, {}]}, "input[1]: input item missing"),
    ],
)
@both_ways
def test_invalid_request_returns_400_before_any_stream(
    client: FlaskClient, fields: dict[str, Any], text: str, streamed: bool
) -> None:
    response = post(client, RESPONSES, stream=streamed, **fields)

    assert response.status_code == 400
    assert response.get_json()["error"]["type"] == "invalid_request_error"
    assert read_error(RESPONSES, response).startswith(text)


def test_passthrough_model_is_relayed(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)

    post(client, RESPONSES, model="llama3")
    post(client, "/chat/completions", model="llama3")

    for path in (RESPONSES, OPENAI):
        assert len(ollama.wait_for_requests(path)) == 1


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_responses_are_not_stored(client: FlaskClient, method: str) -> None:
    response = client.open(f"{RESPONSES}/resp_1", method=method)

    assert (response.status_code, response.text) == (404, "404 page not found")
