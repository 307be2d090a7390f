"""A reply as a client read it, and the check that it is the planned one."""

import json
from dataclasses import dataclass, field
from typing import Any

from soak.plan import DISCONNECTED, INTERRUPTED, REFUSED, SUCCESS, Plan

OK = 200
FINISH_REASONS = {"stop", "end_turn", "tool_calls", "tool_use"}


class Violation(Exception):
    """A reply that no client should get."""


@dataclass
class Reply:
    """A reply in any dialect, filled in while it is read."""

    status: int = 0
    text: str = ""
    thinking: str = ""
    calls: list[list[Any]] = field(default_factory=list)  # name, arguments
    finish_reason: str | None = None
    tokens: int = 0
    error: str | None = None
    ended: bool = False  # by the event that ends a stream of its dialect
    events_after_end: bool = False
    disconnected: bool = False
    head_s: float = 0.0

    def end(self) -> None:
        self.ended = True

    def fail(self, error: Any) -> None:
        """Note an error, which also ends a stream."""
        if not isinstance(error, str) or not error:
            raise ValueError(f"an error without a text: {error!r}")
        self.error = error
        self.ended = True


def check_reply(plan: Plan, reply: Reply) -> str:
    """Return the outcome, or raise `Violation` if the reply is not the planned one."""
    if plan.behaviour == "sends a GET":
        require(reply.status == OK and bool(reply.text), f"no content: {reply}")
        return SUCCESS
    outcome = outcome_of(reply)
    require(outcome in plan.outcomes, f"{outcome}, not {set(plan.outcomes)}: {reply}")
    require(not reply.events_after_end, "events after the end")
    if outcome == SUCCESS:
        check_success(plan, reply)
    if outcome == INTERRUPTED:
        text = reply.thinking + reply.text
        require(expected_text(plan).startswith(text), "another text")
    return outcome


def outcome_of(reply: Reply) -> str:
    if reply.disconnected:
        return DISCONNECTED
    if reply.status != OK:
        require(reply.error is not None, "an error without a text")
        return REFUSED
    require(reply.ended, f"a stream without an end: {reply}")
    return INTERRUPTED if reply.error else SUCCESS


def check_success(plan: Plan, reply: Reply) -> None:
    text = reply.thinking + reply.text
    require(text == expected_text(plan), f"another text: {reply.text!r}")
    reason = reply.finish_reason
    require(reason in FINISH_REASONS, f"another finish reason: {reason!r}")
    require(plan.dialect == "openai" or reply.tokens > 0, "no tokens counted")
    if plan.content == "tool call":
        calls = [[name, parse_arguments(value)] for name, value in reply.calls]
        expected = [["look", plan.arguments]]
        require(calls == expected, f"other tool calls: {reply.calls!r}")


def expected_text(plan: Plan) -> str:
    """Return thinking and text, which are the same if there are both."""
    return plan.text * (2 if plan.content == "reasoning" else 1)


def parse_arguments(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def require(condition: bool, violation: str) -> None:
    if not condition:
        raise Violation(violation)
