"""Tools as real clients define them are called by the name that the client gave."""

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.raw_http import send_request
from tests.dropin.upstream import GPT, QWEN, last_request
from tests.live_server import Server

NAME = "get_weather"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
USER = {"role": "user", "content": "How will the weather be?"}

# Sender or peculiarity -> the function of a tool.
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
    "long name": {"name": "weather_" * 12, "parameters": PARAMETERS},
    "name in another script": {"name": "weather_天気", "parameters": PARAMETERS},
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
def test_tool_is_called_and_its_result_sent(
    server: Server, fake: Fake, function: dict[str, Any], model: str
) -> None:
    body = {"model": model, "tools": [{"type": "function", "function": function}]}

    first = send_request(
        server, "POST", "/api/chat", {**body, "messages": [USER]}
    ).lines
    [message] = [each["message"] for each in first if "tool_calls" in each["message"]]
    [tool_call] = message["tool_calls"]
    result = {"role": "tool", "content": "rain", "tool_name": function["name"]}
    messages = [USER, message, result]
    second = send_request(
        server, "POST", "/api/chat", {**body, "messages": messages}
    ).lines

    assert tool_call["function"]["name"] == function["name"]
    assert type(tool_call["function"]["arguments"]) is dict
    assert last_request(fake)["messages"][-1]["content"] == "rain"
    assert "rain" in "".join(each["message"]["content"] for each in second)
