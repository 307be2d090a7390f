"""The client against fake_cerebras' quota, with a clock that stands or runs faster."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from typing import Any

import pytest

from app.errors import RateLimited
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from tests.cerebras import KEY, OTHER_KEY, Fake, fake_cerebras
from tests.upstream.conftest import Connect

KEYS = (KEY, OTHER_KEY)
SPEED = 120
CLIENTS = 30
REQUEST: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "hello"}],
}
CAPPED = {**REQUEST, "max_completion_tokens": 100}


@pytest.fixture
def client(free: Fake, connect: Connect) -> Cerebras:
    return connect(free.base_url, api_keys=KEYS[:1])


def read_caps(fake: Fake) -> list[int | None]:
    return [
        each["body"].get("max_completion_tokens") for each in fake.inference_requests()
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_uncapped_request_is_retried_with_a_cap_of_what_is_left(
    free: Fake, client: Cerebras, caplog: pytest.LogCaptureFixture, whole: bool
) -> None:
    caplog.set_level("INFO")

    if whole:
        client.complete(REQUEST, CancelToken())
    else:
        client.stream(REQUEST, CancelToken()).close()

    first, second = read_caps(free)
    assert first is None
    assert second is not None
    assert 29_000 < second < 30_000
    assert f"trying again with the {second} tokens that are left as cap" in caplog.text


def test_lowered_cap_follows_the_response_headers(free: Fake, client: Cerebras) -> None:
    client.complete({**REQUEST, "max_completion_tokens": 20_000}, CancelToken())

    client.complete(REQUEST, CancelToken())

    last = read_caps(free)[-1]
    assert last is not None
    assert 9_000 < last < 10_000


@pytest.mark.parametrize("cap", [None, 5_000])
def test_error_of_an_uncapped_request_names_the_setting(
    free: Fake, client: Cerebras, cap: int | None
) -> None:
    client.complete({**REQUEST, "max_completion_tokens": 29_000}, CancelToken())

    with pytest.raises(RateLimited) as caught:
        request = REQUEST | ({"max_completion_tokens": cap} if cap else {})
        client.complete(request, CancelToken())

    assert caught.value.message.startswith("Tokens per minute limit exceeded")
    assert ("DEFAULT_NUM_PREDICT" in caught.value.message) == (cap is None)
    assert caught.value.retry_after == 50
    assert read_caps(free) == [29_000, cap]


def test_no_cap_is_tried_without_requests_left(free: Fake, client: Cerebras) -> None:
    for _ in range(5):
        client.complete(CAPPED, CancelToken())

    with pytest.raises(RateLimited, match="Requests per minute"):
        client.complete(REQUEST, CancelToken())

    assert len(free.inference_requests()) == 6


def test_lowered_cap_is_tried_with_the_key_that_has_most_left(
    free: Fake, connect: Connect
) -> None:
    client = connect(free.base_url, api_keys=KEYS)
    client.complete({**REQUEST, "max_completion_tokens": 20_000}, CancelToken())

    client.complete(REQUEST, CancelToken())

    used = [each["headers"]["authorization"] for each in free.inference_requests()]
    assert len(used) == 4
    assert used[0] != used[3]


class FastToken(CancelToken):
    """A token whose time runs SPEED times faster."""

    def wait(self, turn: Event, seconds: float | None = None) -> None:
        super().wait(turn, None if seconds is None else seconds / SPEED)


@pytest.mark.parametrize("refill", ["steady", "at_once"])
def test_waiting_requests_get_the_quota_of_their_minutes(
    connect: Connect, refill: str
) -> None:
    options = ("--tier", "free", "--refill", refill, "--clock-speed", str(SPEED))
    with fake_cerebras("--tokens-per-second", "0", *options) as fake:
        client = connect(
            fake.base_url,
            api_keys=KEYS[:1],
            retry_wait_s=150,
            pool_size=CLIENTS,
            clock=lambda: monotonic() * SPEED,
        )

        def is_served() -> bool:
            try:
                client.complete(CAPPED, FastToken())
            except RateLimited:
                return False
            return True

        with ThreadPoolExecutor(CLIENTS) as pool:
            futures = [pool.submit(is_served) for _ in range(CLIENTS)]
            served = [each.result() for each in futures]

    # Five at once and five per minute, for the two to three minutes that this takes.
    assert 10 <= served.count(True) <= 21
