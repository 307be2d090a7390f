from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from app.errors import InvalidRequest
from app.translate.dialect import ReplyContext
from app.translate.ollama import generate
from app.translate.ollama.context import encode_context
from app.wire.completion import Choice, Chunk, Delta, TimeInfo, Usage

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
PNG_PART = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{PNG}"},
}
SYSTEM = {"role": "system", "content": "be brief"}
HI = {"role": "user", "content": "hi"}
EARLIER = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "1!"}]
SHAPED = "{{ if .System }}{{ .System }}: {{ end }}{{ .Prompt }}"

ASKED: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
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
        {"prompt": "hi", "system": "be brief", "template": SHAPED},
        [{"role": "user", "content": "be brief: hi"}],
    ),
    "template-without-system": (
        {"prompt": "hi", "system": "be brief", "template": "<{{ .Prompt }}>"},
        [SYSTEM, {"role": "user", "content": "<hi>"}],
    ),
    "template-too-rich": (
        {"prompt": "hi", "system": "be brief", "template": "{{ .System }}<|im_end|>"},
        [SYSTEM, HI],
    ),
    "raw-false": ({"prompt": "hi", "raw": False, "system": ""}, [HI]),
}


@pytest.mark.parametrize(("body", "messages"), ASKED.values(), ids=ASKED)
def test_a_prompt_becomes_a_conversation(
    body: dict[str, Any], messages: list[dict[str, Any]]
) -> None:
    assert generate.to_upstream(body) == {"messages": messages}


def test_a_prompt_keeps_how_to_answer() -> None:
    body = {"prompt": "hi", "think": False, "format": "json", "options": {"seed": 1}}

    assert generate.to_upstream(body) == {
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
    "of-chat-only": (
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
def test_a_raw_prompt_goes_as_it_is(
    body: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert generate.to_upstream(body | {"raw": True}) == request_


def test_a_raw_prompt_has_no_pictures() -> None:
    with pytest.raises(InvalidRequest, match="raw mode does not support images"):
        generate.to_upstream({"prompt": "hi", "raw": True, "images": [PNG]})


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ()),
        ({"prompt": "hi", "template": SHAPED, "context": []}, ()),
        ({"context": encode_context(EARLIER)}, ()),
        ({"options": {"top_k": 1}}, ("top_k",)),
        ({"template": "<|x|>", "context": [1, 2]}, ("template", "context")),
        ({"raw": True, "format": "json", "think": "low"}, ("format", "think")),
        ({"raw": True, "format": "", "think": False}, ()),
    ],
    ids=["none", "applied", "ours", "option", "lost", "raw", "raw-nothing-said"],
)
def test_what_cannot_be_honoured_is_named(
    body: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert generate.ignored(body) == names


def test_pictures_are_those_of_the_prompt() -> None:
    assert list(generate.pictures({"images": [PNG]})) == [PNG]
    assert list(generate.pictures({})) == []


def test_history_is_the_text_of_what_is_asked() -> None:
    body = {"prompt": "hi", "system": "be brief", "images": [PNG]}

    assert generate.history(generate.to_upstream(body)) == [SYSTEM, HI]


def test_a_raw_prompt_has_no_history() -> None:
    assert generate.history({"prompt": "hi"}) is None


def answers(**delta: Any) -> list[list[Chunk]]:
    """One chunk that says it, one that ends."""
    end = Chunk(
        [Choice(delta=Delta(), finish_reason="stop")],
        usage=Usage(11, 2),
        time_info=TimeInfo(0.001, 0.041, 0.095),
    )
    return [[Chunk([Choice(delta=Delta(**delta))])], [end]]


HEAD = '{"model":"m","created_at":"2026-08-01T01:02:03.12Z",'
MEASURES = (
    '"total_duration":137000000,"load_duration":1000000,'
    '"prompt_eval_count":11,"prompt_eval_duration":41000000,'
    '"eval_count":2,"eval_duration":95000000'
)


def told(numbers: list[int]) -> str:
    return msgspec.json.encode(numbers).decode()


def test_an_answer_is_told_in_lines(context: ReplyContext) -> None:
    read, end = generate.from_chunks(answers(content="Hello"), context, [HI])

    remembered = encode_context([HI, {"role": "assistant", "content": "Hello"}])
    assert read == [f'{HEAD}"response":"Hello","done":false}}\n'.encode()]
    assert msgspec.json.encode(end[0]).decode() == (
        f'{HEAD}"response":"","done":true,"done_reason":"stop",'
        f'"context":{told(remembered)},{MEASURES}}}'
    )


def test_thinking_is_told_beside_an_empty_response(context: ReplyContext) -> None:
    read, _ = generate.from_chunks(answers(reasoning="Hm"), context, [HI])

    assert read == [f'{HEAD}"response":"","thinking":"Hm","done":false}}\n'.encode()]


def test_an_answer_is_told_in_one_object(context: ReplyContext) -> None:
    logprobs = {"content": [{"token": "Yes", "logprob": -1}]}
    message = Delta(content="Yes", reasoning="Hm")
    completion = Chunk(
        [Choice(message=message, finish_reason="length", logprobs=logprobs)],
        usage=Usage(11, 2),
        time_info=TimeInfo(0.001, 0.041, 0.095),
    )

    answer = generate.from_completion(completion, context, [HI])

    remembered = encode_context([HI, {"role": "assistant", "content": "Yes"}])
    assert msgspec.json.encode(answer).decode() == (
        f'{HEAD}"response":"Yes","thinking":"Hm","done":true,"done_reason":"length",'
        f'"context":{told(remembered)},{MEASURES},'
        '"logprobs":[{"token":"Yes","logprob":-1,"bytes":[89,101,115]}]}'
    )


def test_the_answer_to_a_raw_prompt_has_no_context(context: ReplyContext) -> None:
    completion = Chunk([Choice(text="ho", finish_reason="stop")])

    answer = generate.from_completion(completion, context, None)

    assert answer["response"] == "ho"
    assert "context" not in answer


def test_a_context_carries_the_conversation_on(context: ReplyContext) -> None:
    first = generate.to_upstream({"prompt": "1?", "system": "be brief"})
    *_, end = generate.from_chunks(
        answers(content="1!"), context, generate.history(first)
    )
    assert isinstance(end[0], dict)

    body = {"prompt": "hi", "system": "be brief", "context": end[0]["context"]}

    assert generate.to_upstream(body) == {"messages": [SYSTEM, *EARLIER, HI]}


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_an_idle_reply_has_no_measures(reason: str, context: ReplyContext) -> None:
    answer = generate.idle_reply(context, reason)

    assert msgspec.json.encode(answer).decode() == (
        f'{HEAD}"response":"","done":true,"done_reason":"{reason}"}}'
    )


def test_a_debug_reply_shows_what_would_be_asked(context: ReplyContext) -> None:
    answer = generate.debug_reply({"prompt": "hi"}, context)

    assert msgspec.json.encode(answer).decode() == (
        f'{HEAD}"response":"","done":false,"_debug_info":'
        '{"rendered_template":"{\\"prompt\\":\\"hi\\"}"}}'
    )
