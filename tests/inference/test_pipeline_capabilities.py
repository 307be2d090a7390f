"""Refusing what a model cannot do, with the texts of Ollama and in its order."""

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
GetRefusal = Callable[..., str]


@pytest.fixture
def check(app: Flask) -> Check:
    """Return a function that checks a native request."""

    def check(body: dict[str, Any], target: Target = PLAIN) -> None:
        check_capabilities(make_call(app, target, body, dialect=OllamaGenerate()))

    return check


@pytest.fixture
def get_refusal(check: Check) -> Callable[..., str]:
    """Return a function that returns the error text for a native request."""

    def get_refusal(body: dict[str, Any], target: Target = PLAIN) -> str:
        with pytest.raises(InvalidRequest) as caught:
            check(body, target)
        return caught.value.message

    return get_refusal


@pytest.mark.parametrize(
    "body", [{}, {"think": False}, {"tools": []}, {"suffix": ""}, {"raw": True}]
)
def test_empty_fields_need_no_capability(check: Check, body: dict[str, Any]) -> None:
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
def test_refusal_of_tools_and_insert_has_the_full_name(
    get_refusal: GetRefusal, name: str, full_name: str
) -> None:
    bare = Target(name, replace(UNKNOWN, capabilities=("completion",)))

    assert get_refusal({"tools": TOOLS}, bare) == f"{full_name} does not support tools"
    assert get_refusal({"suffix": "x"}, bare) == f"{full_name} does not support insert"


def test_raw_is_checked_before_think_and_think_before_tools(
    get_refusal: GetRefusal,
) -> None:
    body = {"tools": TOOLS, "suffix": "x", "think": True}

    assert get_refusal(body).endswith("does not support thinking")
    assert get_refusal({**body, "raw": True, "system": "s"}) == RAW


@pytest.mark.parametrize(
    "more", [{"template": "t"}, {"system": "s"}, {"context": [1]}], ids=str
)
def test_raw_excludes_template_system_and_context(
    get_refusal: GetRefusal, check: Check, more: dict[str, Any]
) -> None:
    assert get_refusal({"raw": True, **more}) == RAW
    check({"raw": False, **more}, PLAIN)
    check({"raw": True, **dict.fromkeys(more)}, PLAIN)


@pytest.mark.parametrize("name", TABLE)
def test_known_models_think_and_take_tools(check: Check, name: str) -> None:
    check({"think": "max", "tools": TOOLS}, Target(name, TABLE[name]))
