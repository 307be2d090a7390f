"""The Cerebras API: chat and text completions, whole or streamed, and what it serves.

Connecting, retries and the first event come before anything is returned, so that a
failure is still a status.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from app.errors import (
    KeyMissing,
    KeyRefused,
    RateLimited,
    UpstreamBusy,
    UpstreamError,
)
from app.upstream import retry
from app.upstream.body import Body
from app.upstream.cancel import Cancel
from app.upstream.failures import CEREBRAS, Failure, refused
from app.upstream.stream import TICK_S, ChunkStream, decode
from app.upstream.transport import Request, Transport
from app.version import VERSION
from app.wire import json
from app.wire.completion import Chunk

log = logging.getLogger(__name__)

T = TypeVar("T")

HEADERS = {
    "User-Agent": f"cerellama/{VERSION}",
    "Accept-Encoding": "identity",
    "X-Cerebras-3rd-Party-Integration": "cerellama",
}
JSON = {"Content-Type": "application/json"}
PATHS = ("chat/completions", "completions")
MAX_WAITS = 10
LIST_TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 5.0
KEY = re.compile(r"[!-~]+")


class ModelId(msgspec.Struct):
    id: str


class ModelIds(msgspec.Struct):
    data: list[ModelId]


class PublicModels(msgspec.Struct):
    data: list[dict[str, Any]]


decode_ids = msgspec.json.Decoder(ModelIds).decode
decode_public = msgspec.json.Decoder(PublicModels).decode


@dataclass(kw_only=True)
class Cerebras:
    """The upstream."""

    base_url: str
    api_key: str | None = field(repr=False)
    pool_size: int
    connect_timeout_s: float
    idle_timeout_s: float
    retry_wait_s: float
    tick_s: float = TICK_S

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/") + "/"
        self._transport = Transport(
            self.base_url,
            pool_size=self.pool_size,
            connect_timeout_s=self.connect_timeout_s,
            peer=CEREBRAS,
        )
        self._posts = {
            path: prepare("POST", urljoin(self.base_url, path), JSON) for path in PATHS
        }

    def complete(self, request: Mapping[str, Any], cancel: Cancel) -> Chunk:
        """The whole answer to a request in the upstream form."""
        prepared = self._inference({**request, "stream": False})

        def attempt() -> Chunk:
            body = self._open(prepared, cancel, self.idle_timeout_s)
            completion = decode(body.read_all(MAX_ANSWER_BYTES))
            if not completion.choices:
                raise UpstreamError("Cerebras answered without an answer")
            return completion

        return self._persist(attempt, cancel)

    def stream(self, request: Mapping[str, Any], cancel: Cancel) -> ChunkStream:
        """The answer as it comes, begun: with chunks, or with `tick_s` of silence."""
        prepared = self._inference({**request, "stream": True})

        def attempt() -> ChunkStream:
            body = self._open(prepared, cancel, self.idle_timeout_s)
            chunks = ChunkStream(body, self.tick_s)
            chunks.prime()
            return chunks

        return self._persist(attempt, cancel)

    def models(self, cancel: Cancel | None = None) -> list[str]:
        """The ids that this key is served."""
        listing = self._get("models", self._authorization(), cancel)
        try:
            return [model.id for model in decode_ids(listing).data]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamError("Cerebras sent no list of models") from error

    def public_models(self) -> list[dict[str, Any]]:
        """What Cerebras publishes of its models, [] when it does not answer."""
        try:
            return decode_public(self._get("/public/v1/models", {}, None)).data
        except (UpstreamError, msgspec.DecodeError, UnicodeDecodeError):
            return []

    def _inference(self, request: Mapping[str, Any]) -> Request:
        prepared = self._posts[
            "completions" if "prompt" in request else "chat/completions"
        ]
        headers = {**prepared.headers, **self._authorization()}
        return prepared._replace(headers=headers, body=json.encode(request))

    def _get(self, path: str, headers: dict[str, str], cancel: Cancel | None) -> bytes:
        request = prepare("GET", urljoin(self.base_url, path), headers)
        try:
            body = self._open(request, cancel or Cancel(), LIST_TIMEOUT_S)
            return body.read_all(MAX_ANSWER_BYTES)
        except Failure as failure:
            raise failure.error from failure.__cause__

    def _authorization(self) -> dict[str, str]:
        if not self.api_key:
            raise KeyMissing(
                "CEREBRAS_API_KEY is not set: put a key into the environment or .env"
            )
        if not KEY.fullmatch(self.api_key):
            raise KeyRefused("CEREBRAS_API_KEY holds characters that no key has")
        return {"Authorization": f"Bearer {self.api_key}"}

    def _open(self, request: Request, cancel: Cancel, idle_timeout_s: float) -> Body:
        """The body of a 200; any other answer is a Failure."""
        answer = self._transport.send(request, cancel, idle_timeout_s)
        if answer.status != HTTPStatus.OK:
            raise refused(answer.status, answer.headers, explanation(answer.body))
        return answer.body

    def _persist(self, attempt: Callable[[], T], cancel: Cancel) -> T:
        """Try until it works, cannot, or would take longer than `retry_wait_s`."""
        waits: list[float] = []
        while True:
            try:
                return attempt()
            except Failure as failure:
                waits.append(self._wait(failure, waits))
            cancel.wait(waits[-1])

    def _wait(self, failure: Failure, waits: list[float]) -> float:
        """How long until the next attempt; raises when this was the last."""
        error = failure.error
        wait_s = retry.delay(
            len(waits), failure.status, failure.headers, random.random()
        )
        if isinstance(error, RateLimited | UpstreamBusy):
            error.retry_after = wait_s
        if (
            wait_s is None
            or len(waits) == MAX_WAITS
            or sum(waits) + wait_s > self.retry_wait_s
        ):
            raise error from failure.__cause__
        log.info("%s; trying again in %.1f s", error, wait_s)
        return wait_s


def prepare(method: str, url: str, headers: dict[str, str]) -> Request:
    """A request as we send them all."""
    return Request(method, urlsplit(url).path, HEADERS | headers)


def explanation(body: Body) -> bytes:
    """What an error's body says, as far as it comes soon."""
    said = b""
    until = monotonic() + ERROR_BODY_S
    with suppress(Failure, UpstreamError):
        while not body.ended and len(said) < MAX_ERROR_BYTES and monotonic() < until:
            said += body.read(until - monotonic())
    body.close()
    return said
