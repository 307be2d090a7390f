"""Replies of the native API, shown by `/api/chat`; `/api/generate` shares the code."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from app.translate.dialect import Event, ReplyContext
from app.translate.ollama.chat import OllamaChat
from app.translate.ollama.generate import OllamaGenerate
from app.translate.ollama.reply import (
    LineFormat,
    logprob_entries,
    render_time,
    text_line,
)
from app.wire.completion import Chunk, Usage
from tests.translate.builders import (
    LAST_LINE_MEASURES,
    Json,
    completion,
    last_chunk,
    reasoning_chunk,
    text_chunk,
    tool_call_chunk,
)

CHAT, GENERATE = OllamaChat(), OllamaGenerate()
HEAD = '{"model":"m","created_at":"2026-08-01T01:02:03.12Z","message":'
SILENCE: list[Chunk] = []
EMPTY_DELTA = text_chunk()


def stream(context: ReplyContext, *batches: Sequence[Chunk]) -> list[list[Event]]:
    return list(CHAT.stream(batches, context).events)


def decode_messages(events: Sequence[Event]) -> list[Json]:
    """Return the messages of all lines of a batch of events."""
    lines = CHAT.frame_all(events).splitlines()
    return [msgspec.json.decode(line)["message"] for line in lines]


@pytest.mark.parametrize(
    "line_format", [CHAT.line_format, GENERATE.line_format], ids=["chat", "generate"]
)
@pytest.mark.parametrize("kind", ["content", "reasoning"])
def test_frame_gives_the_same_line_as_the_fields(
    line_format: LineFormat, kind: str
) -> None:
    head, tail = line_format.frames[kind]

    framed = b'{"created_at":"now' + head + b'"a \\"word\\""' + tail

    fields = line_format.fields(text_line(kind, 'a "word"'))
    assert framed == msgspec.json.encode({"created_at": "now", **fields}) + b"\n"


def test_each_batch_has_its_own_time(context: ReplyContext) -> None:
    times = iter(range(context.started_ns + 10, context.started_ns + 100, 10))
    ticking = replace(context, clock=lambda: next(times))

    *batches, _ = stream(ticking, [text_chunk("a")], [text_chunk("b")])

    stamps = [msgspec.json.decode(batch[0])["created_at"] for batch in batches]
    assert stamps == sorted(set(stamps))


def test_last_line_has_reason_and_measures(context: ReplyContext) -> None:
    _, last = stream(context, [text_chunk("a")], [last_chunk("length")])

    assert msgspec.json.encode(last[0]).decode() == (
        HEAD
        + '{"role":"assistant","content":""},"done":true,"done_reason":"length",'
        + LAST_LINE_MEASURES
        + "}"
    )


def test_last_line_waits_for_the_usage(context: ReplyContext) -> None:
    finish = [text_chunk("a"), last_chunk(usage=None, time_info=None)]

    first, second, last = stream(context, finish, [Chunk([], usage=Usage(11, 2))])

    assert decode_messages(first) == [{"role": "assistant", "content": "a"}]
    assert second == []
    assert isinstance(last[0], dict)
    assert last[0]["eval_count"] == 2


@pytest.mark.parametrize(
    "chunk",
    [EMPTY_DELTA, Chunk(None), Chunk([]), text_chunk(""), reasoning_chunk("")],
    ids=["empty-delta", "no-choices", "empty-choices", "no-text", "no-reasoning"],
)
def test_delta_without_text_makes_no_line(chunk: Chunk, context: ReplyContext) -> None:
    first, _ = stream(context, [chunk], [last_chunk()])

    assert first == []


def test_keep_alive_is_a_line_with_empty_content(context: ReplyContext) -> None:
    first, *_ = stream(context, SILENCE, [text_chunk("a")], [last_chunk()])

    assert CHAT.frame_all(first).decode() == (
        HEAD + '{"role":"assistant","content":""},"done":false}\n'
    )


def test_hidden_thinking_is_not_sent(context: ReplyContext) -> None:
    hidden = replace(context, thinking=False)
    texts = [
        reasoning_chunk("secret"),
        text_chunk("42"),
        text_chunk(logprobs={}, reasoning="more"),
    ]

    events = stream(hidden, texts, [last_chunk()])

    whole = CHAT.reply(completion(content="42", reasoning="secret"), hidden)
    assert b"thinking" not in b"".join(map(CHAT.frame_all, events))
    assert decode_messages(events[0]) == [{"role": "assistant", "content": "42"}]
    assert whole["message"] == {"role": "assistant", "content": "42"}


def test_tool_calls_are_sent_whole_at_the_end(context: ReplyContext) -> None:
    fragments = [
        tool_call_chunk(0, "8db3b6644", "get_weather", '{"unit":"C",'),
        tool_call_chunk(1, None, "get_time", ""),
        tool_call_chunk(0, None, None, '"city":"Oslo"}'),
    ]

    first, last = stream(context, fragments, [last_chunk("tool_calls")])

    assert first == []
    assert len(last) == 2
    assert msgspec.json.encode(last[0]).decode() == (
        HEAD + '{"role":"assistant","content":"","tool_calls":['
        '{"id":"8db3b6644","function":{"index":0,"name":"get_weather",'
        '"arguments":{"unit":"C","city":"Oslo"}}},'
        '{"id":"call_k3x9a1bz","function":{"index":1,"name":"get_time",'
        '"arguments":{}}}]},"done":false}'
    )
    assert isinstance(last[1], dict)
    assert last[1]["done_reason"] == "stop"
    assert last[1]["message"] == {"role": "assistant", "content": ""}


def test_logprobs_are_on_the_lines_of_their_texts(context: ReplyContext) -> None:
    one = {"content": [{"token": "a", "logprob": -1.5, "bytes": [97]}]}
    two = {"content": [{"token": "", "logprob": 0.0, "bytes": []}]}
    texts = [
        reasoning_chunk("Hm"),
        text_chunk("a", logprobs=one),
        text_chunk(logprobs=two),
    ]

    first, _ = stream(context, texts, [last_chunk()])

    assert CHAT.frame_all(first).decode().replace(HEAD, "") == (
        '{"role":"assistant","content":"","thinking":"Hm"},"done":false}\n'
        '{"role":"assistant","content":"a"},"done":false,'
        '"logprobs":[{"token":"a","logprob":-1.5,"bytes":[97]}]}\n'
        '{"role":"assistant","content":""},"done":false,'
        '"logprobs":[{"token":"","logprob":0.0}]}\n'
    )


def test_run_of_a_kind_is_one_event_of_a_line_per_delta(
    context: ReplyContext,
) -> None:
    texts = [reasoning_chunk("Let "), reasoning_chunk("me"), EMPTY_DELTA]
    texts += [text_chunk("Hel"), text_chunk("lo\n")]

    [thinking, content], _ = stream(context, texts, [last_chunk()])

    start, end = HEAD + '{"role":"assistant","content":"', '"},"done":false}\n'
    thought = start + '","thinking":"'
    assert thinking == f"{thought}Let {end}{thought}me{end}".encode()
    assert content == f"{start}Hel{end}{start}lo\\n{end}".encode()


def test_remote_model_follows_the_name(context: ReplyContext) -> None:
    remote = {"remote_model": "gpt-oss-120b", "remote_host": "https://api.cerebras.ai"}
    quoted = replace(context, name='m"', remote=remote)

    events = sum(stream(quoted, [text_chunk("a")], [last_chunk()]), [])

    lines = [msgspec.json.decode(line) for line in CHAT.frame_all(events).splitlines()]
    assert {line["model"] for line in lines} == {'m"'}
    for line in lines:
        assert list(line)[:4] == ["model", "remote_model", "remote_host", "created_at"]


A = {"token": "a", "logprob": -1, "bytes": [97]}
B = {"token": "b", "logprob": -2, "bytes": [98]}
C = {"token": "c", "logprob": -3, "bytes": [99]}
NO_BYTES = {"token": "a", "logprob": -1}
LOGPROBS: dict[str, tuple[Json | None, list[Json]]] = {
    "none": (None, []),
    "empty": ({"content": []}, []),
    "null": ({"content": None}, []),
    "bytes-added": (
        {"content": [{"token": "é", "logprob": -0.5}]},
        [{"token": "é", "logprob": -0.5, "bytes": [195, 169]}],
    ),
    "bytes-kept": (
        {"content": [{"token": "\ufffd", "logprob": -0.5, "bytes": [195]}]},
        [{"token": "\ufffd", "logprob": -0.5, "bytes": [195]}],
    ),
    "empty-token": (
        {"content": [{"token": "", "logprob": 0.0, "bytes": None}]},
        [{"token": "", "logprob": 0.0}],
    ),
    "no-top": ({"content": [A | {"top_logprobs": []}]}, [A]),
    "top-sorted": (
        {"content": [NO_BYTES | {"top_logprobs": [B, A]}]},
        [A | {"top_logprobs": [A, B]}],
    ),
    "raw": (
        {
            "tokens": ["a", "b"],
            "token_logprobs": [None, -2],
            "top_logprobs": [None, {"c": -3, "b": -2}],
        },
        [B | {"top_logprobs": [B, C]}],
    ),
    "raw-without-top": (
        {"tokens": ["a"], "token_logprobs": [-1], "top_logprobs": None},
        [A],
    ),
}


@pytest.mark.parametrize(("logprobs", "expected"), LOGPROBS.values(), ids=LOGPROBS)
def test_logprobs_have_ollamas_shape(
    logprobs: Json | None, expected: list[Json]
) -> None:
    entries = logprob_entries(logprobs)

    assert entries == expected
    assert [list(entry) for entry in entries] == [list(entry) for entry in expected]


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "03Z"),
        (120_000_000, "03.12Z"),
        (100_000_001, "03.100000001Z"),
        (10, "03.00000001Z"),
        (7_000_000_000, "10Z"),
    ],
)
def test_time_is_printed_as_in_go(ns: int, text: str) -> None:
    assert render_time(1_785_546_123_000_000_000 + ns) == f"2026-08-01T01:02:{text}"
