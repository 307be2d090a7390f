"""With which key and when a request is tried again, against real servers."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from time import monotonic

import pytest
from prometheus_client import REGISTRY

from app.errors import (
    Cancelled,
    KeyRefused,
    ModelBusy,
    PaymentRequired,
    RateLimited,
    RequestRefused,
    UpstreamBusy,
    UpstreamError,
)
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.upstream.key_pool import Key
from app.upstream.retry_policy import backoff, delay
from tests.scripted_server import (
    FINISH,
    Server,
    answer,
    completion,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import REQUEST, Connect, Serve, complete

HI = answer(completion("hi"))
FIRST, SECOND, THIRD = "csk-first", "csk-second", "csk-third"
LATER = {"retry_after": "0.1"}
REQUESTS = "Requests per minute limit exceeded - too many requests sent."
OUT_OF_REQUESTS = answer(
    {"message": REQUESTS, "code": "request_quota_exceeded"}, 429, retry_after="0.1"
)


def keys_of(server: Server) -> list[str]:
    """Return the key of each request that the server received."""
    values = [request.headers["authorization"] for request in server.requests]
    return [each.removeprefix("Bearer csk-") for each in values]


def connect_with_two_keys(connect: Connect, server: Server) -> Cerebras:
    return connect(server.base_url, api_keys=(FIRST, SECOND), retry_wait_s=5)


def pool_keys(client: Cerebras) -> list[Key]:
    return client.retry_policy.key_pool.keys


def test_key_is_active_until_its_stream_is_closed(
    serve: Serve, connect: Connect
) -> None:
    server = serve(streamed(text_chunk("a"), FINISH))
    client = connect_with_two_keys(connect, server)

    held = client.stream(REQUEST, CancelToken())
    for _ in range(3):
        client.stream(REQUEST, CancelToken()).close()
    held.close()
    held.close()

    assert keys_of(server) == ["first", "second", "second", "second"]
    assert [key.active for key in pool_keys(client)] == [0, 0]


def fail(status: int, retry_after: str = "60") -> bytes:
    return answer({"message": "no"}, status, retry_after=retry_after)


USED_UP = answer(
    completion("hi"),
    x_ratelimit_remaining_requests_minute="0",
    x_ratelimit_reset_requests_minute="30",
)
Errors = list[type[UpstreamError] | None]
# The replies, the error of each request or None, and the keys that are used.
KEYS_USED: dict[str, tuple[list[bytes], Errors, str]] = {
    **{
        f"another key without waiting after {status}": ([fail(status)], [None], "1 2")
        for status in (401, 402, 403, 408, 429, 500, 503)
    },
    **{
        f"no other key after {status}": ([fail(status)], [UpstreamError], "1")
        for status in (400, 404, 413, 422)
    },
    "every key is refused": (
        [fail(402), fail(401), fail(402), fail(402)],
        [KeyRefused, PaymentRequired],
        "1 2 1 2",
    ),
    "only the accepted key is waited for": (
        [OUT_OF_REQUESTS, fail(401)],
        [None],
        "1 2 1",
    ),
    "key without quota is skipped": ([USED_UP], [None] * 4, "1 2 2 2"),
    "closed keys are still tried": (
        [fail(429), fail(429)],
        [RateLimited, None],
        "1 2 1",
    ),
    "shortest Retry-After is waited for": (
        [fail(429, "4"), fail(503, "0.05")],
        [None],
        "1 2 2",
    ),
}


@pytest.mark.parametrize(
    ("replies", "errors", "keys"), KEYS_USED.values(), ids=KEYS_USED
)
def test_keys_are_used(
    serve: Serve, connect: Connect, replies: list[bytes], errors: Errors, keys: str
) -> None:
    server = serve(*replies, HI)
    client = connect_with_two_keys(connect, server)
    begun = monotonic()

    for error in errors:
        with pytest.raises(error) if error else nullcontext():
            complete(client)

    numbers = {"first": "1", "second": "2"}
    assert " ".join(numbers[key] for key in keys_of(server)) == keys
    assert monotonic() - begun < 2


def test_refused_key_rests_for_a_while_and_is_logged_by_number(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(answer({"message": "no"}, 401), HI)
    client = connect_with_two_keys(connect, server)
    for _ in range(3):
        client.complete(REQUEST, CancelToken())

    pool_keys(client)[0].refused_until = monotonic() - 1
    client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "second", "second", "first"]
    assert pool_keys(client)[0].refused_until == 0
    assert "Key 1 was refused (401): it rests for 5 minutes" in caplog.text
    assert "csk" not in caplog.text


def test_client_that_leaves_the_quota_queue_gives_up_its_turn(
    serve: Serve, connect: Connect
) -> None:
    later = answer({"message": REQUESTS}, 429, retry_after="0.5")
    server = serve(later, later, HI)
    client = connect(server.base_url, retry_wait_s=5, api_keys=(FIRST,))
    leaving, staying = CancelToken(), CancelToken()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.complete, REQUEST, leaving)
        server.wait_for(1)
        second = pool.submit(client.complete, REQUEST, staying)
        server.wait_for(2)
        leaving.cancel()

        with pytest.raises(Cancelled):
            first.result(1)
        second.result(5)

    assert len(server.requests) == 3
    assert pool_keys(client)[0].active == 0


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(503, "", UpstreamBusy), (429, "queue_exceeded", ModelBusy)],
)
def test_overload_is_raised_at_once_if_there_is_a_fallback(
    serve: Serve, connect: Connect, status: int, code: str, error: type[Exception]
) -> None:
    server = serve(answer({"message": "no", "code": code}, status, **LATER), HI)
    client = connect(server.base_url, retry_wait_s=5)

    with pytest.raises(error):
        client.complete(REQUEST, CancelToken(), has_fallback=True)

    assert len(server.requests) == 1


def test_models_are_listed_with_any_key_and_without_waiting(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = serve(answer({}, 401), answer({"data": [{"id": "a"}]}), OUT_OF_REQUESTS)
    client = connect(server.base_url, api_keys=(FIRST, SECOND, THIRD), retry_wait_s=9)

    assert client.models() == ["a"]
    with pytest.raises(RateLimited):
        client.models()

    assert len(server.requests) == 5
    assert [key.active for key in pool_keys(client)] == [0, 0, 0]


def test_echoed_key_is_masked(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"message": "odd-key and its friend other-key"}, 400))
    client = connect(server.base_url, api_keys=("odd-key", "other-key"))

    with pytest.raises(RequestRefused) as caught:
        client.complete(REQUEST, CancelToken())

    assert caught.value.message == "... and its friend ..."


def test_responses_retries_and_waits_have_metrics(
    serve: Serve, connect: Connect
) -> None:
    def read_metrics() -> list[float]:
        samples = [
            ("upstream_answers_total", {"status": "429"}),
            ("upstream_answers_total", {"status": "503"}),
            ("upstream_answers_total", {"status": "200"}),
            ("retries_total", {"status": "429"}),
            ("retries_total", {"status": "503"}),
            ("wait_seconds_count", {"reason": "quota"}),
            ("wait_seconds_count", {"reason": "retry"}),
        ]
        return [
            REGISTRY.get_sample_value(f"cerellama_{name}", labels) or 0.0
            for name, labels in samples
        ]

    before = read_metrics()
    server = serve(OUT_OF_REQUESTS, answer({}, 503, **LATER), HI)
    connect(server.base_url, retry_wait_s=5).complete(REQUEST, CancelToken())

    increases = [now - then for now, then in zip(read_metrics(), before, strict=True)]
    assert increases == [1] * 7


def test_backoff_doubles_up_to_eight_seconds_less_the_jitter() -> None:
    delays = [delay(waits, {}, 0) for waits in range(7)]

    assert delays == [0.5, 1, 2, 4, 8, 8, 8]
    assert [backoff(2, chance) for chance in (0.5, 1.0)] == [1.75, 1.5]
    assert delay(3, {"retry-after": "2"}, 1) == 2
