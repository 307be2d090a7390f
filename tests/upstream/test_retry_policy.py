"""With which key and when a request is tried again, against real servers."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

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
)
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.upstream.key_pool import Key
from app.upstream.retry_policy import backoff, delay
from tests.scripted_server import (
    FINISH,
    Peer,
    Server,
    answer,
    completion,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import Connect, Serve

REQUEST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "é"}]}
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


def connect_with_two_keys(
    connect: Connect, server: Server, max_wait_s: float = 5
) -> Cerebras:
    return connect(server.base_url, api_keys=(FIRST, SECOND), retry_wait_s=max_wait_s)


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


@pytest.mark.parametrize("status", [401, 402, 403, 408, 429, 500, 503])
def test_another_key_is_tried_without_waiting(
    serve: Serve, connect: Connect, status: int
) -> None:
    server = serve(answer({"message": "no"}, status, retry_after="60"), HI)

    connect_with_two_keys(connect, server, max_wait_s=0).complete(
        REQUEST, CancelToken()
    )

    assert keys_of(server) == ["first", "second"]


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_faults_of_the_request_are_not_tried_with_another_key(
    serve: Serve, connect: Connect, status: int
) -> None:
    server = serve(answer({"message": "no"}, status), HI)

    with pytest.raises(Exception, match=r"no|Cerebras"):
        connect_with_two_keys(connect, server).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first"]


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


def test_last_refusal_is_raised_if_every_key_is_refused(
    serve: Serve, connect: Connect
) -> None:
    server = serve(answer({}, 402), answer({}, 401), answer({}, 402), answer({}, 402))
    client = connect_with_two_keys(connect, server)

    with pytest.raises(KeyRefused):
        client.complete(REQUEST, CancelToken())
    with pytest.raises(PaymentRequired):
        client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first", "second"]


def test_only_the_accepted_key_is_waited_for(serve: Serve, connect: Connect) -> None:
    server = serve(OUT_OF_REQUESTS, answer({}, 401), HI)

    connect_with_two_keys(connect, server).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first"]


def test_key_without_quota_is_skipped(serve: Serve, connect: Connect) -> None:
    used_up = answer(
        completion("hi"),
        x_ratelimit_remaining_requests_minute="0",
        x_ratelimit_reset_requests_minute="30",
    )
    server = serve(used_up, HI)
    client = connect_with_two_keys(connect, server)

    for _ in range(4):
        client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "second", "second"]


def test_closed_keys_are_still_tried(serve: Serve, connect: Connect) -> None:
    later = answer({"message": REQUESTS}, 429, retry_after="60")
    server = serve(later, later, HI)
    client = connect_with_two_keys(connect, server)
    with pytest.raises(RateLimited):
        client.complete(REQUEST, CancelToken())

    client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first"]


def test_shortest_retry_after_is_waited_for(serve: Serve, connect: Connect) -> None:
    long, short = (
        answer({"message": "no"}, status, retry_after=after)
        for status, after in ((429, "4"), (503, "0.05"))
    )
    server = serve(long, short, HI)
    begun = monotonic()

    connect_with_two_keys(connect, server).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "second"]
    assert monotonic() - begun < 2


def test_requests_without_quota_are_retried_a_few_at_a_time(
    serve: Serve, connect: Connect
) -> None:
    clients = 6
    all_sent = threading.Barrier(clients)
    running, most_running = 0, 0
    lock = threading.Lock()

    def refuse(peer: Peer) -> None:
        all_sent.wait(5)
        peer.send(answer({"message": REQUESTS}, 429, retry_after="0.2"))

    def serve_one(peer: Peer) -> None:
        nonlocal running, most_running
        with lock:
            running += 1
            most_running = max(most_running, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        peer.send(answer(completion("hi"), x_ratelimit_remaining_requests_minute="1"))

    server = serve(*[refuse] * clients, serve_one)
    client = connect(server.base_url, retry_wait_s=5, api_keys=(FIRST,))
    with ThreadPoolExecutor(clients) as pool:
        for done in [
            pool.submit(client.complete, REQUEST, CancelToken()) for _ in range(clients)
        ]:
            done.result()

    assert len(server.requests) == 2 * clients
    assert most_running <= 3


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
