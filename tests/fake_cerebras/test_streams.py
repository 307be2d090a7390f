"""Streams: the events of an answer, and the oddities a script can ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import COMPLETIONS, Answer, play, post, user

QWEN = "qwen-3.8-27b"
LONG = "Grüße aus Köln, 東京 and beyond: " * 20
CALL = {"name": "look", "arguments": {"at": "the sea", "for": 3}}
COMMON = ["id", "choices", "created", "model", "system_fingerprint", "object"]


def test_stream_has_the_real_shape(fake: Fake) -> None:
    answer = play(fake, {"reasoning": "hm", "content": "x"})

    *chunks, last = answer.chunks
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["inference-id"] == last["id"]
    assert [chunk["choices"] for chunk in chunks] == [
        [{"delta": {"role": "assistant"}, "index": 0}],
        [{"delta": {"reasoning": "hm"}, "index": 0}],
        [{"delta": {"content": "x"}, "index": 0}],
    ]
    assert last["choices"] == [{"delta": {}, "finish_reason": "stop", "index": 0}]
    assert answer.data[-1] == "[DONE]"
    assert answer.body.endswith(b"\n\ndata: [DONE]\n\n")


def test_keys_have_the_real_order(fake: Fake) -> None:
    *chunks, last = play(fake, {"content": LONG}).chunks

    assert all(list(chunk) == COMMON for chunk in chunks)
    assert list(last) == [*COMMON, "usage", "time_info"]
    assert list(last["choices"][0]) == ["delta", "finish_reason", "index"]


def test_all_chunks_share_their_head(fake: Fake) -> None:
    chunks = play(fake, {"content": LONG}, model=QWEN).chunks

    heads = {
        (c["id"], c["created"], c["model"], c["system_fingerprint"], c["object"])
        for c in chunks
    }
    assert len(heads) == 1
    assert {c["object"] for c in chunks} == {"chat.completion.chunk"}
    assert {c["model"] for c in chunks} == {QWEN}


def test_granularity_is_irregular(fake: Fake) -> None:
    answer = play(fake, {"content": LONG})

    sizes = {len(delta["content"]) for delta in answer.deltas if "content" in delta}
    assert answer.said() == LONG
    assert len(sizes) > 4


@pytest.mark.parametrize("size", [1, 7])
def test_size_of_deltas_can_be_chosen(fake: Fake, size: int) -> None:
    answer = play(fake, {"content": LONG, "reasoning": LONG, "delta_size": size})

    assert (answer.said(), answer.said("reasoning")) == (LONG, LONG)
    sizes = [len(d["content"]) for d in answer.deltas if "content" in d]
    assert set(sizes[:-1]) == {size}


def calls(answer: Answer) -> list[dict[str, Any]]:
    return [call for delta in answer.deltas for call in delta.get("tool_calls", [])]


def test_call_comes_whole_in_one_delta(fake: Fake) -> None:
    answer = play(fake, {"tool_calls": [CALL, CALL]})

    first, second = calls(answer)
    assert list(first) == ["function", "type", "id", "index"]
    assert json.loads(first["function"]["arguments"]) == CALL["arguments"]
    assert (first["index"], second["index"]) == (0, 1)
    assert first["id"] != second["id"]
    assert answer.chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_call_comes_in_fragments(fake: Fake) -> None:
    head, *fragments = calls(
        play(fake, {"tool_calls": [CALL], "arguments_delta_size": 4})
    )

    joined = "".join(each["function"]["arguments"] for each in fragments)
    assert head["function"] == {"name": "look", "arguments": ""}
    assert head["id"]
    assert all(set(each) == {"function", "index"} for each in fragments)
    assert all(len(each["function"]["arguments"]) <= 4 for each in fragments)
    assert json.loads(joined) == CALL["arguments"]


def test_empty_deltas(fake: Fake) -> None:
    deltas = play(
        fake, {"reasoning": "a", "content": "b", "extras": ["empty_deltas"]}
    ).deltas

    assert deltas == [
        {"role": "assistant"},
        {},
        {"reasoning": "a"},
        {},
        {"content": "b"},
        {},
        {},
    ]


def test_no_role(fake: Fake) -> None:
    assert play(fake, {"content": "b", "extras": ["no_role"]}).deltas[0] == {
        "content": "b"
    }


def test_usage_in_a_chunk_of_its_own(fake: Fake) -> None:
    *_, last, usage = play(fake, {"content": "b", "extras": ["usage_chunk"]}).chunks

    assert last["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in last
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 1


def test_finish_reason_together_with_content(fake: Fake) -> None:
    last = play(fake, {"content": "b", "extras": ["finish_with_content"]}).chunks[-1]

    assert last["choices"] == [
        {"delta": {"content": "b"}, "finish_reason": "stop", "index": 0}
    ]
    assert last["usage"]["completion_tokens"] == 1


def test_comments_between_events(fake: Fake) -> None:
    answer = play(fake, {"content": LONG, "extras": ["comments"]})

    assert answer.body.count(b": cerebras heartbeat\n\n") == len(answer.data)
    assert answer.said() == LONG


def test_crlf(fake: Fake) -> None:
    answer = play(fake, {"content": LONG, "extras": ["crlf"]})

    assert answer.body.count(b"\n") == answer.body.count(b"\r\n")
    assert answer.said() == LONG


def test_no_space_after_data(fake: Fake) -> None:
    answer = play(fake, {"content": LONG, "extras": ["tight_data"]})

    assert b"data: " not in answer.body
    assert answer.said() == LONG


@pytest.mark.parametrize("key", ["usage", "time_info", "system_fingerprint"])
def test_key_left_out(fake: Fake, key: str) -> None:
    chunks = play(fake, {"content": "b", "omit": [key]}).chunks

    assert all(key not in chunk for chunk in chunks)


def test_details_of_usage_left_out(fake: Fake) -> None:
    last = play(fake, {"content": "b", "omit": ["details"]}).chunks[-1]

    assert set(last["usage"]) == {"total_tokens", "completion_tokens", "prompt_tokens"}


def test_finish_reason_left_out(fake: Fake) -> None:
    last = play(fake, {"content": "b", "omit": ["finish_reason"]}).chunks[-1]

    assert last["choices"] == [{"delta": {}, "index": 0}]


def test_done_left_out(fake: Fake) -> None:
    assert "[DONE]" not in play(fake, {"content": "b", "omit": ["done"]}).data


def test_usage_and_times_can_be_set(fake: Fake) -> None:
    script = {"usage": {"prompt_tokens": 7}, "time_info": {"queue_time": 0}}

    last = play(fake, script).chunks[-1]

    assert last["usage"]["prompt_tokens"] == 7
    assert last["usage"]["completion_tokens"] > 0
    assert last["time_info"]["queue_time"] == 0


def test_deltas_can_be_given(fake: Fake) -> None:
    deltas: list[dict[str, Any]] = [{"content": None}, {"content": ""}, {"x": 1}]

    answer = play(fake, {"deltas": deltas})

    assert answer.deltas == [*deltas, {}]


def test_events_can_be_given(fake: Fake) -> None:
    answer = play(fake, {"events": [{"choices": None}, "not json", "[DONE]"]})

    assert answer.data == ['{"choices":null}', "not json", "[DONE]"]


def test_cap_ends_a_stream(fake: Fake) -> None:
    answer = play(fake, {"reasoning": "a b c", "content": "d"}, max_completion_tokens=2)

    assert (answer.said("reasoning"), answer.said()) == ("a b", "")
    assert answer.chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert answer.chunks[-1]["usage"]["completion_tokens"] == 2


def test_logprobs_come_with_their_text(fake: Fake) -> None:
    answer = play(fake, {"reasoning": "a b", "content": LONG}, logprobs=True)

    choices = [chunk["choices"][0] for chunk in answer.chunks]
    tokens = [
        each["token"]
        for c in choices
        for each in c.get("logprobs", {"content": []})["content"]
    ]
    assert "".join(tokens) == LONG
    assert "reasoning_logprobs" in choices[1]


def test_own_answer_streams_reasoning_first(fake: Fake) -> None:
    answer = post(fake, user("Why is the sky blue?", stream=True))

    kinds = [next(iter(delta), "") for delta in answer.deltas]
    assert kinds == sorted(kinds, key=["role", "reasoning", "content", ""].index)
    assert "scatters" in answer.said()


def test_raw_completion_streams_texts(fake: Fake) -> None:
    script = {"content": LONG, "reasoning": "unheard"}
    body = {"model": QWEN, "prompt": f"@fake {json.dumps(script)}", "stream": True}

    *chunks, last = post(fake, body, COMPLETIONS).chunks

    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == LONG
    assert all(chunk["choices"][0]["text"] for chunk in chunks)
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert last["choices"] == [{"text": "", "finish_reason": "stop", "index": 0}]
    assert last["usage"]["completion_tokens"] > 0
