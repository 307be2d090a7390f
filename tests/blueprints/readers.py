"""Parse replies, and check that they have the format of their endpoint."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from werkzeug.test import TestResponse

from tests.blueprints.client import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    MESSAGES,
    OPENAI,
    RESPONSES,
    Object,
)

FAILED = "failed"
ITEM_TYPES = ["reasoning", "message", "function_call"]  # in the order of a response
BLOCK_TYPES = ["thinking", "text", "tool_use"]  # in the order of a message


# Streams


def read_lines(response: TestResponse) -> list[Object]:
    """Return the lines of a native stream; a whole reply counts as one line."""
    if response.content_type == "application/json; charset=utf-8":
        return [response.get_json()]
    assert response.status_code == 200
    assert response.content_type == "application/x-ndjson"
    *lines, rest = response.data.split(b"\n")
    assert rest == b""
    return [json.loads(line) for line in lines]


def _frames(response: TestResponse) -> list[str]:
    assert response.status_code == 200
    assert response.content_type == "text/event-stream"
    *frames, rest = response.text.split("\n\n")
    assert rest == ""
    return frames


def read_events(response: TestResponse) -> list[Any]:
    """Return the data of each event of an SSE stream; comments and [DONE] as text."""
    lines = [frame.split("\n")[-1] for frame in _frames(response)]
    data = [line.removeprefix("data: ") for line in lines]
    return [json.loads(text) if text.startswith("{") else text for text in data]


def read_chunks(response: TestResponse) -> list[Object]:
    """Return the chunks of a complete OpenAI stream."""
    *events, end = read_events(response)
    assert end == "[DONE]"
    return [event for event in events if isinstance(event, dict)]


def read_message_events(response: TestResponse) -> list[Object]:
    """Return the events of an Anthropic stream, each framed under its own type."""
    events = []
    for frame in _frames(response):
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


def join_deltas(chunks: Iterable[Mapping[str, Any]], key: str) -> str:
    """Return a text of an OpenAI stream: `content` or `reasoning`."""
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(choice["delta"].get(key) or "" for choice in choices)


def join_lines(lines: Iterable[Mapping[str, Any]], key: str) -> str:
    """Return a text of a native stream: `content` or `thinking`."""
    return "".join(_text_of_line(line, key) for line in lines)


def _text_of_line(line: Mapping[str, Any], key: str) -> str:
    if "message" in line:
        return str(line["message"].get(key, ""))
    return str(line.get("response" if key == "content" else key, ""))


def join_blocks(events: Iterable[Object]) -> list[Object]:
    """Return the content blocks of an Anthropic stream, opened and closed in turn."""
    blocks: list[Object] = []
    block: Object | None = None
    text = ""
    for event in events:
        if event["type"] == "content_block_start":
            assert block is None and event["index"] == len(blocks)
            block, text = event["content_block"], ""
        elif event["type"] == "content_block_delta":
            assert block is not None and event["index"] == len(blocks)
            [part] = [v for k, v in event["delta"].items() if k != "type"]
            text += part
        elif event["type"] == "content_block_stop":
            assert block is not None
            is_call = block["type"] == "tool_use"
            key, value = ("input", json.loads(text)) if is_call else (None, text)
            blocks.append({**block, key or block["type"]: value})
            block = None
    return blocks


# Errors


def read_error(path: str, response: TestResponse) -> str:
    """Return the text of an error reply, which must have the format of its endpoint."""
    body = response.get_json()
    if path.startswith(MESSAGES):
        assert {"type", "error", "request_id"} == set(body), body
        assert body["type"] == "error"
        assert body["request_id"].startswith("req_")
        assert {"type", "message"} <= set(body["error"])
    elif path.startswith(("/v1/", "/chat/")):
        assert list(body) == ["error"], body
        assert list(body["error"]) == ["message", "type", "param", "code"]
    else:
        assert list(body) == ["error"], body
        assert isinstance(body["error"], str) and body["error"]
        return str(body["error"])
    error = body["error"]
    assert error["type"] and error["message"]
    return str(error["message"])


# Any reply to any request

SUCCESS = {200, 201, 204}
REDIRECTS = {301, 307, 308}
WITHOUT_BODY = SUCCESS | REDIRECTS | {403}
ROUTER_ERRORS = {404: "404 page not found", 405: "405 method not allowed"}
LAST_EVENTS = {
    "message_stop",
    "error",
    "response.completed",
    "response.incomplete",
    "response.failed",
}


def check_format(method: str, path: str, response: TestResponse) -> None:
    """Check that a reply, successful or not, has the format of its path."""
    status = response.status_code
    shown = f"{status} {response.content_type} {response.data[:300]!r}"
    if status in REDIRECTS or not response.data:
        assert status in WITHOUT_BODY or method == "HEAD", shown
    elif response.text == ROUTER_ERRORS.get(status):
        assert response.mimetype == "text/plain", shown
    elif status not in SUCCESS:
        read_error(path, response)
    elif response.mimetype == "application/x-ndjson":
        last = read_lines(response)[-1]
        assert last.get("done") or "error" in last or "status" in last, last
    elif response.mimetype == "text/event-stream":
        last = read_events(response)[-1]
        is_end = last == "[DONE]" or last.get("type") in LAST_EVENTS or "error" in last
        assert is_end, last
    elif response.mimetype == "application/json":
        assert isinstance(response.get_json(), dict), shown
    else:
        assert response.mimetype == "text/plain", shown


# Replies of any dialect


class Reply(NamedTuple):
    """A model's reply, independent of the dialect but for the reason of its end."""

    thinking: str
    text: str
    calls: list[tuple[str, Any]]  # names and arguments
    reason: str  # in the dialect's words, or FAILED
    error: str = ""


def read_reply(path: str, response: TestResponse, *, stream: bool) -> Reply:
    """Return the reply of any inference endpoint, and check its stream."""
    if stream:
        return STREAM_READERS[path](response)
    assert response.status_code == 200, response.text
    return WHOLE_READERS[path](response.get_json())


def _native_stream(response: TestResponse) -> Reply:
    *lines, last = read_lines(response)
    assert not any(line.get("done") for line in lines)
    thinking, text = join_lines(lines, "thinking"), join_lines(lines, "content")
    calls = [call for line in lines for call in _native_calls(line)]
    if "error" in last:
        assert list(last) == ["error"]
        return Reply(thinking, text, calls, FAILED, last["error"])
    end = _native_whole(last)
    assert (end.thinking, end.text, end.calls) == ("", "", [])
    return Reply(thinking, text, calls, end.reason)


def _native_whole(body: Object) -> Reply:
    assert body["done"] is True
    assert min(body[key] for key in body if "count" in key or "duration" in key) > 0
    thinking, text = join_lines([body], "thinking"), join_lines([body], "content")
    return Reply(thinking, text, _native_calls(body), body["done_reason"])


def _native_calls(line: Mapping[str, Any]) -> list[tuple[str, Any]]:
    calls = line.get("message", {}).get("tool_calls") or []
    functions = [call["function"] for call in calls]
    assert [call["index"] for call in functions] == list(range(len(functions)))
    return [(call["name"], call["arguments"]) for call in functions]


def _chat_stream(response: TestResponse) -> Reply:
    *chunks, last = read_events(response)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    roles = [delta.get("role") for delta in deltas]
    assert roles == ["assistant", *[None] * (len(deltas) - 1)]
    calls = [call for delta in deltas for call in delta.get("tool_calls") or []]
    assert [call["index"] for call in calls] == list(range(len(calls)))
    thinking, text = join_deltas(chunks, "reasoning"), join_deltas(chunks, "content")
    end = _openai_end(chunks, last)
    assert not any(deltas[-1].values()) or end[0] == FAILED
    return Reply(thinking, text, _functions(calls), *end)


def _chat_whole(body: Object) -> Reply:
    [choice] = body["choices"]
    message = choice["message"]
    calls = _functions(message.get("tool_calls") or [])
    thinking = message.get("reasoning", "")
    return Reply(thinking, message["content"], calls, choice["finish_reason"])


def _functions(calls: Iterable[Object]) -> list[tuple[str, Any]]:
    functions = [call["function"] for call in calls]
    return [(call["name"], json.loads(call["arguments"])) for call in functions]


def _openai_end(chunks: list[Object], last: Any) -> tuple[str, str]:
    """Return finish reason and error; only the last chunk may have a reason."""
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    if last == "[DONE]":
        assert not any(reasons[:-1])
        return reasons[-1], ""
    assert list(last) == ["error"]
    assert not any(reasons)
    return FAILED, last["error"]["message"]


def _completions_stream(response: TestResponse) -> Reply:
    *chunks, last = read_events(response)
    text = "".join(chunk["choices"][0]["text"] for chunk in chunks)
    return Reply("", text, [], *_openai_end(chunks, last))


def _completions_whole(body: Object) -> Reply:
    [choice] = body["choices"]
    return Reply("", choice["text"], [], choice["finish_reason"])


def _responses_stream(response: TestResponse) -> Reply:
    events = read_events(response)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    names = [event["type"].removeprefix("response.") for event in events]
    last = events[-1]["response"]
    assert names[:2] == ["created", "in_progress"]
    assert not {"completed", "incomplete", "failed"} & set(names[:-1])
    assert last["status"] == names[-1]
    indexes = [event["output_index"] for event in events if "output_index" in event]
    assert indexes == sorted(indexes)
    assert set(indexes) == set(range(len(last["output"])))
    opened, closed = map(names.count, ("output_item.added", "output_item.done"))
    assert opened == closed or names[-1] == FAILED
    return _responses_whole(last)


def _responses_whole(body: Object) -> Reply:
    types = [item["type"] for item in body["output"]]
    assert types == sorted(types, key=ITEM_TYPES.index)
    reasoning, messages, calls = (
        [item for item in body["output"] if item["type"] == kind] for kind in ITEM_TYPES
    )
    return Reply(
        "".join(part["text"] for item in reasoning for part in item["summary"]),
        "".join(part["text"] for item in messages for part in item["content"]),
        [(call["name"], json.loads(call["arguments"])) for call in calls],
        (body["incomplete_details"] or {}).get("reason") or body["status"],
        (body["error"] or {}).get("message", ""),
    )


def _messages_stream(response: TestResponse) -> Reply:
    *events, last = read_message_events(response)
    types = [event["type"] for event in events]
    assert types[0] == "message_start" and types.count("message_start") == 1
    if last["type"] == "error":
        end_of_block = {"type": "content_block_stop"}  # an error closes no block
        blocks = join_blocks([*events, end_of_block])
        return Reply(*_contents(blocks), FAILED, last["error"]["message"])
    assert (types[-1], last["type"]) == ("message_delta", "message_stop")
    reason = events[-1]["delta"]["stop_reason"]
    return Reply(*_contents(join_blocks(events)), reason)


def _messages_whole(body: Object) -> Reply:
    return Reply(*_contents(body["content"]), body["stop_reason"])


def _contents(blocks: list[Object]) -> tuple[str, str, list[tuple[str, Any]]]:
    types = [block["type"] for block in blocks]
    assert types == sorted(types, key=BLOCK_TYPES.index)
    calls = [block for block in blocks if block["type"] == "tool_use"]
    assert len({call["id"] for call in calls}) == len(calls)
    thinking = "".join(block.get("thinking", "") for block in blocks)
    text = "".join(block.get("text", "") for block in blocks)
    return thinking, text, [(call["name"], call["input"]) for call in calls]


STREAM_READERS: dict[str, Callable[[TestResponse], Reply]] = {
    CHAT: _native_stream,
    GENERATE: _native_stream,
    OPENAI: _chat_stream,
    COMPLETIONS: _completions_stream,
    RESPONSES: _responses_stream,
    MESSAGES: _messages_stream,
}
WHOLE_READERS: dict[str, Callable[[Object], Reply]] = {
    CHAT: _native_whole,
    GENERATE: _native_whole,
    OPENAI: _chat_whole,
    COMPLETIONS: _completions_whole,
    RESPONSES: _responses_whole,
    MESSAGES: _messages_whole,
}
