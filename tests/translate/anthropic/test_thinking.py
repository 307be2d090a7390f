"""How hard to think."""

from __future__ import annotations

from typing import Any

import pytest

from app.translate.anthropic.thinking import is_shown, reasoning_effort


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
def test_thinking_goes_before_effort(thinking: Any, effort: Any, expected: Any) -> None:
    body = {"thinking": thinking, "output_config": {"effort": effort}}

    assert reasoning_effort(body) == expected


@pytest.mark.parametrize(
    ("thinking", "shown"),
    [
        (None, True),
        ({"type": "disabled"}, False),
        ({"type": "adaptive"}, True),
        ({"type": "adaptive", "display": "summarized"}, True),
        ({"type": "adaptive", "display": "omitted"}, False),
    ],
)
def test_thoughts_are_shown_unless_nobody_wants_them(
    thinking: Any, shown: bool
) -> None:
    assert is_shown({"thinking": thinking}) is shown
