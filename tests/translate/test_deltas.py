"""Choices of chunks, and rechunking."""

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
from tests.translate.builders import reasoning_chunk, text_chunk


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
    measures = {"usage": Usage(1, 2), "time_info": TimeInfo(0.1)}
    completion = Chunk([Choice(message=message, finish_reason="stop")], **measures)

    end = Choice(delta=Delta(tool_calls=calls), finish_reason="stop")
    assert deltas.rechunk(completion) == [
        [reasoning_chunk("Hm."), text_chunk("Yes."), Chunk([end], **measures)]
    ]


def test_rechunking_does_not_split_text_with_logprobs() -> None:
    logprobs = {"content": [{"token": "Yes indeed", "logprob": -0.1}]}
    message = Delta(content="Yes indeed, it is so.")
    completion = Chunk([Choice(message=message, logprobs=logprobs)])

    (batch,) = deltas.rechunk(completion)

    assert batch[0] == text_chunk("Yes indeed, it is so.", logprobs=logprobs)
    assert len(batch) == 2
