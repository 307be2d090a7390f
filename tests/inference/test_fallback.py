"""Which fallback models can serve a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.catalogue.metadata import TABLE, describe
from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target
from app.inference.sending import can_serve, fallback_targets

GPT, QWEN = TABLE["gpt-oss-120b"], TABLE["qwen-3.8-27b"]
PICTURE = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64," + "A" * 900_000},
}
TOOL = {"type": "function", "function": {"name": "f"}}


def make_request(content: Any = "hi", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}], **more}


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(lambda: [GPT.id, QWEN.id], lambda: [], spawn=lambda work: work())


def test_served_fallback_models_are_tried_in_order(catalogue: Catalogue) -> None:
    target = Target("my-model", describe("gone"))
    fallbacks = ("qwen-3.8:27b", "never-served", "gpt-oss:120b")

    targets = fallback_targets(make_request(), target, fallbacks, catalogue)

    assert [(each.name, each.model.id) for each in targets] == [
        ("my-model", QWEN.id),
        ("my-model", GPT.id),
    ]


def test_model_is_not_its_own_fallback(catalogue: Catalogue) -> None:
    targets = fallback_targets(
        make_request(), Target("x", GPT), (GPT.id, QWEN.id), catalogue
    )

    assert [each.model for each in targets] == [QWEN]


@pytest.mark.parametrize(
    ("request_", "gpt", "qwen"),
    [
        (make_request(), True, True),
        ({"prompt": "hi"}, True, True),
        (make_request(tools=[TOOL]), True, True),
        (make_request([PICTURE]), False, True),
        (make_request([PICTURE] * 6), False, False),
        (make_request("word " * 50_000), True, False),
    ],
    ids=["plain", "raw", "tools", "a picture", "many pictures", "long"],
)
def test_model_without_a_needed_capability_is_skipped(
    request_: dict[str, Any], gpt: bool, qwen: bool
) -> None:
    assert (can_serve(GPT, request_), can_serve(QWEN, request_)) == (gpt, qwen)


def test_unknown_context_length_is_no_limit() -> None:
    without = replace(GPT, capabilities=("completion",), context_length=0)

    assert not can_serve(without, make_request(tools=[TOOL]))
    assert can_serve(without, make_request("word " * 200_000, tools=[]))
