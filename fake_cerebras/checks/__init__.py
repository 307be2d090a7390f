"""Everything the API refuses, in the order in which it is noticed."""

from __future__ import annotations

from typing import Any

from fake_cerebras import models


def check(body: dict[str, Any], *, raw: bool) -> None:
    """Raise `Refused` unless the request is sound."""
    models.find(body.get("model"))
