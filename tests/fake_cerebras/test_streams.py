"""Streams: the events of a response, and the variations that a script asks for."""

from __future__ import annotations

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
    response = stream_script(fake, {"reasoning": "hm", "content": "x"})

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


def test_chunks_have_the_same_head_and_the_real_key_order(fake: Fake) -> None:
    *chunks, last = stream_script(fake, {"content": LONG}, model=QWEN).chunks

    keys = [key for key in COMMON_KEYS if key != "choices"]
    assert all(
        [chunk[key] for key in keys] == [last[key] for key in keys] for chunk in chunks
    )
    assert (last["object"], last["model"]) == ("chat.completion.chunk", QWEN)
    assert all(list(chunk) == COMMON_KEYS for chunk in chunks)
    assert list(last) == [*COMMON_KEYS, "usage", "time_info"]
    assert list(last["choices"][0]) == ["delta", "finish_reason", "index"]


def test_deltas_are_of_irregular_size(fake: Fake) -> None:
    response = stream_script(fake, {"content": LONG})

    sizes = {len(delta["content"]) for delta in response.deltas if "content" in delta}
    assert response.streamed() == LONG
    assert len(sizes) > 4


@pytest.mark.parametrize("size", [1, 7])
def test_script_sets_size_of_deltas(fake: Fake, size: int) -> None:
    script = {"content": LONG, "reasoning": LONG, "delta_size": size}

    response = stream_script(fake, script)

    assert response.streamed() == response.streamed("reasoning") == LONG
    sizes = [len(d["content"]) for d in response.deltas if "content" in d]
    assert set(sizes[:-1]) == {size}


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


def test_extra_empty_deltas(fake: Fake) -> None:
    script = {"reasoning": "a", "content": "b", "extras": ["empty_deltas"]}

    deltas = stream_script(fake, script).deltas

    role: dict[str, str] = {"role": "assistant"}
    assert deltas == [role, {}, {"reasoning": "a"}, {}, {"content": "b"}, {}, {}]


def test_extra_no_role(fake: Fake) -> None:
    script = {"content": "b", "extras": ["no_role"]}

    assert stream_script(fake, script).deltas[0] == {"content": "b"}


def test_extra_usage_chunk(fake: Fake) -> None:
    script = {"content": "b", "extras": ["usage_chunk"]}

    *_, last, usage = stream_script(fake, script).chunks

    assert last["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in last
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 1


def test_extra_finish_with_content(fake: Fake) -> None:
    script = {"content": "b", "extras": ["finish_with_content"]}

    last = stream_script(fake, script).chunks[-1]

    choice = {"delta": {"content": "b"}, "finish_reason": "stop", "index": 0}
    assert last["choices"] == [choice]
    assert last["usage"]["completion_tokens"] == 1


@pytest.mark.parametrize("extra", ["comments", "crlf", "tight_data"])
def test_extra_forms_of_events(fake: Fake, extra: str) -> None:
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


def test_script_sets_usage_and_times(fake: Fake) -> None:
    script = {"usage": {"prompt_tokens": 7}, "time_info": {"queue_time": 0}}

    last = stream_script(fake, script).chunks[-1]

    assert last["usage"]["prompt_tokens"] == 7
    assert last["usage"]["completion_tokens"] > 0
    assert last["time_info"]["queue_time"] == 0


def test_script_sets_events(fake: Fake) -> None:
    script = {"events": [{"choices": None}, "not json", "[DONE]"]}

    response = stream_script(fake, script)

    assert response.data == ['{"choices":null}', "not json", "[DONE]"]


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
