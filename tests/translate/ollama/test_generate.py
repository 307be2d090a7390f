"""`/api/generate`: requests in the upstream form, `context` and raw mode."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from app.errors import InvalidRequest
from app.translate.dialect import ReplyContext
from app.translate.ollama.context import encode_context
from app.translate.ollama.generate import OllamaGenerate
from app.wire.completion import Choice, Chunk
from tests.translate.builders import (
    MODEL,
    completion,
    last_chunk,
    reasoning_chunk,
    text_chunk,
)

GENERATE = OllamaGenerate()

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
PNG_PART = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{PNG}"},
}
SYSTEM = {"role": "system", "content": "be brief"}
HI = {"role": "user", "content": "hi"}
EARLIER = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "1!"}]
TEMPLATE = "{{ if .System }}{{ .System }}: {{ end }}{{ .Prompt }}"

CONVERSATIONS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "prompt": ({"prompt": "hi"}, [HI]),
    "system": ({"prompt": "hi", "system": "be brief"}, [SYSTEM, HI]),
    "images": (
        {"prompt": "hi", "images": [PNG]},
        [{"role": "user", "content": [{"type": "text", "text": "hi"}, PNG_PART]}],
    ),
    "context": (
        {"prompt": "hi", "context": encode_context(EARLIER)},
        [*EARLIER, HI],
    ),
    "context-empty": ({"prompt": "hi", "context": []}, [HI]),
    "context-foreign": ({"prompt": "hi", "context": [1, 2, 3]}, [HI]),
    "context-then-system": (
        {"prompt": "hi", "system": "be brief", "context": encode_context(EARLIER)},
        [SYSTEM, *EARLIER, HI],
    ),
    "context-with-its-system": (
        {"prompt": "hi", "context": encode_context([SYSTEM, *EARLIER])},
        [SYSTEM, *EARLIER, HI],
    ),
    "context-with-the-same-system": (
        {
            "prompt": "hi",
            "system": "be brief",
            "context": encode_context([SYSTEM, *EARLIER]),
        },
        [SYSTEM, *EARLIER, HI],
    ),
    "context-with-another-system": (
        {
            "prompt": "hi",
            "system": "rhyme",
            "context": encode_context([SYSTEM, *EARLIER]),
        },
        [{"role": "system", "content": "rhyme"}, *EARLIER, HI],
    ),
    "template": (
        {"prompt": "hi", "system": "be brief", "template": TEMPLATE},
        [{"role": "user", "content": "be brief: hi"}],
    ),
    "template-without-system": (
        {"prompt": "hi", "system": "be brief", "template": "<{{ .Prompt }}>"},
        [SYSTEM, {"role": "user", "content": "<hi>"}],
    ),
    "template-not-applicable": (
        {"prompt": "hi", "system": "be brief", "template": "{{ .System }}<|im_end|>"},
        [SYSTEM, HI],
    ),
    "raw-false": ({"prompt": "hi", "raw": False, "system": ""}, [HI]),
}


def to_upstream(body: dict[str, Any]) -> dict[str, Any]:
    return GENERATE.to_upstream(body, MODEL)


@pytest.mark.parametrize(
    ("body", "messages"), CONVERSATIONS.values(), ids=CONVERSATIONS
)
def test_prompt_becomes_conversation(
    body: dict[str, Any], messages: list[dict[str, Any]]
) -> None:
    assert to_upstream(body) == {"messages": messages}


def test_sampling_fields_are_kept() -> None:
    body = {"prompt": "hi", "think": False, "format": "json", "options": {"seed": 1}}

    assert to_upstream(body) == {
        "messages": [HI],
        "seed": 1,
        "reasoning_effort": "none",
        "response_format": {"type": "json_object"},
    }


RAW: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "prompt": ({"prompt": "<s>hi"}, {"prompt": "<s>hi"}),
    "options": (
        {
            "prompt": "hi",
            "options": {"num_predict": 9, "stop": ["x"], "seed": 1, "top_k": 3},
        },
        {"prompt": "hi", "max_tokens": 9, "stop": ["x"], "seed": 1},
    ),
    "fields-of-chat": (
        {"prompt": "hi", "think": "high", "format": "json", "context": []},
        {"prompt": "hi"},
    ),
    "logprobs": ({"prompt": "hi", "logprobs": True}, {"prompt": "hi", "logprobs": 0}),
    "top-logprobs": (
        {"prompt": "hi", "logprobs": True, "top_logprobs": 4},
        {"prompt": "hi", "logprobs": 4},
    ),
}


@pytest.mark.parametrize(("body", "request_"), RAW.values(), ids=RAW)
def test_raw_prompt_is_sent_unchanged(
    body: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert to_upstream(body | {"raw": True}) == request_


def test_raw_prompt_with_images_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="raw mode does not support images"):
        to_upstream({"prompt": "hi", "raw": True, "images": [PNG]})


@pytest.mark.parametrize("field", ["template", "system", "context"])
def test_raw_prompt_with_conversation_field_is_refused(field: str) -> None:
    GENERATE.check({"raw": True, field: ""})
    GENERATE.check({"raw": False, field: "x"})
    with pytest.raises(InvalidRequest, match="raw mode does not support template"):
        GENERATE.check({"raw": True, field: "x"})


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ()),
        ({"prompt": "hi", "template": TEMPLATE, "context": []}, ()),
        ({"context": encode_context(EARLIER)}, ()),
        ({"options": {"top_k": 1}}, ("top_k",)),
        ({"template": "<|x|>", "context": [1, 2]}, ("template", "context")),
        ({"raw": True, "format": "json", "think": "low"}, ("format", "think")),
        ({"raw": True, "format": "", "think": False}, ()),
    ],
    ids=["none", "applied", "decoded", "option", "lost", "raw", "raw-blank"],
)
def test_fields_without_effect_are_named(
    body: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert GENERATE.ignored(body) == names


def test_images_are_those_of_the_prompt() -> None:
    assert list(GENERATE.images({"images": [PNG]})) == [PNG]
    assert list(GENERATE.images({})) == []


def test_body_without_prompt_is_empty() -> None:
    assert GENERATE.is_empty({"prompt": "", "system": "x"})
    assert not GENERATE.is_empty({"prompt": "x"})


HEAD = '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
MEASURES = (
    '"total_duration":120000000,"load_duration":1000000,'
    '"prompt_eval_count":9,"prompt_eval_duration":41000000,'
    '"eval_count":8,"eval_duration":50000000'
)


@pytest.fixture
def context(context: ReplyContext) -> ReplyContext:
    """A reply to the prompt "hi"."""
    return replace(context, request={"messages": [HI]})


def encoded_context(*messages: dict[str, str]) -> str:
    return msgspec.json.encode(encode_context(messages)).decode()


def test_stream_ends_with_the_next_context(context: ReplyContext) -> None:
    first, last = GENERATE.stream([[text_chunk("Hello")], [last_chunk()]], context)

    assert first == [f'{HEAD}"response":"Hello","done":false}}\n'.encode()]
    next_context = encoded_context(HI, {"role": "assistant", "content": "Hello"})
    assert msgspec.json.encode(last[0]).decode() == (
        f'{HEAD}"response":"","done":true,"done_reason":"stop",'
        f'"context":{next_context},{MEASURES}}}'
    )


def test_thinking_comes_with_an_empty_response(context: ReplyContext) -> None:
    first, _ = GENERATE.stream([[reasoning_chunk("Hm")], [last_chunk()]], context)

    assert first == [f'{HEAD}"response":"","thinking":"Hm","done":false}}\n'.encode()]


def test_whole_reply_is_one_object(context: ReplyContext) -> None:
    logprobs = {"content": [{"token": "Yes", "logprob": -1}]}
    completed = completion("length", content="Yes", reasoning="Hm", logprobs=logprobs)

    reply = GENERATE.reply(completed, context)

    next_context = encoded_context(HI, {"role": "assistant", "content": "Yes"})
    assert msgspec.json.encode(reply).decode() == (
        f'{HEAD}"response":"Yes","thinking":"Hm","done":true,"done_reason":"length",'
        f'"context":{next_context},{MEASURES},'
        '"logprobs":[{"token":"Yes","logprob":-1,"bytes":[89,101,115]}]}'
    )


def test_context_has_no_images(context: ReplyContext) -> None:
    request = to_upstream({"prompt": "hi", "system": "be brief", "images": [PNG]})

    reply = GENERATE.reply(completion(content="ho"), replace(context, request=request))

    answer = {"role": "assistant", "content": "ho"}
    assert reply["context"] == encode_context([SYSTEM, HI, answer])


def test_reply_to_raw_prompt_has_no_context(context: ReplyContext) -> None:
    completed = Chunk([Choice(text="ho", finish_reason="stop")])

    reply = GENERATE.reply(completed, replace(context, request={"prompt": "hi"}))

    assert reply["response"] == "ho"
    assert "context" not in reply


def test_context_carries_the_conversation_on(context: ReplyContext) -> None:
    request = to_upstream({"prompt": "1?", "system": "be brief"})
    batches = [[text_chunk("1!")], [last_chunk()]]
    *_, last = GENERATE.stream(batches, replace(context, request=request))
    assert isinstance(last[0], dict)

    body = {"prompt": "hi", "system": "be brief", "context": last[0]["context"]}

    assert to_upstream(body) == {"messages": [SYSTEM, *EARLIER, HI]}


def test_debug_reply_shows_the_upstream_request(context: ReplyContext) -> None:
    reply = GENERATE.debug_reply({"prompt": "hi"}, context)

    assert msgspec.json.encode(reply).decode() == (
        f'{HEAD}"response":"","done":false,"_debug_info":'
        '{"rendered_template":"{\\"prompt\\":\\"hi\\"}"}}'
    )
