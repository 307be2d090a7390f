"""What a client hears of an answer, by route; each reader checks that it is legal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from werkzeug.test import TestResponse

from tests.blueprints.anthropic import asking as anthropic
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    MESSAGES,
    OPENAI,
    RESPONSES,
    Object,
    delta_texts,
    events,
    lines,
    texts,
)

FAILED = "failed"
ITEMS = ["reasoning", "message", "function_call"]  # in the order of a response
BLOCKS = ["thinking", "text", "tool_use"]


class Heard(NamedTuple):
    """An answer in no dialect's words, but for why it ended."""

    thought: str
    text: str
    calls: list[tuple[str, Any]]
    ending: str  # in the dialect's words, or FAILED
    error: str = ""


def hear(path: str, answer: TestResponse, *, stream: bool) -> Heard:
    """The answer of any route, streamed or whole."""
    if not stream:
        assert answer.status_code == 200, answer.text
        return WHOLE[path](answer.get_json())
    return STREAMS[path](answer)


def _native(answer: TestResponse) -> Heard:
    told = lines(answer)
    *said, last = told
    assert not any(line.get("done") for line in said)
    thought, text = texts(said, "thinking"), texts(said, "content")
    calls = [call for line in said for call in _native_calls(line)]
    if "error" in last:
        assert list(last) == ["error"]
        return Heard(thought, text, calls, FAILED, last["error"])
    end = _native_whole(last)
    assert (end.thought, end.text, end.calls) == ("", "", [])
    return Heard(thought, text, calls, end.ending)


def _native_whole(told: Object) -> Heard:
    assert told["done"] is True
    assert min(told[key] for key in told if "count" in key or "duration" in key) > 0
    thought, text = texts([told], "thinking"), texts([told], "content")
    return Heard(thought, text, _native_calls(told), told["done_reason"])


def _native_calls(line: Mapping[str, Any]) -> list[tuple[str, Any]]:
    calls = line.get("message", {}).get("tool_calls") or []
    functions = [call["function"] for call in calls]
    assert [each["index"] for each in functions] == list(range(len(functions)))
    return [(each["name"], each["arguments"]) for each in functions]


def _chat(answer: TestResponse) -> Heard:
    *said, last = events(answer)
    deltas = [chunk["choices"][0]["delta"] for chunk in said]
    assert [delta.get("role") for delta in deltas] == [
        "assistant",
        *[None] * (len(deltas) - 1),
    ]
    calls = [call for delta in deltas for call in delta.get("tool_calls") or []]
    assert [call["index"] for call in calls] == list(range(len(calls)))
    thought, text = delta_texts(said, "reasoning"), delta_texts(said, "content")
    heard = Heard(thought, text, _functions(calls), *_openai_end(said, last))
    assert not any(deltas[-1].values()) or heard.ending == FAILED
    return heard


def _chat_whole(told: Object) -> Heard:
    [choice] = told["choices"]
    said = choice["message"]
    calls = _functions(said.get("tool_calls") or [])
    return Heard(
        said.get("reasoning", ""), said["content"], calls, choice["finish_reason"]
    )


def _functions(calls: Iterable[Object]) -> list[tuple[str, Any]]:
    functions = [call["function"] for call in calls]
    return [(each["name"], json.loads(each["arguments"])) for each in functions]


def _openai_end(said: list[Object], last: Any) -> tuple[str, str]:
    """Why the chunks end: only the last of them tells, unless all has failed."""
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in said]
    if last == "[DONE]":
        assert not any(reasons[:-1])
        return reasons[-1], ""
    assert list(last) == ["error"]
    assert not any(reasons)
    return FAILED, last["error"]["message"]


def _completion(answer: TestResponse) -> Heard:
    *said, last = events(answer)
    text = "".join(chunk["choices"][0]["text"] for chunk in said)
    return Heard("", text, [], *_openai_end(said, last))


def _completion_whole(told: Object) -> Heard:
    [choice] = told["choices"]
    return Heard("", choice["text"], [], choice["finish_reason"])


def _response(answer: TestResponse) -> Heard:
    told = events(answer)
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    names = [event["type"].removeprefix("response.") for event in told]
    *_, last = told
    assert names[:2] == ["created", "in_progress"]
    assert not {"completed", "incomplete", "failed"} & set(names[:-1])
    assert last["response"]["status"] == names[-1]
    indexes = [event["output_index"] for event in told if "output_index" in event]
    assert indexes == sorted(indexes)
    assert set(indexes) == set(range(len(last["response"]["output"])))
    opened, closed = map(names.count, ("output_item.added", "output_item.done"))
    assert opened == closed or names[-1] == FAILED
    return _response_whole(last["response"])


def _response_whole(response: Object) -> Heard:
    output = response["output"]
    kinds = [item["type"] for item in output]
    assert kinds == sorted(kinds, key=ITEMS.index)
    thoughts, messages, calls = (
        [item for item in output if item["type"] == kind] for kind in ITEMS
    )
    return Heard(
        "".join(part["text"] for item in thoughts for part in item["summary"]),
        "".join(part["text"] for item in messages for part in item["content"]),
        [(call["name"], json.loads(call["arguments"])) for call in calls],
        (response["incomplete_details"] or {}).get("reason") or response["status"],
        (response["error"] or {}).get("message", ""),
    )


def _message(answer: TestResponse) -> Heard:
    told = anthropic.events(answer)
    *said, last = told
    assert [event["type"] for event in told].count("message_start") == 1
    assert said[0]["type"] == "message_start"
    if last["type"] == "error":
        open_block = {"type": "content_block_stop"}  # the failure closes none
        content = anthropic.put_together([*said, open_block])
        return Heard(*_blocks(content), FAILED, last["error"]["message"])
    assert [event["type"] for event in told[-2:]] == ["message_delta", "message_stop"]
    content = anthropic.put_together(said)
    return Heard(*_blocks(content), said[-1]["delta"]["stop_reason"])


def _message_whole(told: Object) -> Heard:
    return Heard(*_blocks(told["content"]), told["stop_reason"])


def _blocks(content: list[Object]) -> tuple[str, str, list[tuple[str, Any]]]:
    kinds = [block["type"] for block in content]
    assert kinds == sorted(kinds, key=BLOCKS.index)
    ids = [block["id"] for block in content if block["type"] == "tool_use"]
    assert len(set(ids)) == len(ids)
    thought = "".join(block.get("thinking", "") for block in content)
    text = "".join(block.get("text", "") for block in content)
    calls = [block for block in content if block["type"] == "tool_use"]
    return thought, text, [(each["name"], each["input"]) for each in calls]


STREAMS: dict[str, Callable[[TestResponse], Heard]] = {
    CHAT: _native,
    GENERATE: _native,
    OPENAI: _chat,
    COMPLETIONS: _completion,
    RESPONSES: _response,
    MESSAGES: _message,
}
WHOLE: dict[str, Callable[[Object], Heard]] = {
    CHAT: _native_whole,
    GENERATE: _native_whole,
    OPENAI: _chat_whole,
    COMPLETIONS: _completion_whole,
    RESPONSES: _response_whole,
    MESSAGES: _message_whole,
}
