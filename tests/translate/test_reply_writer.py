"""Streams, keep-alives, tool calls, usage and durations of an answer."""

from dataclasses import replace
from typing import Any

import pytest

from app.errors import UpstreamError
from app.translate.dialect import Event, ReplyContext
from app.translate.reply_writer import (
    CONTENT,
    REASONING,
    DeltaReader,
    Durations,
    Meter,
    ReplyWriter,
    TextRun,
    ToolCalls,
    WholeCall,
)
from app.wire.completion import (
    Chunk,
    CompletionDetails,
    FunctionCall,
    PromptDetails,
    TimeInfo,
    ToolCall,
    Usage,
)
from tests.translate.builders import last_chunk, reasoning_chunk, text_chunk

SECOND = 1_000_000_000
TEXT, HIDDEN = [text_chunk("a")], [reasoning_chunk("a")]
EMPTY: list[Chunk] = []
NOTHING: list[Event] = []
TEXT_SENT: list[Event] = [b"a"]
KEEP_ALIVE: list[Event] = [b"keep-alive"]
END: list[Event] = [b"end"]


class TextWriter(ReplyWriter):
    """Writes each run of texts as one event."""

    def whole(self, completion: Chunk) -> dict[str, Any]:
        return {}

    def _keep_alive(self) -> Event:
        return b"keep-alive"

    def _text_events(self, run: TextRun) -> list[Event]:
        return ["".join(run.texts).encode()]

    def _last_events(self) -> list[Event]:
        return END


@pytest.mark.parametrize(
    ("batches", "events"),
    [
        ([(14, HIDDEN)], NOTHING),
        ([(15, HIDDEN)], KEEP_ALIVE),
        ([(15, TEXT)], TEXT_SENT),
        ([(14, TEXT), (28, HIDDEN)], NOTHING),
        ([(14, TEXT), (29, HIDDEN)], KEEP_ALIVE),
        ([(15, HIDDEN), (29, HIDDEN)], NOTHING),
        ([(15, HIDDEN), (30, HIDDEN)], KEEP_ALIVE),
        ([(1, EMPTY)], KEEP_ALIVE),
        ([(1, EMPTY), (15, HIDDEN)], NOTHING),
    ],
)
def test_keep_alive_is_due_after_long_silence(
    context: ReplyContext, batches: list[tuple[int, list[Chunk]]], events: list[Event]
) -> None:
    """Each batch comes with its time in seconds; `events` are those of the last one."""
    times = iter([context.started_ns + after_s * SECOND for after_s, _ in batches])
    writer = TextWriter(replace(context, thinking=False, clock=lambda: next(times)))

    written = list(writer.stream([batch for _, batch in batches]))

    assert written[-2:] == [events, END]


def test_consecutive_texts_of_a_kind_are_one_run(context: ReplyContext) -> None:
    logprobs = {"content": [{"token": "c"}]}
    batch = [
        reasoning_chunk("a"),
        text_chunk("b"),
        text_chunk("c"),
        text_chunk("d", logprobs=logprobs),
        text_chunk("e"),
    ]

    assert DeltaReader(context).read(batch) == [
        TextRun(REASONING, ["a"]),
        TextRun(CONTENT, ["b", "c"]),
        TextRun(CONTENT, ["d"], logprobs),
        TextRun(CONTENT, ["e"]),
    ]


def test_stream_ends_when_reason_and_usage_are_known(context: ReplyContext) -> None:
    batches = iter([TEXT, [last_chunk()], TEXT])

    assert list(TextWriter(context).stream(batches)) == [TEXT_SENT, END]
    assert list(batches) == [TEXT]


def test_stream_ends_with_the_upstream(context: ReplyContext) -> None:
    batches = [TEXT, [last_chunk(usage=None)]]

    assert list(TextWriter(context).stream(batches)) == [TEXT_SENT, NOTHING, END]


def fragment(
    index: int | None = None,
    id: str | None = None,
    name: str | None = None,
    arguments: str | None = None,
) -> ToolCall:
    return ToolCall(index, id, FunctionCall(name, arguments))


X1 = '{"x":1}'
F = WholeCall("a1", "f", {"x": 1})
G = WholeCall("b2", "g", {"y": 2})
CALLS: dict[str, tuple[list[ToolCall], list[WholeCall]]] = {
    "whole": ([fragment(0, "a1", "f", X1)], [F]),
    "whole-without-index": ([fragment(None, "a1", "f", X1)], [F]),
    "fragments-by-index": (
        [
            fragment(0, "a1", "f", ""),
            fragment(0, arguments='{"x"'),
            fragment(0, arguments=":1}"),
        ],
        [F],
    ),
    "fragments-without-index": (
        [
            fragment(None, "a1", "f"),
            fragment(None, arguments='{"x"'),
            fragment(None, "a1", None, ":1}"),
        ],
        [F],
    ),
    "no-function-at-first": ([ToolCall(0, "a1"), fragment(0, None, "f", X1)], [F]),
    "name-in-every-fragment": (
        [fragment(0, "a1", "f", '{"x"'), fragment(0, "a1", "f", ":1}")],
        [F],
    ),
    "parallel, interleaved": (
        [
            fragment(0, "a1", "f", '{"x":'),
            fragment(1, "b2", "g", '{"y":'),
            fragment(0, arguments="1}"),
            fragment(1, arguments="2}"),
        ],
        [F, G],
    ),
    "parallel, without-index": (
        [fragment(None, "a1", "f", X1), fragment(None, "b2", "g", '{"y":2}')],
        [F, G],
    ),
    "parallel, all-at-index-0": (
        [
            fragment(0, "a1", "f", X1),
            fragment(0, "b2", "g", '{"y":'),
            fragment(0, arguments="2}"),
        ],
        [F, G],
    ),
    "names without id and index": (
        [fragment(name="f", arguments="{}"), fragment(name="f", arguments="{}")],
        [WholeCall("", "f", {})] * 2,
    ),
}


@pytest.mark.parametrize(("fragments", "expected"), CALLS.values(), ids=CALLS)
def test_fragments_are_joined_to_calls(
    fragments: list[ToolCall], expected: list[WholeCall]
) -> None:
    one_by_one, at_once = ToolCalls(), ToolCalls()

    for part in fragments:
        one_by_one.add([part])
    at_once.add(fragments)

    assert one_by_one.whole("tool_calls") == at_once.whole(None) == expected


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


INVALID = [
    *('{"x":', "[1]", '"{}"', "1", "x", '"\ud800"'),
    None,  # a call without name
]


@pytest.mark.parametrize("arguments", INVALID, ids=ascii)
@pytest.mark.parametrize("finish_reason", ["tool_calls", "stop"])
def test_unreadable_call_is_an_error(arguments: str | None, finish_reason: str) -> None:
    calls = ToolCalls()
    calls.add([fragment(0, "a1", arguments and "f", arguments)])

    with pytest.raises(UpstreamError, match="tool call"):
        calls.whole(finish_reason)


def test_fragment_without_a_call_begins_one() -> None:
    calls = ToolCalls()

    calls.add([fragment(arguments="{"), fragment(id="z9")])

    with pytest.raises(UpstreamError):
        calls.whole("tool_calls")


def test_call_cut_by_the_length_limit_is_left_out() -> None:
    calls = ToolCalls()
    calls.add([fragment(0, "a1", "f", X1), fragment(1, "b2", "g", '{"y":')])

    assert calls.whole("length") == [F]


def test_meter_returns_the_upstreams_numbers(context: ReplyContext) -> None:
    meter = Meter(context)
    now = context.clock()

    meter.count_texts(1, now)
    meter.add_chunk(Chunk(usage=Usage(80, 45)))
    assert not meter.is_complete
    meter.add_chunk(Chunk(time_info=TimeInfo(0.004, 0.002, 0.0168)))

    assert meter.is_complete
    assert (meter.prompt_tokens(), meter.completion_tokens()) == (80, 45)
    durations = Durations(120_000_000, 4_000_000, 2_000_000, 16_800_000)
    assert meter.durations(now) == durations


def test_meter_estimates_missing_numbers(context: ReplyContext) -> None:
    meter = Meter(replace(context, prompt_tokens=7))
    started_ns = context.started_ns

    meter.count_texts(3, started_ns + 40)
    meter.count_texts(2, started_ns + 90)

    assert (meter.prompt_tokens(), meter.completion_tokens()) == (7, 5)
    assert meter.durations(started_ns + 100) == Durations(101, 1, 40, 60)


def test_counts_and_durations_are_never_zero(context: ReplyContext) -> None:
    meter = Meter(replace(context, prompt_tokens=0))
    zeros = Chunk(usage=Usage(0, 0), time_info=TimeInfo(0.0, 0.0, 0.0))

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
    usage, time_info = Usage(tokens, tokens, *details), TimeInfo(*[seconds] * 3)

    meter.add_chunk(Chunk(usage=usage, time_info=time_info))
    meter.count_texts(3, context.started_ns)

    assert (meter.prompt_tokens(), meter.completion_tokens()) == (1, 3)
    assert (meter.cached_tokens(), meter.reasoning_tokens()) == (0, 0)
    durations = meter.durations(context.started_ns)
    assert all(1 <= duration < 2**63 for duration in durations)


def test_clock_set_back_makes_no_negative_duration(context: ReplyContext) -> None:
    meter = Meter(context)
    started_ns = context.started_ns

    meter.count_texts(1, started_ns - 10**12)

    assert min(meter.durations(started_ns - 2 * 10**12)) == 1
