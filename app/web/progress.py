"""Replies made of status lines: streamed, or only what they come to."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from app.translate.dialect import Event
from app.translate.ollama.dialect import DIALECT
from app.web import record, replies
from app.web.relay import relay
from app.wire import json_codec


def answer(batches: Iterable[list[Event]], *, stream: bool) -> Response:
    """Without a stream the last line is the answer, and a failure has its status."""
    record.current().streaming = True
    if stream:
        return relay(batches, DIALECT, close=lambda: None)
    lines = [line for batch in batches for line in batch]
    return Response(json_codec.encode(lines[-1]), content_type=replies.BARE_JSON)
