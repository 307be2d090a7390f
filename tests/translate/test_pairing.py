"""Tool calls and their results leave as the upstream demands, whatever came in."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.translate.pairing import pair

USER = {"role": "user", "content": "hello"}


def call(name: str, id: str = "", arguments: str = "{}") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"type": "function", "function": function} | ({"id": id} if id else {})


def assistant(*calls: dict[str, Any], content: str = "") -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def result(content: str, **link: str) -> dict[str, Any]:
    return {"role": "tool", "content": content, **link}


def outline(messages: list[dict[str, Any]]) -> list[str]:
    """A conversation in short: calls by name, results by the call they answer."""
    names = {
        made["id"]: made["function"]["name"]
        for message in messages
        for made in message.get("tool_calls", ())
    }
    lines = []
    for message in messages:
        if message["role"] == "tool":
            lines.append(f"{names[message['tool_call_id']]}={message['content']}")
        elif "tool_calls" in message:
            called = (made["function"]["name"] for made in message["tool_calls"])
            lines.append("call " + " ".join(called))
        else:
            lines.append(f"{message['role']}: {message['content']}")
    return lines


def assert_valid(messages: list[dict[str, Any]]) -> None:
    """The upstream's rule: calls answered at once, no orphan, no id twice."""
    seen: list[str] = []
    due: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            due.remove(message["tool_call_id"])
            continue
        assert not due
        due = [made["id"] for made in message.get("tool_calls", ())]
        seen += due
    assert not due
    assert len(seen) == len(set(seen))


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
    "by order, with neither": (
        [assistant(call("a"), call("b")), result("A"), result("B")],
        ["call a b", "a=A", "b=B"],
    ),
    "one name twice, by order": (
        [
            assistant(call("a"), call("b"), call("a")),
            result("A1", name="a"),
            result("A2", name="a"),
            result("B", name="b"),
        ],
        ["call a b a", "a=A1", "b=B", "a=A2"],
    ),
    "an id that fits beats the order": (
        [
            assistant(call("a", "1"), call("b", "2")),
            result("B", tool_call_id="unknown"),
            result("A", tool_call_id="1"),
        ],
        ["call a b", "a=A", "b=B"],
    ),
    "a name nobody called falls back to order": (
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
    "an id used again in a later turn": (
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
    "a silent call that ends the conversation": (
        [USER, assistant(call("a"))],
        ["user: hello"],
    ),
    "a result without a call": (
        [result("42", name="answer"), USER],
        ["user: Result of answer:\n42", "user: hello"],
    ),
    "a result too many": (
        [assistant(call("a", "1")), result("A"), result("more"), USER],
        ["call a", "a=A", "user: Result of a tool:\nmore", "user: hello"],
    ),
    "many turns with neither id nor name": (
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

    paired = pair(messages)

    assert outline(paired) == expected
    assert_valid(paired)
    assert messages == before


@pytest.mark.parametrize(
    "messages", [case[0] for case in CONVERSATIONS.values()], ids=CONVERSATIONS.keys()
)
def test_a_paired_conversation_stays_as_it_is(messages: list[dict[str, Any]]) -> None:
    paired = pair(messages)

    assert pair(paired) == paired


def test_ids_of_the_client_are_kept_where_they_are_unique() -> None:
    paired = pair([assistant(call("a", "call_x")), result("A", tool_call_id="call_x")])

    assert paired[0]["tool_calls"][0]["id"] == "call_x"
    assert paired[1]["tool_call_id"] == "call_x"


def test_made_ids_look_like_the_upstreams() -> None:
    paired = pair([assistant(call("a")), result("A")])

    made = paired[0]["tool_calls"][0]["id"]
    assert len(made) == 9
    assert int(made, 16) >= 0


def test_made_ids_stay_when_the_conversation_grows() -> None:
    start = [USER, assistant(call("a"), call("a")), result("A1"), result("A2")]

    paired = pair(start)
    grown = pair([*start, assistant(call("a")), result("A3"), USER])

    assert grown[: len(paired)] == paired


def test_a_result_keeps_its_name_and_a_call_its_arguments() -> None:
    paired = pair([assistant(call("a", "", '{"x": 1}')), result("A", name="a")])

    assert paired[0]["tool_calls"][0]["function"]["arguments"] == '{"x": 1}'
    assert paired[1]["name"] == "a"


def test_a_call_without_arguments_has_an_empty_object() -> None:
    bare = {"function": {"name": "a"}}

    paired = pair([assistant(bare), result("A")])

    assert paired[0]["tool_calls"][0]["function"] == {"name": "a", "arguments": "{}"}


def test_an_orphan_of_parts_keeps_its_text() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]

    paired = pair([{"role": "tool", "content": parts}])

    assert paired == [{"role": "user", "content": "Result of a tool:\none\ntwo"}]


def test_a_conversation_without_tools_passes() -> None:
    assert pair([USER]) == [USER]
