"""LangChain's chat model and completion model, against a live server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from langchain_core.messages import (
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaLLM
from ollama import ResponseError
from pydantic import BaseModel, Field

from tests.cerebras import Fake
from tests.dropin.pictures import encoded, sight
from tests.dropin.upstream import GPT, QWEN, asked, failing_midway
from tests.live_server import Server

CITIES = ["Oslo", "Rome"]
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in CITIES]

Chat = Callable[..., ChatOllama]


class Country(BaseModel):
    """A country."""

    name: str = Field(description="Its short name.")
    capital: str | None = None
    population: int = Field(ge=0)


@tool
def get_weather(city: str) -> str:
    """Forecast the weather of a city."""
    return f"rain in {city}"


@pytest.fixture
def reach(server: Server) -> Iterator[dict[str, Any]]:
    """How a model reaches the server, over connections that are closed at the end."""
    with httpx.HTTPTransport() as transport:
        yield {
            "base_url": server.url,
            "client_kwargs": {"trust_env": False},
            "sync_client_kwargs": {"transport": transport},
            "validate_model_on_init": True,
        }


@pytest.fixture
def chat_model(reach: dict[str, Any]) -> Chat:
    return partial(ChatOllama, **reach)


@pytest.mark.parametrize("name", [GPT, f"{GPT}:latest"])
def test_a_listed_model_is_valid_from_the_start(chat_model: Chat, name: str) -> None:
    assert chat_model(model=name).invoke("Hello").content


def test_an_unknown_model_is_refused_at_the_start(chat_model: Chat) -> None:
    with pytest.raises(ValueError, match=f"not found.*{GPT}"):
        chat_model(model="llama9")


def test_a_whole_answer_tells_what_it_cost(chat_model: Chat, fake: Fake) -> None:
    fake.script({"content": "Good day."})
    local = {"mirostat": 0, "num_ctx": 8192, "num_gpu": 1, "tfs_z": 1.0, "top_k": 40}

    model = chat_model(model=GPT, num_predict=50, temperature=0.2, **local)
    reply = model.invoke("Hello", stop=["END"])

    assert reply.content == "Good day."
    assert reply.response_metadata["done_reason"] == "stop"
    assert reply.response_metadata["model_name"] == GPT
    assert reply.usage_metadata["output_tokens"] > 0
    sent = asked(fake)
    assert (sent["max_completion_tokens"], sent["temperature"]) == (50, 0.2)
    assert sent["stop"] == ["END"]


def test_a_stream_adds_up(chat_model: Chat, fake: Fake) -> None:
    fake.script({"content": "one two three four five six", "write_sizes": [9]})

    parts = list(chat_model(model=GPT).stream("Count"))

    whole = sum(parts[1:], parts[0])
    assert isinstance(whole, AIMessageChunk)
    assert whole.content == "one two three four five six"
    assert sum(bool(part.content) for part in parts) > 1


def test_tools_are_called_until_there_is_an_answer(
    chat_model: Chat, fake: Fake
) -> None:
    model = chat_model(model=GPT, reasoning=True).bind_tools([get_weather])
    messages: list[BaseMessage] = [HumanMessage("Where does it rain?")]
    fake.script({"reasoning": "Ask.", "tool_calls": CALLS, "arguments_delta_size": 3})
    fake.script({"content": "Everywhere."})

    while True:
        reply = model.invoke(messages)
        messages.append(reply)
        if not reply.tool_calls:
            break
        messages += [get_weather.invoke(call) for call in reply.tool_calls]

    results = [m.content for m in messages if isinstance(m, ToolMessage)]
    assert results == ["rain in Oslo", "rain in Rome"]
    assert messages[-1].content == "Everywhere."
    _, assistant, *told = asked(fake)["messages"]
    assert assistant["reasoning"] == "Ask."
    assert [call["id"] for call in assistant["tool_calls"]] == [
        message["tool_call_id"] for message in told
    ]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("model", [GPT, QWEN])
def test_an_answer_has_its_structure(chat_model: Chat, model: str, method: Any) -> None:
    asking = chat_model(model=model).with_structured_output(Country, method=method)

    answer = asking.invoke("Which country is Canada?")

    assert isinstance(answer, Country)


def test_an_answer_is_json_when_asked(chat_model: Chat) -> None:
    asking = chat_model(model=GPT).with_structured_output(None, method="json_mode")

    assert asking.invoke("Answer as JSON.")["simulated"] is True


@pytest.mark.parametrize(
    ("reasoning", "effort"), [(True, None), ("low", "low"), (False, "low")]
)
def test_reasoning_is_kept_apart(
    chat_model: Chat, fake: Fake, reasoning: bool | str, effort: str | None
) -> None:
    reply = chat_model(model=GPT, reasoning=reasoning).invoke("Hello")

    assert reply.content
    assert bool(reply.additional_kwargs.get("reasoning_content")) is bool(reasoning)
    assert asked(fake).get("reasoning_effort") == effort


def test_a_picture_is_seen(chat_model: Chat) -> None:
    url = f"data:image/webp;base64,{encoded('WebP')}"
    parts: list[Any] = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]

    reply = chat_model(model=QWEN).invoke([HumanMessage(parts)])

    assert sight("WebP") in reply.content


def test_many_asynchronous_streams_add_up(chat_model: Chat) -> None:
    model = chat_model(model=GPT)

    async def ask(text: str) -> str:
        prompt = f'@fake {{"content": "{text}"}}'
        return "".join([str(part.content) async for part in model.astream(prompt)])

    async def ask_all(texts: list[str]) -> list[str]:
        try:
            return await asyncio.gather(*map(ask, texts))
        finally:
            await model._async_client.close()  # nobody else does

    texts = [f"{number} times äöü" * 5 for number in range(10)]

    assert asyncio.run(ask_all(texts)) == texts


def test_the_completion_model_completes(reach: dict[str, Any], fake: Fake) -> None:
    model = OllamaLLM(model=GPT, **reach)
    fake.script({"reasoning": "Easy.", "content": "one two three"}, times=2)

    assert model.invoke("Count") == "one two three"
    assert "".join(model.stream("Count")) == "one two three"


def test_an_error_is_raised(chat_model: Chat, fake: Fake) -> None:
    fake.script(failing_midway("in_stream_error"))

    with pytest.raises(ResponseError, match="Cerebras"):
        chat_model(model=GPT).invoke("Hello")
