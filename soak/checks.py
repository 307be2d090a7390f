"""Whether what was heard keeps the promises: the outcome, or what was broken."""

from __future__ import annotations

import json
from typing import Any

from soak.faults import BROKEN_OFF, LEFT, REFUSED, SUCCESS
from soak.heard import Heard
from soak.plan import Plan

OK = 200
REASONS = {"stop", "end_turn", "tool_calls", "tool_use"}


class Broken(Exception):
    """A promise."""


def judge(plan: Plan, heard: Heard) -> str:
    """How the request ended, if it ended in a way that it may end."""
    if plan.manner == "looks around":
        need(heard.status == OK and bool(heard.text), f"nothing to see: {heard}")
        return SUCCESS
    outcome = outcome_of(heard)
    need(outcome in plan.ends, f"{outcome}, not {set(plan.ends)}: {heard}")
    need(not heard.after_end, "something came after the end")
    if outcome == SUCCESS:
        judge_success(plan, heard)
    if outcome == BROKEN_OFF:
        need(whole(plan, heard).startswith(spoken(plan, heard)), "another text")
    return outcome


def outcome_of(heard: Heard) -> str:
    if heard.left:
        return LEFT
    if heard.status != OK:
        need(heard.error is not None, "an error without a text")
        return REFUSED
    need(heard.ended, f"it has no legal end: {heard}")
    return BROKEN_OFF if heard.error else SUCCESS


def judge_success(plan: Plan, heard: Heard) -> None:
    need(spoken(plan, heard) == whole(plan, heard), f"another text: {heard.text!r}")
    need(heard.reason in REASONS, f"ended because of {heard.reason!r}")
    need(plan.dialect == "openai" or heard.tokens > 0, "no tokens were counted")
    if plan.talk == "call":
        calls = [[name, arguments_of(value)] for name, value in heard.calls]
        need(calls == [["look", plan.place]], f"another call: {heard.calls!r}")


def spoken(plan: Plan, heard: Heard) -> str:
    return heard.thinking + heard.text


def whole(plan: Plan, heard: Heard) -> str:
    """What was to be said; thinking comes first, and is the same text."""
    return plan.text * (2 if plan.talk == "think" else 1)


def arguments_of(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def need(kept: bool, broken: str) -> None:
    if not kept:
        raise Broken(broken)
