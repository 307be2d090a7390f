"""Read request bodies: JSON whatever the Content-Type, compressed by zstd or not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import zstandard
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from app.errors import BodyTooLarge, InvalidRequest
from app.inference.offload import offload
from app.wire import json_codec

LARGE_BODY = 1 << 20  # bytes; to decode a larger body would delay other streams
HASHED_BYTES = 64 << 10  # per read of an upload
MAX_INFLATED = 20 << 20  # bytes, as in Ollama
MAX_WINDOW = 8 << 20  # bytes of memory for a decompressor, as in Ollama


class JSONBody(NamedTuple):
    """A body as it was received, and the document in it."""

    data: bytes
    document: Any
    is_large: bool


def read_json(*, missing: str) -> JSONBody:
    """Read and decode the body of the current request.

    An empty body is InvalidRequest with the text `missing`.
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
        while data := request.stream.read(HASHED_BYTES):
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
