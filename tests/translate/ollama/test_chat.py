from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from app.errors import InvalidRequest
from app.translate import images
from app.translate.dialect import ReplyContext
from app.translate.ollama import chat
from app.wire.completion import Chunk, decode

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
PNG_PART = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{PNG}"},
}

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
    "nothing-at-all": ({}, {"role": "user", "content": ""}),
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
    "tool-call-bare": (
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
    "tool-result-bare": (
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


@pytest.mark.parametrize(("message", "sent"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_takes_the_upstream_form(
    message: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert chat.to_upstream({"messages": [message]}) == {"messages": [sent]}


def test_a_picture_of_no_use_is_refused() -> None:
    message = {"role": "user", "content": "", "images": ["AAAA"]}

    with pytest.raises(InvalidRequest, match="PNG, JPEG, WebP and GIF"):
        chat.to_upstream({"messages": [message]})


def test_pictures_of_an_assistant_are_refused() -> None:
    message = {"role": "assistant", "content": "", "images": [PNG]}

    with pytest.raises(InvalidRequest, match="assistant cannot have images"):
        chat.to_upstream({"messages": [message]})


def test_the_pictures_of_a_body_tell_whether_converting_takes_time() -> None:
    webp = base64.b64encode(b"RIFF\x00\x00\x00\x00WEBPVP8 ").decode()
    body = {"messages": [{"images": [PNG]}, {}, {"images": [PNG, webp]}]}

    assert list(chat.pictures(body)) == [PNG, PNG, webp]
    assert images.must_convert(chat.pictures(body))
    assert not images.must_convert(chat.pictures({}))


SCHEMA = {
    "type": "object",
    "$defs": {"place": {"type": "string"}},
    "required": ["city"],
    "properties": {
        "city": {"$ref": "#/$defs/place", "default": "Oslo", "minLength": 1}
    },
    "additionalProperties": False,
}


def test_a_tool_without_parameters_has_an_empty_schema() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": None}}

    assert chat.to_upstream({"tools": [tool]})["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": {}}}
    ]


def test_a_tool_keeps_only_what_the_upstream_knows() -> None:
    tool = {
        "type": "",
        "items": None,
        "function": {"name": "f", "strict": True, "parameters": SCHEMA, "x": 1},
    }

    assert chat.to_upstream({"tools": [tool]})["tools"] == [
        {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
    ]


def test_a_body_becomes_a_whole_request() -> None:
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

    assert chat.to_upstream(body) == {
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 9,
        "reasoning_effort": "high",
        "response_format": {"type": "json_object"},
        "logprobs": True,
        "top_logprobs": 2,
    }
    assert chat.ignored(body) == ("top_k",)
    assert chat.ignored({}) == ()


def test_a_body_is_not_changed() -> None:
    function = {"name": "f", "arguments": {"a": 1}}
    message = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": function}],
    }
    body = {"messages": [message], "tools": [{"function": {"name": "f"}}]}
    before = msgspec.json.encode(body)

    chat.to_upstream(body)

    assert msgspec.json.encode(body) == before


MEASURES = (
    '"total_duration":120000000,"load_duration":4000000,'
    '"prompt_eval_count":80,"prompt_eval_duration":2000000,'
    '"eval_count":45,"eval_duration":16800000'
)


def whole(message: dict[str, Any], finish: str = "stop", **more: Any) -> Chunk:
    choice = {"index": 0, "message": message, "finish_reason": finish, **more}
    return decode(
        msgspec.json.encode(
            {
                "choices": [choice],
                "usage": {"prompt_tokens": 80, "completion_tokens": 45},
                "time_info": {
                    "queue_time": 0.004,
                    "prompt_time": 0.002,
                    "completion_time": 0.0168,
                },
            }
        )
    )


CALL = {"type": "function", "function": {"name": "f", "arguments": '{"z":1,"a":2}'}}
TOLD_CALLS = (
    '"tool_calls":[{"id":"8db3b6644","function":'
    '{"index":0,"name":"f","arguments":{"z":1,"a":2}}},'
    '{"id":"call_k3x9a1bz","function":'
    '{"index":1,"name":"f","arguments":{"z":1,"a":2}}}]'
)

COMPLETIONS = {
    "text": (
        whole({"role": "assistant", "content": "Hello"}),
        '"content":"Hello"},"done":true,"done_reason":"stop",',
    ),
    "thinking": (
        whole({"content": "4", "reasoning": "Two and two."}),
        '"content":"4","thinking":"Two and two."},"done":true,"done_reason":"stop",',
    ),
    "length": (
        whole({"reasoning": "Two and"}, "length"),
        '"content":"","thinking":"Two and"},"done":true,"done_reason":"length",',
    ),
    "filtered": (
        whole({"content": "x"}, "content_filter"),
        '"content":"x"},"done":true,"done_reason":"stop",',
    ),
    "tool-calls": (
        whole({"tool_calls": [CALL | {"id": "8db3b6644"}, CALL]}, "tool_calls"),
        f'"content":"",{TOLD_CALLS}}},"done":true,"done_reason":"stop",',
    ),
    "logprobs": (
        whole(
            {"content": "é"},
            logprobs={
                "content": [
                    {
                        "token": "é",
                        "logprob": -0.5,
                        "bytes": [195, 169],
                        "top_logprobs": [{"token": "é", "logprob": -0.5, "bytes": []}],
                    }
                ]
            },
        ),
        '"content":"é"},"done":true,"done_reason":"stop",'
        '"logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169],'
        '"top_logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169]}]}],',
    ),
}


@pytest.mark.parametrize(("completion", "told"), COMPLETIONS.values(), ids=COMPLETIONS)
def test_a_whole_answer_is_one_object(
    completion: Chunk, told: str, context: ReplyContext
) -> None:
    answer = chat.from_completion(completion, context)

    assert msgspec.json.encode(answer).decode() == (
        '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
        f'"message":{{"role":"assistant",{told}{MEASURES}}}'
    )


def test_from_completion_and_from_chunks_tell_the_same(context: ReplyContext) -> None:
    completion = whole({"content": "Yes.", "reasoning": "Hm."})

    *lines, last = [
        event
        for events in chat.from_chunks([[completion]], context)
        for event in events
    ]

    answer = chat.from_completion(completion, context)
    assert [msgspec.json.decode(line)["message"] for line in lines] == [
        {"role": "assistant", "content": "", "thinking": "Hm."},
        {"role": "assistant", "content": "Yes."},
    ]
    message = {"role": "assistant", "content": "Yes.", "thinking": "Hm."}
    assert isinstance(last, dict)
    assert answer == {**last, "message": message}


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_an_idle_reply_has_no_measures(reason: str, context: ReplyContext) -> None:
    answer = chat.idle_reply(context, reason)

    assert msgspec.json.encode(answer).decode() == (
        '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
        '"message":{"role":"assistant","content":""},'
        f'"done":true,"done_reason":"{reason}"}}'
    )


def test_a_debug_reply_shows_what_would_be_asked(context: ReplyContext) -> None:
    request = {"messages": [{"role": "user", "content": "hi"}]}

    answer = chat.debug_reply(request, context)

    assert msgspec.json.encode(answer).decode() == (
        '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
        '"message":{"role":"","content":""},"done":false,"_debug_info":'
        '{"rendered_template":"{\\"messages\\":'
        '[{\\"role\\":\\"user\\",\\"content\\":\\"hi\\"}]}"}}'
    )
