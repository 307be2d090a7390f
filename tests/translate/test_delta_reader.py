"""Updates of an answer, and keep-alives for a client that receives nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from app.translate.delta_reader import CONTENT, REASONING, DeltaReader, TextRun, Update
from app.translate.dialect import ReplyContext
from app.wire.completion import Chunk
from tests.translate.builders import last_chunk, reasoning_chunk, text_chunk

SECOND = 1_000_000_000
TEXT, HIDDEN = [text_chunk("a")], [reasoning_chunk("a")]
EMPTY: list[Chunk] = []
TEXT_SENT, KEEP_ALIVE = Update([TextRun(CONTENT, ["a"])]), Update([], keep_alive=True)
NOTHING = Update([])


@pytest.mark.parametrize(
    ("batches", "update"),
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
    context: ReplyContext, batches: list[tuple[int, list[Chunk]]], update: Update
) -> None:
    """Each batch comes with its time in seconds; `update` is that of the last one."""
    times = iter([context.started_ns + after_s * SECOND for after_s, _ in batches])
    reader = DeltaReader(replace(context, thinking=False, clock=lambda: next(times)))

    updates = list(reader.read_batches([batch for _, batch in batches]))

    assert updates[-2] == update


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


def read_all(
    context: ReplyContext, *batches: Sequence[Chunk]
) -> tuple[list[Update], Iterator[Sequence[Chunk]]]:
    """Return all updates, and the batches that were not read."""
    unread = iter(batches)
    return list(DeltaReader(context).read_batches(unread)), unread


def test_reading_stops_when_reason_and_usage_are_known(context: ReplyContext) -> None:
    updates, unread = read_all(context, TEXT, [last_chunk()], TEXT)

    assert [update.is_last for update in updates] == [False, True]
    assert list(unread) == [TEXT]


def test_end_of_upstream_is_the_last_update(context: ReplyContext) -> None:
    updates, _ = read_all(context, TEXT, [last_chunk(usage=None)])

    assert updates == [TEXT_SENT, NOTHING, Update([], is_last=True)]
