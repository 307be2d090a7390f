"""How hard to think is said in two places and many words."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.dialect import reasoning_effort


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, None),
        ({"reasoning_effort": ""}, None),
        ({"reasoning_effort": "none"}, "none"),
        ({"reasoning_effort": "minimal"}, "low"),
        ({"reasoning_effort": "low"}, "low"),
        ({"reasoning_effort": "medium"}, "medium"),
        ({"reasoning_effort": "high"}, "high"),
        ({"reasoning_effort": "max"}, "max"),
        ({"reasoning_effort": "xhigh"}, "max"),
        ({"reasoning_effort": "ultra"}, "max"),
        ({"reasoning": {"effort": "high"}}, "high"),
        ({"reasoning": {"effort": "none"}, "reasoning_effort": "high"}, "none"),
        ({"reasoning": {}, "reasoning_effort": "high"}, None),
        ({"reasoning": None, "reasoning_effort": "high"}, "high"),
    ],
    ids=str,
)
def test_the_effort_is_one_of_the_upstream_forms(
    body: dict[str, Any], expected: str | None
) -> None:
    assert reasoning_effort(body) == expected


@pytest.mark.parametrize(
    "body", [{"reasoning_effort": "High"}, {"reasoning": {"effort": "High"}}], ids=str
)
def test_another_word_is_refused_in_ollamas_words(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        reasoning_effort(body)

    assert refused.value.message == (
        'invalid reasoning value: "High" (must be "minimal", "low", "medium", "high", '
        '"xhigh", "ultra", "max", or "none")'
    )
