"""`X-Request-Id`: what a request is called, in its reply and in the log."""

from __future__ import annotations

import os
import re

from flask import Request

HEADER = "X-Request-Id"
SENT = "HTTP_X_REQUEST_ID"  # as WSGI calls it
ANTHROPIC_PATH = "/v1/messages"
ANTHROPIC_HEADER = "Request-Id"
SANE = re.compile(r"[!-~]{1,128}")
ID_BYTES = 12


def of(request: Request) -> str:
    """The client's own, if it is sane; else one as Anthropic's clients know them."""
    sent = request.environ.get(SENT, "")
    return sent if SANE.fullmatch(sent) else f"req_{os.urandom(ID_BYTES).hex()}"


def headers(path: str) -> tuple[str, ...]:
    """Those that tell it: Anthropic's clients look for their own."""
    if path.startswith(ANTHROPIC_PATH):
        return HEADER, ANTHROPIC_HEADER
    return (HEADER,)
