"""Make the `Call` of the current request, and run the pipeline with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, g, request
from werkzeug.exceptions import ClientDisconnected

from app.http import body as bodies
from app.http import responses
from app.http.client_watch import watch
from app.http1.cancel import CancelToken
from app.inference import pipeline
from app.inference.call import Call
from app.inference.services import EXTENSION, Services
from app.schemas.base import BodySchema
from app.translate.dialect import Dialect
from app.upstream.passthrough import HOPS, ClientRequest, Upload

UPLOAD_READ_BYTES = 64 * 1024
# Paths of ours that Ollama has under another name.
OLLAMA_PATHS = {"/chat/completions": "/v1/chat/completions"}
PATH_SAFE = "/:@!$&'()*+,;=~"
QUERY_SAFE = "".join(map(chr, range(ord("!"), ord("~") + 1)))  # sent on as received


def services() -> Services:
    """Return the services of the current app."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def infer(dialect: Dialect, schema: BodySchema) -> Response:
    """Answer the current request, a POST to an inference endpoint."""
    call = json_call(dialect, schema)
    return responses.from_reply(pipeline.run(call, schema))


def json_call(
    dialect: Dialect, schema: BodySchema, *, name_keys: Sequence[str] = ("model",)
) -> Call:
    """Return the call of a request with a JSON body, read and decoded.

    `name_keys` are the keys of the body that may name the model.
    """
    received = bodies.read_json(missing=schema.missing_body)
    return new_call(
        dialect,
        received.data,
        document=received.document,
        is_large=received.is_large,
        name_keys=name_keys,
    )


def new_call(dialect: Dialect, body: bytes | Upload = b"", **fields: Any) -> Call:
    """Return the call of the current request; from now on a disconnect cancels it."""
    call = Call(
        services=services(),
        dialect=dialect,
        record=g.record,
        cancel=CancelToken(g.caller),
        client_request=ClientRequest(
            request.method, target(), dict(request.headers), body
        ),
        **fields,
    )
    g.on_close.callback(call.on_close.close)
    call.on_close.callback(watch(request.environ, call.cancel.cancel))
    call.services.running.join(call.cancel)
    call.on_close.callback(call.services.running.leave, call.cancel)
    return call


def hops() -> str:
    """Return the ids of the Cerellama servers that the current request has passed."""
    return request.headers.get(HOPS, "")


def target() -> str:
    """Return path and query of the current request as Ollama knows them."""
    query = quote(request.query_string, safe=QUERY_SAFE)
    path = OLLAMA_PATHS.get(request.path, request.path)
    return quote(path, safe=PATH_SAFE) + ("?" + query if query else "")


class RequestUpload:
    """The body of the current request, of any size, read while it is sent on."""

    def __init__(self) -> None:
        request.max_content_length = sys.maxsize

    def __len__(self) -> int:
        return request.content_length or 0

    def __iter__(self) -> Iterator[bytes]:
        missing = len(self)
        while data := request.stream.read(UPLOAD_READ_BYTES):
            missing -= len(data)
            yield data
        if missing > 0:  # the other server would wait for the rest
            raise ClientDisconnected
