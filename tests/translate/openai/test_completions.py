"""A request of `/v1/completions` in the upstream form."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.completions import to_upstream

MESSAGES = [{"role": "user", "content": "Say hi"}]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"temperature": 0, "seed": 3}, {"temperature": 0, "seed": 3}),
        ({"top_p": 0}, {}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"max_tokens": 5}, {"max_completion_tokens": 5}),
        ({"max_tokens": 0}, {}),
        ({"stop": "a"}, {"stop": ["a"]}),
        ({"stop": ["a", "", "b"]}, {"stop": ["a", "b"]}),
        ({"stop": 3}, {}),
        ({"logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        ({"logprobs": 0}, {}),
        ({"frequency_penalty": 1.0}, {"frequency_penalty": 1.0}),
        ({"echo": True, "stream": True}, {}),
    ],
)
def test_settings_are_told_in_the_upstreams_words(
    body: dict[str, Any], told: dict[str, Any]
) -> None:
    asked = to_upstream({"prompt": "Say hi", **body})

    assert asked == {"messages": MESSAGES, **told}


@pytest.mark.parametrize("body", [{}, {"prompt": ""}])
def test_without_a_prompt_nothing_is_said(body: dict[str, Any]) -> None:
    assert to_upstream(body) == {"messages": []}


@pytest.mark.parametrize(
    ("stop", "kind"),
    [
        ([1], "float64"),
        ([None], "<nil>"),
        ([["a"]], "[]interface {}"),
        ([True], "bool"),
    ],
)
def test_a_stop_that_is_no_text_is_refused(stop: list[Any], kind: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        to_upstream({"prompt": "x", "stop": stop})

    assert refusal.value.message == f"invalid type for 'stop' field: {kind}"
