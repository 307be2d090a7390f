"""`/api/chat`: requests in the upstream form, and whole replies."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from app.errors import InvalidRequest
from app.translate.dialect import ReplyContext
from app.translate.ollama.chat import OllamaChat
from app.wire.completion import Chunk, FunctionCall, ToolCall
from tests.translate.builders import MODEL, completion

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
PNG_PART = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{PNG}"},
}

CHAT = OllamaChat()

MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "system": (
        {"role": "system", "content": "be brief"},
        {"role": "system", "content": "be brief"},
    ),
    "user": ({"role": "user", "content": "hi"}, {"role": "user", "content": "hi"}),
    "developer": (
        {"role": "developer", "content": "be brief"},
        {"role": "developer", "content": "be brief"},
    ),
    "unknown-role": (
        {"role": "human", "content": "hi"},
        {"role": "user", "content": "hi"},
    ),
    "empty": ({}, {"role": "user", "content": ""}),
    "null-content": (
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": ""},
    ),
    "thinking": (
        {"role": "assistant", "content": "42", "thinking": "Let me see."},
        {"role": "assistant", "content": "42", "reasoning": "Let me see."},
    ),
    "thinking-of-a-user": (
        {"role": "user", "content": "hi", "thinking": "hm"},
        {"role": "user", "content": "hi"},
    ),
    "tool-call": (
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1",
                    "function": {"name": "f", "arguments": {"z": 1, "a": ["é", None]}},
                }
            ],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"z":1,"a":["é",null]}'},
                }
            ],
        },
    ),
    "tool-call-without-id": (
        {
            "role": "assistant",
            "tool_calls": [{"function": {"name": "f", "arguments": None}}, {}],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"type": "function", "function": {"name": "", "arguments": "{}"}},
            ],
        },
    ),
    "tool-result": (
        {
            "role": "tool",
            "content": "11 degrees",
            "tool_name": "get_weather",
            "tool_call_id": "call_1",
        },
        {
            "role": "tool",
            "content": "11 degrees",
            "tool_call_id": "call_1",
            "name": "get_weather",
        },
    ),
    "tool-result-by-name": (
        {"role": "tool", "content": "11", "name": "get_weather"},
        {"role": "tool", "content": "11", "name": "get_weather"},
    ),
    "tool-result-without-name": (
        {"role": "tool", "content": "11"},
        {"role": "tool", "content": "11"},
    ),
    "image": (
        {"role": "user", "content": "what is it", "images": [PNG, PNG]},
        {
            "role": "user",
            "content": [{"type": "text", "text": "what is it"}, PNG_PART, PNG_PART],
        },
    ),
    "image-alone": (
        {"role": "user", "content": "", "images": [PNG]},
        {"role": "user", "content": [PNG_PART]},
    ),
    "no-images": (
        {"role": "user", "content": "hi", "images": []},
        {"role": "user", "content": "hi"},
    ),
}


def to_upstream(**body: Any) -> dict[str, Any]:
    return CHAT.to_upstream(body, MODEL)


@pytest.mark.parametrize(("message", "sent"), MESSAGES.values(), ids=MESSAGES)
def test_message_becomes_upstream_message(
    message: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert to_upstream(messages=[message]) == {"messages": [sent]}


def test_image_of_unknown_type_is_refused() -> None:
    message = {"role": "user", "content": "", "images": ["AAAA"]}

    with pytest.raises(InvalidRequest, match="PNG, JPEG, WebP and GIF"):
        to_upstream(messages=[message])


def test_image_of_assistant_is_refused() -> None:
    message = {"role": "assistant", "content": "", "images": [PNG]}

    with pytest.raises(InvalidRequest, match="assistant cannot have images"):
        to_upstream(messages=[message])


def test_images_are_those_of_all_messages() -> None:
    webp = base64.b64encode(b"RIFF\x00\x00\x00\x00WEBPVP8 ").decode()
    body = {"messages": [{"images": [PNG]}, {}, {"images": [PNG, webp]}]}

    assert list(CHAT.images(body)) == [PNG, PNG, webp]
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


def test_tool_without_parameters_gets_empty_schema() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": None}}

    assert to_upstream(tools=[tool])["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": {}}}
    ]


def test_tool_keeps_only_fields_that_the_upstream_knows() -> None:
    tool = {
        "type": "",
        "items": None,
        "function": {"name": "f", "strict": True, "parameters": SCHEMA, "x": 1},
    }

    assert to_upstream(tools=[tool])["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
    ]


def test_whole_body_becomes_upstream_form() -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
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
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 9,
        "reasoning_effort": "high",
        "response_format": {"type": "json_object"},
        "logprobs": True,
        "top_logprobs": 2,
    }
    assert CHAT.ignored(body) == ("top_k",)
    assert CHAT.ignored({}) == ()


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": []}], ids=str)
def test_body_without_messages_is_empty(body: dict[str, Any]) -> None:
    assert CHAT.is_empty(body)
    assert not CHAT.is_empty({"messages": [{}]})


def test_body_is_not_changed() -> None:
    function = {"name": "f", "arguments": {"a": 1}}
    message = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": function}],
    }
    body = {"messages": [message], "tools": [{"function": {"name": "f"}}]}
    before = msgspec.json.encode(body)

    CHAT.to_upstream(body, MODEL)

    assert msgspec.json.encode(body) == before


MEASURES = (
    '"total_duration":120000000,"load_duration":1000000,'
    '"prompt_eval_count":9,"prompt_eval_duration":41000000,'
    '"eval_count":8,"eval_duration":50000000'
)
FUNCTION = FunctionCall("f", '{"z":1,"a":2}')
TOOL_CALLS = (
    '"tool_calls":[{"id":"8db3b6644","function":'
    '{"index":0,"name":"f","arguments":{"z":1,"a":2}}},'
    '{"id":"call_k3x9a1bz","function":'
    '{"index":1,"name":"f","arguments":{"z":1,"a":2}}}]'
)
LOGPROBS = {
    "content": [
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [{"token": "é", "logprob": -0.5, "bytes": []}],
        }
    ]
}

COMPLETIONS = {
    "text": (
        completion(content="Hello"),
        '"content":"Hello"},"done":true,"done_reason":"stop",',
    ),
    "thinking": (
        completion(content="4", reasoning="Two and two."),
        '"content":"4","thinking":"Two and two."},"done":true,"done_reason":"stop",',
    ),
    "length": (
        completion("length", reasoning="Two and"),
        '"content":"","thinking":"Two and"},"done":true,"done_reason":"length",',
    ),
    "filtered": (
        completion("content_filter", content="x"),
        '"content":"x"},"done":true,"done_reason":"stop",',
    ),
    "tool-calls": (
        completion(
            "tool_calls",
            tool_calls=[
                ToolCall(None, "8db3b6644", FUNCTION),
                ToolCall(None, None, FUNCTION),
            ],
        ),
        f'"content":"",{TOOL_CALLS}}},"done":true,"done_reason":"stop",',
    ),
    "logprobs": (
        completion(content="é", logprobs=LOGPROBS),
        '"content":"é"},"done":true,"done_reason":"stop",'
        '"logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169],'
        '"top_logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169]}]}],',
    ),
}


@pytest.mark.parametrize(("completed", "fields"), COMPLETIONS.values(), ids=COMPLETIONS)
def test_whole_reply_is_one_object(
    completed: Chunk, fields: str, context: ReplyContext
) -> None:
    reply = CHAT.reply(completed, context)

    assert msgspec.json.encode(reply).decode() == (
        '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
        f'"message":{{"role":"assistant",{fields}{MEASURES}}}'
    )


def test_stream_and_whole_reply_have_the_same_content(context: ReplyContext) -> None:
    completed = completion(content="Yes.", reasoning="Hm.")

    [[*lines, last]] = CHAT.stream([[completed]], context)

    reply = CHAT.reply(completed, context)
    assert [msgspec.json.decode(line)["message"] for line in lines] == [
        {"role": "assistant", "content": "", "thinking": "Hm."},
        {"role": "assistant", "content": "Yes."},
    ]
    message = {"role": "assistant", "content": "Yes.", "thinking": "Hm."}
    assert isinstance(last, dict)
    assert reply == {**last, "message": message}


def test_debug_reply_shows_the_upstream_request(context: ReplyContext) -> None:
    request = {"messages": [{"role": "user", "content": "hi"}]}

    reply = CHAT.debug_reply(request, context)

    assert msgspec.json.encode(reply).decode() == (
        '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
        '"message":{"role":"","content":""},"done":false,"_debug_info":'
        '{"rendered_template":"{\\"messages\\":'
        '[{\\"role\\":\\"user\\",\\"content\\":\\"hi\\"}]}"}}'
    )
