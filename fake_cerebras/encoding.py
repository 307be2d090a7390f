"""JSON and server-sent events as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

HEARTBEAT = ": cerebras heartbeat\n\n"  # as other stand-ins have it; never seen live


def dump(value: Any) -> str:
    """Compact, and nothing escaped that need not be."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def event(value: Any, extras: Sequence[str] = ()) -> bytes:
    """One server-sent event; a string goes as it is."""
    data = value if isinstance(value, str) else dump(value)
    space = "" if "tight_data" in extras else " "
    framed = f"data:{space}{data}\n\n"
    if "comments" in extras:
        framed = HEARTBEAT + framed
    if "crlf" in extras:
        framed = framed.replace("\n", "\r\n")
    return framed.encode()
