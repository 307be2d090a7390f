"""Requests of `/v1/messages` in the upstream form."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import ConversationNotFound, InvalidRequest
from app.translate.anthropic.messages import to_upstream

HELLO = {"role": "user", "content": "hello"}
SCHEMA = {"type": "object", "properties": {}}
FORMAT = {"type": "json_schema", "schema": SCHEMA}


def upstream(**body: Any) -> dict[str, Any]:
    return to_upstream({"max_tokens": 9, "messages": [HELLO], **body})


def test_a_plain_request_is_small() -> None:
    assert upstream() == {"messages": [HELLO], "max_completion_tokens": 9}


def test_the_system_prompt_comes_first() -> None:
    assert upstream(system="Be brief.")["messages"] == [
        {"role": "system", "content": "Be brief."},
        HELLO,
    ]


def test_what_samples_is_kept() -> None:
    asked = upstream(temperature=0, top_p=0.5, stop_sequences=["a", ""], top_k=3)

    assert (asked["temperature"], asked["top_p"], asked["stop"]) == (0, 0.5, ["a"])
    assert "top_k" not in asked


@pytest.mark.parametrize(
    "body", [{"output_config": {"format": FORMAT}}, {"output_format": FORMAT}]
)
def test_a_form_is_asked_for(body: dict[str, Any]) -> None:
    form = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}

    assert upstream(**body)["response_format"] == form


@pytest.mark.parametrize(
    "form", [None, "json", {}, {"type": "json_schema"}, {"type": "text", "schema": {}}]
)
def test_a_form_that_is_none_is_ignored(form: Any) -> None:
    assert "response_format" not in upstream(output_config={"format": form})


def test_a_conversation_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="messages is required"):
        upstream(messages=[{"role": "user", "content": ""}], system="Be brief.")


def test_a_thread_can_be_begun_but_not_continued() -> None:
    assert "thread" not in upstream(thread={"type": "create"})
    with pytest.raises(ConversationNotFound):
        upstream(thread={"type": "continue", "previous_message_id": "msg_1"})
