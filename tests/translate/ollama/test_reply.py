"""How a reply runs, told by chat's lines; generate shares all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from app.errors import UpstreamError
from app.translate.dialect import Event, ReplyContext
from app.translate.ollama import chat, generate
from app.translate.ollama.dialect import DIALECT
from app.translate.ollama.reply import Line, LineFormat, text_line
from app.wire.completion import (
    Choice,
    Chunk,
    Delta,
    FunctionCall,
    TimeInfo,
    ToolCall,
    Usage,
)

HEAD = '{"model":"m","created_at":"2026-08-01T01:02:03.12Z","message":'
SILENCE: list[Chunk] = []
ROLE = Chunk([Choice(delta=Delta())])


def says(logprobs: dict[str, Any] | None = None, **delta: Any) -> Chunk:
    return Chunk([Choice(delta=Delta(**delta), logprobs=logprobs)])


def ends(reason: str = "stop") -> Chunk:
    return Chunk(
        [Choice(delta=Delta(), finish_reason=reason)],
        usage=Usage(11, 2),
        time_info=TimeInfo(0.001, 0.041, 0.05),
    )


def call(index: int, id: str | None, name: str | None, arguments: str) -> Chunk:
    fragment = ToolCall(index, id, FunctionCall(name, arguments))
    return says(tool_calls=[fragment])


def replies(batches: Sequence[list[Chunk]], context: ReplyContext) -> list[list[Event]]:
    return list(chat.from_chunks(batches, context))


def messages(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The messages of all lines that a batch of events makes."""
    lines = DIALECT.encode_all(events).splitlines()
    return [msgspec.json.decode(line)["message"] for line in lines]


def test_a_run_of_text_is_one_event_of_one_line_per_delta(
    context: ReplyContext,
) -> None:
    batches = [[ROLE, says(content="Hel"), says(content="lo\n")], [ends()]]

    first, _ = replies(batches, context)

    assert first == [
        (
            HEAD
            + '{"role":"assistant","content":"Hel"},"done":false}\n'
            + HEAD
            + '{"role":"assistant","content":"lo\\n"},"done":false}\n'
        ).encode()
    ]


def test_a_run_of_thinking_is_one_event_too(context: ReplyContext) -> None:
    thought = [says(reasoning="Let "), says(reasoning="me")]

    first, _ = replies([[*thought, says(content="42")], [ends()]], context)

    assert len(first) == 2
    assert (
        first[0]
        == (
            HEAD
            + '{"role":"assistant","content":"","thinking":"Let "},"done":false}\n'
            + HEAD
            + '{"role":"assistant","content":"","thinking":"me"},"done":false}\n'
        ).encode()
    )
    assert messages(first[1:]) == [{"role": "assistant", "content": "42"}]


@pytest.mark.parametrize("form", [chat.FORM, generate.FORM], ids=["chat", "generate"])
@pytest.mark.parametrize("kind", ["content", "reasoning"])
def test_the_frame_of_a_text_is_the_line_as_spelt(form: LineFormat, kind: str) -> None:
    head, tail = form.frames[kind]

    framed = b'{"created_at":"now' + head + b'"a \\"word\\""' + tail

    spelt = form.fields(text_line(kind, 'a "word"'))
    assert framed == msgspec.json.encode({"created_at": "now", **spelt}) + b"\n"


def test_a_line_that_says_nothing_more_has_nothing_more() -> None:
    assert generate.FORM.fields(Line()) == {"response": "", "done": False}


def test_line_breaks_that_only_unicode_knows_leave_escaped(
    context: ReplyContext,
) -> None:
    batches = [[says(content="a\u0085b\u2028c\u2029d é")], [ends()]]

    first, _ = replies(batches, context)

    line = DIALECT.encode_all(first).decode()
    assert len(line.splitlines()) == 1
    assert "a\\u0085b\\u2028c\\u2029d é" in line


def test_every_read_has_a_stamp_of_its_own(context: ReplyContext) -> None:
    times = iter(range(context.started_ns + 10, context.started_ns + 100, 10))
    ticking = replace(context, clock=lambda: next(times))

    *reads, _ = chat.from_chunks([[says(content="a")], [says(content="b")]], ticking)

    stamps = [msgspec.json.decode(read[0])["created_at"] for read in reads]
    assert stamps == sorted(set(stamps))


def test_the_remote_model_follows_the_name(context: ReplyContext) -> None:
    remote = {"remote_model": "gpt-oss-120b", "remote_host": "https://api.cerebras.ai"}
    elsewhere = replace(context, name='m"', remote=remote)

    lines = [
        msgspec.json.decode(line)
        for events in chat.from_chunks([[says(content="a")], [ends()]], elsewhere)
        for line in DIALECT.encode_all(events).splitlines()
    ]

    for line in lines:
        assert list(line)[:4] == ["model", "remote_model", "remote_host", "created_at"]
        assert line["model"] == 'm"'


def test_the_last_line_tells_how_it_ended_and_what_it_cost(
    context: ReplyContext,
) -> None:
    _, end = replies([[says(content="a")], [ends("length")]], context)

    assert msgspec.json.encode(end[0]).decode() == (
        HEAD + '{"role":"assistant","content":""},"done":true,"done_reason":"length",'
        '"total_duration":120000000,"load_duration":1000000,'
        '"prompt_eval_count":11,"prompt_eval_duration":41000000,'
        '"eval_count":2,"eval_duration":50000000}'
    )


@pytest.mark.parametrize(
    ("finish_reason", "done_reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "stop"),
        ("content_filter", "stop"),
    ],
)
def test_a_finish_reason_becomes_a_done_reason(
    finish_reason: str, done_reason: str, context: ReplyContext
) -> None:
    ((end,),) = replies([[ends(finish_reason)]], context)

    assert isinstance(end, dict)
    assert end["done_reason"] == done_reason


def test_the_last_line_leaves_with_the_read_that_tells_all(
    context: ReplyContext,
) -> None:
    events = replies([[says(content="a"), ends()], SILENCE], context)

    assert len(events) == 1
    assert messages(events[0]) == [
        {"role": "assistant", "content": "a"},
        {"role": "assistant", "content": ""},
    ]


def test_the_last_line_waits_for_the_usage(context: ReplyContext) -> None:
    finish = Chunk([Choice(delta=Delta(content="a"), finish_reason="stop")])
    late = Chunk([], usage=Usage(11, 2))

    first, second, end = replies([[finish], [late]], context)

    assert messages(first) == [{"role": "assistant", "content": "a"}]
    assert second == []
    assert isinstance(end[0], dict)
    assert end[0]["eval_count"] == 2


def test_what_upstream_does_not_count_is_counted_here(context: ReplyContext) -> None:
    finish = Chunk([Choice(delta=Delta(), finish_reason="stop")])
    texts = [says(content="a"), says(content="b"), says(reasoning="c")]

    *_, end = replies([texts, [finish]], replace(context, prompt_tokens=7))

    assert isinstance(end[0], dict)
    assert (end[0]["prompt_eval_count"], end[0]["eval_count"]) == (7, 3)
    durations = [end[0][name] for name in end[0] if name.endswith("_duration")]
    assert len(durations) == 4
    assert min(durations) > 0


@pytest.mark.parametrize(
    "chunk",
    [ROLE, Chunk(None), Chunk([]), says(content=""), says(reasoning="")],
    ids=["role", "no-choices", "empty-choices", "no-text", "no-thought"],
)
def test_a_delta_that_says_nothing_makes_no_line(
    chunk: Chunk, context: ReplyContext
) -> None:
    first, _ = replies([[chunk], [ends()]], context)

    assert first == []


def test_silence_makes_a_line_with_empty_content(context: ReplyContext) -> None:
    first, *_ = replies([SILENCE, [says(content="a")], [ends()]], context)

    assert DIALECT.encode_all(first).decode() == (
        HEAD + '{"role":"assistant","content":""},"done":false}\n'
    )


def test_hidden_thinking_appears_nowhere(context: ReplyContext) -> None:
    hidden = replace(context, thinking=False)
    thought, answer = says(reasoning="secret"), says(content="42")

    events = replies([[thought, answer, says({}, reasoning="more")], [ends()]], hidden)

    whole = Chunk([Choice(message=Delta(content="42", reasoning="secret"))])
    assert b"thinking" not in b"".join(map(DIALECT.encode_all, events))
    assert messages(events[0]) == [{"role": "assistant", "content": "42"}]
    assert chat.from_completion(whole, hidden)["message"] == messages(events[0])[0]


def test_tool_calls_leave_whole_when_the_reply_ends(context: ReplyContext) -> None:
    fragments = [
        call(0, "8db3b6644", "get_weather", '{"unit":"C",'),
        call(1, None, "get_time", ""),
        call(0, None, None, '"city":"Oslo"}'),
    ]

    first, end = replies([fragments, [ends("tool_calls")]], context)

    assert first == []
    assert len(end) == 2
    assert msgspec.json.encode(end[0]).decode() == (
        HEAD + '{"role":"assistant","content":"","tool_calls":['
        '{"id":"8db3b6644","function":{"index":0,"name":"get_weather",'
        '"arguments":{"unit":"C","city":"Oslo"}}},'
        '{"id":"call_k3x9a1bz","function":{"index":1,"name":"get_time",'
        '"arguments":{}}}]},"done":false}'
    )
    assert isinstance(end[1], dict)
    assert end[1]["done_reason"] == "stop"
    assert end[1]["message"] == {"role": "assistant", "content": ""}


def test_a_call_that_cannot_be_read_is_an_error(context: ReplyContext) -> None:
    chunks = [call(0, "a1", "f", '{"x":'), ends("tool_calls")]

    with pytest.raises(UpstreamError, match="tool call"):
        replies([chunks], context)


def test_a_call_cut_by_the_length_limit_is_left_out(context: ReplyContext) -> None:
    chunks = [says(content="a"), call(0, "a1", "f", '{"x":'), ends("length")]

    ((text, end),) = replies([chunks], context)

    assert messages([text]) == [{"role": "assistant", "content": "a"}]
    assert isinstance(end, dict)
    assert end["done_reason"] == "length"


def test_logprobs_stand_on_the_lines_of_their_texts(context: ReplyContext) -> None:
    one = {"content": [{"token": "a", "logprob": -1.5, "bytes": [97]}]}
    two = {"content": [{"token": "", "logprob": 0.0, "bytes": []}]}

    first, _ = replies(
        [[says(reasoning="Hm"), says(one, content="a"), says(two)], [ends()]], context
    )

    assert DIALECT.encode_all(first).decode().replace(HEAD, "") == (
        '{"role":"assistant","content":"","thinking":"Hm"},"done":false}\n'
        '{"role":"assistant","content":"a"},"done":false,'
        '"logprobs":[{"token":"a","logprob":-1.5,"bytes":[97]}]}\n'
        '{"role":"assistant","content":""},"done":false,'
        '"logprobs":[{"token":"","logprob":0.0}]}\n'
    )
