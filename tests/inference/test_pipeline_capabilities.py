"""What a model cannot do, in Ollama's words and order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.catalogue.metadata import TABLE, UNKNOWN
from app.catalogue.resolve import Target
from app.errors import InvalidRequest
from app.inference.pipeline import check_capabilities
from app.translate.ollama.generate import OllamaGenerate
from tests.inference.calls import make_call

TOOLS = [{"type": "function", "function": {"name": "f"}}]
RAW = "raw mode does not support template, system, or context"
PLAIN = Target("plain", UNKNOWN)

Check = Callable[..., None]
Refusal = Callable[..., str]


@pytest.fixture
def check(app: Flask) -> Check:
    """Check a native request against a model's capabilities."""

    def check(body: dict[str, Any], target: Target = PLAIN) -> None:
        check_capabilities(make_call(app, target, body, dialect=OllamaGenerate()))

    return check


@pytest.fixture
def refusal(check: Check) -> Callable[..., str]:
    """Return the text of the refusal of a native request."""

    def refusal(body: dict[str, Any], target: Target = PLAIN) -> str:
        with pytest.raises(InvalidRequest) as caught:
            check(body, target)
        return caught.value.message

    return refusal


@pytest.mark.parametrize("think", [True, "low", "medium", "high", "max"])
def test_thinking_needs_a_model_that_thinks(refusal: Refusal, think: Any) -> None:
    assert refusal({"think": think}) == '"plain" does not support thinking'


@pytest.mark.parametrize(
    "body", [{}, {"think": False}, {"tools": []}, {"suffix": ""}, {"raw": True}]
)
def test_asking_for_nothing_needs_nothing(check: Check, body: dict[str, Any]) -> None:
    check(body, PLAIN)


@pytest.mark.parametrize(
    ("name", "full_name"),
    [
        ("m", "registry.ollama.ai/library/m:latest"),
        ("m:7b", "registry.ollama.ai/library/m:7b"),
        ("me/m", "registry.ollama.ai/me/m:latest"),
        ("m:7b-cloud", "registry.ollama.ai/library/m:7b"),
        ("host.example/me/m:x", "host.example/me/m:x"),
    ],
)
def test_tools_and_inserts_are_told_by_the_full_name(
    refusal: Refusal, name: str, full_name: str
) -> None:
    bare = Target(name, replace(UNKNOWN, capabilities=("completion",)))

    assert refusal({"tools": TOOLS}, bare) == f"{full_name} does not support tools"
    assert refusal({"suffix": "x"}, bare) == f"{full_name} does not support insert"


def test_thinking_is_told_before_tools_and_raw_before_both(refusal: Refusal) -> None:
    body = {"tools": TOOLS, "suffix": "x", "think": True}

    assert refusal(body).endswith("does not support thinking")
    assert refusal({**body, "raw": True, "system": "s"}) == RAW


@pytest.mark.parametrize(
    "more", [{"template": "t"}, {"system": "s"}, {"context": [1]}], ids=str
)
def test_a_raw_prompt_stands_alone(
    refusal: Refusal, check: Check, more: dict[str, Any]
) -> None:
    assert refusal({"raw": True, **more}) == RAW
    check({"raw": False, **more}, PLAIN)
    check({"raw": True, **dict.fromkeys(more)}, PLAIN)


@pytest.mark.parametrize("name", TABLE)
def test_the_models_we_know_can_all_but_insert(check: Check, name: str) -> None:
    check({"think": "max", "tools": TOOLS}, Target(name, TABLE[name]))
