"""`/api/generate`: requests in the upstream form, `context` and raw mode."""

import base64
from dataclasses import replace

import msgspec
import pytest

from app.errors import InvalidRequest
from app.translate.dialect import ReplyContext
from app.translate.ollama.context import encode_context
from app.translate.ollama.generate import OllamaGenerate
from app.wire.completion import Choice, Chunk
from tests.translate.builders import (
    LAST_LINE_MEASURES,
    MODEL,
    PNG_BYTES,
    Json,
    completion,
    image_part,
    last_chunk,
    message,
    reasoning_chunk,
    text_chunk,
    text_part,
)

GENERATE = OllamaGenerate()

PNG = base64.b64encode(PNG_BYTES).decode()
PNG_PART = image_part(f"data:image/png;base64,{PNG}")
SYSTEM, HI = message("system", "be brief"), message("user", "hi")
EARLIER = [message("user", "1?"), message("assistant", "1!")]
CONTEXT = encode_context(EARLIER)
CONTEXT_WITH_SYSTEM = encode_context([SYSTEM, *EARLIER])
TEMPLATE = "{{ if .System }}{{ .System }}: {{ end }}{{ .Prompt }}"

CONVERSATIONS: dict[str, tuple[Json, list[Json]]] = {
    "prompt": ({}, [HI]),
    "system": ({"system": "be brief"}, [SYSTEM, HI]),
    "images": ({"images": [PNG]}, [message("user", [text_part("hi"), PNG_PART])]),
    "context": ({"context": CONTEXT}, [*EARLIER, HI]),
    "context-empty": ({"context": []}, [HI]),
    "context-foreign": ({"context": [1, 2, 3]}, [HI]),
    "context-then-system": (
        {"system": "be brief", "context": CONTEXT},
        [SYSTEM, *EARLIER, HI],
    ),
    "context-with-its-system": (
        {"context": CONTEXT_WITH_SYSTEM},
        [SYSTEM, *EARLIER, HI],
    ),
    "context-with-the-same-system": (
        {"system": "be brief", "context": CONTEXT_WITH_SYSTEM},
        [SYSTEM, *EARLIER, HI],
    ),
    "context-with-another-system": (
        {"system": "rhyme", "context": CONTEXT_WITH_SYSTEM},
        [message("system", "rhyme"), *EARLIER, HI],
    ),
    "template": (
        {"system": "be brief", "template": TEMPLATE},
        [message("user", "be brief: hi")],
    ),
    "template-without-system": (
        {"system": "be brief", "template": "<{{ .Prompt }}>"},
        [SYSTEM, message("user", "<hi>")],
    ),
    "template-not-applicable": (
        {"system": "be brief", "template": "{{ .System }}<|im_end|>"},
        [SYSTEM, HI],
    ),
    "raw-false": ({"raw": False, "system": ""}, [HI]),
}


def to_upstream(body: Json) -> Json:
    return GENERATE.to_upstream(body, MODEL)


@pytest.mark.parametrize(
    ("fields", "messages"), CONVERSATIONS.values(), ids=CONVERSATIONS
)
def test_prompt_becomes_conversation(fields: Json, messages: list[Json]) -> None:
    assert to_upstream({"prompt": "hi", **fields}) == {"messages": messages}


def test_sampling_fields_are_kept() -> None:
    body = {"prompt": "hi", "think": False, "format": "json", "options": {"seed": 1}}

    assert to_upstream(body) == {
        "messages": [HI],
        "seed": 1,
        "reasoning_effort": "none",
        "response_format": {"type": "json_object"},
    }


RAW: dict[str, tuple[Json, Json]] = {
    "options": (
        {"options": {"num_predict": 9, "stop": ["x"], "seed": 1, "top_k": 3}},
        {"max_tokens": 9, "stop": ["x"], "seed": 1},
    ),
    "fields-of-chat": ({"think": "high", "format": "json", "context": []}, {}),
    "logprobs": ({"logprobs": True}, {"logprobs": 0}),
    "top-logprobs": ({"logprobs": True, "top_logprobs": 4}, {"logprobs": 4}),
}


@pytest.mark.parametrize(("fields", "sent"), RAW.values(), ids=RAW)
def test_raw_prompt_is_sent_unchanged(fields: Json, sent: Json) -> None:
    body = {"prompt": "<s>hi", "raw": True, **fields}

    assert to_upstream(body) == {"prompt": "<s>hi", **sent}


def test_raw_prompt_with_images_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="raw mode does not support images"):
        to_upstream({"prompt": "hi", "raw": True, "images": [PNG]})


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
def test_fields_without_effect_are_named(body: Json, names: tuple[str, ...]) -> None:
    assert GENERATE.ignored(body) == names


def test_images_are_those_of_the_prompt() -> None:
    assert list(GENERATE.images({"images": [PNG]})) == [PNG]
    assert list(GENERATE.images({})) == []


def test_body_without_prompt_is_empty() -> None:
    assert GENERATE.is_empty({"prompt": "", "system": "x"})
    assert not GENERATE.is_empty({"prompt": "x"})


HEAD = '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'


@pytest.fixture
def context(context: ReplyContext) -> ReplyContext:
    """A reply to the prompt "hi"."""
    return replace(context, request={"messages": [HI]})


def encoded_context(*messages: dict[str, str]) -> str:
    return msgspec.json.encode(encode_context(messages)).decode()


def test_stream_ends_with_the_next_context(context: ReplyContext) -> None:
    batches = [[text_chunk("Hello")], [last_chunk()]]
    first, last = GENERATE.stream(batches, context).events

    assert first == [f'{HEAD}"response":"Hello","done":false}}\n'.encode()]
    next_context = encoded_context(HI, message("assistant", "Hello"))
    assert msgspec.json.encode(last[0]).decode() == (
        f'{HEAD}"response":"","done":true,"done_reason":"stop",'
        f'"context":{next_context},{LAST_LINE_MEASURES}}}'
    )


def test_thinking_comes_with_an_empty_response(context: ReplyContext) -> None:
    batches = [[reasoning_chunk("Hm")], [last_chunk()]]
    first, _ = GENERATE.stream(batches, context).events

    assert first == [f'{HEAD}"response":"","thinking":"Hm","done":false}}\n'.encode()]


def test_whole_reply_is_one_object(context: ReplyContext) -> None:
    logprobs = {"content": [{"token": "Yes", "logprob": -1}]}
    completed = completion("length", content="Yes", reasoning="Hm", logprobs=logprobs)

    reply = GENERATE.reply(completed, context)

    next_context = encoded_context(HI, message("assistant", "Yes"))
    assert msgspec.json.encode(reply).decode() == (
        f'{HEAD}"response":"Yes","thinking":"Hm","done":true,"done_reason":"length",'
        f'"context":{next_context},{LAST_LINE_MEASURES},'
        '"logprobs":[{"token":"Yes","logprob":-1,"bytes":[89,101,115]}]}'
    )


def test_context_has_no_images(context: ReplyContext) -> None:
    request = to_upstream({"prompt": "hi", "system": "be brief", "images": [PNG]})

    reply = GENERATE.reply(completion(content="ho"), replace(context, request=request))

    answer = message("assistant", "ho")
    assert reply["context"] == encode_context([SYSTEM, HI, answer])


def test_reply_to_raw_prompt_has_no_context(context: ReplyContext) -> None:
    completed = Chunk([Choice(text="ho", finish_reason="stop")])

    reply = GENERATE.reply(completed, replace(context, request={"prompt": "hi"}))

    assert reply["response"] == "ho"
    assert "context" not in reply
