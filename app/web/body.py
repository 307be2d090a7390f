"""Request bodies: JSON whatever the Content-Type, checked by a schema."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

import zstandard
from flask import Request, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.errors import BodyTooLarge, InvalidRequest
from app.schemas.base import BodySchema
from app.web import record
from app.web.current import current_request
from app.web.offload import offload
from app.wire import json_codec

P = ParamSpec("P")
T = TypeVar("T")

SLOW_BODY = 1 << 20  # bytes; from here on, decoding would stall other streams
SMALL = re.compile("[0-9]{1,7}")  # a length that needs no thought
PIECE = 64 << 10  # bytes hashed in one go
INFLATED_LIMIT = 20 << 20  # bytes, as in Ollama
WINDOW_LIMIT = 8 << 20  # bytes of memory for a decompressor, as in Ollama


class Received(NamedTuple):
    """A body as it came, and what it says."""

    data: bytes
    document: Any
    slow: bool


def load_body(schema: BodySchema) -> dict[str, Any]:
    """Read, decode and check the body of the current request."""
    return check(read_body(schema), schema)


def read_body(schema: BodySchema) -> Received:
    """Read and decode the body of the current request."""
    asked = current_request()
    data = _received(asked)
    record.current().body_bytes = len(data)
    coding = asked.environ.get("HTTP_CONTENT_ENCODING", "")
    compressed = coding.strip().lower() == "zstd"
    slow = compressed or len(data) >= SLOW_BODY
    document = _run(slow, _decode, data, schema.missing_body, compressed)
    return Received(data, document, slow)


def check(received: Received, schema: BodySchema) -> dict[str, Any]:
    """What a body says, checked."""
    return _run(received.slow, schema.load, received.document)


def _run(slow: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return offload(work, *args, **kwargs) if slow else work(*args, **kwargs)


def model_name(body: Mapping[str, Any]) -> str:
    """The model a request is about; the Go client names it in `name`."""
    name: str = body.get("model") or body.get("name", "")
    return name


def hash_body() -> str:
    """The digest of the current request's body, which is kept nowhere."""
    digest = hashlib.sha256()
    try:
        while data := request.stream.read(PIECE):
            digest.update(data)
    except RequestEntityTooLarge:
        limit = (request.max_content_length or 0) >> 20
        raise BodyTooLarge(
            f"the file is larger than {limit} MB; it would be of no use here: models "
            "run on Cerebras and cannot be made from files"
        ) from None
    return f"sha256:{digest.hexdigest()}"


def _received(asked: Request) -> bytes:
    """All of it; werkzeug's stream, in calls as dear as decoding, is for odd ones."""
    length = asked.environ.get("CONTENT_LENGTH") or ""
    if not SMALL.fullmatch(length) or int(length) >= SLOW_BODY:
        return asked.get_data(cache=False)
    try:
        data: bytes = asked.environ["wsgi.input"].read(int(length))
    except OSError as error:
        raise ClientDisconnected from error
    if len(data) < int(length):
        raise ClientDisconnected
    return data


def _decode(data: bytes, missing: str, compressed: bool) -> Any:
    if compressed:
        data = _inflate(data)
    if not data.strip():
        raise InvalidRequest(missing)
    return json_codec.decode(data)


def _inflate(data: bytes) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_LIMIT)
    try:
        with decompressor.stream_reader(data, read_across_frames=True) as reader:
            inflated = reader.read(INFLATED_LIMIT + 1)
    except zstandard.ZstdError:
        raise InvalidRequest("failed to decompress request body") from None
    if len(inflated) > INFLATED_LIMIT:
        raise BodyTooLarge(f"request body inflates beyond {INFLATED_LIMIT >> 20} MB")
    return inflated
