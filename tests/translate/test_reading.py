"""An answer that is being read, as the client hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.translate.dialect import Event, ReplyContext
from app.translate.reading import Reading, Run
from app.wire.completion import Choice, Chunk, Delta

SECOND = 1_000_000_000
SAYS = [Chunk([Choice(delta=Delta(content="a"))])]
HIDES = [Chunk([Choice(delta=Delta(reasoning="a"))])]
COMES_LATE: list[Chunk] = []
HEARD, KEPT_ALIVE, NOTHING = [b"a"], [b":"], []


@pytest.mark.parametrize(
    ("reads", "heard"),
    [
        ([(14, HIDES)], NOTHING),
        ([(15, HIDES)], KEPT_ALIVE),
        ([(15, SAYS)], HEARD),
        ([(14, SAYS), (28, HIDES)], NOTHING),
        ([(14, SAYS), (29, HIDES)], KEPT_ALIVE),
        ([(15, HIDES), (29, HIDES)], NOTHING),
        ([(15, HIDES), (30, HIDES)], KEPT_ALIVE),
        ([(1, COMES_LATE)], KEPT_ALIVE),
        ([(1, COMES_LATE), (15, HIDES)], NOTHING),
    ],
)
def test_a_client_that_has_long_heard_nothing_is_kept_alive(
    context: ReplyContext, reads: list[tuple[int, list[Chunk]]], heard: list[Event]
) -> None:
    times = iter([context.started_ns + after_s * SECOND for after_s, _ in reads])
    reading = Reading(replace(context, thinking=False, clock=lambda: next(times)))

    events = list(
        reading.stream(
            [batch for _, batch in reads], say=said, end=list, silence=lambda: b":"
        )
    )

    assert events[len(reads) - 1] == heard


def said(runs: list[Run]) -> list[Event]:
    return [text.encode() for run in runs for text in run.texts]
