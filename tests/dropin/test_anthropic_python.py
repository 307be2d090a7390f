"""Anthropic's Python client, whose accumulator is strict, against a live server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from tests.cerebras import Fake
from tests.dropin.pictures import encoded, sight
from tests.dropin.upstream import GPT, LATER, QWEN, asked, failing_midway
from tests.live_server import Server

HELLO: Any = [{"role": "user", "content": "Hello"}]
ASKING: Any = {"model": GPT, "max_tokens": 1024, "messages": HELLO}
CITIES = ["Oslo", "Rome"]
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in CITIES]
TOOL: Any = {
    "name": "get_weather",
    "description": "Forecast the weather.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@pytest.fixture
def client(server: Server) -> Iterator[Anthropic]:
    direct = anthropic.DefaultHttpxClient(trust_env=False)
    with Anthropic(**reach(server), max_retries=0, http_client=direct) as client:
        yield client


def reach(server: Server) -> dict[str, Any]:
    return {"base_url": server.url, "api_key": "any"}


def test_the_models_are_listed(client: Anthropic) -> None:
    listed = {model.id for model in client.models.list()}

    assert listed == {f"{GPT}:latest", f"{QWEN}:latest"}


def test_a_whole_answer_has_all_its_parts(client: Anthropic, fake: Fake) -> None:
    fake.script({"reasoning": "A greeting.", "content": "Good day."})

    reply = client.messages.create(**ASKING)

    thinking, text = reply.content
    assert (thinking.type, thinking.thinking) == ("thinking", "A greeting.")
    assert (text.type, text.text) == ("text", "Good day.")
    assert (reply.type, reply.role, reply.model) == ("message", "assistant", GPT)
    assert (reply.stop_reason, reply.stop_sequence) == ("end_turn", None)
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0


def test_the_strict_accumulator_puts_a_stream_together(
    client: Anthropic, fake: Fake
) -> None:
    text = "Good day, Zoë 🇳🇴 \u2028 \x85."
    fake.script(
        {
            "reasoning": "A greeting.",
            "content": text,
            "write_sizes": [1],
            "write_pause": 0,
        }
    )

    with client.messages.stream(**ASKING) as stream:
        events = list(stream)
        reply = stream.get_final_message()

    told = "".join(event.text for event in events if event.type == "text")
    thought = "".join(event.thinking for event in events if event.type == "thinking")
    assert told == reply.content[1].text == text
    assert thought == reply.content[0].thinking == "A greeting."
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens > 0
    assert events[-1].type == "message_stop"


def test_the_text_of_a_stream_can_be_read_alone(client: Anthropic, fake: Fake) -> None:
    fake.script({"content": "one two three"})

    with client.messages.stream(**ASKING) as stream:
        assert "".join(stream.text_stream) == "one two three"
        assert stream.get_final_text() == "one two three"


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "whole"])
def test_parallel_calls_get_their_results(
    client: Anthropic, fake: Fake, streams: bool
) -> None:
    fake.script(
        {
            "reasoning": "Ask.",
            "content": "Let me see.",
            "tool_calls": CALLS,
            "arguments_delta_size": 3,
        }
    )
    fake.script({"content": "In Oslo."})
    messages: list[Any] = [{"role": "user", "content": "Where does it rain?"}]

    first = ask(client, streams, messages=messages, tools=[TOOL])
    uses = [block for block in first.content if block.type == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": use.id, "content": result}
        for use, result in zip(uses, ["rain", "sun"], strict=True)
    ]
    then: Any = {"type": "text", "text": "Be short."}
    messages.append({"role": "assistant", "content": first.content})
    messages.append({"role": "user", "content": [*results, then]})
    second = ask(client, streams, messages=messages, tools=[TOOL])

    assert [block.type for block in first.content[:2]] == ["thinking", "text"]
    assert [use.input for use in uses] == [{"city": city} for city in CITIES]
    assert first.stop_reason == "tool_use"
    assert second.content[-1].text == "In Oslo."
    heard = asked(fake)["messages"]
    roles = ["user", "assistant", "tool", "tool", "user"]
    assert [message["role"] for message in heard] == roles
    assert heard[1]["reasoning"] == "Ask."
    assert [call["id"] for call in heard[1]["tool_calls"]] == [use.id for use in uses]
    assert [message["content"] for message in heard[2:4]] == ["rain", "sun"]


def ask(client: Anthropic, streams: bool, **asking: Any) -> Any:
    if not streams:
        return client.messages.create(**ASKING | asking)
    with client.messages.stream(**ASKING | asking) as stream:
        return stream.get_final_message()


def test_the_clients_own_loop_runs_tools_to_the_end(
    client: Anthropic, fake: Fake
) -> None:
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """Forecast the weather."""
        return f"rain in {city}"

    fake.script({"tool_calls": CALLS[:1]})
    fake.script({"content": "Take an umbrella."})

    runner = client.beta.messages.tool_runner(**ASKING, tools=[get_weather])

    assert runner.until_done().content[-1].text == "Take an umbrella."
    heard = asked(fake)["messages"]
    assert [message["role"] for message in heard] == ["user", "assistant", "tool"]
    assert heard[-1]["content"] == "rain in Oslo"


@pytest.mark.parametrize(
    ("model", "thinking", "sent", "thinks"),
    [
        (GPT, {"type": "enabled", "budget_tokens": 1024}, "low", True),
        (GPT, {"type": "enabled", "budget_tokens": 10_000}, "medium", True),
        (QWEN, {"type": "enabled", "budget_tokens": 30_000}, "high", True),
        (GPT, {"type": "disabled"}, "low", False),
        (QWEN, {"type": "disabled"}, "none", False),
        (GPT, {"type": "adaptive"}, None, True),
    ],
)
def test_it_thinks_as_it_is_told(
    client: Anthropic, fake: Fake, model: str, thinking: Any, sent: Any, thinks: bool
) -> None:
    for streams in (True, False):
        reply = ask(client, streams, model=model, thinking=thinking, max_tokens=16_000)

        kinds = [block.type for block in reply.content]
        assert kinds == (["thinking", "text"] if thinks else ["text"])
        assert asked(fake).get("reasoning_effort") == sent


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "png"), ("WebP", "webp")])
def test_a_picture_is_seen(client: Anthropic, kind: str, mime: str) -> None:
    source = {
        "type": "base64",
        "media_type": f"image/{mime}",
        "data": encoded(kind),
    }
    blocks = [{"type": "image", "source": source}, {"type": "text", "text": "What?"}]

    reply = ask(client, False, model=QWEN, messages=[{**HELLO[0], "content": blocks}])

    assert sight(kind) in reply.content[-1].text


def test_tokens_are_counted(client: Anthropic) -> None:
    counted = client.messages.count_tokens(model=GPT, messages=HELLO, system="x" * 400)

    assert counted.input_tokens == 102


def test_a_length_limit_is_told_and_kept(client: Anthropic, fake: Fake) -> None:
    fake.script({"content": "one two three four five six"}, times=2)

    for streams in (True, False):
        assert ask(client, streams, max_tokens=3).stop_reason == "max_tokens"
        assert asked(fake)["max_completion_tokens"] == 3


def test_an_answer_is_parsed_into_its_schema(client: Anthropic, fake: Fake) -> None:
    schema = {
        "type": "object",
        "properties": {"town": {"type": "string"}},
        "required": ["town"],
        "additionalProperties": False,
    }
    wanted = {"format": {"type": "json_schema", "schema": schema}}

    for streams in (True, False):
        reply = ask(client, streams, output_config=wanted)
        assert isinstance(json.loads(reply.content[-1].text)["town"], str)
    assert asked(fake)["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("asking", "error", "text"),
    [
        ({"model": "gpt-5"}, anthropic.NotFoundError, "model 'gpt-5' not found"),
        ({"model": " "}, anthropic.BadRequestError, "model is required"),
        ({"messages": []}, anthropic.BadRequestError, "messages is required"),
        ({"max_tokens": 0}, anthropic.BadRequestError, "must be positive"),
    ],
    ids=["unknown model", "no model", "no messages", "no tokens"],
)
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "whole"])
def test_a_refusal_has_its_own_class(
    client: Anthropic,
    asking: dict[str, Any],
    error: type[anthropic.APIStatusError],
    text: str,
    streams: bool,
) -> None:
    with pytest.raises(error, match=text) as refusal:
        ask(client, streams, **asking)

    body: Any = refusal.value.body
    assert body["type"] == "error"
    assert body["request_id"].startswith("req_")


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("script", "error", "kind"),
    [
        (
            {"status": 429, "headers": LATER},
            anthropic.RateLimitError,
            "rate_limit_error",
        ),
        (
            {"status": 503, "headers": LATER},
            anthropic.InternalServerError,
            "overloaded_error",
        ),
        ({"status": 403}, anthropic.InternalServerError, "api_error"),
    ],
    ids=["rate limit", "busy", "bad key"],
)
def test_a_failure_before_the_first_byte_has_its_own_class(
    client: Anthropic,
    fake: Fake,
    script: dict[str, Any],
    error: type[anthropic.APIStatusError],
    kind: str,
    streams: bool,
) -> None:
    fake.script(script)

    with pytest.raises(error) as failure:
        ask(client, streams)

    body: Any = failure.value.body
    assert body["error"]["type"] == kind
    if "headers" in script:
        assert int(failure.value.response.headers["retry-after"]) > 30


@pytest.mark.usefixtures("upstream_refuses")
def test_a_prompt_that_is_too_long_is_told_in_anthropics_words(
    client: Anthropic,
) -> None:
    long: Any = [{"role": "user", "content": "word " * 250_000}]

    with pytest.raises(anthropic.BadRequestError, match="prompt is too long: [0-9]+ t"):
        ask(client, False, messages=long)


@pytest.mark.parametrize("fault", ["in_stream_error", "cut"])
def test_a_failure_in_mid_stream_is_raised(
    client: Anthropic, fake: Fake, fault: str
) -> None:
    fake.script(failing_midway(fault))
    told = []

    with (
        pytest.raises(anthropic.APIStatusError, match="Cerebras"),
        client.messages.stream(**ASKING) as stream,
    ):
        told += stream

    assert told
    assert "message_stop" not in [event.type for event in told]
    assert list(client.models.list())  # the connection is still good


def test_a_stream_that_is_left_ends_upstream_too(client: Anthropic, fake: Fake) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 3, "after": 3, "hold": "never"}
    )
    with client.messages.stream(**ASKING) as stream:
        next(stream.text_stream)

    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])


def test_the_asynchronous_client_holds_many_streams_at_once(server: Server) -> None:
    async def ask(client: anthropic.AsyncAnthropic, text: str) -> str:
        told = json.dumps({"content": text})
        question: Any = [{"role": "user", "content": f"@fake {told}"}]
        async with client.messages.stream(**ASKING | {"messages": question}) as stream:
            return await stream.get_final_text()

    async def ask_all(texts: list[str]) -> list[str]:
        direct = anthropic.DefaultAsyncHttpxClient(trust_env=False)
        async with anthropic.AsyncAnthropic(
            **reach(server), http_client=direct
        ) as client:
            return await asyncio.gather(*(ask(client, text) for text in texts))

    texts = [f"{number} times äöü" * 5 for number in range(10)]

    assert asyncio.run(ask_all(texts)) == texts
