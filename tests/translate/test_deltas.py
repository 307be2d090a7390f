"""Tool calls, usage and durations of upstream chunks, and rechunking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import UpstreamError
from app.translate import deltas
from app.translate.deltas import Durations, Meter, ToolCalls, WholeCall
from app.translate.dialect import ReplyContext
from app.wire.completion import (
    Choice,
    Chunk,
    CompletionDetails,
    Delta,
    FunctionCall,
    PromptDetails,
    TimeInfo,
    ToolCall,
    Usage,
)


def fragment(
    index: int | None = None,
    id: str | None = None,
    name: str | None = None,
    arguments: str | None = None,
) -> ToolCall:
    return ToolCall(index, id, FunctionCall(name, arguments))


@pytest.mark.parametrize(
    "choice",
    [
        Choice(delta=Delta(content="hi")),
        Choice(message=Delta(content="hi")),
        Choice(text="hi"),
    ],
    ids=["delta", "message", "text"],
)
def test_delta_text_and_message_are_read_alike(choice: Choice) -> None:
    assert deltas.delta_of(choice) == Delta(content="hi")


CALLS = {
    "whole": [fragment(0, "a1", "f", '{"x":1}')],
    "whole-without-index": [fragment(None, "a1", "f", '{"x":1}')],
    "fragments-by-index": [
        fragment(0, "a1", "f", ""),
        fragment(0, arguments='{"x"'),
        fragment(0, arguments=":1}"),
    ],
    "fragments-without-index": [
        fragment(None, "a1", "f"),
        fragment(None, arguments='{"x"'),
        fragment(None, "a1", None, ":1}"),
    ],
    "no-function-at-first": [ToolCall(0, "a1"), fragment(0, None, "f", '{"x":1}')],
    "name-in-every-fragment": [
        fragment(0, "a1", "f", '{"x"'),
        fragment(0, "a1", "f", ":1}"),
    ],
}


@pytest.mark.parametrize("fragments", CALLS.values(), ids=CALLS)
def test_fragments_are_joined_to_one_call(fragments: list[ToolCall]) -> None:
    calls = ToolCalls()

    for part in fragments:
        calls.add([part])

    assert calls.whole("tool_calls") == [WholeCall("a1", "f", {"x": 1})]


PARALLEL = {
    "interleaved": [
        fragment(0, "a1", "f", '{"x":'),
        fragment(1, "b2", "g", '{"y":'),
        fragment(0, arguments="1}"),
        fragment(1, arguments="2}"),
    ],
    "without-index": [
        fragment(None, "a1", "f", '{"x":1}'),
        fragment(None, "b2", "g", '{"y":2}'),
    ],
    "all-at-index-0": [
        fragment(0, "a1", "f", '{"x":1}'),
        fragment(0, "b2", "g", '{"y":'),
        fragment(0, arguments="2}"),
    ],
}


@pytest.mark.parametrize("fragments", PARALLEL.values(), ids=PARALLEL)
def test_parallel_calls_are_kept_apart(fragments: list[ToolCall]) -> None:
    calls = ToolCalls()

    calls.add(fragments)

    assert calls.whole("tool_calls") == [
        WholeCall("a1", "f", {"x": 1}),
        WholeCall("b2", "g", {"y": 2}),
    ]


def test_name_begins_a_call_without_id_and_index() -> None:
    calls = ToolCalls()

    calls.add([fragment(name="f", arguments="{}"), fragment(name="f", arguments="{}")])

    assert calls.whole(None) == [WholeCall("", "f", {})] * 2


def test_fragment_without_a_call_begins_one() -> None:
    calls = ToolCalls()

    calls.add([fragment(arguments="{"), fragment(id="z9")])

    with pytest.raises(UpstreamError):
        calls.whole("tool_calls")


@pytest.mark.parametrize("arguments", ["", " ", "{}", "null", None])
def test_blank_arguments_are_an_empty_object(arguments: str | None) -> None:
    calls = ToolCalls()

    calls.add([fragment(0, "a1", "f", arguments)])

    assert calls.whole("tool_calls") == [WholeCall("a1", "f", {})]


def test_arguments_keep_their_order() -> None:
    calls = ToolCalls()

    calls.add([fragment(0, "a1", "f", '{"z":1,"a":{"y":2,"b":3}}')])

    (call,) = calls.whole("tool_calls")
    assert list(call.arguments) == ["z", "a"]
    assert list(call.arguments["a"]) == ["y", "b"]


INVALID_ARGUMENTS = ['{"x":', "[1]", '"{}"', "1", "x", '"\ud800"']


@pytest.mark.parametrize("arguments", INVALID_ARGUMENTS, ids=ascii)
def test_arguments_other_than_an_object_are_an_error(arguments: str) -> None:
    calls = ToolCalls()
    calls.add([fragment(0, "a1", "f", arguments)])

    with pytest.raises(UpstreamError, match="tool call"):
        calls.whole("tool_calls")


def test_call_without_name_is_an_error() -> None:
    calls = ToolCalls()
    calls.add([fragment(0, "a1", None, "{}")])

    with pytest.raises(UpstreamError, match="tool call"):
        calls.whole("stop")


def test_call_cut_by_the_length_limit_is_left_out() -> None:
    calls = ToolCalls()
    calls.add([fragment(0, "a1", "f", "{}"), fragment(1, "b2", "g", '{"x":')])

    assert calls.whole("length") == [WholeCall("a1", "f", {})]


@pytest.mark.parametrize(
    "text",
    [
        "Rain is on its way, they say.\n\n  Take a coat. ",
        '{"answer":42,"steps":["think","answer"]}',
        "東京の天気は晴れです。気温は二十度くらいです。",
        " \n ",
    ],
    ids=["prose", "json", "no-blanks", "blanks"],
)
def test_rechunking_keeps_the_text(text: str) -> None:
    completion = Chunk([Choice(message=Delta(content=text), finish_reason="stop")])

    (batch,) = deltas.rechunk(completion)

    contents = [deltas.delta_of(chunk.choices[0]).content for chunk in batch]  # type: ignore[index]
    assert "".join(content or "" for content in contents) == text
    assert len(contents) > (2 if text.strip() else 1)


def test_rechunked_answer_begins_with_reasoning() -> None:
    calls = [fragment(0, "a1", "f", "{}")]
    message = Delta(content="Yes.", reasoning="Hm.", tool_calls=calls)
    usage, time_info = Usage(1, 2), TimeInfo(0.1)
    completion = Chunk(
        [Choice(message=message, finish_reason="stop")],
        usage=usage,
        time_info=time_info,
    )

    assert deltas.rechunk(completion) == [
        [
            Chunk([Choice(delta=Delta(reasoning="Hm."))]),
            Chunk([Choice(delta=Delta(content="Yes."))]),
            Chunk(
                [Choice(delta=Delta(tool_calls=calls), finish_reason="stop")],
                usage=usage,
                time_info=time_info,
            ),
        ]
    ]


def test_rechunking_does_not_split_text_with_logprobs() -> None:
    logprobs = {"content": [{"token": "Yes indeed", "logprob": -0.1}]}
    message = Delta(content="Yes indeed, it is so.")
    completion = Chunk([Choice(message=message, logprobs=logprobs)])

    (batch,) = deltas.rechunk(completion)

    assert batch[0] == Chunk([Choice(delta=message, logprobs=logprobs)])
    assert len(batch) == 2


def test_completion_without_choice_is_one_chunk() -> None:
    assert deltas.rechunk(Chunk([])) == [[Chunk([])]]


def test_meter_returns_the_upstreams_numbers(context: ReplyContext) -> None:
    meter = Meter(context)
    now = context.clock()

    meter.count_texts(1, now)
    meter.add_chunk(Chunk(usage=Usage(80, 45)))
    assert not meter.is_complete
    meter.add_chunk(Chunk(time_info=TimeInfo(0.004, 0.002, 0.0168, 0.026)))

    assert meter.is_complete
    assert (meter.prompt_tokens(), meter.completion_tokens()) == (80, 45)
    assert meter.durations(now) == Durations(
        120_000_000, 4_000_000, 2_000_000, 16_800_000
    )


def test_meter_estimates_missing_numbers(context: ReplyContext) -> None:
    meter = Meter(replace(context, prompt_tokens=7))
    started_ns = context.started_ns

    meter.count_texts(3, started_ns + 40)
    meter.count_texts(2, started_ns + 90)

    assert (meter.prompt_tokens(), meter.completion_tokens()) == (7, 5)
    assert meter.durations(started_ns + 100) == Durations(101, 1, 40, 60)


def test_counts_and_durations_are_never_zero(context: ReplyContext) -> None:
    meter = Meter(replace(context, prompt_tokens=0))
    zeros = Chunk(usage=Usage(0, 0), time_info=TimeInfo(0.0, 0.0, 0.0, 0.0))

    meter.add_chunk(zeros)

    assert (meter.prompt_tokens(), meter.completion_tokens()) == (1, 1)
    assert min(meter.durations(context.started_ns)) == 1


@pytest.mark.parametrize("tokens", [-5, 10**30])
@pytest.mark.parametrize("seconds", [-1.0, 1e300, -1e300])
def test_absurd_numbers_fit_in_64_bits(
    context: ReplyContext, tokens: int, seconds: float
) -> None:
    meter = Meter(context)
    details = PromptDetails(tokens), CompletionDetails(tokens)
    usage, time_info = Usage(tokens, tokens, *details), TimeInfo(*[seconds] * 4)

    meter.add_chunk(Chunk(usage=usage, time_info=time_info))
    meter.count_texts(3, context.started_ns)

    assert (meter.prompt_tokens(), meter.completion_tokens()) == (1, 3)
    assert (meter.cached_tokens(), meter.reasoning_tokens()) == (0, 0)
    assert all(
        1 <= duration < 2**63 for duration in meter.durations(context.started_ns)
    )


def test_clock_set_back_makes_no_negative_duration(
    context: ReplyContext,
) -> None:
    meter = Meter(context)
    started_ns = context.started_ns

    meter.count_texts(1, started_ns - 10**12)

    assert min(meter.durations(started_ns - 2 * 10**12)) == 1
