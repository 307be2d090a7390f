"""The object that a response is, from its first event to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.translate.dialect import ReplyContext

SECOND = 1_000_000_000
FORM = {"format": {"type": "text"}}

# What of the request a response repeats, with what stands for the absent.
REPEATED: Mapping[str, Any] = {
    "instructions": None,
    "tools": [],
    "tool_choice": "auto",
    "truncation": "disabled",
    "parallel_tool_calls": True,
    "top_p": 1,
    "temperature": 1,
    "reasoning": None,
    "max_output_tokens": None,
    "background": False,
    "metadata": {},
    "safety_identifier": None,
    "prompt_cache_key": None,
}
FIXED: Mapping[str, Any] = {
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "top_logprobs": 0,
    "max_tool_calls": None,
    "store": False,
    "service_tier": "default",
}


class Envelope:
    """Makes the states of one response; what never changes is made once."""

    def __init__(self, context: ReplyContext, body: Mapping[str, Any]) -> None:
        self._context = context
        self._head = {
            "id": "resp_" + "".join(context.new_id() for _ in range(3)),
            "object": "response",
            "created_at": context.started_ns // SECOND,
        }
        repeated = {key: body.get(key, value) for key, value in REPEATED.items()}
        self._request = {**FIXED, **repeated, "text": FORM | (body.get("text") or {})}

    def state(
        self,
        status: str,
        output: Sequence[Mapping[str, Any]] = (),
        *,
        usage: Mapping[str, Any] | None = None,
        error: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """`reason` is why the response is incomplete."""
        completed = self._context.clock() // SECOND if status == "completed" else None
        return {
            **self._head,
            "completed_at": completed,
            "status": status,
            "incomplete_details": {"reason": reason} if reason else None,
            "model": self._context.name,
            "previous_response_id": None,
            "output": list(output),
            "error": error,
            **self._request,
            "usage": usage,
        }
