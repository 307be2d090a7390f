"""Which models stand in for another, and for which requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.catalogue.metadata import TABLE, describe
from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target
from app.inference.fallback import can_serve, fallback_targets

GPT, QWEN = TABLE["gpt-oss-120b"], TABLE["qwen-3.8-27b"]
PICTURE = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64," + "A" * 900_000},
}
TOOL = {"type": "function", "function": {"name": "f"}}


def ask(content: Any = "hi", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}], **more}


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(lambda: [GPT.id, QWEN.id], lambda: [], spawn=lambda work: work())


def test_those_that_are_served_stand_in_by_their_order(catalogue: Catalogue) -> None:
    target = Target("my-model", describe("gone"))
    fallbacks = ("qwen-3.8:27b", "never-served", "gpt-oss:120b")

    found = fallback_targets(ask(), target, fallbacks, catalogue)

    assert [(each.name, each.model.id) for each in found] == [
        ("my-model", QWEN.id),
        ("my-model", GPT.id),
    ]


def test_nobody_stands_in_for_itself(catalogue: Catalogue) -> None:
    found = fallback_targets(ask(), Target("x", GPT), (GPT.id, QWEN.id), catalogue)

    assert [each.model for each in found] == [QWEN]


@pytest.mark.parametrize(
    ("request_", "gpt", "qwen"),
    [
        (ask(), True, True),
        ({"prompt": "hi"}, True, True),
        (ask(tools=[TOOL]), True, True),
        (ask([PICTURE]), False, True),
        (ask([PICTURE] * 6), False, False),
        (ask("word " * 50_000), True, False),
    ],
    ids=["plain", "raw", "tools", "a picture", "many pictures", "long"],
)
def test_one_that_lacks_what_a_request_needs_is_skipped(
    request_: dict[str, Any], gpt: bool, qwen: bool
) -> None:
    assert (can_serve(GPT, request_), can_serve(QWEN, request_)) == (gpt, qwen)


def test_tools_and_context_are_asked_for_where_they_are_known() -> None:
    without = replace(GPT, capabilities=("completion",), context_length=0)

    assert not can_serve(without, ask(tools=[TOOL]))
    assert can_serve(without, ask("word " * 200_000, tools=[]))
