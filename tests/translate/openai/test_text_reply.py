"""Upstream chunks become a reply of `/v1/completions`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.translate.openai.dialect import DIALECT
from app.translate.openai.text_reply import TextReply
from app.wire.completion import Choice, Chunk, Delta
from tests.translate.openai.speech import (
    STARTED_S,
    context,
    finish,
    said,
    thought,
    whole,
)

HEAD = {
    "id": "cmpl-id000000id000001id000002",
    "object": "text_completion",
    "created": STARTED_S,
    "model": "gpt-oss",
    "system_fingerprint": "fp_ollama",
}
USAGE = {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17}
NONE = dict.fromkeys(USAGE, 0)


def reply(**body: Any) -> TextReply:
    return TextReply(context(thinking=False), body)


def chunks(*batches: Sequence[Chunk], **body: Any) -> list[dict[str, Any]]:
    events = [e for batch in reply(**body).stream(batches) for e in batch]
    *frames, done, rest = DIALECT.encode_all(events).decode().split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(f.removeprefix("data: ")) for f in frames if f[0] != ":"]


def token(text: str, logprob: float = -0.5) -> dict[str, Any]:
    other = {"token": "z", "logprob": -3.0}
    mine = {"token": text, "logprob": logprob}
    return {**mine, "bytes": list(text.encode()), "top_logprobs": [mine, other]}


def measured(*texts: str) -> Chunk:
    entries = {"content": [token(text) for text in texts]}
    delta = Delta(content="".join(texts))
    return Chunk([Choice(delta=delta, logprobs=entries)])


def test_a_whole_reply_has_ollamas_shape() -> None:
    assert reply().fold([[whole(content="Hello", reasoning="hm")]]) == {
        **HEAD,
        "choices": [{"text": "Hello", "index": 0, "finish_reason": "stop"}],
        "usage": USAGE,
    }


def test_a_stream_ends_with_its_reason() -> None:
    told = chunks([thought("hm"), said("a"), said("b")], [], [said("c"), finish()])

    assert [chunk["choices"][0]["text"] for chunk in told] == ["a", "b", "c", ""]
    assert [c["choices"][0]["finish_reason"] for c in told] == [None] * 3 + ["stop"]
    assert all(chunk | HEAD == chunk and "usage" not in chunk for chunk in told)


def test_usage_comes_last_and_is_zero_before() -> None:
    told = chunks([said("a"), finish()], stream_options={"include_usage": True})

    assert [chunk["usage"] for chunk in told] == [NONE, NONE, USAGE]
    assert told[-1]["choices"] == []


@pytest.mark.parametrize(
    ("reason", "told"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "stop"), ("load", "load")],
)
def test_the_reason_is_told(reason: str, told: str) -> None:
    [choice] = reply().fold([[whole(reason, content="")]])["choices"]

    assert choice["finish_reason"] == told


def test_the_prompt_comes_back_in_front_when_asked_for() -> None:
    body = {"prompt": "Say: ", "echo": True}

    told = chunks([said("a"), finish()], **body)

    assert [chunk["choices"][0]["text"] for chunk in told] == ["Say: ", "a", ""]
    [choice] = reply(**body).fold([[whole(content="a")]])["choices"]
    assert choice["text"] == "Say: a"


def test_log_probabilities_are_parallel_lists() -> None:
    _, chunk, _ = chunks([measured("ab", "c"), finish()], prompt="é: ", echo=True)

    [choice] = chunk["choices"]
    assert choice["logprobs"] == {
        "tokens": ["ab", "c"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{"ab": -0.5, "z": -3.0}, {"c": -0.5, "z": -3.0}],
        "text_offset": [3, 5],
    }


def test_offsets_go_on_through_a_stream() -> None:
    told = chunks([measured("ab")], [measured("c"), finish()])

    assert [c["choices"][0]["logprobs"]["text_offset"] for c in told[:2]] == [[0], [2]]
    assert "logprobs" not in told[-1]["choices"][0]


def test_a_debug_reply_shows_the_request() -> None:
    shown = reply().debug({"messages": [{"role": "user", "content": "a"}]})

    assert json.loads(shown["_debug_info"]["rendered_template"])["messages"]
    assert shown["choices"][0]["text"] == ""
