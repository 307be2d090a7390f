"""The official Python client, against a live server."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import ollama
import pytest
from ollama import ChatResponse, Client, Message
from PIL import Image
from pydantic import BaseModel

from tests.cerebras import Fake
from tests.dropin.pictures import SHOWN_AS, picture, sight
from tests.dropin.upstream import GPT, QWEN, asked
from tests.live_server import Server

HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {"name": "get_weather", "arguments": {"city": "Oslo", "days": 2}}


class Country(BaseModel):
    name: str
    capital: str
    population: int
    languages: list[str]


def get_weather(city: str, days: int = 1) -> str:
    """
    Forecast the weather.

    Args:
        city (str): The city.
        days (int): How many days.

    Returns:
        str: The forecast.
    """
    return f"{days} days of rain in {city}"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, trust_env=False) as client:
        yield client


def joined(parts: Iterable[ChatResponse]) -> Message:
    """A streamed reply as one message, as chat programs put it together."""
    whole = Message(role="assistant", content="", thinking="", tool_calls=[])
    for part in parts:
        whole.content = (whole.content or "") + (part.message.content or "")
        whole.thinking = (whole.thinking or "") + (part.message.thinking or "")
        whole.tool_calls = [*whole.tool_calls, *(part.message.tool_calls or ())]
    return whole


def test_the_models_are_listed(client: Client) -> None:
    models = {model.model: model for model in client.list().models}

    assert set(models) == {f"{GPT}:latest", f"{QWEN}:latest"}
    gpt = models[f"{GPT}:latest"]
    assert gpt.size > 0
    assert len(gpt.digest) == 64
    assert gpt.details.family == "gptoss"
    assert gpt.modified_at < datetime.now(UTC)


@pytest.mark.parametrize("name", [GPT, f"{GPT}:latest", "gpt-oss:120b", "GPT-OSS-120B"])
def test_a_model_goes_by_any_of_its_names(client: Client, name: str) -> None:
    shown = client.show(name)
    reply = client.chat(name, HELLO)

    assert reply.model == name
    assert shown.modelinfo["gptoss.context_length"] == 131_072
    assert {"completion", "tools", "thinking"} <= set(shown.capabilities)
    assert shown.details.parameter_size == "116.8B"


def test_a_model_is_loaded_listed_and_unloaded(client: Client) -> None:
    loaded = client.generate(GPT, keep_alive="10m")
    [process] = [p for p in client.ps().models if p.model == f"{GPT}:latest"]
    unloaded = client.generate(GPT, keep_alive=0)

    assert (loaded.done_reason, unloaded.done_reason) == ("load", "unload")
    left = process.expires_at - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    assert process.context_length == 131_072
    assert f"{GPT}:latest" not in [p.model for p in client.ps().models]


@pytest.mark.parametrize(
    ("keep_alive", "at_least"),
    [(90.0, 80), ("1.5h", 5_300), (-1, 10**9), ("-1m", 10**9)],
)
def test_a_chat_keeps_its_model_loaded(
    client: Client, keep_alive: float | str, at_least: int
) -> None:
    client.chat(GPT, HELLO, keep_alive=keep_alive)

    [process] = [p for p in client.ps().models if p.model == f"{GPT}:latest"]
    left = process.expires_at - datetime.now(UTC)
    assert left.total_seconds() > at_least


def test_a_model_may_be_unloaded_after_its_answer(client: Client) -> None:
    reply = client.chat(QWEN, HELLO, keep_alive=0)

    assert reply.message.content
    assert f"{QWEN}:latest" not in [p.model for p in client.ps().models]


def test_a_conversation_streams_with_a_tool_call_and_its_result(
    client: Client, fake: Fake
) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Will it rain in Oslo?"},
    ]
    fake.script(
        {
            "reasoning": "I need the tool.",
            "tool_calls": [WEATHER],
            "arguments_delta_size": 3,
        }
    )
    fake.script({"reasoning": "So it rains.", "content": "Yes, for two days."})
    fake.script({"content": "You are welcome."})

    first = joined(client.chat(GPT, messages, tools=[get_weather], stream=True))
    [call] = first.tool_calls
    result = get_weather(**call.function.arguments)
    messages += [first, Message(role="tool", content=result, tool_name="get_weather")]
    second = joined(client.chat(GPT, messages, tools=[get_weather], stream=True))
    messages += [second, {"role": "user", "content": "Thanks"}]
    third = joined(client.chat(GPT, messages, tools=[get_weather], stream=True))

    assert (call.function.name, result) == ("get_weather", "2 days of rain in Oslo")
    assert first.thinking == "I need the tool."
    assert second.content == "Yes, for two days."
    assert third.content == "You are welcome."
    heard = asked(fake)["messages"]
    roles = ["system", "user", "assistant", "tool", "assistant", "user"]
    assert [message["role"] for message in heard] == roles
    assert (
        json.loads(heard[2]["tool_calls"][0]["function"]["arguments"])
        == (WEATHER["arguments"])
    )
    assert heard[3]["content"] == "2 days of rain in Oslo"


def test_parallel_calls_get_their_results_by_name_or_in_order(
    client: Client, fake: Fake
) -> None:
    cities = ["Oslo", "Rome"]
    calls = [{"name": "get_weather", "arguments": {"city": city}} for city in cities]
    calls.append({"name": "get_time", "arguments": {}})
    fake.script({"tool_calls": calls})

    reply = client.chat(QWEN, HELLO, tools=[get_weather]).message
    results = [
        Message(role="tool", content="noon", tool_name="get_time"),
        Message(role="tool", content="rain", tool_name="get_weather"),
        Message(role="tool", content="sun", tool_name="get_weather"),
    ]
    client.chat(QWEN, [*HELLO, reply, *results], tools=[get_weather])

    heard = asked(fake)["messages"]
    ids = [call["id"] for call in heard[1]["tool_calls"]]
    answers = {m["tool_call_id"]: m["content"] for m in heard if m["role"] == "tool"}
    assert [answers[each] for each in ids] == ["rain", "sun", "noon"]


@pytest.mark.parametrize("kind", SHOWN_AS)
def test_a_picture_is_seen(client: Client, kind: str) -> None:
    question = {"role": "user", "content": "What?", "images": [picture(kind)]}

    in_chat = joined(client.chat(QWEN, [question], stream=True))
    in_generate = client.generate(QWEN, "What?", images=[picture(kind)])

    assert sight(kind) in in_chat.content
    assert sight(kind) in in_generate.response


def test_a_picture_of_megabytes_is_seen(client: Client) -> None:
    sides = (1000, 800)
    noise = Random(0).randbytes(3 * sides[0] * sides[1])
    photograph = io.BytesIO()
    Image.frombytes("RGB", sides, noise).save(photograph, "PNG", compress_level=0)

    reply = client.generate(QWEN, "What?", images=[photograph.getvalue()])

    assert "I see a PNG picture of 1000 × 800 pixels." in reply.response


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_keeps_to_a_schema(
    client: Client, fake: Fake, model: str, stream: bool
) -> None:
    schema = Country.model_json_schema()
    question = [{"role": "user", "content": "Tell me about Canada."}]

    reply = client.chat(model, question, format=schema, stream=stream)

    message = joined(reply if stream else [reply])
    assert Country.model_validate_json(message.content).languages
    wanted = asked(fake)["response_format"]["json_schema"]
    assert wanted["strict"] is True


def test_a_schema_holds_beside_tools_too(client: Client, fake: Fake) -> None:
    schema = Country.model_json_schema()
    fake.script({"content": "Canada is large."})

    reply = client.chat(GPT, HELLO, tools=[get_weather], format=schema)

    assert Country.model_validate_json(reply.message.content)
    assert "tools" not in asked(fake)


def test_json_streams_in_more_than_one_line(client: Client) -> None:
    parts = list(client.chat(GPT, HELLO, format="json", stream=True))

    texts = [part.message.content for part in parts if part.message.content]
    assert len(texts) > 1
    assert isinstance(json.loads("".join(texts)), dict)
    assert parts[-1].done_reason == "stop"


@pytest.mark.parametrize(
    ("model", "think", "effort", "thinks"),
    [
        (GPT, "low", "low", True),
        (GPT, "max", "high", True),
        (GPT, True, None, True),
        (GPT, None, None, True),
        (GPT, False, "low", False),
        (QWEN, "low", "low", True),
        (QWEN, "max", "high", True),
        (QWEN, False, "none", False),
    ],
)
def test_thinking_is_as_deep_as_asked(
    client: Client,
    fake: Fake,
    model: str,
    think: bool | str | None,
    effort: str | None,
    thinks: bool,
) -> None:
    whole = client.chat(model, HELLO, think=think)
    parts = list(client.generate(model, "Hello", think=think, stream=True))

    assert asked(fake).get("reasoning_effort") == effort
    assert bool(whole.message.thinking) is thinks
    assert any(part.thinking for part in parts) is thinks
    assert whole.message.content
    assert any(part.response for part in parts)


def test_generate_goes_on_where_its_context_ends(client: Client, fake: Fake) -> None:
    fake.script({"content": "Nice to meet you, Ada."})
    first = client.generate(GPT, "I am Ada.", system="Be brief.")

    parts = client.generate(GPT, "Who am I?", context=first.context, stream=True)
    *_, last = parts

    assert [(m["role"], m["content"]) for m in asked(fake)["messages"]] == [
        ("system", "Be brief."),
        ("user", "I am Ada."),
        ("assistant", "Nice to meet you, Ada."),
        ("user", "Who am I?"),
    ]
    assert len(last.context) > len(first.context)


def test_a_raw_prompt_goes_upstream_as_it_is(client: Client, fake: Fake) -> None:
    reply = client.generate(GPT, "Once upon", raw=True, options={"num_predict": 5})

    assert asked(fake)["prompt"] == "Once upon"
    assert asked(fake)["max_tokens"] == 5
    assert reply.response
    assert reply.context is None


def test_options_reach_the_upstream(client: Client, fake: Fake) -> None:
    sampling = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["END"]}
    local = {"num_ctx": 8192, "num_gpu": 1, "top_k": 40, "mirostat": 0}
    fake.script({"content": "one two three four five six"})

    reply = client.chat(GPT, HELLO, options=sampling | local | {"num_predict": 3})

    assert reply.done_reason == "length"
    assert {**asked(fake), **sampling, "max_completion_tokens": 3} == asked(fake)
    assert not set(local) & set(asked(fake))


@pytest.mark.parametrize("stream", [False, True])
def test_the_tokens_come_with_their_log_probabilities(
    client: Client, stream: bool
) -> None:
    reply = client.chat(QWEN, HELLO, logprobs=True, top_logprobs=2, stream=stream)

    parts = list(reply) if stream else [reply]
    tokens = [entry for part in parts for entry in part.logprobs or ()]
    text = "".join(part.message.content for part in parts)
    assert "".join(token.token for token in tokens) == text
    assert all(len(token.top_logprobs) == 2 for token in tokens)
    assert all(token.logprob <= 0 for token in tokens)


@pytest.mark.parametrize("stream", [False, True])
def test_the_end_of_a_reply_tells_what_it_cost(client: Client, stream: bool) -> None:
    chat = client.chat(GPT, HELLO, stream=stream)
    generate = client.generate(GPT, "Hello", stream=stream)

    for reply in (chat, generate):
        end = list(reply)[-1] if stream else reply
        assert end.done is True
        assert end.done_reason == "stop"
        assert end.total_duration > end.eval_duration > 0
        assert end.prompt_eval_duration > 0
        assert end.load_duration > 0
        assert end.prompt_eval_count > 0
        assert end.eval_count > 0


def test_any_text_arrives_whole_however_it_is_cut(client: Client, fake: Fake) -> None:
    text = 'Zoë 🇳🇴 "日本語"\\ \u2028 \u2029 \x85 \x00 <|x|> & \n\r\n end'
    fake.script(
        {"content": text, "reasoning": text, "write_sizes": [1], "write_pause": 0}
    )

    reply = joined(client.chat(GPT, HELLO, stream=True))

    assert (reply.content, reply.thinking) == (text, text)


def test_a_stream_that_is_left_ends_upstream_too(client: Client, fake: Fake) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 3, "after": 3, "hold": "never"}
    )
    parts = client.chat(GPT, HELLO, stream=True)
    next(parts)

    parts.close()

    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])


def test_the_asynchronous_client_holds_many_streams_at_once(
    server: Server, fake: Fake
) -> None:
    async def ask(client: ollama.AsyncClient, text: str) -> str:
        told = json.dumps({"content": text, "write_sizes": [7]})
        question = [{"role": "user", "content": f"@fake {told}"}]
        parts = await client.chat(GPT, question, stream=True)
        return "".join([part.message.content async for part in parts])

    async def ask_all(texts: list[str]) -> list[str]:
        async with ollama.AsyncClient(server.url, trust_env=False) as client:
            assert (await client.show(GPT)).capabilities
            return await asyncio.gather(*(ask(client, text) for text in texts))

    texts = [f"{number} times äöü" * 5 for number in range(20)]

    assert asyncio.run(ask_all(texts)) == texts
