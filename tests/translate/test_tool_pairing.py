"""Each tool call is followed by its result, whatever the client sent."""

import copy
from typing import Any

import pytest

from app.translate.tool_pairing import pair_results
from tests.translate.builders import Json, function, message, text_part

USER = message("user", "hello")


def call(name: str, id: str = "", arguments: str = "{}") -> Json:
    return function(name, arguments=arguments) | ({"id": id} if id else {})


def assistant(*calls: Json, content: str = "") -> Json:
    return message("assistant", content, tool_calls=list(calls))


def result(content: Any, **link: str) -> Json:
    return message("tool", content, **link)


def parse(conversation: str) -> list[Json]:
    """Return the messages of a line: `call NAME:ID ...`, `CONTENT id=...` or `user`."""
    messages = []
    for step in conversation.split(" | "):
        first, *words = step.split()
        if step == "user":
            messages.append(USER)
        elif first == "call":
            calls = (word.partition(":") for word in words)
            messages.append(assistant(*(call(name, id) for name, _, id in calls)))
        else:
            link = dict(word.split("=") for word in words)
            messages.append(result(first, **link))
    return messages


def summarize(messages: list[Json]) -> str:
    """Return a line like those of `parse`, with results named after their calls."""
    names = {
        call["id"]: call["function"]["name"]
        for message in messages
        for call in message.get("tool_calls", ())
    }
    steps = []
    for message_ in messages:
        if message_["role"] == "tool":
            steps.append(f"{names[message_['tool_call_id']]}={message_['content']}")
        elif "tool_calls" in message_:
            call_names = (call["function"]["name"] for call in message_["tool_calls"])
            steps.append("call " + " ".join(call_names))
        else:
            is_user = message_ == USER
            steps.append(
                "user" if is_user else f"{message_['role']}: {message_['content']}"
            )
    return " | ".join(steps)


def assert_valid(messages: list[Json]) -> None:
    """Assert that results follow their calls at once and that ids are unique."""
    ids: list[str] = []
    open_ids: list[str] = []
    for message_ in messages:
        if message_["role"] == "tool":
            open_ids.remove(message_["tool_call_id"])
            continue
        assert not open_ids
        open_ids = [call["id"] for call in message_.get("tool_calls", ())]
        ids += open_ids
    assert not open_ids
    assert len(ids) == len(set(ids))


CONVERSATIONS = {
    "by id, in another order": (
        "call a:1 b:2 | B tool_call_id=2 | A tool_call_id=1",
        "call a b | a=A | b=B",
    ),
    "by name, in another order": (
        "call a b | B name=b | A name=a",
        "call a b | a=A | b=B",
    ),
    "by order, without id or name": ("call a b | A | B", "call a b | a=A | b=B"),
    "a name that is called twice, by order": (
        "call a b a | A1 name=a | A2 name=a | B name=b",
        "call a b a | a=A1 | b=B | a=A2",
    ),
    "a matching id takes precedence over the order": (
        "call a:1 b:2 | B tool_call_id=unknown | A tool_call_id=1",
        "call a b | a=A | b=B",
    ),
    "an unknown name falls back to the order": (
        "call a | A name=functions.a",
        "call a | a=A",
    ),
    "one id for two calls": (
        "call a:0 b:0 | A tool_call_id=0 | B tool_call_id=0",
        "call a b | a=A | b=B",
    ),
    "an id used again in a later round": (
        "call a:0 | A1 tool_call_id=0 | user | call a:0 | A2 tool_call_id=0",
        "call a | a=A1 | user | call a | a=A2",
    ),
    "calls in successive messages": (
        "call a:1 | call b:2 | A tool_call_id=1 | B tool_call_id=2",
        "call a | a=A | call b | b=B",
    ),
    "a user between call and result": (
        "call a:1 | user | A tool_call_id=1",
        "call a | a=A | user",
    ),
    "a result that comes after the next call": (
        "call a:1 b:2 | A tool_call_id=1 | call c:3 | B tool_call_id=2"
        " | C tool_call_id=3",
        "call a b | a=A | b=B | call c | c=C",
    ),
    "a late result belongs to the newest call with its id": (
        "call a:0 | user | call b:0 | user | call c | B tool_call_id=0",
        "call a | a= | user | call b | b=B | user | call c | c=",
    ),
    "a call without a result": ("call a | user", "call a | a= | user"),
    "one of two results": ("call a b | B name=b", "call a b | a= | b=B"),
    "a call without text that ends the conversation": ("user | call a", "user"),
    "a result without a call": (
        "42 name=answer | user",
        "user: Result of answer:\n42 | user",
    ),
    "more results than calls": (
        "call a:1 | A | more | user",
        "call a | a=A | user: Result of a tool:\nmore | user",
    ),
    "many rounds without ids and names": (
        "user | call a | A1 | call a b | A2 | B | user | call b | B2",
        "user | call a | a=A1 | call a b | a=A2 | b=B | user | call b | b=B2",
    ),
}


@pytest.mark.parametrize(
    ("conversation", "expected"), CONVERSATIONS.values(), ids=CONVERSATIONS
)
def test_every_call_is_followed_by_its_result(conversation: str, expected: str) -> None:
    messages = parse(conversation)
    before = copy.deepcopy(messages)

    paired = pair_results(messages)

    assert summarize(paired) == expected
    assert_valid(paired)
    assert messages == before
    assert pair_results(paired) == paired


def test_text_beside_a_call_that_ends_the_conversation_is_kept() -> None:
    paired = pair_results([USER, assistant(call("a"), content="Let me see.")])

    assert paired == [USER, message("assistant", "Let me see.")]


def test_ids_names_and_arguments_of_the_client_are_kept() -> None:
    conversation = [
        assistant(call("a", "call_x", '{"x": 1}')),
        result("A", tool_call_id="call_x", name="a"),
    ]

    assert pair_results(conversation) == conversation


def test_new_id_has_nine_hexadecimal_digits() -> None:
    [paired, _] = pair_results(parse("call a | A"))

    new_id = paired["tool_calls"][0]["id"]
    assert len(new_id) == 9
    assert int(new_id, 16) >= 0


def test_new_id_differs_from_an_id_of_the_client() -> None:
    calls = [call("a"), call("a")]
    [message, *_] = pair_results([assistant(*calls), result("A"), result("B")])
    calls[0]["id"] = message["tool_calls"][1]["id"]

    assert_valid(pair_results([assistant(*calls), result("A"), result("B")]))


def test_new_ids_stay_the_same_when_the_conversation_grows() -> None:
    paired = pair_results(parse("user | call a a | A1 | A2"))
    grown = pair_results(parse("user | call a a | A1 | A2 | call a | A3 | user"))

    assert grown[: len(paired)] == paired


def test_missing_arguments_become_an_empty_object() -> None:
    bare = {"function": {"name": "a"}}

    [paired, _] = pair_results([assistant(bare), result("A")])

    assert paired["tool_calls"][0]["function"] == {"name": "a", "arguments": "{}"}


def test_result_without_call_keeps_the_text_of_its_parts() -> None:
    paired = pair_results([result([text_part("one"), text_part("two")])])

    assert paired == [message("user", "Result of a tool:\none\ntwo")]


def test_messages_without_tools_stay_unchanged() -> None:
    assert pair_results([USER]) == [USER]
