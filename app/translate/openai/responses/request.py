"""A request of `/v1/responses` in the upstream form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import InvalidRequest
from app.translate.openai.dialect import reasoning_effort, response_format
from app.translate.openai.responses import items, tools

SAMPLING = ("temperature", "top_p")
NOTHING_KEPT = (
    "previous_response_id is not supported: responses are not stored, "
    "send the whole conversation in input"
)


def check(body: Mapping[str, Any]) -> None:
    """Refuse what would be answered without what the client takes as known."""
    if body.get("previous_response_id"):
        raise InvalidRequest(NOTHING_KEPT)


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request, without its model."""
    cap = body.get("max_output_tokens") or 0
    request = {
        "messages": _messages(body),
        **{key: body[key] for key in SAMPLING if body.get(key) is not None},
        **tools.to_upstream(body),
        "max_completion_tokens": cap if cap > 0 else None,
        "reasoning_effort": reasoning_effort(body),
        "response_format": _form((body.get("text") or {}).get("format") or {}),
    }
    return {key: value for key, value in request.items() if value is not None}


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """All pictures of a request, in base64."""
    for item in _items(body):
        if isinstance(item, dict):
            yield from items.pictures([item.get("content"), item.get("output")])


def ignored(body: Mapping[str, Any]) -> list[str]:
    """What is left out, by type: tools nobody here can run, items nobody can read."""
    return sorted({*tools.hosted(body), *items.left_out(_items(body))})


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    instructions = body.get("instructions")
    system = [{"role": "system", "content": instructions}] if instructions else []
    return system + items.messages_of(_items(body))


def _items(body: Mapping[str, Any]) -> list[Any]:
    """A text is the user's only message; an empty one says nothing."""
    said = body.get("input") or []
    return [{"role": "user", "content": said}] if isinstance(said, str) else said


def _form(form: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `/v1/chat/completions` has one level deeper."""
    described = {key: value for key, value in form.items() if key != "type"}
    return response_format({"type": form.get("type", ""), "json_schema": described})
