"""Each tool call is followed by its result, whatever the client sent."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.translate.tool_pairing import pair_results

USER = {"role": "user", "content": "hello"}


def call(name: str, id: str = "", arguments: str = "{}") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"type": "function", "function": function} | ({"id": id} if id else {})


def assistant(*calls: dict[str, Any], content: str = "") -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def result(content: str, **link: str) -> dict[str, Any]:
    return {"role": "tool", "content": content, **link}


def summarize(messages: list[dict[str, Any]]) -> list[str]:
    """Return a line per message, with results named after their calls."""
    names = {
        call["id"]: call["function"]["name"]
        for message in messages
        for call in message.get("tool_calls", ())
    }
    lines = []
    for message in messages:
        if message["role"] == "tool":
            lines.append(f"{names[message['tool_call_id']]}={message['content']}")
        elif "tool_calls" in message:
            call_names = (call["function"]["name"] for call in message["tool_calls"])
            lines.append("call " + " ".join(call_names))
        else:
            lines.append(f"{message['role']}: {message['content']}")
    return lines


def assert_valid(messages: list[dict[str, Any]]) -> None:
    """Assert that results follow their calls at once and that ids are unique."""
    ids: list[str] = []
    open_ids: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            open_ids.remove(message["tool_call_id"])
            continue
        assert not open_ids
        open_ids = [call["id"] for call in message.get("tool_calls", ())]
        ids += open_ids
    assert not open_ids
    assert len(ids) == len(set(ids))


CONVERSATIONS = {
    "by id, in another order": (
        [
            assistant(call("a", "1"), call("b", "2")),
            result("B", tool_call_id="2"),
            result("A", tool_call_id="1"),
        ],
        ["call a b", "a=A", "b=B"],
    ),
    "by name, in another order": (
        [
            assistant(call("a"), call("b")),
            result("B", name="b"),
            result("A", name="a"),
        ],
        ["call a b", "a=A", "b=B"],
    ),
    "by order, without id or name": (
        [assistant(call("a"), call("b")), result("A"), result("B")],
        ["call a b", "a=A", "b=B"],
    ),
    "a name that is called twice, by order": (
        [
            assistant(call("a"), call("b"), call("a")),
            result("A1", name="a"),
            result("A2", name="a"),
            result("B", name="b"),
        ],
        ["call a b a", "a=A1", "b=B", "a=A2"],
    ),
    "a matching id takes precedence over the order": (
        [
            assistant(call("a", "1"), call("b", "2")),
            result("B", tool_call_id="unknown"),
            result("A", tool_call_id="1"),
        ],
        ["call a b", "a=A", "b=B"],
    ),
    "an unknown name falls back to the order": (
        [assistant(call("a")), result("A", name="functions.a")],
        ["call a", "a=A"],
    ),
    "one id for two calls": (
        [
            assistant(call("a", "0"), call("b", "0")),
            result("A", tool_call_id="0"),
            result("B", tool_call_id="0"),
        ],
        ["call a b", "a=A", "b=B"],
    ),
    "an id used again in a later round": (
        [
            assistant(call("a", "0")),
            result("A1", tool_call_id="0"),
            USER,
            assistant(call("a", "0")),
            result("A2", tool_call_id="0"),
        ],
        ["call a", "a=A1", "user: hello", "call a", "a=A2"],
    ),
    "calls in successive messages": (
        [
            assistant(call("a", "1")),
            assistant(call("b", "2")),
            result("A", tool_call_id="1"),
            result("B", tool_call_id="2"),
        ],
        ["call a", "a=A", "call b", "b=B"],
    ),
    "a user between call and result": (
        [
            assistant(call("a", "1")),
            USER,
            result("A", tool_call_id="1"),
        ],
        ["call a", "a=A", "user: hello"],
    ),
    "a result that comes after the next call": (
        [
            assistant(call("a", "1"), call("b", "2")),
            result("A", tool_call_id="1"),
            assistant(call("c", "3")),
            result("B", tool_call_id="2"),
            result("C", tool_call_id="3"),
        ],
        ["call a b", "a=A", "b=B", "call c", "c=C"],
    ),
    "a call without a result": (
        [assistant(call("a")), USER],
        ["call a", "a=", "user: hello"],
    ),
    "one of two results": (
        [assistant(call("a"), call("b")), result("B", name="b")],
        ["call a b", "a=", "b=B"],
    ),
    "a call that ends the conversation": (
        [USER, assistant(call("a"), content="Let me see.")],
        ["user: hello", "assistant: Let me see."],
    ),
    "a call without text that ends the conversation": (
        [USER, assistant(call("a"))],
        ["user: hello"],
    ),
    "a result without a call": (
        [result("42", name="answer"), USER],
        ["user: Result of answer:\n42", "user: hello"],
    ),
    "more results than calls": (
        [assistant(call("a", "1")), result("A"), result("more"), USER],
        ["call a", "a=A", "user: Result of a tool:\nmore", "user: hello"],
    ),
    "many rounds without ids and names": (
        [
            USER,
            assistant(call("a")),
            result("A1"),
            assistant(call("a"), call("b")),
            result("A2"),
            result("B"),
            {"role": "assistant", "content": "done"},
            USER,
            assistant(call("b")),
            result("B2"),
        ],
        [
            "user: hello",
            "call a",
            "a=A1",
            "call a b",
            "a=A2",
            "b=B",
            "assistant: done",
            "user: hello",
            "call b",
            "b=B2",
        ],
    ),
}


@pytest.mark.parametrize(
    ("messages", "expected"), CONVERSATIONS.values(), ids=CONVERSATIONS.keys()
)
def test_every_call_is_followed_by_its_result(
    messages: list[dict[str, Any]], expected: list[str]
) -> None:
    before = copy.deepcopy(messages)

    paired = pair_results(messages)

    assert summarize(paired) == expected
    assert_valid(paired)
    assert messages == before


@pytest.mark.parametrize(
    "messages", [case[0] for case in CONVERSATIONS.values()], ids=CONVERSATIONS.keys()
)
def test_pairing_twice_changes_nothing(messages: list[dict[str, Any]]) -> None:
    paired = pair_results(messages)

    assert pair_results(paired) == paired


def test_unique_ids_of_the_client_are_kept() -> None:
    paired = pair_results(
        [assistant(call("a", "call_x")), result("A", tool_call_id="call_x")]
    )

    assert paired[0]["tool_calls"][0]["id"] == "call_x"
    assert paired[1]["tool_call_id"] == "call_x"


def test_new_id_has_nine_hexadecimal_digits() -> None:
    paired = pair_results([assistant(call("a")), result("A")])

    new_id = paired[0]["tool_calls"][0]["id"]
    assert len(new_id) == 9
    assert int(new_id, 16) >= 0


def test_new_ids_stay_the_same_when_the_conversation_grows() -> None:
    start = [USER, assistant(call("a"), call("a")), result("A1"), result("A2")]

    paired = pair_results(start)
    grown = pair_results([*start, assistant(call("a")), result("A3"), USER])

    assert grown[: len(paired)] == paired


def test_name_of_result_and_arguments_of_call_are_kept() -> None:
    paired = pair_results([assistant(call("a", "", '{"x": 1}')), result("A", name="a")])

    assert paired[0]["tool_calls"][0]["function"]["arguments"] == '{"x": 1}'
    assert paired[1]["name"] == "a"


def test_missing_arguments_become_an_empty_object() -> None:
    bare = {"function": {"name": "a"}}

    paired = pair_results([assistant(bare), result("A")])

    assert paired[0]["tool_calls"][0]["function"] == {"name": "a", "arguments": "{}"}


def test_result_without_call_keeps_the_text_of_its_parts() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]

    paired = pair_results([{"role": "tool", "content": parts}])

    assert paired == [{"role": "user", "content": "Result of a tool:\none\ntwo"}]


def test_messages_without_tools_stay_unchanged() -> None:
    assert pair_results([USER]) == [USER]
