"""What a model cannot do, in Ollama's words and order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.catalogue.metadata import TABLE, UNKNOWN
from app.catalogue.resolve import Target
from app.errors import InvalidRequest
from app.web.capabilities import require

TOOLS = [{"type": "function", "function": {"name": "f"}}]
RAW = "raw mode does not support template, system, or context"
PLAIN = Target("plain", UNKNOWN)


def refusal(body: dict[str, Any], target: Target = PLAIN) -> str:
    with pytest.raises(InvalidRequest) as caught:
        require(body, target)
    return caught.value.message


@pytest.mark.parametrize("think", [True, "low", "medium", "high", "max"])
def test_thinking_needs_a_model_that_thinks(think: Any) -> None:
    assert refusal({"think": think}) == '"plain" does not support thinking'


@pytest.mark.parametrize(
    "body", [{}, {"think": False}, {"tools": []}, {"suffix": ""}, {"raw": True}]
)
def test_asking_for_nothing_needs_nothing(body: dict[str, Any]) -> None:
    require(body, PLAIN)


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
def test_tools_and_inserts_are_told_by_the_full_name(name: str, full_name: str) -> None:
    bare = Target(name, replace(UNKNOWN, capabilities=("completion",)))

    assert refusal({"tools": TOOLS}, bare) == f"{full_name} does not support tools"
    assert refusal({"suffix": "x"}, bare) == f"{full_name} does not support insert"


def test_thinking_is_told_before_tools_and_raw_before_both() -> None:
    body = {"tools": TOOLS, "suffix": "x", "think": True}

    assert refusal(body).endswith("does not support thinking")
    assert refusal({**body, "raw": True, "system": "s"}) == RAW


@pytest.mark.parametrize(
    "more", [{"template": "t"}, {"system": "s"}, {"context": [1]}], ids=str
)
def test_a_raw_prompt_stands_alone(more: dict[str, Any]) -> None:
    assert refusal({"raw": True, **more}) == RAW
    require({"raw": False, **more}, PLAIN)
    require({"raw": True, **dict.fromkeys(more)}, PLAIN)


@pytest.mark.parametrize("name", TABLE)
def test_the_models_we_know_can_all_but_insert(name: str) -> None:
    require({"think": "max", "tools": TOOLS}, Target(name, TABLE[name]))
