"""Requests of `/v1/messages` are converted to the upstream form."""

from dataclasses import replace
from typing import Any

import pytest

from app.errors import ConversationNotFound, InvalidRequest
from app.translate.anthropic.messages import (
    AnthropicMessages,
    input_tokens,
    reasoning_effort,
)
from tests.translate.builders import MODEL, Json, message

HELLO = message("user", "hello")
SCHEMA = {"type": "object", "properties": {}}
FORMAT = {"type": "json_schema", "schema": SCHEMA}
IMAGE = {"type": "image", "source": {"type": "base64", "data": "a" * 4000}}


def convert(**body: Any) -> Json:
    request = {"max_tokens": 9, "messages": [HELLO], **body}
    return AnthropicMessages().to_upstream(request, MODEL)


def test_simple_request_has_messages_and_a_limit() -> None:
    assert convert() == {"messages": [HELLO], "max_completion_tokens": 9}


def test_max_tokens_are_capped_at_the_limit_of_the_model() -> None:
    body = {"max_tokens": 1000, "messages": [HELLO]}

    request = AnthropicMessages().to_upstream(body, replace(MODEL, max_output=100))

    assert request["max_completion_tokens"] == 100


def test_system_prompt_comes_first() -> None:
    messages = convert(system="Be brief.")["messages"]

    assert messages == [message("system", "Be brief."), HELLO]


def test_sampling_and_nonempty_stop_sequences_are_kept() -> None:
    request = convert(temperature=0, top_p=0.5, stop_sequences=["a", ""], top_k=3)

    assert request["temperature"] == 0
    assert request["top_p"] == 0.5
    assert request["stop"] == ["a"]
    assert "top_k" not in request


@pytest.mark.parametrize(
    "body", [{"output_config": {"format": FORMAT}}, {"output_format": FORMAT}]
)
def test_output_format_becomes_a_response_format(body: Json) -> None:
    expected = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}

    assert convert(**body)["response_format"] == expected


@pytest.mark.parametrize(
    "output_format",
    [None, "json", {}, {"type": "json_schema"}, {"type": "text", "schema": {}}],
)
def test_invalid_output_format_is_ignored(output_format: Any) -> None:
    request = convert(output_config={"format": output_format})

    assert "response_format" not in request


def test_only_tools_that_clients_run_are_needed() -> None:
    look = {"name": "look", "input_schema": SCHEMA}
    server_tool = {"type": "web_search_20250305", "name": "search"}

    assert AnthropicMessages().needs({"tools": [look, server_tool]}) == {"tools": True}
    assert AnthropicMessages().needs({"tools": [server_tool]}) == {"tools": False}
    assert AnthropicMessages().ignored({"tools": [server_tool]}) == ["search"]


def test_images_are_those_of_all_messages() -> None:
    body = {"messages": [HELLO, message("user", [IMAGE])]}

    assert list(AnthropicMessages().images(body)) == ["a" * 4000]
    assert list(AnthropicMessages().images({})) == []


def test_empty_conversation_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="messages is required"):
        convert(messages=[{"role": "user", "content": ""}], system="Be brief.")


def test_thread_can_be_created_but_not_continued() -> None:
    assert "thread" not in convert(thread={"type": "create"})
    with pytest.raises(ConversationNotFound):
        convert(thread={"type": "continue", "previous_message_id": "msg_1"})


@pytest.mark.parametrize(
    ("thinking", "effort", "expected"),
    [
        (None, None, None),
        ({"type": "disabled"}, "high", "none"),
        ({"type": "enabled"}, None, None),
        ({"type": "enabled"}, "medium", "medium"),
        ({"type": "enabled", "budget_tokens": 1024}, "high", "low"),
        ({"type": "enabled", "budget_tokens": 4096}, None, "low"),
        ({"type": "enabled", "budget_tokens": 4097}, None, "medium"),
        ({"type": "enabled", "budget_tokens": 31_999}, None, "high"),
        ({"type": "enabled", "budget_tokens": "many"}, None, None),
        ({"type": "adaptive"}, None, None),
        ({"type": "adaptive", "budget_tokens": 1024}, "high", "high"),
        (None, " Low ", "low"),
        (None, "xhigh", "high"),
        (None, "max", "max"),
        (None, "extreme", None),
        (None, 5, None),
    ],
)
def test_thinking_budget_takes_precedence_over_effort(
    thinking: Any, effort: Any, expected: Any
) -> None:
    body = {"thinking": thinking, "output_config": {"effort": effort}}

    assert reasoning_effort(body) == expected


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (None, True),
        ({"type": "disabled"}, False),
        ({"type": "adaptive", "display": "summarized"}, True),
        ({"type": "adaptive", "display": "omitted"}, False),
    ],
)
def test_thinking_is_shown_unless_disabled_or_omitted(
    thinking: Any, expected: bool
) -> None:
    assert AnthropicMessages().shows_thinking({"thinking": thinking}) is expected


def body_with(*blocks: Any) -> Json:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 1),
        ({"messages": [{"role": "user", "content": "a" * 16}]}, 5),
        (body_with({"type": "text", "text": "é" * 8}), 5),
        (body_with({"type": "thinking", "thinking": "a" * 16, "signature": "sig"}), 5),
        (body_with(IMAGE), 1),
        (body_with({"type": "tool_result", "content": [IMAGE]}), 1),
        (body_with({"type": "tool_result", "content": "a" * 16}), 5),
        (body_with({"type": "tool_use", "id": "a", "name": "b", "input": {}}), 13),
        ({"system": [{"type": "text", "text": "a" * 40}]}, 10),
        ({"tools": [{"name": "look", "input_schema": {"type": "object"}}]}, 12),
    ],
)
def test_four_bytes_count_as_a_token(body: Json, expected: int) -> None:
    assert input_tokens(body) == expected
