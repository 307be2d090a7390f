"""response_format: what each type needs, and what a strict schema may not have."""

from __future__ import annotations

from typing import Any

from fake_cerebras import conversation
from fake_cerebras.checks import soundness, strictness
from fake_cerebras.errors import invalid
from fake_cerebras.models import Model

# Quoted of July 2025; today's text is unknown.
NO_STREAM = (
    '"stream=true" with structured outputs is currently not supported '
    "for reasoning models."
)
# A guess, in the words of the API that this one is modelled on.
NO_MENTION = (
    "'messages' must contain the word 'json' in some form, to use "
    "'response_format' of type 'json_object'."
)
NO_NAME = "type: Input should be 'text'"  # quoted of March 2025


def check(body: dict[str, Any], model: Model) -> None:
    wanted = body.get("response_format")
    if wanted is not None:
        CHECKS[wanted["type"]](body, model)


def check_object(body: dict[str, Any], model: Model) -> None:
    if body.get("stream"):
        raise invalid(NO_STREAM, "response_format")
    if "json" not in conversation.all_words(body).lower():
        raise invalid(NO_MENTION, "response_format")


def check_schema(body: dict[str, Any], model: Model) -> None:
    wanted = body["response_format"].get("json_schema") or {}
    if not wanted.get("name"):
        raise invalid(NO_NAME)
    soundness.check(wanted.get("schema") or {}, "response_format")
    if wanted.get("strict"):
        faults = strictness.faults(wanted.get("schema") or {}, model)
        if faults:
            raise invalid("\n".join(faults), "response_format")


def accept(body: dict[str, Any], model: Model) -> None:
    pass


CHECKS = {"text": accept, "json_object": check_object, "json_schema": check_schema}
