"""What a request takes of a key's tokens."""

from __future__ import annotations

from typing import Any

import pytest

from app.upstream import need
from app.upstream.need import GOOD_CAP, TOKENS_PER_PICTURE, TOKENS_PER_REQUEST

WORDS = "twelve bytes" * 100
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": WORDS}]}


@pytest.mark.parametrize(
    ("request_", "cap"),
    [
        (ASKED, GOOD_CAP),
        (ASKED | {"max_completion_tokens": 50}, 50),
        ({"prompt": WORDS, "max_tokens": 50}, 50),
    ],
    ids=["none", "chat", "raw"],
)
def test_the_prompt_and_the_cap_are_reserved(
    request_: dict[str, Any], cap: int
) -> None:
    assert need.is_capped(request_) is (cap != GOOD_CAP)
    assert need.tokens(request_) == need.prompt_tokens(request_) + cap
    assert 400 < need.prompt_tokens(request_) - TOKENS_PER_REQUEST < 420


def test_a_picture_is_no_text() -> None:
    url = "data:image/png;base64," + "A" * 100_000
    picture = {"type": "image_url", "image_url": {"url": url}}

    asked = need.prompt_tokens({"messages": [{"role": "user", "content": [picture]}]})

    assert TOKENS_PER_PICTURE < asked < TOKENS_PER_PICTURE + 200


def test_tools_count() -> None:
    tool = {"type": "function", "function": {"name": "f", "description": WORDS}}

    more = need.prompt_tokens(ASKED | {"tools": [tool]}) - need.prompt_tokens(ASKED)

    assert 400 < more < 450


def test_a_cap_has_the_name_that_its_endpoint_knows() -> None:
    assert need.with_cap(ASKED, 7) == ASKED | {"max_completion_tokens": 7}
    assert need.with_cap({"prompt": "a"}, 7) == {"prompt": "a", "max_tokens": 7}
