"""What the upstream serves, is made to do, and was asked."""

from __future__ import annotations

from typing import Any

from tests.cerebras import Fake

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"

LATER = {"retry-after": "60"}  # longer than a request may wait: told at once


def failing_midway(fault: str) -> dict[str, Any]:
    """A script for a stream that fails after its first words."""
    return {"content": "one two three", "delta_size": 3, "after": 3, "fault": fault}


def asked(fake: Fake) -> dict[str, Any]:
    """What it was asked last."""
    body: dict[str, Any] = fake.inference_requests(at_least=1)[-1]["body"]
    return body
