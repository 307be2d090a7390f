"""What one model takes and another does not."""

from __future__ import annotations

from typing import Any

from fake_cerebras import conversation
from fake_cerebras.errors import Refused, flat, invalid
from fake_cerebras.models import Model


def check(body: dict[str, Any], model: Model) -> None:
    check_effort(body.get("reasoning_effort"), model)
    if body.get("prediction") is not None and not model.takes_prediction:
        raise invalid('"prediction" is not currently supported', "prediction")
    roles = [message["role"] for message in conversation.messages(body)]
    if "developer" in roles and not model.takes_developer:  # the text is a guess
        raise invalid("Unexpected message role: developer.", "messages")
    if model.one_system_message and "system" in roles[1:]:
        raise invalid("System message must be at the beginning.", "messages")


def check_effort(effort: str | None, model: Model) -> None:
    """The text is quoted, of a model that had no reasoning."""
    if effort is None or effort in model.efforts:
        return
    *others, last = map(repr, model.efforts)
    message = (
        "1 validation error for ChatCompletionServerRequest\nreasoning_effort\n"
        f"  Input should be {', '.join(others)} or {last} "
        f"[type=enum, input_value={effort!r}, input_type=str]\n"
        "    For further information visit https://errors.pydantic.dev/2.8/v/enum"
    )
    body = flat(
        message, "invalid_request_error", "validation_error", "wrong_api_format"
    )
    raise Refused(400, body | {"id": ""})
