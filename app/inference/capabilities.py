"""Refuse a request that needs more than its model can do, with Ollama's texts."""

from __future__ import annotations

from app.errors import InvalidRequest
from app.inference.call import Call


def check(call: Call) -> None:
    """Raise InvalidRequest if the model lacks a capability that the request needs.

    Ollama quotes the name as it was sent when the model cannot think, and the full
    name with its tag otherwise.
    """
    call.dialect.check(call.body)
    target = call.target
    for capability, is_needed in call.dialect.needs(call.body).items():
        if is_needed and capability not in target.model.capabilities:
            as_sent = f'"{target.name}"'
            name = as_sent if capability == "thinking" else target.full_name
            raise InvalidRequest(f"{name} does not support {capability}")
