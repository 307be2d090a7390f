"""Streams: the events of a response, and the variations that a script asks for."""

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    COMPLETIONS,
    QWEN,
    Response,
    post,
    stream_script,
)

LONG = "Grüße aus Köln, 東京 and beyond: " * 20
CALL = {"name": "look", "arguments": {"at": "the sea", "for": 3}}
COMMON_KEYS = ["id", "choices", "created", "model", "system_fingerprint", "object"]


def tool_calls(response: Response) -> list[dict[str, Any]]:
    return [call for delta in response.deltas for call in delta.get("tool_calls", [])]


def test_stream_has_the_real_shape(fake: Fake) -> None:
    response = stream_script(fake, {"reasoning": "hm", "content": "x"}, model=QWEN)

    *chunks, last = response.chunks
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["inference-id"] == last["id"]
    assert [chunk["choices"] for chunk in chunks] == [
        [{"delta": {"role": "assistant"}, "index": 0}],
        [{"delta": {"reasoning": "hm"}, "index": 0}],
        [{"delta": {"content": "x"}, "index": 0}],
    ]
    assert last["choices"] == [{"delta": {}, "finish_reason": "stop", "index": 0}]
    assert response.body.endswith(b"\n\ndata: [DONE]\n\n")
    heads = [{**chunk, "choices": None} for chunk in chunks]
    assert heads == [{key: last[key] for key in COMMON_KEYS} | {"choices": None}] * 3
    assert (last["object"], last["model"]) == ("chat.completion.chunk", QWEN)
    assert all(list(chunk) == COMMON_KEYS for chunk in chunks)
    assert list(last) == [*COMMON_KEYS, "usage", "time_info"]
    assert list(last["choices"][0]) == ["delta", "finish_reason", "index"]


@pytest.mark.parametrize("size", [None, 1, 7])
def test_deltas_are_of_irregular_or_given_size(fake: Fake, size: int | None) -> None:
    script = {"content": LONG, "reasoning": LONG}

    response = stream_script(fake, script | ({"delta_size": size} if size else {}))

    sizes = [len(delta["content"]) for delta in response.deltas if "content" in delta]
    assert response.streamed() == response.streamed("reasoning") == LONG
    assert set(sizes[:-1]) == {size} if size else len(set(sizes)) > 4


def test_tool_call_is_one_delta(fake: Fake) -> None:
    response = stream_script(fake, {"tool_calls": [CALL, CALL]})

    first, second = tool_calls(response)
    assert list(first) == ["function", "type", "id", "index"]
    assert json.loads(first["function"]["arguments"]) == CALL["arguments"]
    assert (first["index"], second["index"]) == (0, 1)
    assert first["id"] != second["id"]
    assert response.chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_arguments_are_split_into_deltas(fake: Fake) -> None:
    script = {"tool_calls": [CALL], "arguments_delta_size": 4}

    first, *rest = tool_calls(stream_script(fake, script))

    parts = [each["function"]["arguments"] for each in rest]
    assert first["function"] == {"name": "look", "arguments": ""}
    assert first["id"]
    assert all(set(each) == {"function", "index"} for each in rest)
    assert all(len(part) <= 4 for part in parts)
    assert json.loads("".join(parts)) == CALL["arguments"]


ROLE = {"role": "assistant"}


@pytest.mark.parametrize(
    ("extra", "deltas"),
    [
        ("empty_deltas", [ROLE, {}, {"reasoning": "a"}, {}, {"content": "b"}, {}, {}]),
        ("no_role", [{"reasoning": "a"}, {"content": "b"}, {}]),
        ("usage_chunk", [ROLE, {"reasoning": "a"}, {"content": "b"}, {}]),
        ("finish_with_content", [ROLE, {"reasoning": "a"}, {"content": "b"}]),
    ],
)
def test_extras_change_the_chunks(fake: Fake, extra: str, deltas: list[Any]) -> None:
    script = {"reasoning": "a", "content": "b", "extras": [extra]}

    response = stream_script(fake, script)

    assert response.deltas == deltas
    choices = [chunk["choices"] for chunk in response.chunks]
    last = choices.pop(-2) if extra == "usage_chunk" else choices.pop()
    assert last[0]["finish_reason"] == "stop"
    assert (choices[-1] == []) == (extra == "usage_chunk")
    assert response.chunks[-1]["usage"]["completion_tokens"] == 2
    assert not any("usage" in chunk for chunk in response.chunks[:-1])


@pytest.mark.parametrize("extra", ["comments", "crlf", "tight_data"])
def test_extras_change_the_form_of_events(fake: Fake, extra: str) -> None:
    response = stream_script(fake, {"content": LONG, "extras": [extra]})

    body = response.body
    events = len(response.data)
    assert response.streamed() == LONG
    assert body.count(b": cerebras heartbeat\n\n") == (events * (extra == "comments"))
    assert body.count(b"\r\n") == (body.count(b"\n") * (extra == "crlf"))
    assert body.count(b"data: ") == (events * (extra != "tight_data"))


@pytest.mark.parametrize("key", ["usage", "time_info", "system_fingerprint"])
def test_omitted_key_is_absent(fake: Fake, key: str) -> None:
    chunks = stream_script(fake, {"content": "b", "omit": [key]}).chunks

    assert all(key not in chunk for chunk in chunks)


def test_omitted_details_finish_reason_and_done_are_absent(fake: Fake) -> None:
    script = {"content": "b", "omit": ["details", "finish_reason", "done"]}

    response = stream_script(fake, script)

    last = response.chunks[-1]
    assert set(last["usage"]) == {"total_tokens", "completion_tokens", "prompt_tokens"}
    assert last["choices"] == [{"delta": {}, "index": 0}]
    assert "[DONE]" not in response.data


def test_script_sets_usage_times_and_events(fake: Fake) -> None:
    script = {"usage": {"prompt_tokens": 7}, "time_info": {"queue_time": 0}}
    events = {"events": [{"choices": None}, "not json", "[DONE]"]}

    last = stream_script(fake, script).chunks[-1]

    assert last["usage"]["prompt_tokens"] == 7
    assert last["usage"]["completion_tokens"] > 0
    assert last["time_info"]["queue_time"] == 0
    data = stream_script(fake, events).data
    assert data == ['{"choices":null}', "not json", "[DONE]"]


def test_logprobs_come_with_their_text(fake: Fake) -> None:
    script = {"reasoning": "a b", "content": LONG}

    response = stream_script(fake, script, logprobs=True)

    choices = [chunk["choices"][0] for chunk in response.chunks]
    logprobs = [each["logprobs"]["content"] for each in choices if "logprobs" in each]
    tokens = [each["token"] for content in logprobs for each in content]
    assert "".join(tokens) == LONG
    assert "reasoning_logprobs" in choices[1]


def test_text_completion_streams_texts(fake: Fake) -> None:
    script = {"content": LONG, "reasoning": "dropped"}
    body = {"model": QWEN, "prompt": f"@fake {json.dumps(script)}", "stream": True}

    *chunks, last = post(fake, body, COMPLETIONS).chunks

    texts = [chunk["choices"][0]["text"] for chunk in chunks]
    assert "".join(texts) == LONG
    assert all(texts)
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert last["choices"] == [{"text": "", "finish_reason": "stop", "index": 0}]
    assert last["usage"]["completion_tokens"] > 0
