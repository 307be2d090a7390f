"""How many tokens of quota a request is estimated to need."""

from typing import Any

import pytest

from app.wire import token_estimate
from app.wire.token_estimate import (
    TOKENS_PER_IMAGE,
    TOKENS_PER_TEMPLATE,
    UNCAPPED_REPLY_TOKENS,
)

WORDS = "twelve bytes" * 100
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": WORDS}]}


@pytest.mark.parametrize(
    ("upstream_form", "has_cap", "reply_tokens"),
    [
        (CHAT, False, UNCAPPED_REPLY_TOKENS),
        (CHAT | {"max_completion_tokens": 50}, True, 50),
        ({"prompt": WORDS, "max_tokens": 50}, True, 50),
    ],
    ids=["no cap", "chat", "prompt"],
)
def test_prompt_and_cap_are_estimated(
    upstream_form: dict[str, Any], has_cap: bool, reply_tokens: int
) -> None:
    prompt_tokens = token_estimate.prompt_tokens(upstream_form)

    assert token_estimate.has_cap(upstream_form) is has_cap
    assert token_estimate.reply_tokens(upstream_form) == reply_tokens
    assert 400 < prompt_tokens - TOKENS_PER_TEMPLATE < 420


def test_image_counts_as_a_constant() -> None:
    url = "data:image/png;base64," + "A" * 100_000
    image = {"type": "image_url", "image_url": {"url": url}}

    tokens = token_estimate.prompt_tokens(
        {"messages": [{"role": "user", "content": [image]}]}
    )

    assert TOKENS_PER_IMAGE < tokens < TOKENS_PER_IMAGE + 200


def test_tools_count() -> None:
    tool = {"type": "function", "function": {"name": "f", "description": WORDS}}

    added = token_estimate.prompt_tokens(
        CHAT | {"tools": [tool]}
    ) - token_estimate.prompt_tokens(CHAT)

    assert 400 < added < 450


def test_cap_is_set_in_the_field_of_the_endpoint() -> None:
    assert token_estimate.with_cap(CHAT, 7) == CHAT | {"max_completion_tokens": 7}
    assert token_estimate.with_cap({"prompt": "a"}, 7) == {
        "prompt": "a",
        "max_tokens": 7,
    }
