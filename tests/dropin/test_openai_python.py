"""OpenAI's Python client, whose accumulators are strict, against a live server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.cerebras import Fake
from tests.dropin.pictures import encoded, sight
from tests.dropin.upstream import GPT, LATER, QWEN, asked, failing_midway
from tests.live_server import Server

HELLO: Any = [{"role": "user", "content": "Hello"}]
CITIES = ["Oslo", "Rome"]
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in CITIES]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Forecast the weather.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class Country(BaseModel):
    name: str
    capital: str
    population: int


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    direct = openai.DefaultHttpxClient(trust_env=False)
    with OpenAI(**reach(server), max_retries=0, http_client=direct) as client:
        yield client


def reach(server: Server) -> dict[str, Any]:
    return {"base_url": f"{server.url}/v1", "api_key": "any"}


def test_the_models_are_listed_and_found(client: OpenAI) -> None:
    listed = {model.id for model in client.models.list()}

    assert listed == {f"{GPT}:latest", f"{QWEN}:latest"}
    for name in (*listed, GPT, "gpt-oss:120b"):
        found = client.models.retrieve(name)
        assert (found.id, found.object, found.owned_by) == (name, "model", "library")
        assert found.created > 0


def test_a_whole_answer_has_all_its_parts(client: OpenAI, fake: Fake) -> None:
    fake.script({"reasoning": "A greeting.", "content": "Good day."})

    reply = client.chat.completions.create(model=GPT, messages=HELLO)

    [choice] = reply.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "Good day.")
    assert choice.message.reasoning == "A greeting."
    assert choice.message.tool_calls is None
    assert (choice.index, choice.finish_reason) == (0, "stop")
    assert (reply.model, reply.object) == (GPT, "chat.completion")
    assert reply.usage.total_tokens == (
        reply.usage.prompt_tokens + reply.usage.completion_tokens
    )


def test_the_strict_accumulator_puts_a_stream_together(
    client: OpenAI, fake: Fake
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

    with client.chat.completions.stream(model=GPT, messages=HELLO) as stream:
        events = list(stream)
        reply = stream.get_final_completion()

    told = "".join(event.delta for event in events if event.type == "content.delta")
    [choice] = reply.choices
    assert told == choice.message.content == text
    assert choice.message.role == "assistant"
    assert choice.message.reasoning == "A greeting."
    assert choice.finish_reason == "stop"
    assert reply.usage is None


@pytest.mark.parametrize("asks", [True, False])
def test_the_usage_comes_in_a_chunk_of_its_own_when_asked_for(
    client: OpenAI, asks: bool
) -> None:
    chunks = list(
        client.chat.completions.create(
            model=GPT,
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": asks},
        )
    )

    assert [chunk.usage is not None for chunk in chunks[:-1]] == [False] * (
        len(chunks) - 1
    )
    assert len({chunk.id for chunk in chunks}) == 1
    if asks:
        assert chunks[-1].choices == []
        assert chunks[-1].usage.completion_tokens > 0
    else:
        assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    "told",
    [
        lambda message: message,
        lambda message: message.model_dump(),
        lambda message: message.model_dump(exclude_none=True),
    ],
    ids=["as it is", "with nulls", "without nulls"],
)
def test_parallel_calls_stream_and_get_their_results(
    client: OpenAI, fake: Fake, told: Callable[[Any], Any]
) -> None:
    messages: list[Any] = [{"role": "user", "content": "Where does it rain?"}]
    fake.script({"reasoning": "Ask.", "tool_calls": CALLS, "arguments_delta_size": 3})
    fake.script({"content": "In Oslo."})

    asking: Any = {"model": GPT, "messages": messages, "tools": [TOOL]}
    with client.chat.completions.stream(**asking) as stream:
        first = stream.get_final_completion().choices[0]
    messages.append(told(first.message))
    for call, result in zip(first.message.tool_calls, ["rain", "sun"], strict=True):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    with client.chat.completions.stream(**asking) as stream:
        second = stream.get_final_completion().choices[0]

    calls = [call.function for call in first.message.tool_calls]
    assert first.finish_reason == "tool_calls"
    assert [json.loads(call.arguments)["city"] for call in calls] == CITIES
    assert second.message.content == "In Oslo."
    heard = asked(fake)["messages"]
    assert [m["role"] for m in heard] == ["user", "assistant", "tool", "tool"]
    assert heard[1]["reasoning"] == "Ask."
    assert [call["id"] for call in heard[1]["tool_calls"]] == [
        message["tool_call_id"] for message in heard[2:]
    ]


def test_a_whole_answer_calls_tools(client: OpenAI, fake: Fake) -> None:
    fake.script({"tool_calls": CALLS})

    reply = client.chat.completions.create(
        model=QWEN,
        messages=HELLO,
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        parallel_tool_calls=True,
    )

    [choice] = reply.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == ""
    assert len(choice.message.tool_calls) == len(CALLS)
    assert asked(fake)["tool_choice"]["function"]["name"] == "get_weather"
    assert asked(fake)["parallel_tool_calls"] is True


@pytest.mark.parametrize("model", [GPT, QWEN])
def test_an_answer_is_parsed_into_its_schema(
    client: OpenAI, fake: Fake, model: str
) -> None:
    question: Any = [{"role": "user", "content": "Tell me about Canada."}]
    asking: Any = {"model": model, "messages": question, "response_format": Country}

    whole = client.chat.completions.parse(**asking)
    with client.chat.completions.stream(**asking) as stream:
        streamed = stream.get_final_completion()

    for reply in (whole, streamed):
        assert isinstance(reply.choices[0].message.parsed, Country)
    wanted = asked(fake)["response_format"]["json_schema"]
    assert (wanted["name"], wanted["strict"]) == ("Country", True)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_json_when_asked(client: OpenAI, stream: bool) -> None:
    reply = client.chat.completions.create(
        model=GPT,
        messages=HELLO,
        response_format={"type": "json_object"},
        stream=stream,
    )

    if stream:
        texts = [c.choices[0].delta.content or "" for c in reply]
        assert len(texts) > 2
    else:
        texts = [reply.choices[0].message.content]
    assert isinstance(json.loads("".join(texts)), dict)


@pytest.mark.parametrize(
    ("model", "effort", "sent", "thinks"),
    [
        (GPT, "low", "low", True),
        (GPT, "none", "low", False),
        (GPT, "xhigh", "high", True),
        (QWEN, "minimal", "low", True),
        (QWEN, "none", "none", False),
    ],
)
def test_reasoning_is_as_deep_as_asked(
    client: OpenAI, fake: Fake, model: str, effort: Any, sent: str, thinks: bool
) -> None:
    asking: Any = {"model": model, "messages": HELLO, "reasoning_effort": effort}

    message = client.chat.completions.create(**asking).choices[0].message
    chunks = list(client.chat.completions.create(**asking, stream=True))

    thought = [getattr(c.choices[0].delta, "reasoning", None) for c in chunks]
    assert bool(getattr(message, "reasoning", None)) is thinks
    assert any(thought) is thinks
    assert message.content
    assert asked(fake)["reasoning_effort"] == sent


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "png"), ("WebP", "webp")])
def test_a_picture_is_seen(client: OpenAI, kind: str, mime: str) -> None:
    url = f"data:image/{mime};base64,{encoded(kind)}"
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": url, "detail": "auto"}},
    ]
    question: Any = [{"role": "user", "content": parts}]

    reply = client.chat.completions.create(model=QWEN, messages=question)

    assert sight(kind) in reply.choices[0].message.content


def test_a_length_limit_is_told_and_kept(client: OpenAI, fake: Fake) -> None:
    fake.script({"content": "one two three four five six"}, times=2)

    for limit in ("max_tokens", "max_completion_tokens"):
        asking: Any = {"model": GPT, "messages": HELLO, limit: 3}
        [choice] = client.chat.completions.create(**asking).choices
        assert choice.finish_reason == "length"
        assert asked(fake)["max_completion_tokens"] == 3


def test_the_tokens_come_with_their_log_probabilities(client: OpenAI) -> None:
    asking: Any = {"model": QWEN, "messages": HELLO}
    with client.chat.completions.stream(
        **asking, logprobs=True, top_logprobs=2
    ) as stream:
        [choice] = stream.get_final_completion().choices

    tokens = choice.logprobs.content
    assert "".join(token.token for token in tokens) == choice.message.content
    assert all(len(token.top_logprobs) == 2 for token in tokens)


@pytest.mark.parametrize(
    ("asking", "error", "text"),
    [
        ({"model": "gpt-5"}, openai.NotFoundError, "model 'gpt-5' not found"),
        ({"model": " "}, openai.BadRequestError, "model is required"),
        ({"messages": []}, openai.BadRequestError, "'messages'"),
        ({"reasoning_effort": "huge"}, openai.BadRequestError, "reasoning value"),
    ],
    ids=["unknown model", "no model", "no messages", "bad effort"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_has_its_own_class(
    client: OpenAI,
    asking: dict[str, Any],
    error: type[openai.APIStatusError],
    text: str,
    stream: bool,
) -> None:
    asking = {"model": GPT, "messages": HELLO, "stream": stream} | asking

    with pytest.raises(error, match=text) as refusal:
        client.chat.completions.create(**asking)

    assert refusal.value.body["message"] in str(refusal.value)
    assert refusal.value.type


def test_an_unknown_model_is_not_retrieved(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.models.retrieve("gpt-5")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"status": 429, "headers": LATER}, openai.RateLimitError),
        ({"status": 503, "headers": LATER}, openai.InternalServerError),
        ({"status": 403}, openai.InternalServerError),
    ],
    ids=["rate limit", "busy", "bad key"],
)
def test_a_failure_before_the_first_byte_has_its_own_class(
    client: OpenAI,
    fake: Fake,
    script: dict[str, Any],
    error: type[openai.APIStatusError],
    stream: bool,
) -> None:
    fake.script(script)

    with pytest.raises(error) as failure:
        client.chat.completions.create(model=GPT, messages=HELLO, stream=stream)

    if "headers" in script:
        assert int(failure.value.response.headers["retry-after"]) > 30


@pytest.mark.usefixtures("upstream_refuses")
def test_a_prompt_that_is_too_long_is_a_bad_request(client: OpenAI) -> None:
    long: Any = [{"role": "user", "content": "word " * 250_000}]

    with pytest.raises(openai.BadRequestError, match="reduce the length"):
        client.chat.completions.create(model=GPT, messages=long)


@pytest.mark.parametrize("fault", ["in_stream_error", "cut"])
def test_a_failure_in_mid_stream_is_raised(
    client: OpenAI, fake: Fake, fault: str
) -> None:
    fake.script(failing_midway(fault))
    told = []

    with pytest.raises(openai.APIError, match="Cerebras"):
        for chunk in client.chat.completions.create(
            model=GPT, messages=HELLO, stream=True
        ):
            told.append(chunk)

    assert told
    assert not any(chunk.choices[0].finish_reason for chunk in told)
    assert client.models.list().data  # the connection is still good


def test_a_stream_that_is_left_ends_upstream_too(client: OpenAI, fake: Fake) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 3, "after": 3, "hold": "never"}
    )
    chunks = client.chat.completions.create(model=GPT, messages=HELLO, stream=True)
    next(chunks)

    chunks.close()

    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])


def test_the_asynchronous_client_holds_many_streams_at_once(server: Server) -> None:
    async def ask(client: openai.AsyncOpenAI, text: str) -> str | None:
        told = json.dumps({"content": text})
        question: Any = [{"role": "user", "content": f"@fake {told}"}]
        async with client.chat.completions.stream(
            model=GPT, messages=question
        ) as stream:
            return (await stream.get_final_completion()).choices[0].message.content

    async def ask_all(texts: list[str]) -> list[str | None]:
        direct = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(**reach(server), http_client=direct) as client:
            return await asyncio.gather(*(ask(client, text) for text in texts))

    texts = [f"{number} times äöü" * 5 for number in range(10)]

    assert asyncio.run(ask_all(texts)) == texts
