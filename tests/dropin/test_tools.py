"""Tools as clients really describe them: each can be called, by its own name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.raw import call
from tests.dropin.upstream import GPT, QWEN, asked
from tests.live_server import Server

NAME = "get_weather"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
USER = {"role": "user", "content": "How will the weather be?"}

# The function of a tool, as it comes from ...
FUNCTIONS: dict[str, dict[str, Any]] = {
    "a function without parameters": {"name": NAME},
    "Go, which sends null": {"name": NAME, "description": None, "parameters": None},
    "a schema without properties": {"name": NAME, "parameters": {"type": "object"}},
    "Go's empty schema": {"name": NAME, "parameters": {"type": "", "properties": None}},
    "Home Assistant": {
        "name": "HassGetWeather",
        "description": "Gets the weather",
        "parameters": {**PARAMETERS, "required": []},
    },
    "an MCP server with dots": {"name": "weather.v1.get", "parameters": PARAMETERS},
    "an MCP server with slashes": {"name": "x/weather/get", "parameters": PARAMETERS},
    "a name that is long": {"name": "weather_" * 12, "parameters": PARAMETERS},
    "a name in another script": {"name": "weather_天気", "parameters": PARAMETERS},
    "zod": {
        "name": NAME,
        "parameters": {
            **PARAMETERS,
            "$schema": "http://json-schema.org/draft-07/schema#",
            "additionalProperties": False,
        },
    },
    "pydantic": {
        "name": NAME,
        "parameters": {
            "$defs": {"City": {"type": "string", "enum": ["Oslo", "Rome"]}},
            "title": "Weather",
            "type": "object",
            "properties": {
                "city": {"$ref": "#/$defs/City"},
                "days": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "unit": {"type": ["string", "null"], "default": "C", "minLength": 1},
            },
        },
    },
}


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_tool_is_called_and_answers(
    server: Server, fake: Fake, function: dict[str, Any], model: str
) -> None:
    body = {"model": model, "tools": [{"type": "function", "function": function}]}

    first = call(server, "POST", "/api/chat", {**body, "messages": [USER]}).lines
    [message] = [each["message"] for each in first if "tool_calls" in each["message"]]
    [called] = message["tool_calls"]
    result = {"role": "tool", "content": "rain", "tool_name": function["name"]}
    messages = [USER, message, result]
    second = call(server, "POST", "/api/chat", {**body, "messages": messages}).lines

    assert called["function"]["name"] == function["name"]
    assert type(called["function"]["arguments"]) is dict
    assert asked(fake)["messages"][-1]["content"] == "rain"
    assert "rain" in "".join(each["message"]["content"] for each in second)


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_tool_is_called_and_answers_on_v1(
    server: Server, function: dict[str, Any], model: str
) -> None:
    strict = {**function, "strict": True}
    other = {"name": "other", "parameters": PARAMETERS}
    tools = [{"type": "function", "function": each} for each in (strict, other)]
    chosen = {"type": "function", "function": {"name": function["name"]}}
    body = {"model": model, "tools": tools}
    path = "/v1/chat/completions"

    asking = {**body, "messages": [USER], "tool_choice": chosen}
    [choice] = call(server, "POST", path, asking).json["choices"]
    [called] = choice["message"]["tool_calls"]
    result = {"role": "tool", "content": "rain", "tool_call_id": called["id"]}
    told = {**body, "messages": [USER, choice["message"], result]}
    answer = call(server, "POST", path, told).json

    assert called["function"]["name"] == function["name"]
    assert type(json.loads(called["function"]["arguments"])) is dict
    assert "rain" in answer["choices"][0]["message"]["content"]
