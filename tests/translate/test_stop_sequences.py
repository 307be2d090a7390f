"""Replies are cut at stop sequences beyond the four that the upstream takes."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.stop_sequences import (
    MAX_FURTHER,
    MAX_LENGTH,
    cut_completion,
    cut_stream,
    split,
)
from app.wire.completion import Choice, Chunk, Delta, ToolCall, Usage
from tests.translate.builders import text_chunk


def final_chunk(reason: str = "stop", text: str | None = None) -> Chunk:
    choice = Choice(delta=Delta(content=text), finish_reason=reason)
    return Chunk([choice], usage=Usage(1, 2))


def texts(batches: list[list[Chunk]]) -> list[str]:
    return [text for text in map(text_of, sum(batches, [])) if text]


def text_of(chunk: Chunk) -> str | None:
    assert chunk.choices
    assert chunk.choices[0].delta
    return chunk.choices[0].delta.content


def reason_of(chunk: Chunk) -> str | None:
    assert chunk.choices
    return chunk.choices[0].finish_reason


class Source:
    """Batches that record how many were read and whether they were closed."""

    def __init__(self, *batches: list[Chunk]) -> None:
        self.batches = batches
        self.read = 0
        self.closed = False

    def __iter__(self) -> Any:
        for batch in self.batches:
            self.read += 1
            yield batch

    def close(self) -> None:
        self.closed = True


def cut_batches(
    *batches: list[Chunk], stops: tuple[str, ...] = ("END",)
) -> list[list[Chunk]]:
    source = Source(*batches)
    return list(cut_stream(source, stops, source.close))


@pytest.mark.parametrize(
    ("stops", "sent", "further"),
    [
        ([], [], []),
        (["a", "b"], ["a", "b"], []),
        (list("abcdef"), list("abcd"), list("ef")),
        (["a", "", "b", "c", "d"], list("abcd"), []),
    ],
    ids=["none", "few", "too many", "an empty one"],
)
def test_first_four_nonempty_stops_are_sent(
    stops: list[str], sent: list[str], further: list[str]
) -> None:
    assert split(stops) == (sent, further)


def test_stream_ends_before_the_stop_and_is_closed() -> None:
    source = Source(
        [text_chunk("one END two"), text_chunk("three")], [text_chunk("four")]
    )

    [batch] = cut_stream(source, ["END"], source.close)

    assert texts([batch]) == ["one "]
    assert [reason_of(chunk) for chunk in batch] == [None, "stop"]
    assert batch[-1].choices
    assert batch[-1].choices[0].stop_sequence == "END"
    assert source.read == 1
    assert source.closed


def test_stop_is_found_across_chunks() -> None:
    text = "aEaENbEND rest"

    for first in range(1, len(text)):
        for second in range(first + 1, len(text) + 1):
            pieces = [text[:first], text[first:second], text[second:]]
            batches = cut_batches(
                *([text_chunk(piece)] for piece in pieces), [final_chunk()]
            )
            assert "".join(texts(batches)) == "aEaENb"
            assert reason_of(batches[-1][-1]) == "stop"


def test_earliest_stop_is_found_in_chunks_of_one_character() -> None:
    stops = ("</answer>", "</a", "###")

    batches = cut_batches(
        *([text_chunk(c)] for c in "x </</b </answer> ###"), stops=stops
    )

    assert "".join(texts(batches)) == "x </</b "


def test_only_the_possible_beginning_of_a_stop_is_held_back() -> None:
    [first, second, _] = cut_batches(
        [text_chunk("abc E")], [text_chunk("xyz")], [final_chunk()]
    )

    assert texts([first]) == ["abc "]
    assert texts([second]) == ["Exyz"]


def test_held_text_is_sent_with_the_finish_reason() -> None:
    batches = cut_batches([text_chunk("abc EN")], [final_chunk("length")])

    assert "".join(texts(batches)) == "abc EN"
    assert reason_of(batches[-1][-1]) == "length"
    assert batches[-1][-1].usage == Usage(1, 2)


def test_text_beside_the_finish_reason_is_searched() -> None:
    [batch] = cut_batches([final_chunk("length", "one END")])

    assert texts([batch]) == ["one "]
    assert reason_of(batch[-1]) == "stop"
    assert batch[-1].usage == Usage(1, 2)


def test_held_text_is_sent_before_a_tool_call() -> None:
    call = ToolCall(index=0, id="1")

    [batch] = cut_batches([text_chunk("E")], [text_chunk(tool_calls=[call])])

    text, tool_call = batch
    assert text_of(text) == "E"
    assert tool_call.choices
    assert tool_call.choices[0].delta == Delta(tool_calls=[call])


@pytest.mark.parametrize(
    "chunk",
    [
        text_chunk(reasoning="END"),
        text_chunk("abc", logprobs={"content": []}),
        Chunk(usage=Usage(1, 2)),
    ],
    ids=["reasoning", "logprobs", "no choices"],
)
def test_chunk_without_a_stop_is_kept(chunk: Chunk) -> None:
    assert cut_batches([chunk], []) == [[chunk], []]


def test_text_completion_is_cut() -> None:
    assert texts(cut_batches([Chunk([Choice(text="one END")])])) == ["one "]


def test_completion_is_cut_at_the_first_stop() -> None:
    message = Delta(content="one END two", reasoning="hm", tool_calls=[ToolCall()])
    completion = Chunk([Choice(message=message, finish_reason="length")], Usage(1, 2))

    kept = cut_completion(completion, ["two", "END"])

    message = Delta(content="one ", reasoning="hm")
    end = Choice(message=message, finish_reason="stop", stop_sequence="END")
    assert kept == Chunk([end], Usage(1, 2))


def test_whole_text_completion_is_cut() -> None:
    kept = cut_completion(Chunk([Choice(text="one END")]), ["END"])

    assert kept.choices
    assert kept.choices[0].message == Delta(content="one ")


def test_completion_without_a_stop_is_unchanged() -> None:
    completion = Chunk([Choice(message=Delta(content="one"), finish_reason="stop")])

    assert cut_completion(completion, ["END"]) is completion


@pytest.mark.parametrize(
    "further", [["x"] * (MAX_FURTHER + 1), ["x" * (MAX_LENGTH + 1)]], ids=len
)
def test_too_many_or_too_long_stops_are_refused(further: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="4 stop sequences, and 100 more"):
        split(["a", "b", "c", "d", *further])
