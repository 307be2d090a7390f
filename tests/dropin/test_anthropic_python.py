"""Anthropic's Python client: what `test_chat_clients.py` does not do with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from tests.cerebras import Fake
from tests.dropin.upstream import GPT, RETRY_LATER, fail_midway, last_request
from tests.live_server import Server

HELLO: Any = [{"role": "user", "content": "Hello"}]
REQUEST: Any = {"model": GPT, "max_tokens": 1024, "messages": HELLO}

streamed_or_not = pytest.mark.parametrize(
    "stream", [True, False], ids=["stream", "whole"]
)


@pytest.fixture
def client(server: Server) -> Iterator[Anthropic]:
    http_client = anthropic.DefaultHttpxClient(trust_env=False)
    arguments: Any = {"base_url": server.url, "api_key": "any", "max_retries": 0}
    with Anthropic(**arguments, http_client=http_client) as client:
        yield client


def send(client: Anthropic, stream: bool, **fields: Any) -> Any:
    """Return the whole or the joined message."""
    if not stream:
        return client.messages.create(**REQUEST | fields)
    with client.messages.stream(**REQUEST | fields) as events:
        return events.get_final_message()


@streamed_or_not
def test_message_has_all_its_fields(
    client: Anthropic, fake: Fake, stream: bool
) -> None:
    fake.script({"reasoning": "A greeting.", "content": "Good day."})

    message = send(client, stream)

    assert [block.type for block in message.content] == ["thinking", "text"]
    assert (message.type, message.role, message.model) == ("message", "assistant", GPT)
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert message.usage.input_tokens > 0


def test_text_stream_has_the_text_only(client: Anthropic, fake: Fake) -> None:
    fake.script({"reasoning": "Hm.", "content": "one two three"})

    with client.messages.stream(**REQUEST) as stream:
        assert "".join(stream.text_stream) == "one two three"
        assert stream.get_final_text() == "one two three"


def test_tool_runner_runs_tools_to_the_end(client: Anthropic, fake: Fake) -> None:
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """Forecast the weather."""
        return f"rain in {city}"

    call = {"name": "get_weather", "arguments": {"city": "Oslo"}}
    fake.script({"tool_calls": [call]})
    fake.script({"content": "Take an umbrella."})

    runner = client.beta.messages.tool_runner(**REQUEST, tools=[get_weather])

    assert runner.until_done().content[-1].text == "Take an umbrella."
    messages = last_request(fake)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[-1]["content"] == "rain in Oslo"


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({"type": "enabled", "budget_tokens": 10_000}, "medium"),
        ({"type": "adaptive"}, None),
    ],
)
def test_thinking_budget_is_an_effort(
    client: Anthropic, fake: Fake, thinking: Any, effort: str | None
) -> None:
    send(client, stream=True, thinking=thinking, max_tokens=16_000)

    assert last_request(fake).get("reasoning_effort") == effort


def test_tokens_are_counted(client: Anthropic) -> None:
    count = client.messages.count_tokens(model=GPT, messages=HELLO, system="x" * 400)

    assert count.input_tokens == 102


@streamed_or_not
@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"model": " "}, "model is required"),
        ({"messages": []}, "messages is required"),
        ({"max_tokens": 0}, "must be positive"),
    ],
    ids=["no model", "no messages", "no tokens"],
)
def test_refusal_is_a_bad_request_error(
    client: Anthropic, fields: dict[str, Any], text: str, stream: bool
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=text) as caught:
        send(client, stream, **fields)

    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["request_id"].startswith("req_")


@streamed_or_not
@pytest.mark.parametrize(
    ("script", "error", "kind"),
    [
        ({"status": 429, "headers": RETRY_LATER}, "RateLimitError", "rate_limit"),
        ({"status": 503, "headers": RETRY_LATER}, "InternalServerError", "overloaded"),
        ({"status": 403}, "InternalServerError", "api"),
    ],
    ids=["rate limit", "busy", "bad key"],
)
def test_failure_before_the_first_byte_has_its_class_and_type(
    client: Anthropic,
    fake: Fake,
    script: dict[str, Any],
    error: str,
    kind: str,
    stream: bool,
) -> None:
    fake.script(script)

    with pytest.raises(getattr(anthropic, error)) as caught:
        send(client, stream)

    body: Any = caught.value.body
    assert body["error"]["type"] == f"{kind}_error"


@pytest.mark.usefixtures("upstream_refuses")
def test_too_long_prompt_has_the_text_of_anthropic(client: Anthropic) -> None:
    messages: Any = [{"role": "user", "content": "word " * 250_000}]

    with pytest.raises(anthropic.BadRequestError, match="prompt is too long: [0-9]+ t"):
        send(client, stream=False, messages=messages)


def test_failed_stream_has_no_message_stop(client: Anthropic, fake: Fake) -> None:
    fake.script(fail_midway("cut"))
    events: list[Any] = []

    with (
        pytest.raises(anthropic.APIStatusError, match="Cerebras"),
        client.messages.stream(**REQUEST) as stream,
    ):
        events += stream

    assert events
    assert "message_stop" not in [event.type for event in events]
