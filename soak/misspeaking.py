"""Bodies that deserve a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable

from soak import dialects
from soak.plan import Plan

Spoil = Callable[[bytes], bytes]

SPOILT: tuple[Spoil, ...] = (
    lambda body: b"",
    lambda body: body[: len(body) // 2],
    lambda body: b"[" + body + b"]",
    lambda body: b"[" * 50_000,
    lambda body: body.replace(b'"gpt-oss-120b"', b'"nobody-has-this"'),
    lambda body: body.replace(b'"gpt-oss-120b"', b"5"),
    lambda body: body.replace(b'"stream"', b'"\xff\xfe"').replace(b"}", b"\xff"),
    lambda body: b"<html>" + body,
)


def spoilt(plan: Plan) -> bytes:
    """A sound body, made unsound in one way."""
    sound = json.dumps(dialects.request(plan)).encode()
    return SPOILT[plan.number // 7 % len(SPOILT)](sound)
