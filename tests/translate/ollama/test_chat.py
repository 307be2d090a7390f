"""`/api/chat`: requests in the upstream form, and whole replies."""

import base64
import copy
from typing import Any

import msgspec
import pytest

from app.errors import InvalidRequest
from app.translate.dialect import ReplyContext
from app.translate.ollama.chat import OllamaChat
from app.wire.completion import Chunk, FunctionCall, ToolCall
from tests.translate.builders import (
    LAST_LINE_MEASURES,
    MODEL,
    PNG_BYTES,
    Json,
    completion,
    function,
    image_part,
    message,
    text_part,
)

PNG = base64.b64encode(PNG_BYTES).decode()
PNG_PART = image_part(f"data:image/png;base64,{PNG}")
CHAT = OllamaChat()

UNCHANGED = {
    "system": message("system", "be brief"),
    "user": message("user", "hi"),
    "developer": message("developer", "be brief"),
    "tool-result-by-name": message("tool", "11", name="get_weather"),
    "tool-result-without-name": message("tool", "11"),
}
CHANGED = {
    "unknown-role": (message("human", "hi"), message("user", "hi")),
    "empty": ({}, message("user")),
    "null-content": (message("assistant", None), message("assistant")),
    "thinking": (
        message("assistant", "42", thinking="Let me see."),
        message("assistant", "42", reasoning="Let me see."),
    ),
    "thinking-of-a-user": (message("user", "hi", thinking="hm"), message("user", "hi")),
    "tool-call": (
        message(
            "assistant",
            tool_calls=[
                {
                    "id": "1",
                    "function": {"name": "f", "arguments": {"z": 1, "a": ["é"]}},
                }
            ],
        ),
        message(
            "assistant",
            tool_calls=[{"id": "1", **function("f", arguments='{"z":1,"a":["é"]}')}],
        ),
    ),
    "tool-call-without-id": (
        message(
            "assistant", tool_calls=[{"function": {"name": "f", "arguments": None}}, {}]
        ),
        message(
            "assistant",
            tool_calls=[function("f", arguments="{}"), function("", arguments="{}")],
        ),
    ),
    "tool-result": (
        message("tool", "11 degrees", tool_name="get_weather", tool_call_id="1"),
        message("tool", "11 degrees", tool_call_id="1", name="get_weather"),
    ),
    "image": (
        message("user", "what is it", images=[PNG, PNG]),
        message("user", [text_part("what is it"), PNG_PART, PNG_PART]),
    ),
    "image-alone": (message("user", "", images=[PNG]), message("user", [PNG_PART])),
    "no-images": (message("user", "hi", images=[]), message("user", "hi")),
}
MESSAGES = {name: (sent, sent) for name, sent in UNCHANGED.items()} | CHANGED


def to_upstream(**body: Any) -> Json:
    return CHAT.to_upstream(body, MODEL)


@pytest.mark.parametrize(("received", "sent"), MESSAGES.values(), ids=MESSAGES)
def test_message_becomes_upstream_message(received: Json, sent: Json) -> None:
    before = copy.deepcopy(received)

    assert to_upstream(messages=[received]) == {"messages": [sent]}
    assert received == before


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (message("user", images=["AAAA"]), "PNG, JPEG, WebP and GIF"),
        (message("assistant", images=[PNG]), "assistant cannot have images"),
    ],
    ids=["unknown type", "assistant"],
)
def test_image_is_refused(refused: Json, error: str) -> None:
    with pytest.raises(InvalidRequest, match=error):
        to_upstream(messages=[refused])


def test_images_are_those_of_all_messages() -> None:
    body = {"messages": [{"images": [PNG]}, {}, {"images": [PNG, "webp"]}]}

    assert list(CHAT.images(body)) == [PNG, PNG, "webp"]
    assert list(CHAT.images({})) == []


SCHEMA = {
    "type": "object",
    "$defs": {"place": {"type": "string"}},
    "required": ["city"],
    "properties": {
        "city": {"$ref": "#/$defs/place", "default": "Oslo", "minLength": 1}
    },
    "additionalProperties": False,
}
TOOLS = {
    "no parameters": (function("f", parameters=None), function("f", parameters={})),
    "unknown fields": (
        function("f", parameters=SCHEMA, strict=True, x=1)
        | {"type": "", "items": None},
        function("f", parameters=SCHEMA),
    ),
}


@pytest.mark.parametrize(("tool", "sent"), TOOLS.values(), ids=TOOLS)
def test_tool_keeps_only_fields_that_the_upstream_knows(tool: Json, sent: Json) -> None:
    assert to_upstream(tools=[tool])["tools"] == [sent]


def test_whole_body_becomes_upstream_form() -> None:
    body = {
        "model": "m",
        "messages": [message("user", "hi")],
        "tools": [],
        "stream": False,
        "keep_alive": 300,
        "think": "high",
        "format": "json",
        "options": {"num_predict": 9, "top_k": 40},
        "logprobs": True,
        "top_logprobs": 2,
    }

    assert CHAT.to_upstream(body, MODEL) == {
        "messages": [message("user", "hi")],
        "max_completion_tokens": 9,
        "reasoning_effort": "high",
        "response_format": {"type": "json_object"},
        "logprobs": True,
        "top_logprobs": 2,
    }
    assert CHAT.ignored(body) == ("top_k",)
    assert CHAT.ignored({}) == ()


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": []}], ids=str)
def test_body_without_messages_is_empty(body: Json) -> None:
    assert CHAT.is_empty(body)
    assert not CHAT.is_empty({"messages": [{}]})


HEAD = '{"model":"m","created_at":"2026-08-01T01:02:03.12Z","message":{"role":'
CALL = FunctionCall("f", '{"z":1,"a":2}')
CALL_TEXT = '"name":"f","arguments":{"z":1,"a":2}}'
LOGPROB = {"token": "é", "logprob": -0.5, "bytes": [195, 169]}
LOGPROBS = {"content": [LOGPROB | {"top_logprobs": [LOGPROB | {"bytes": []}]}]}
COMPLETIONS = {
    "text": (completion(content="Hello"), '"content":"Hello"', '"stop"'),
    "thinking": (
        completion(content="4", reasoning="Two and two."),
        '"content":"4","thinking":"Two and two."',
        '"stop"',
    ),
    "length": (
        completion("length", reasoning="Two and"),
        '"content":"","thinking":"Two and"',
        '"length"',
    ),
    "filtered": (completion("content_filter", content="x"), '"content":"x"', '"stop"'),
    "tool-calls": (
        completion(
            "tool_calls",
            tool_calls=[ToolCall(None, "8db3", CALL), ToolCall(None, None, CALL)],
        ),
        '"content":"","tool_calls":['
        f'{{"id":"8db3","function":{{"index":0,{CALL_TEXT}}},'
        f'{{"id":"call_k3x9a1bz","function":{{"index":1,{CALL_TEXT}}}]',
        '"stop"',
    ),
    "logprobs": (
        completion(content="é", logprobs=LOGPROBS),
        '"content":"é"',
        '"stop","logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169],'
        '"top_logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169]}]}]',
    ),
}


@pytest.mark.parametrize(
    ("completed", "fields", "end"), COMPLETIONS.values(), ids=COMPLETIONS
)
def test_whole_reply_is_one_object(
    completed: Chunk, fields: str, end: str, context: ReplyContext
) -> None:
    reply = msgspec.json.encode(CHAT.reply(completed, context)).decode()

    assert reply == (
        f'{HEAD}"assistant",{fields}}},"done":true,"done_reason":{end},'
        f"{LAST_LINE_MEASURES}}}"
    )
