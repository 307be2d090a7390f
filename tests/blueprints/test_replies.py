"""Each route ends its replies as its API does, whole and streamed."""

import json
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    INFERENCE_PATHS,
    MESSAGES,
    NO_THINKING,
    OPENAI,
    RESPONSES,
    TOWN,
    WEATHER_TOOLS,
    complete,
    post,
    upstream_request,
)
from tests.blueprints.readers import FAILED, Reply, read_reply
from tests.cerebras import Fake
from tests.upstream.faults import CUT

SEVEN_WORDS = "one two three four five six seven"
OSLO, ROME = ({"name": "weather", "arguments": {"town": t}} for t in ("Oslo", "Rome"))
OSLO_CALL, ROME_CALL = ("weather", {"town": "Oslo"}), ("weather", {"town": "Rome"})
INCOMPLETE_CALL = {"name": "weather", "arguments": '{"tow'}
TOOL_PATHS = [path for path in INFERENCE_PATHS if WEATHER_TOOLS[path]]

both_ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


class Case(NamedTuple):
    """What the upstream sends, and what every client receives."""

    script: dict[str, Any]
    thinking: str = ""
    text: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    reason: str = "stop"


CASES = {
    "text": Case({"content": "Hi."}, text="Hi."),
    "text and call": Case(
        {"content": "Wait.", "tool_calls": [OSLO]},
        text="Wait.",
        calls=(OSLO_CALL,),
        reason="call",
    ),
    "call": Case({"tool_calls": [OSLO]}, calls=(OSLO_CALL,), reason="call"),
    "two calls": Case(
        {"tool_calls": [OSLO, ROME]}, calls=(OSLO_CALL, ROME_CALL), reason="call"
    ),
    "two calls in fragments": Case(
        {"tool_calls": [OSLO, ROME], "arguments_delta_size": 2},
        calls=(OSLO_CALL, ROME_CALL),
        reason="call",
    ),
    "reasoning and text": Case(
        {"reasoning": "Hm.", "content": "Hi."}, thinking="Hm.", text="Hi."
    ),
    "reasoning and call": Case(
        {"reasoning": "Hm.", "tool_calls": [OSLO]},
        "Hm.",
        calls=(OSLO_CALL,),
        reason="call",
    ),
    "reasoning, text and calls": Case(
        {"reasoning": "Hm.", "content": "Wait.", "tool_calls": [OSLO, ROME]},
        "Hm.",
        "Wait.",
        (OSLO_CALL, ROME_CALL),
        "call",
    ),
    "nothing": Case({"content": ""}),
    "text cut by length": Case(
        {"content": SEVEN_WORDS, "finish_reason": "length"},
        text=SEVEN_WORDS,
        reason="length",
    ),
    "reasoning cut by length": Case(
        {"reasoning": SEVEN_WORDS, "content": "", "finish_reason": "length"},
        SEVEN_WORDS,
        reason="length",
    ),
    "call cut by length": Case(
        {
            "content": "Wait.",
            "tool_calls": [INCOMPLETE_CALL],
            "finish_reason": "length",
        },
        text="Wait.",
        reason="length",
    ),
    "text cut by a filter": Case(
        {"content": "Hi.", "finish_reason": "content_filter"},
        text="Hi.",
        reason="filter",
    ),
}

NATIVE = {"stop": "stop", "call": "stop", "length": "length", "filter": "stop"}
CHOICE = {
    "stop": "stop",
    "call": "tool_calls",
    "length": "length",
    "filter": "content_filter",
}
REASONS = {
    CHAT: NATIVE,
    GENERATE: NATIVE,
    OPENAI: CHOICE,
    COMPLETIONS: CHOICE,
    RESPONSES: {
        "stop": "completed",
        "call": "completed",
        "length": "max_output_tokens",
        "filter": "content_filter",
    },
    MESSAGES: {
        "stop": "end_turn",
        "call": "tool_use",
        "length": "max_tokens",
        "filter": "refusal",
    },
}


@both_ways
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (path, name)
        for path in INFERENCE_PATHS
        for name, case in CASES.items()
        if "tool_calls" not in case.script or path in TOOL_PATHS
    ],
)
def test_reply_has_all_parts_and_the_reason_of_its_end(
    client: FlaskClient, fake: Fake, path: str, name: str, stream: bool
) -> None:
    case = CASES[name]
    fake.script(case.script)

    response = post(client, path, stream=stream, **WEATHER_TOOLS[path])

    thinking = "" if path == COMPLETIONS else case.thinking
    reason = REASONS[path][case.reason]
    expected = Reply(thinking, case.text, list(case.calls), reason)
    assert read_reply(path, response, stream=stream) == expected


@pytest.mark.parametrize("path", TOOL_PATHS)
def test_incomplete_call_is_not_sent(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    fake.script(
        {
            "content": "Wait.",
            "tool_calls": [OSLO],
            "arguments_delta_size": 4,
            "delta_size": 9,
            "fault": "cut",
            "after": 4,
        }
    )

    response = post(client, path, stream=True, **WEATHER_TOOLS[path])

    reply = read_reply(path, response, stream=True)
    assert reply == Reply("", "Wait.", [], FAILED, CUT)


@both_ways
@pytest.mark.parametrize(
    ("path", "field"),
    [
        (CHAT, "options"),
        (GENERATE, "options"),
        (OPENAI, "stop"),
        (COMPLETIONS, "stop"),
        (MESSAGES, "stop_sequences"),
    ],
)
def test_more_stop_sequences_than_the_upstream_takes_are_applied(
    client: FlaskClient, fake: Fake, path: str, field: str, stream: bool
) -> None:
    fake.script({"content": "one two FIVE three"})
    stop = ["AA", "BB", "CC", "DD", "FIVE"]
    fields = {field: {"stop": stop} if field == "options" else stop}

    response = post(client, path, stream=stream, **fields)

    reply = read_reply(path, response, stream=stream)
    assert reply.text == "one two "
    assert reply.reason == ("stop_sequence" if path == MESSAGES else "stop")
    assert upstream_request(fake)["stop"] == ["AA", "BB", "CC", "DD"]


FORMAT_FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    CHAT: ({"format": "json"}, {"format": TOWN}),
    GENERATE: ({"format": "json"}, {"format": TOWN}),
    OPENAI: (
        {"response_format": {"type": "json_object"}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "town", "schema": TOWN},
            }
        },
    ),
    RESPONSES: (
        {"text": {"format": {"type": "json_object"}}, "input": "A town in JSON"},
        {"text": {"format": {"type": "json_schema", "name": "town", "schema": TOWN}}},
    ),
}


@both_ways
@pytest.mark.parametrize("is_schema", [False, True], ids=["json", "schema"])
@pytest.mark.parametrize("path", FORMAT_FIELDS)
def test_text_has_the_requested_format(
    client: FlaskClient, path: str, is_schema: bool, stream: bool
) -> None:
    response = post(client, path, stream=stream, **FORMAT_FIELDS[path][is_schema])

    value = json.loads(read_reply(path, response, stream=stream).text)
    assert isinstance(value, dict)
    assert not is_schema or set(value) == {"name", "people"}


@both_ways
@pytest.mark.parametrize("path", NO_THINKING)
def test_disabled_thinking_is_hidden(
    client: FlaskClient, fake: Fake, path: str, stream: bool
) -> None:
    fake.script({"reasoning": "Hm.", "content": "Hi."})

    response = post(client, path, stream=stream, **NO_THINKING[path])

    assert read_reply(path, response, stream=stream).thinking == ""


@both_ways
@pytest.mark.parametrize("path", [CHAT, OPENAI])
def test_tools_and_format_need_two_upstream_requests(
    client: FlaskClient, fake: Fake, path: str, stream: bool
) -> None:
    fake.script({"content": "Oslo has some people."})
    fake.script({"content": '{"name": "Oslo", "people": 700000}'})
    fields = {**WEATHER_TOOLS[path], **FORMAT_FIELDS[path][1]}

    response = post(client, path, stream=stream, **fields)

    text = read_reply(path, response, stream=stream).text
    first, second = [record["body"] for record in fake.inference_requests()]
    assert json.loads(text) == {"name": "Oslo", "people": 700_000}
    assert "tools" in first
    assert "response_format" not in first
    assert '"people"' in first["messages"][0]["content"]
    assert "tools" not in second
    assert second["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("path", [OPENAI, COMPLETIONS])
def test_debug_render_only_returns_the_upstream_request(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    body = complete(client, path, _debug_render_only=True)

    request = json.loads(body["_debug_info"]["rendered_template"])
    assert request["model"] == "gpt-oss-120b"
    assert request["messages"] == [{"role": "user", "content": "hello"}]
    assert fake.inference_requests() == []
