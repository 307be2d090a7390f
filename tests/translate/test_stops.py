"""Stop sequences beyond the upstream's four end an answer just the same."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.stops import LONGEST, MOST, cut, cut_completion, split
from app.wire.completion import Choice, Chunk, Delta, ToolCall, Usage


def said(text: str | None = None, **fields: Any) -> Chunk:
    return Chunk([Choice(delta=Delta(content=text, **fields))])


def finish(reason: str = "stop", text: str | None = None) -> Chunk:
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
    """Batches that know how many were read, and whether they were closed."""

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


def run(*batches: list[Chunk], stops: tuple[str, ...] = ("END",)) -> list[list[Chunk]]:
    source = Source(*batches)
    return list(cut(source, stops, source.close))


@pytest.mark.parametrize(
    ("stops", "sent", "kept_here"),
    [
        ([], [], []),
        (["a", "b"], ["a", "b"], []),
        (list("abcdef"), list("abcd"), list("ef")),
        (["a", "", "b", "c", "d"], list("abcd"), []),
    ],
    ids=["none", "few", "too many", "an empty one does not count"],
)
def test_the_first_four_stops_go_upstream(
    stops: list[str], sent: list[str], kept_here: list[str]
) -> None:
    assert split(stops) == (sent, kept_here)


def test_the_text_ends_before_the_stop_and_reading_ends_too() -> None:
    source = Source([said("one END two"), said("three")], [said("four")])

    [batch] = cut(source, ["END"], source.close)

    assert texts([batch]) == ["one "]
    assert [reason_of(chunk) for chunk in batch] == [None, "stop"]
    assert batch[-1].choices
    assert batch[-1].choices[0].stop_sequence == "END"
    assert source.read == 1
    assert source.closed


def test_a_stop_is_found_whatever_the_cuts() -> None:
    text = "aEaENbEND rest"

    for first in range(1, len(text)):
        for second in range(first + 1, len(text) + 1):
            pieces = [text[:first], text[first:second], text[second:]]
            batches = run(*([said(piece)] for piece in pieces), [finish()])
            assert "".join(texts(batches)) == "aEaENb"
            assert reason_of(batches[-1][-1]) == "stop"


def test_one_character_at_a_time_finds_the_earliest_of_several_stops() -> None:
    stops = ("</answer>", "</a", "###")

    batches = run(*([said(c)] for c in "x </</b </answer> ###"), stops=stops)

    assert "".join(texts(batches)) == "x </</b "


def test_only_what_could_begin_a_stop_is_held_back() -> None:
    [first, second, _] = run([said("abc E")], [said("xyz")], [finish()])

    assert texts([first]) == ["abc "]
    assert texts([second]) == ["Exyz"]


def test_held_text_leaves_with_the_finish() -> None:
    batches = run([said("abc EN")], [finish("length")])

    assert "".join(texts(batches)) == "abc EN"
    assert reason_of(batches[-1][-1]) == "length"
    assert batches[-1][-1].usage == Usage(1, 2)


def test_text_that_comes_with_the_finish_is_searched_too() -> None:
    [batch] = run([finish("length", "one END")])

    assert texts([batch]) == ["one "]
    assert reason_of(batch[-1]) == "stop"
    assert batch[-1].usage == Usage(1, 2)


def test_held_text_leaves_before_a_tool_call() -> None:
    call = ToolCall(index=0, id="1")

    [batch] = run([said("E")], [said(tool_calls=[call])])

    shown, called = batch
    assert text_of(shown) == "E"
    assert called.choices
    assert called.choices[0].delta == Delta(tool_calls=[call])


def test_reasoning_and_silence_pass_unsearched() -> None:
    thought = said(reasoning="END")

    assert run([thought], []) == [[thought], []]


def test_logprobs_stay_with_their_text() -> None:
    chunk = said("abc")
    assert chunk.choices
    chunk.choices[0].logprobs = {"content": []}

    [[kept]] = run([chunk])

    assert kept == chunk


def test_a_raw_completion_is_cut_too() -> None:
    raw = Chunk([Choice(text="one END")])

    assert texts(run([raw])) == ["one "]


def test_a_chunk_without_choices_passes() -> None:
    counted = Chunk(usage=Usage(1, 2))

    assert run([counted]) == [[counted]]


def test_a_whole_answer_is_cut_at_the_first_stop() -> None:
    message = Delta(content="one END two", reasoning="hm", tool_calls=[ToolCall()])
    completion = Chunk([Choice(message=message, finish_reason="length")], Usage(1, 2))

    kept = cut_completion(completion, ["two", "END"])

    message = Delta(content="one ", reasoning="hm")
    end = Choice(message=message, finish_reason="stop", stop_sequence="END")
    assert kept == Chunk([end], Usage(1, 2))


def test_a_whole_raw_answer_is_cut_too() -> None:
    kept = cut_completion(Chunk([Choice(text="one END")]), ["END"])

    assert kept.choices
    assert kept.choices[0].message == Delta(content="one ")


def test_a_whole_answer_without_a_stop_stays() -> None:
    completion = Chunk([Choice(message=Delta(content="one"), finish_reason="stop")])

    assert cut_completion(completion, ["END"]) is completion


@pytest.mark.parametrize(
    "further", [["x"] * (MOST + 1), ["x" * (LONGEST + 1)]], ids=len
)
def test_more_stops_than_can_be_looked_for_in_time_are_refused(
    further: list[str],
) -> None:
    with pytest.raises(InvalidRequest, match="4 stop sequences, and 100 more"):
        split(["a", "b", "c", "d", *further])
