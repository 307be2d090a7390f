"""Read the body of the current request, make its `Call` and run the pipeline."""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import zstandard
from flask import Response, current_app, g, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.errors import BodyTooLarge, InvalidRequest
from app.http import responses
from app.http.client_watch import watch
from app.http1.cancel import CancelToken
from app.inference import pipeline
from app.inference.call import Call
from app.inference.offload import offload
from app.inference.services import EXTENSION, Services
from app.schemas.base import BodySchema, fold_keys
from app.translate.dialect import Dialect
from app.upstream.passthrough import HOPS, ClientRequest, Upload
from app.wire import json_codec

LARGE_BODY = 1 << 20  # bytes; decoding a larger body would delay other streams
UPLOAD_READ_BYTES = 64 << 10
MAX_INFLATED = 20 << 20  # bytes, as in Ollama
MAX_WINDOW = 8 << 20  # bytes of memory for a decompressor, as in Ollama
# Paths that Ollama has under another name.
OLLAMA_PATHS = {"/chat/completions": "/v1/chat/completions"}
PATH_SAFE = "/:@!$&'()*+,;=~"
QUERY_SAFE = "".join(map(chr, range(ord("!"), ord("~") + 1)))  # sent on as received


def services() -> Services:
    """Return the services of the current app."""
    current: Services = current_app.extensions[EXTENSION]
    return current


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
    body = read_json(missing=schema.missing_body)
    call = new_call(
        dialect,
        body.data,
        document=body.document,
        is_large=body.is_large,
        requested_name=requested_model(body.document, name_keys),
    )
    call.record.name = call.requested_name
    return call


def new_call(dialect: Dialect, body: bytes | Upload = b"", **fields: Any) -> Call:
    """Return the call of the current request; from now on a disconnect cancels it."""
    app_services = services()
    client_request = ClientRequest(request.method, request.path, body=body)
    if app_services.passthrough:  # which gets target and headers as they were received
        headers = dict(request.headers)
        client_request = ClientRequest(request.method, original_target(), headers, body)
    call = Call(
        services=app_services,
        dialect=dialect,
        record=g.record,
        cancel=CancelToken(g.caller),
        client_request=client_request,
        **fields,
    )
    g.on_close.callback(call.on_close.close)
    call.on_close.callback(watch(request.environ, call.cancel.cancel))
    call.services.running.add(call.cancel)
    call.on_close.callback(call.services.running.remove, call.cancel)
    return call


def requested_model(document: Any, keys: Sequence[str]) -> str:
    """Return the model name in a body that is not validated yet, "" without one."""
    if not isinstance(document, dict):
        return ""
    body = fold_keys(document)
    names = (body.get(key) for key in keys)
    return next((name for name in names if name and isinstance(name, str)), "")


def hops() -> str:
    """Return the ids of the Cerellama servers that the current request has passed."""
    return request.headers.get(HOPS, "")


def original_target() -> str:
    """Return path and query of the current request as Ollama knows them."""
    query = quote(request.query_string, safe=QUERY_SAFE)
    path = OLLAMA_PATHS.get(request.path, request.path)
    return quote(path, safe=PATH_SAFE) + ("?" + query if query else "")


class RequestUpload:
    """The body of the current request, of any size, read while it is sent on."""

    def __init__(self) -> None:
        request.max_content_length = sys.maxsize  # MAX_BODY_MB does not apply

    def __len__(self) -> int:
        return request.content_length or 0

    def __iter__(self) -> Iterator[bytes]:
        remaining = len(self)
        while data := request.stream.read(UPLOAD_READ_BYTES):
            remaining -= len(data)
            yield data
        if remaining > 0:  # the passthrough would wait for the rest
            raise ClientDisconnected


class JSONBody(NamedTuple):
    """A body as it was received, and the document in it."""

    data: bytes
    document: Any
    is_large: bool


def read_json(*, missing: str) -> JSONBody:
    """Read and decode the body of the current request.

    Raise InvalidRequest if it is not JSON, with the text `missing` if it is empty.
    """
    data = request.get_data(cache=False)
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    is_compressed = coding == "zstd"
    is_large = is_compressed or len(data) >= LARGE_BODY
    if is_large:
        document = offload(_decode, data, missing, is_compressed)
    else:
        document = _decode(data, missing, is_compressed)
    return JSONBody(data, document, is_large)


def model_name(body: Mapping[str, Any]) -> str:
    """Return the model that a validated body names; the Go client uses `name`."""
    name: str = body.get("model") or body.get("name", "")
    return name


def hash_body() -> str:
    """Return the SHA-256 digest of the current request's body, which is not stored."""
    digest = hashlib.sha256()
    try:
        while data := request.stream.read(UPLOAD_READ_BYTES):
            digest.update(data)
    except RequestEntityTooLarge:
        limit = (request.max_content_length or 0) >> 20
        raise BodyTooLarge(
            f"the file is larger than {limit} MB; Cerellama could not use it: models "
            "run on Cerebras and cannot be made from files"
        ) from None
    return f"sha256:{digest.hexdigest()}"


def _decode(data: bytes, missing: str, is_compressed: bool) -> Any:
    if is_compressed:
        data = _inflate(data)
    if not data.strip():
        raise InvalidRequest(missing)
    return json_codec.decode(data)


def _inflate(data: bytes) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    try:
        with decompressor.stream_reader(data, read_across_frames=True) as reader:
            inflated = reader.read(MAX_INFLATED + 1)
    except zstandard.ZstdError:
        raise InvalidRequest("failed to decompress request body") from None
    if len(inflated) > MAX_INFLATED:
        raise BodyTooLarge(f"request body inflates beyond {MAX_INFLATED >> 20} MB")
    return inflated
