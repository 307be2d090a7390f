"""Choices of chunks, and rechunking."""

from __future__ import annotations

import pytest

from app.translate import deltas
from app.wire.completion import (
    Choice,
    Chunk,
    Delta,
    FunctionCall,
    TimeInfo,
    ToolCall,
    Usage,
)


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
    calls = [ToolCall(0, "a1", FunctionCall("f", "{}"))]
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
