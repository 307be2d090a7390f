"""Everything the API refuses, in the order in which it is noticed."""

from __future__ import annotations

from typing import Any

from fake_cerebras import models
from fake_cerebras.checks import (
    formats,
    images,
    lengths,
    pairing,
    quirks,
    request,
    tools,
)
from fake_cerebras.errors import invalid, invalid_all


def check(body: dict[str, Any], *, raw: bool) -> None:
    """Raise `Refused` unless the request is sound."""
    faults = (request.COMPLETION if raw else request.CHAT)(body, "body")
    if faults:
        raise invalid_all(faults)
    model = models.find(body["model"])
    if not raw:
        if body.get("top_logprobs") and not body.get("logprobs"):  # a guess
            raise invalid("top_logprobs needs logprobs to be true", "top_logprobs")
        tools.check(body)
        pairing.check(body["messages"])
        formats.check(body, model)
        images.check(body["messages"], model)
        quirks.check(body, model)
    lengths.check(body, model)
