"""Calls for tests below the HTTP layer."""

from typing import Any

from flask import Flask

from app.catalogue.resolve import Target
from app.http1.cancel import CancelToken
from app.inference.call import Call
from app.inference.record import RequestRecord
from app.inference.services import EXTENSION
from app.translate.dialect import Dialect
from app.translate.ollama.chat import OllamaChat
from app.upstream.passthrough import ClientRequest


def make_call(
    app: Flask,
    target: Target | None = None,
    body: dict[str, Any] | None = None,
    *,
    dialect: Dialect | None = None,
    body_bytes: int = 0,
) -> Call:
    """Return a call whose body is validated and whose model is found."""
    call = Call(
        services=app.extensions[EXTENSION],
        dialect=dialect or OllamaChat(),
        record=RequestRecord(id="r", method="POST", route="/api/chat"),
        cancel=CancelToken(),
        client_request=ClientRequest("POST", "/api/chat", body=b" " * body_bytes),
    )
    call.body = body or {}
    if target is not None:
        call.target = target
    return call
