"""The Cerebras API: chat and text completions, whole or streamed, and what it serves.

Connecting, retries and the first event come before anything is returned, so that a
failure is still a status. A key is in use until its answer has come, or been given up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urljoin

import msgspec

from app.errors import KeyMissing, KeyRefused, UpstreamError
from app.http1.cancel import CancelToken
from app.metrics import UPSTREAM_ANSWERS, adder
from app.upstream import patience
from app.upstream.body import Body
from app.upstream.connection import Request
from app.upstream.errand import Errand
from app.upstream.failures import CEREBRAS, refused
from app.upstream.keys import Key
from app.upstream.patience import MAX_WAITS, Patience
from app.upstream.stream import TICK_S, ChunkStream, decode
from app.upstream.transport import Answer, Transport, path_of
from app.version import VERSION
from app.wire import json_codec
from app.wire.completion import Chunk

T = TypeVar("T")

HEADERS = {
    "User-Agent": f"cerellama/{VERSION}",
    "Accept-Encoding": "identity",
    "X-Cerebras-3rd-Party-Integration": "cerellama",
}
JSON = {"Content-Type": "application/json"}
PATHS = ("chat/completions", "completions")
OK = HTTPStatus.OK
LIST_TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 5.0
KEY = re.compile(r"[!-~]+")
count_answers = adder(UPSTREAM_ANSWERS.labels("200"))
LOST = UPSTREAM_ANSWERS.labels(patience.LOST)


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
    api_keys: Sequence[str] = field(repr=False)
    pool_size: int
    connect_timeout_s: float
    idle_timeout_s: float
    retry_wait_s: float
    tick_s: float = TICK_S
    clock: Callable[[], float] = monotonic  # by which quota and retries are waited for

    def __post_init__(self) -> None:
        if not all(KEY.fullmatch(each) for each in self.api_keys):
            raise KeyRefused("CEREBRAS_API_KEY holds characters that no key has")
        self.base_url = self.base_url.rstrip("/") + "/"
        self._transport = Transport(
            self.base_url,
            pool_size=self.pool_size,
            connect_timeout_s=self.connect_timeout_s,
            peer=CEREBRAS,
        )
        self._patience = Patience(self.api_keys, self.retry_wait_s, clock=self.clock)
        self._posts = {
            (key, path): self._request("POST", path, JSON | authorization(key))
            for key in self._patience.keys.all
            for path in PATHS
        }

    def complete(
        self,
        request: Mapping[str, Any],
        cancel: CancelToken,
        *,
        has_substitute: bool = False,
    ) -> Chunk:
        """The whole answer to a request in the upstream form.

        With a substitute, a model that is too busy is not waited for.
        """
        errand = Errand({**request, "stream": False}, cancel, has_substitute)

        def attempt(key: Key) -> Chunk:
            completion = decode(self._infer(errand, key).read_all(MAX_ANSWER_BYTES))
            if not completion.choices:
                raise UpstreamError("Cerebras answered without an answer")
            return completion

        completion = self._persist(errand, attempt)
        self._patience.release(errand)
        return completion

    def stream(
        self,
        request: Mapping[str, Any],
        cancel: CancelToken,
        *,
        has_substitute: bool = False,
    ) -> ChunkStream:
        """The answer as it comes, begun: with chunks, or with `tick_s` of silence."""
        errand = Errand({**request, "stream": True}, cancel, has_substitute)
        release = partial(self._patience.release, errand)

        def attempt(key: Key) -> ChunkStream:
            body = self._infer(errand, key)
            chunks = ChunkStream(body, release, self.tick_s)
            chunks.prime()
            return chunks

        begun = self._persist(errand, attempt)
        errand.forget()
        return begun

    def models(self, cancel: CancelToken | None = None) -> list[str]:
        """The ids that our keys are served; nothing is waited for."""
        errand = Errand({}, cancel or CancelToken(), waits=MAX_WAITS)

        def attempt(key: Key) -> bytes:
            return self._get("models", authorization(key), errand.cancel)

        listing = self._persist(errand, attempt)
        self._patience.release(errand)
        try:
            return [model.id for model in decode_ids(listing).data]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamError("Cerebras sent no list of models") from error

    def public_models(self) -> list[dict[str, Any]]:
        """What Cerebras publishes of its models, [] when it does not answer."""
        try:
            return decode_public(self._get("/public/v1/models", {}, CancelToken())).data
        except (UpstreamError, msgspec.DecodeError, UnicodeDecodeError):
            return []

    def _persist(self, errand: Errand, attempt: Callable[[Key], T]) -> T:
        if not self.api_keys:
            raise KeyMissing(
                "CEREBRAS_API_KEY is not set: put a key into the environment or .env"
            )
        return self._patience.persist(errand, attempt)

    def _infer(self, errand: Errand, key: Key) -> Body:
        """The body of the answer, its head read."""
        path = "completions" if "prompt" in errand.request else "chat/completions"
        body = json_codec.encode(errand.request)
        sent = self.clock()
        answer = self._open(
            self._posts[key, path], errand.cancel, self.idle_timeout_s, body
        )
        self._patience.learn(errand, answer.headers, sent)
        return answer.body

    def _get(self, path: str, headers: dict[str, str], cancel: CancelToken) -> bytes:
        request = self._request("GET", path, headers)
        answer = self._open(request, cancel, LIST_TIMEOUT_S)
        return answer.body.read_all(MAX_ANSWER_BYTES)

    def _request(self, method: str, path: str, headers: dict[str, str]) -> Request:
        target = path_of(urljoin(self.base_url, path))
        return self._transport.request(method, target, HEADERS | headers)

    def _open(
        self,
        request: Request,
        cancel: CancelToken,
        idle_timeout_s: float,
        body: bytes | None = None,
    ) -> Answer:
        """Return a 200 response, its body unread; raise UpstreamError for any other."""
        try:
            answer = self._transport.send(request, cancel, idle_timeout_s, body)
        except UpstreamError:
            LOST.inc()
            raise
        if answer.status != OK:
            UPSTREAM_ANSWERS.labels(str(answer.status)).inc()
            said = self._masked(explanation(answer.body))
            raise refused(answer.status, answer.headers, said)
        count_answers(1)
        return answer

    def _masked(self, said: bytes) -> bytes:
        """Without a key of ours that was echoed."""
        for key in self.api_keys:
            said = said.replace(key.encode(), b"...")
        return said


def authorization(key: Key) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def explanation(body: Body) -> bytes:
    """What an error's body says, as far as it comes soon."""
    said = b""
    until = monotonic() + ERROR_BODY_S
    with suppress(UpstreamError):
        while not body.ended and len(said) < MAX_ERROR_BYTES and monotonic() < until:
            said += body.read(until - monotonic())
    body.close()
    return said
