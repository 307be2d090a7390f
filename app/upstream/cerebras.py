"""The Cerebras API: chat and text completions, whole or streamed, and model lists.

Connecting, retries and the first event of a stream come before a method returns, so
that a failure can still become a status. A key counts as used until the response has
been read or closed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import msgspec

from app.errors import KeyMissing, KeyRefused, UpstreamError
from app.http1.cancel import CancelToken
from app.http1.client import HTTPClient, Response, ResponseBody, path_of
from app.http1.messages import Request
from app.metrics import UPSTREAM_ANSWERS
from app.upstream.error_responses import CEREBRAS, error_from_response
from app.upstream.key_pool import Key
from app.upstream.retry_policy import LOST, MAX_WAITS, RequestAttempts, RetryPolicy
from app.upstream.stream import SILENCE_S, ChunkStream, decode_completion
from app.version import VERSION
from app.wire import json_codec
from app.wire.completion import Chunk

HEADERS = {
    "User-Agent": f"cerellama/{VERSION}",
    "Accept-Encoding": "identity",
    "X-Cerebras-3rd-Party-Integration": "cerellama",
}
JSON = {"Content-Type": "application/json"}
PATHS = ("chat/completions", "completions")
OK = HTTPStatus.OK
LIST_TIMEOUT_S = 10.0
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 5.0
KEY = re.compile(r"[!-~]+")  # the characters of a header value
OK_ANSWERS = UPSTREAM_ANSWERS.labels("200")
LOST_ANSWERS = UPSTREAM_ANSWERS.labels(LOST)


class ModelId(msgspec.Struct):
    """An entry of `/v1/models`."""

    id: str


class ModelIds(msgspec.Struct):
    """The reply of `/v1/models`."""

    data: list[ModelId]


class PublicModels(msgspec.Struct):
    """The reply of `/public/v1/models`."""

    data: list[dict[str, Any]]


decode_ids = msgspec.json.Decoder(ModelIds).decode
decode_public = msgspec.json.Decoder(PublicModels).decode


@dataclass(kw_only=True)
class Cerebras:
    """A client of the Cerebras API, shared by all requests of a process."""

    base_url: str
    api_keys: Sequence[str] = field(repr=False)
    pool_size: int
    connect_timeout_s: float
    idle_timeout_s: float
    retry_wait_s: float
    silence_s: float = SILENCE_S
    clock: Callable[[], float] = monotonic  # for quota and retries

    def __post_init__(self) -> None:
        if not all(KEY.fullmatch(each) for each in self.api_keys):
            raise KeyRefused("CEREBRAS_API_KEY holds characters that no key has")
        self.base_url = self.base_url.rstrip("/") + "/"
        self.retry_policy = RetryPolicy(
            self.api_keys, self.retry_wait_s, clock=self.clock
        )
        self._http = HTTPClient(
            self.base_url,
            pool_size=self.pool_size,
            connect_timeout_s=self.connect_timeout_s,
            peer=CEREBRAS,
        )
        self._posts = {
            (key, path): self._request("POST", path, JSON | authorization(key))
            for key in self.retry_policy.key_pool.keys
            for path in PATHS
        }

    def complete(
        self,
        request: Mapping[str, Any],
        cancel: CancelToken,
        *,
        has_fallback: bool = False,
    ) -> Chunk:
        """Return the whole completion for a request in the upstream form.

        With `has_fallback` an overload is raised at once: the caller tries another
        model.
        """
        attempts = self._attempts({**request, "stream": False}, cancel, has_fallback)
        while True:
            key = attempts.take_key()
            try:
                body = self._post(attempts, key)
                return decode_completion(body.read_all(MAX_RESPONSE_BYTES))
            except UpstreamError as error:
                attempts.wait_or_raise(key, error)
            finally:
                attempts.release_key()

    def stream(
        self,
        request: Mapping[str, Any],
        cancel: CancelToken,
        *,
        has_fallback: bool = False,
    ) -> ChunkStream:
        """Return the completion as a stream that has begun; the caller must close it.

        It has begun with its first chunks, or with `silence_s` seconds of silence. Some
        streamed replies need `complete` instead: see app/inference/sending.py.
        """
        attempts = self._attempts({**request, "stream": True}, cancel, has_fallback)
        while True:
            key = attempts.take_key()
            try:
                body = self._post(attempts, key)
                chunks = ChunkStream(body, attempts.release_key, self.silence_s)
                chunks.read_first()
            except UpstreamError as error:
                attempts.wait_or_raise(key, error)
            except BaseException:
                attempts.release_key()
                raise
            else:
                attempts.forget_request()
                return chunks

    def models(self, cancel: CancelToken | None = None) -> list[str]:
        """Return the ids of the models served to any of the keys; never waits."""
        attempts = self._attempts({}, cancel or CancelToken(), max_wait_count=0)
        while True:
            key = attempts.take_key()
            try:
                listing = self._get("models", authorization(key), attempts.cancel)
                return [model.id for model in decode_ids(listing).data]
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UpstreamError("Cerebras sent no list of models") from error
            except UpstreamError as error:
                attempts.wait_or_raise(key, error)
            finally:
                attempts.release_key()

    def public_models(self) -> list[dict[str, Any]]:
        """Return what Cerebras publishes about its models; [] if it cannot be read."""
        try:
            return decode_public(self._get("/public/v1/models", {}, CancelToken())).data
        except (UpstreamError, msgspec.DecodeError, UnicodeDecodeError):
            return []

    def _attempts(
        self,
        request: dict[str, Any],
        cancel: CancelToken,
        has_fallback: bool = False,
        max_wait_count: int = MAX_WAITS,
    ) -> RequestAttempts:
        if not self.api_keys:
            raise KeyMissing(
                "CEREBRAS_API_KEY is not set: put a key into the environment or .env"
            )
        policy = self.retry_policy
        return RequestAttempts(policy, request, cancel, has_fallback, max_wait_count)

    def _post(self, attempts: RequestAttempts, key: Key) -> ResponseBody:
        """Send a request for a completion; return the response's body, unread."""
        path = "completions" if "prompt" in attempts.request else "chat/completions"
        body = json_codec.encode(attempts.request)
        sent_at = self.clock()
        response = self._send(
            self._posts[key, path], attempts.cancel, self.idle_timeout_s, body
        )
        attempts.record_response(key, response.headers, sent_at)
        return response.body

    def _get(self, path: str, headers: dict[str, str], cancel: CancelToken) -> bytes:
        request = self._request("GET", path, headers)
        response = self._send(request, cancel, LIST_TIMEOUT_S)
        return response.body.read_all(MAX_RESPONSE_BYTES)

    def _request(self, method: str, path: str, headers: dict[str, str]) -> Request:
        target = path_of(urljoin(self.base_url, path))
        return self._http.make_request(method, target, HEADERS | headers)

    def _send(
        self,
        request: Request,
        cancel: CancelToken,
        idle_timeout_s: float,
        body: bytes | None = None,
    ) -> Response:
        """Return a 200 response, its body unread; raise UpstreamError for any other."""
        try:
            response = self._http.send(request, cancel, idle_timeout_s, body)
        except UpstreamError:
            LOST_ANSWERS.inc()
            raise
        if response.status != OK:
            UPSTREAM_ANSWERS.labels(str(response.status)).inc()
            error_body = self._masked(read_error_body(response.body))
            raise error_from_response(response.status, response.headers, error_body)
        OK_ANSWERS.inc()
        return response

    def _masked(self, text: bytes) -> bytes:
        """Return the text without our API keys, which an error may echo."""
        for key in self.api_keys:
            text = text.replace(key.encode(), b"...")
        return text


def authorization(key: Key) -> dict[str, str]:
    """Return the header that carries the key."""
    return {"Authorization": f"Bearer {key.secret}"}


def read_error_body(body: ResponseBody) -> bytes:
    """Return what arrives of an error's body within ERROR_BODY_S; close it."""
    data = b""
    deadline = monotonic() + ERROR_BODY_S
    with suppress(UpstreamError):
        while not body.ended and len(data) < MAX_ERROR_BYTES and monotonic() < deadline:
            data += body.read(deadline - monotonic())
    body.close()
    return data
