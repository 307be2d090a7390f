"""Buckets of requests and tokens, by raw requests and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.fake_cerebras.raw import AGENT, COMPLETIONS, KEY, Answer, get, post, user

REQUESTS = "Requests per minute limit exceeded - too many requests sent."
TOKENS = "Tokens per minute limit exceeded - too many tokens processed."
PROMPT = 67  # tokens of `user("hi")`
OTHER = {**AGENT, "authorization": "Bearer csk-other"}


@pytest.fixture(scope="module")
def two_keys() -> Iterator[Fake]:
    keys = ("--key", "csk-simulated", "--key", "csk-other")
    with fake_cerebras("--tokens-per-second", "0", *keys) as running:
        yield running


@pytest.fixture
def free(two_keys: Fake) -> Fake:
    """Two keys of the free tier, the clock standing at 10 s after a full minute."""
    two_keys.reset()
    two_keys.set_clock(at=6010)
    two_keys.set_quota("free")
    return two_keys


def ask(fake: Fake, cap: int = 100, **more: Any) -> Answer:
    return post(fake, user("hi", max_completion_tokens=cap), **more)


def left(answer: Answer) -> tuple[int, int]:
    """Requests and tokens."""
    told = [
        int(answer.headers[f"x-ratelimit-remaining-{kind}-minute"])
        for kind in ("requests", "tokens")
    ]
    return told[0], told[1]


def test_a_request_takes_itself_its_prompt_and_its_cap(free: Fake) -> None:
    assert left(ask(free)) == (4, 30_000 - PROMPT - 100)
    assert left(ask(free, 2000)) == (3, 30_000 - 2 * PROMPT - 2100)


def test_headers_tell_the_limits_and_the_end_of_the_minute(free: Fake) -> None:
    headers = ask(free).headers

    assert headers["x-ratelimit-limit-requests-minute"] == "5"
    assert headers["x-ratelimit-limit-tokens-minute"] == "30000"
    assert float(headers["x-ratelimit-reset-requests-minute"]) == 50
    assert float(headers["x-ratelimit-reset-tokens-minute"]) == 50


def test_the_sixth_request_is_refused(free: Fake) -> None:
    for _ in range(5):
        assert ask(free).status == 200

    refused = ask(free)

    assert (refused.status, refused.json["message"]) == (429, REQUESTS)
    assert refused.json["code"] == "request_quota_exceeded"
    assert left(refused)[0] == 0
    assert "retry-after" not in refused.headers


def test_a_bucket_refills_all_the_time(free: Fake) -> None:
    for _ in range(5):
        ask(free)

    free.set_clock(advance=11.9)
    assert ask(free).status == 429
    free.set_clock(advance=0.2)
    assert ask(free).status == 200
    assert ask(free).status == 429
    free.set_clock(advance=3600)
    assert left(ask(free)) == (4, 30_000 - PROMPT - 100)


def test_a_window_refills_as_the_minute_ends(free: Fake) -> None:
    free.set_quota("free", refill="at_once")
    for _ in range(5):
        ask(free)

    free.set_clock(advance=49.9)
    assert ask(free).status == 429
    free.set_clock(advance=0.1)
    assert left(ask(free)) == (4, 30_000 - PROMPT - 100)


def test_tokens_are_refused_by_what_is_reserved(free: Fake) -> None:
    ask(free, 29_000)

    refused = ask(free, 900)

    assert (refused.status, refused.json["message"]) == (429, TOKENS)
    assert refused.json["code"] == "token_quota_exceeded"
    assert left(refused) == (4, 1000 - PROMPT)
    assert ask(free, 1000 - 2 * PROMPT).status == 200


@pytest.mark.parametrize("cap", [{}, {"max_completion_tokens": -1}])
def test_without_a_cap_a_free_minute_holds_no_request(
    free: Fake, cap: dict[str, int]
) -> None:
    assert post(free, user("hi", **cap)).json["message"] == TOKENS


def test_a_paid_minute_holds_many(free: Fake) -> None:
    free.set_quota("paid")

    assert left(post(free, user("hi"))) == (999, 1_000_000 - PROMPT - 40_960)


def test_raw_completions_count(free: Fake) -> None:
    body = {"model": "gpt-oss-120b", "prompt": "hi", "max_tokens": 100}

    assert left(post(free, body, COMPLETIONS))[0] == 4


def test_every_key_and_model_has_buckets_of_its_own(free: Fake) -> None:
    for _ in range(6):
        refused = ask(free)

    assert refused.status == 429
    assert ask(free, headers=OTHER).status == 200
    assert post(free, user("hi", "qwen-3.8-27b", max_tokens=9)).status == 200


def test_what_a_check_refuses_takes_nothing(free: Fake) -> None:
    assert post(free, user("hi", top_k=1)).status == 400
    assert get(free, "/v1/models").status == 200

    assert left(ask(free))[0] == 4


def test_one_key_can_have_quota_and_another_none(two_keys: Fake) -> None:
    two_keys.reset()
    two_keys.set_quota("free", keys=["csk-other"])

    assert [ask(two_keys).status for _ in range(6)] == [200] * 6
    assert [ask(two_keys, headers=OTHER).status for _ in range(6)] == [200] * 5 + [429]


def test_a_tier_can_be_given_at_the_start_and_time_can_run_faster() -> None:
    options = ("--tier", "free", "--refill", "steady", "--clock-speed", "6000")
    with fake_cerebras("--tokens-per-second", "0", *options) as fake:
        fake.reset()

        assert "x-ratelimit-limit-requests-minute" in ask(fake).headers
        assert [ask(fake).status for _ in range(30)].count(200) > 6


@pytest.mark.parametrize(
    "body", [{"tier": "gold"}, {}, {"tier": "free", "refill": "never"}], ids=str
)
def test_a_tier_that_means_nothing_is_refused(
    two_keys: Fake, body: dict[str, str]
) -> None:
    answer = post(two_keys, body, "/_fake/quota", headers=KEY)

    assert answer.status == 400
