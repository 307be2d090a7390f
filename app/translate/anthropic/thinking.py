"""How hard to think, in Anthropic's words and in the upstream form's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EFFORTS = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "max",
}

# The upstream takes no number of tokens to think with: the largest of each effort.
BUDGETS = ((4_096, "low"), (16_384, "medium"))
LARGE_BUDGET = "high"


def reasoning_effort(body: Mapping[str, Any]) -> str | None:
    """None leaves it to the model; an effort that nobody knows is no effort."""
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "disabled":
        return "none"
    budget = thinking.get("budget_tokens")
    if thinking.get("type") == "enabled" and isinstance(budget, int | float):
        return next((word for most, word in BUDGETS if budget <= most), LARGE_BUDGET)
    asked = (body.get("output_config") or {}).get("effort")
    return EFFORTS.get(asked.strip().lower()) if isinstance(asked, str) else None


def is_shown(body: Mapping[str, Any]) -> bool:
    """Whether the client wants to read what the model thinks."""
    shown = (body.get("thinking") or {}).get("display") != "omitted"
    return shown and reasoning_effort(body) != "none"
