"""With which key and when a request is tried again: with real servers."""

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
from app.upstream.keys import Key
from tests.upstream.conftest import Connect, Serve
from tests.upstream.servers import (
    FINISH,
    Peer,
    Server,
    answer,
    completion,
    said,
    streamed,
)

REQUEST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "é"}]}
HI = answer(completion("hi"))
FIRST, SECOND, THIRD = "csk-first", "csk-second", "csk-third"
LATER = {"retry_after": "0.1"}
REQUESTS = "Requests per minute limit exceeded - too many requests sent."
OUT_OF_REQUESTS = answer(
    {"message": REQUESTS, "code": "request_quota_exceeded"}, 429, retry_after="0.1"
)


def keys_of(server: Server) -> list[str]:
    """Which key each request came with."""
    told = [request.headers["authorization"] for request in server.requests]
    return [each.removeprefix("Bearer csk-") for each in told]


def pooled(connect: Connect, server: Server, limit_s: float = 5) -> Cerebras:
    return connect(server.base_url, api_keys=(FIRST, SECOND), retry_wait_s=limit_s)


def known(client: Cerebras) -> list[Key]:
    return client._patience.keys.all


def test_requests_take_the_keys_in_turn(serve: Serve, connect: Connect) -> None:
    server = serve(HI)
    client = pooled(connect, server)

    for _ in range(4):
        client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second"] * 2
    assert [key.active for key in known(client)] == [0, 0]


def test_a_key_is_in_use_until_its_stream_is_closed(
    serve: Serve, connect: Connect
) -> None:
    server = serve(streamed(said("a"), FINISH))
    client = pooled(connect, server)

    held = client.stream(REQUEST, CancelToken())
    for _ in range(3):
        client.stream(REQUEST, CancelToken()).close()
    held.close()
    held.close()

    assert keys_of(server) == ["first", "second", "second", "second"]
    assert [key.active for key in known(client)] == [0, 0]


@pytest.mark.parametrize("status", [401, 402, 403, 408, 429, 500, 503])
def test_another_key_is_tried_at_once(
    serve: Serve, connect: Connect, status: int
) -> None:
    server = serve(answer({"message": "no"}, status, retry_after="60"), HI)

    pooled(connect, server, limit_s=0).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second"]


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_no_keys_fault_is_not_tried_with_another(
    serve: Serve, connect: Connect, status: int
) -> None:
    server = serve(answer({"message": "no"}, status), HI)

    with pytest.raises(Exception, match=r"no|Cerebras"):
        pooled(connect, server).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first"]


def test_a_refused_key_rests_and_is_told_by_its_place(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(answer({"message": "no"}, 401), HI)
    client = pooled(connect, server)
    for _ in range(3):
        client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "second", "second"]
    assert "Key 1 was refused (401): it rests for 5 minutes" in caplog.text
    assert "csk" not in caplog.text


def test_a_refused_key_is_tried_again_after_its_rest(
    serve: Serve, connect: Connect
) -> None:
    server = serve(answer({"message": "no"}, 402), HI)
    client = pooled(connect, server)
    client.complete(REQUEST, CancelToken())

    known(client)[0].refused_until = monotonic() - 1
    client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first"]
    assert known(client)[0].refused_until == 0


def test_when_every_key_is_refused_the_last_refusal_is_told(
    serve: Serve, connect: Connect
) -> None:
    server = serve(answer({}, 402), answer({}, 401), answer({}, 402), answer({}, 402))
    client = pooled(connect, server)

    with pytest.raises(KeyRefused):
        client.complete(REQUEST, CancelToken())
    with pytest.raises(PaymentRequired):
        client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first", "second"]


def test_a_refused_key_leaves_the_wait_to_the_other(
    serve: Serve, connect: Connect
) -> None:
    server = serve(OUT_OF_REQUESTS, answer({}, 401), HI)

    pooled(connect, server).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first"]


def test_a_key_out_of_quota_is_passed_over(serve: Serve, connect: Connect) -> None:
    used_up = answer(
        completion("hi"),
        x_ratelimit_remaining_requests_minute="0",
        x_ratelimit_reset_requests_minute="30",
    )
    server = serve(used_up, HI)
    client = pooled(connect, server)

    for _ in range(4):
        client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "second", "second"]


def test_only_an_answer_makes_a_request_fail(serve: Serve, connect: Connect) -> None:
    later = answer({"message": REQUESTS}, 429, retry_after="60")
    server = serve(later, later, HI)
    client = pooled(connect, server)
    with pytest.raises(RateLimited):
        client.complete(REQUEST, CancelToken())

    client.complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "first"]


def test_what_passes_soonest_is_waited_for(serve: Serve, connect: Connect) -> None:
    long, short = (
        answer({"message": "no"}, status, retry_after=after)
        for status, after in ((429, "4"), (503, "0.05"))
    )
    server = serve(long, short, HI)
    begun = monotonic()

    pooled(connect, server).complete(REQUEST, CancelToken())

    assert keys_of(server) == ["first", "second", "second"]
    assert monotonic() - begun < 2


def test_a_crowd_out_of_quota_comes_back_one_by_one(
    serve: Serve, connect: Connect
) -> None:
    crowd = 6
    together = threading.Barrier(crowd)
    at_once, most = 0, 0
    lock = threading.Lock()

    def refuse(peer: Peer) -> None:
        together.wait(5)
        peer.send(answer({"message": REQUESTS}, 429, retry_after="0.2"))

    def serve_one(peer: Peer) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.02)
        with lock:
            at_once -= 1
        peer.send(answer(completion("hi"), x_ratelimit_remaining_requests_minute="1"))

    server = serve(*[refuse] * crowd, serve_one)
    client = connect(server.base_url, retry_wait_s=5, api_keys=(FIRST,))
    with ThreadPoolExecutor(crowd) as pool:
        for done in [
            pool.submit(client.complete, REQUEST, CancelToken()) for _ in range(crowd)
        ]:
            done.result()

    assert len(server.requests) == 2 * crowd
    assert most <= 3


def test_a_client_that_leaves_the_line_lets_the_next_one_go(
    serve: Serve, connect: Connect
) -> None:
    later = answer({"message": REQUESTS}, 429, retry_after="0.5")
    server = serve(later, later, HI)
    client = connect(server.base_url, retry_wait_s=5, api_keys=(FIRST,))
    leaves, stays = CancelToken(), CancelToken()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.complete, REQUEST, leaves)
        server.wait_for(1)
        second = pool.submit(client.complete, REQUEST, stays)
        server.wait_for(2)
        leaves.cancel()

        with pytest.raises(Cancelled):
            first.result(1)
        second.result(5)

    assert len(server.requests) == 3
    assert known(client)[0].active == 0


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(503, "", UpstreamBusy), (429, "queue_exceeded", ModelBusy)],
)
def test_a_busy_model_is_not_waited_for_when_another_stands_by(
    serve: Serve, connect: Connect, status: int, code: str, error: type[Exception]
) -> None:
    server = serve(answer({"message": "no", "code": code}, status, **LATER), HI)
    client = connect(server.base_url, retry_wait_s=5)

    with pytest.raises(error):
        client.complete(REQUEST, CancelToken(), has_substitute=True)

    assert len(server.requests) == 1


def test_the_list_of_models_comes_with_any_key_and_waits_for_none(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = serve(answer({}, 401), answer({"data": [{"id": "a"}]}), OUT_OF_REQUESTS)
    client = connect(server.base_url, api_keys=(FIRST, SECOND, THIRD), retry_wait_s=9)

    assert client.models() == ["a"]
    with pytest.raises(RateLimited):
        client.models()

    assert len(server.requests) == 5
    assert [key.active for key in known(client)] == [0, 0, 0]


def test_an_echoed_key_is_not_told(serve: Serve, connect: Connect) -> None:
    server = serve(answer({"message": "odd-key and its friend other-key"}, 400))
    client = connect(server.base_url, api_keys=("odd-key", "other-key"))

    with pytest.raises(RequestRefused) as caught:
        client.complete(REQUEST, CancelToken())

    assert caught.value.message == "... and its friend ..."


def test_answers_retries_and_waits_are_counted(serve: Serve, connect: Connect) -> None:
    def counted() -> list[float]:
        samples = [
            ("upstream_answers_total", {"status": "429"}),
            ("upstream_answers_total", {"status": "503"}),
            ("upstream_answers_total", {"status": "200"}),
            ("retries_total", {"status": "429"}),
            ("retries_total", {"status": "503"}),
            ("wait_seconds_count", {"reason": "quota"}),
            ("wait_seconds_count", {"reason": "retry"}),
        ]
        told = [REGISTRY.get_sample_value(f"cerellama_{n}", ls) for n, ls in samples]
        return [each or 0.0 for each in told]

    before = counted()
    server = serve(OUT_OF_REQUESTS, answer({}, 503, **LATER), HI)
    connect(server.base_url, retry_wait_s=5).complete(REQUEST, CancelToken())

    more = [now - then for now, then in zip(counted(), before, strict=True)]
    assert more == [1] * 7
