"""OpenAI's Python client and its strict accumulator on `/v1/responses`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel

from tests.cerebras import Fake
from tests.dropin.pictures import encoded, sight
from tests.dropin.upstream import GPT, LATER, QWEN, asked, failing_midway
from tests.live_server import Server

HELLO = "Hello"
CITIES = ["Oslo", "Rome"]
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in CITIES]
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Forecast the weather.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
PATCH: Any = {"type": "custom", "name": "apply_patch", "description": "Change a file."}


class Country(BaseModel):
    name: str
    capital: str
    population: int


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    direct = openai.DefaultHttpxClient(trust_env=False)
    reach: Any = {"base_url": f"{server.url}/v1", "api_key": "any", "max_retries": 0}
    with OpenAI(**reach, http_client=direct) as client:
        yield client


def accumulated(client: OpenAI, **asking: Any) -> Any:
    """A response as the accumulator puts it together, faults of order raised."""
    with client.responses.stream(**asking) as stream:
        list(stream)
        return stream.get_final_response()


def answered(client: OpenAI, streamed: bool, **asking: Any) -> Any:
    if streamed:
        return accumulated(client, **asking)
    return client.responses.create(**asking)


def raw(client: OpenAI, **asking: Any) -> list[ResponseStreamEvent]:
    return list(client.responses.create(**asking, stream=True))


both_ways = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])


@both_ways
def test_a_text_is_answered(client: OpenAI, fake: Fake, streamed: bool) -> None:
    text = "Good day, Zoë 🇳🇴 \u2028 \x85."
    fake.script(
        {
            "reasoning": "A greeting.",
            "content": text,
            "write_sizes": [1],
            "write_pause": 0,
        }
    )

    response = answered(client, streamed, model=GPT, input=HELLO)

    reasoning, message = response.output
    assert reasoning.summary[0].text == "A greeting."
    assert response.output_text == text
    assert (message.role, message.status) == ("assistant", "completed")
    assert (response.status, response.model, response.error) == ("completed", GPT, None)
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.output_tokens_details.reasoning_tokens > 0


def test_deltas_add_up_to_the_text(client: OpenAI, fake: Fake) -> None:
    fake.script({"reasoning": "Let me see now.", "content": "one two three four"})

    with client.responses.stream(model=GPT, input=HELLO) as stream:
        events = list(stream)

    told = [e.delta for e in events if e.type == "response.output_text.delta"]
    [done] = [e.text for e in events if e.type == "response.output_text.done"]
    assert "".join(told) == done == "one two three four"
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(numbers)


@both_ways
def test_calls_get_their_results_in_the_next_turn(
    client: OpenAI, fake: Fake, streamed: bool
) -> None:
    items: list[Any] = [{"role": "user", "content": "Where does it rain?"}]
    fake.script(
        {
            "reasoning": "Ask.",
            "content": "Wait.",
            "tool_calls": CALLS,
            "arguments_delta_size": 3,
        }
    )
    fake.script({"content": "In Oslo."})
    asking: Any = {"model": GPT, "tools": [TOOL], "parallel_tool_calls": True}

    first = answered(client, streamed, input=items, **asking)
    calls = [item for item in first.output if item.type == "function_call"]
    items += first.output
    items += [
        {"type": "function_call_output", "call_id": call.call_id, "output": result}
        for call, result in zip(calls, ["rain", "sun"], strict=True)
    ]
    second = answered(client, streamed, input=items, **asking)

    assert [json.loads(call.arguments)["city"] for call in calls] == CITIES
    assert second.output_text == "In Oslo."
    heard = asked(fake)["messages"]
    assert [m["role"] for m in heard] == ["user", "assistant", "tool", "tool"]
    assert (heard[1]["content"], heard[1]["reasoning"]) == ("Wait.", "Ask.")
    assert [call["id"] for call in heard[1]["tool_calls"]] == [
        message["tool_call_id"] for message in heard[2:]
    ]


@both_ways
def test_a_custom_tool_is_called_with_a_text(
    client: OpenAI, fake: Fake, streamed: bool
) -> None:
    patch = "*** Begin Patch\n*** End Patch\n"
    fake.script(
        {"tool_calls": [{"name": "apply_patch", "arguments": {"input": patch}}]}
    )
    fake.script({"content": "Done."})
    items: list[Any] = [{"role": "user", "content": "Change it."}]

    first = answered(client, streamed, model=QWEN, input=items, tools=[PATCH])
    call = first.output[-1]
    result = {
        "type": "custom_tool_call_output",
        "call_id": call.call_id,
        "output": "ok",
    }
    items += [*first.output, result]
    second = answered(client, streamed, model=QWEN, input=items, tools=[PATCH])

    assert (call.type, call.name, call.input) == (
        "custom_tool_call",
        "apply_patch",
        patch,
    )
    assert second.output_text == "Done."
    [told] = asked(fake)["messages"][1]["tool_calls"]
    assert json.loads(told["function"]["arguments"]) == {"input": patch}


@pytest.mark.parametrize("model", [GPT, QWEN])
def test_an_answer_is_parsed_into_its_schema(
    client: OpenAI, fake: Fake, model: str
) -> None:
    asking: Any = {"model": model, "input": "Tell me about Canada."}

    whole = client.responses.parse(**asking, text_format=Country)
    with client.responses.stream(**asking, text_format=Country) as stream:
        streamed = stream.get_final_response()

    for response in (whole, streamed):
        assert isinstance(response.output_parsed, Country)
    wanted = asked(fake)["response_format"]["json_schema"]
    assert (wanted["name"], wanted["strict"]) == ("Country", True)


def test_arguments_are_parsed_by_the_tool(client: OpenAI, fake: Fake) -> None:
    fake.script({"tool_calls": [{"name": "Country", "arguments": {"name": "x"}}]})
    tool = openai.pydantic_function_tool(Country)

    response = accumulated(
        client, model=GPT, input=HELLO, tools=[tool["function"] | {"type": "function"}]
    )

    assert response.output[-1].name == "Country"


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "png"), ("WebP", "webp")])
def test_a_picture_is_seen(client: OpenAI, kind: str, mime: str) -> None:
    url = f"data:image/{mime};base64,{encoded(kind)}"
    parts = [
        {"type": "input_text", "text": "What?"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]
    question: Any = [{"role": "user", "content": parts}]

    response = client.responses.create(model=QWEN, input=question)

    assert sight(kind) in response.output_text


def test_an_answer_that_was_cut_is_incomplete(client: OpenAI, fake: Fake) -> None:
    fake.script({"content": "one two three four five six"}, times=2)
    asking: Any = {"model": GPT, "input": HELLO, "max_output_tokens": 3}

    whole = client.responses.create(**asking)
    last = raw(client, **asking)[-1]

    assert last.type == "response.incomplete"
    for response in (whole, last.response):
        assert response.status == "incomplete"
        assert response.incomplete_details.reason == "max_output_tokens"
        assert response.output[-1].status == "incomplete"


@pytest.mark.parametrize("fault", ["in_stream_error", "cut", "end"])
def test_a_failure_in_mid_stream_is_told_as_one(
    client: OpenAI, fake: Fake, fault: str
) -> None:
    fake.script(failing_midway(fault), times=2)

    *events, last = raw(client, model=GPT, input=HELLO)

    assert (last.type, last.response.status) == ("response.failed", "failed")
    assert "Cerebras" in last.response.error.message
    assert last.response.id == events[0].response.id
    with pytest.raises(RuntimeError, match=r"response\.completed"):
        accumulated(client, model=GPT, input=HELLO)


@pytest.mark.parametrize(
    ("asking", "error", "text"),
    [
        ({"model": "gpt-5"}, openai.NotFoundError, "model 'gpt-5' not found"),
        ({"model": " "}, openai.BadRequestError, "model is required"),
        (
            {"previous_response_id": "resp_1"},
            openai.BadRequestError,
            "previous_response_id is not supported",
        ),
        (
            {"reasoning": {"effort": "huge"}},
            openai.BadRequestError,
            "reasoning value",
        ),
    ],
    ids=["unknown model", "no model", "nothing is kept", "bad effort"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_has_its_own_class(
    client: OpenAI,
    asking: dict[str, Any],
    error: type[openai.APIStatusError],
    text: str,
    stream: bool,
) -> None:
    asking = {"model": GPT, "input": HELLO, "stream": stream} | asking

    with pytest.raises(error, match=text) as refusal:
        client.responses.create(**asking)

    assert refusal.value.type


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_byte_has_its_own_class(
    client: OpenAI, fake: Fake, stream: bool
) -> None:
    fake.script({"status": 429, "headers": LATER})

    with pytest.raises(openai.RateLimitError) as failure:
        client.responses.create(model=GPT, input=HELLO, stream=stream)

    assert int(failure.value.response.headers["retry-after"]) > 30


def test_a_stream_that_is_left_ends_upstream_too(client: OpenAI, fake: Fake) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 3, "after": 3, "hold": "never"}
    )
    events = client.responses.create(model=GPT, input=HELLO, stream=True)
    next(iter(events))

    events.close()

    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])
