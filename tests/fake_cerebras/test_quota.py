"""Quota: buckets of requests and tokens, with a clock that the test sets."""

from typing import Any

import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.fake_cerebras.client import (
    COMPLETIONS,
    GPT,
    KEY,
    OTHER,
    QWEN,
    Response,
    chat_body,
    get,
    post,
)

REQUESTS = "Requests per minute limit exceeded - too many requests sent."
TOKENS = "Tokens per minute limit exceeded - too many tokens processed."
TOTAL = "Total tokens per minute limit exceeded - too many tokens processed."
PROMPT = 67  # tokens of `chat_body("hi")`
LONG = "word" * 20_000
LONG_PROMPT = 20_066  # tokens of `chat_body(LONG)`
CACHED = 20_066 // 128 * 128  # of these, once they are cached


def post_chat(fake: Fake, cap: int = 100, **options: Any) -> Response:
    return post(fake, chat_body("hi", max_completion_tokens=cap), **options)


def statuses(fake: Fake, count: int, **options: Any) -> list[int]:
    return [post_chat(fake, **options).status for _ in range(count)]


def remaining(response: Response) -> tuple[int, int]:
    """Return the requests and the tokens that remain."""
    requests, tokens = (
        int(response.headers[f"x-ratelimit-remaining-{kind}-minute"])
        for kind in ("requests", "tokens")
    )
    return requests, tokens


def test_request_takes_prompt_and_cap(free: Fake) -> None:
    first = post_chat(free)

    assert remaining(first) == (4, 30_000 - PROMPT - 100)
    assert remaining(post_chat(free, 2000)) == (3, 30_000 - 2 * PROMPT - 2100)
    headers = first.headers
    assert headers["x-ratelimit-limit-requests-minute"] == "5"
    assert headers["x-ratelimit-limit-tokens-minute"] == "30000"
    assert float(headers["x-ratelimit-reset-requests-minute"]) == 50
    assert float(headers["x-ratelimit-reset-tokens-minute"]) == 50


def test_sixth_request_of_a_minute_returns_429(free: Fake) -> None:
    assert statuses(free, 5) == [200] * 5

    response = post_chat(free)

    assert (response.status, response.json["message"]) == (429, REQUESTS)
    assert response.json["code"] == "request_quota_exceeded"
    assert remaining(response)[0] == 0
    assert "retry-after" not in response.headers


def test_steady_bucket_refills_continuously(free: Fake) -> None:
    statuses(free, 5)

    free.set_clock(advance=11.9)
    assert post_chat(free).status == 429
    free.set_clock(advance=0.2)
    assert statuses(free, 2) == [200, 429]
    free.set_clock(advance=3600)
    assert remaining(post_chat(free)) == (4, 30_000 - PROMPT - 100)


def test_at_once_bucket_refills_when_the_minute_ends(free: Fake) -> None:
    free.set_quota("free", refill="at_once")
    statuses(free, 5)

    free.set_clock(advance=49.9)
    assert post_chat(free).status == 429
    free.set_clock(advance=0.1)
    assert remaining(post_chat(free)) == (4, 30_000 - PROMPT - 100)


def test_reserved_tokens_beyond_the_bucket_return_429(free: Fake) -> None:
    post_chat(free, 29_000)

    response = post_chat(free, 900)

    assert (response.status, response.json["message"]) == (429, TOKENS)
    assert response.json["code"] == "token_quota_exceeded"
    assert remaining(response) == (4, 1000 - PROMPT)
    assert post_chat(free, 1000 - 2 * PROMPT).status == 200


@pytest.mark.parametrize("cap", [{}, {"max_completion_tokens": -1}])
def test_free_tier_refuses_a_request_without_cap(
    free: Fake, cap: dict[str, int]
) -> None:
    assert post(free, chat_body("hi", **cap)).json["message"] == TOKENS


def test_paid_tier_has_larger_buckets(free: Fake) -> None:
    free.set_quota("paid")

    response = post(free, chat_body("hi"))

    assert remaining(response) == (999, 1_000_000 - PROMPT - 40_960)


def test_paid_tier_has_limits_of_its_own_for_qwen(free: Fake) -> None:
    free.set_quota("paid")

    response = post(free, chat_body("hi", QWEN, max_completion_tokens=100))

    assert remaining(response) == (299, 150_000 - PROMPT - 100)


def post_long(fake: Fake, cap: int = 100, **options: Any) -> Response:
    return post(fake, chat_body(LONG, max_completion_tokens=cap), **options)


def test_cached_tokens_are_not_taken_from_the_uncached_ones(free: Fake) -> None:
    first, second = post_long(free), post_long(free)

    left = 30_000 - LONG_PROMPT - 100
    assert remaining(first) == (4, left)
    assert remaining(second) == (3, left - (LONG_PROMPT - CACHED) - 100)


def test_cached_prompts_beyond_the_total_tokens_return_429(free: Fake) -> None:
    accepted = [post_long(free) for _ in range(4)]

    response = post_long(free)

    assert [each.status for each in accepted] == [200] * 4
    assert (response.status, response.json["message"]) == (429, TOTAL)
    assert response.json["code"] == "token_quota_exceeded"
    assert response.json["type"] == "too_many_tokens_error"
    assert remaining(response) == remaining(accepted[-1])
    assert post_chat(free, 9_000).status == 200


def test_total_tokens_refill_too(free: Fake) -> None:
    for _ in range(4):
        post_long(free)

    needed = 5 * (LONG_PROMPT + 100) - 90_000
    free.set_clock(advance=60 * needed / 90_000 - 0.1)
    assert post_long(free).json["message"] == TOTAL
    free.set_clock(advance=0.2)
    assert post_long(free).status == 200


def test_refused_request_is_not_cached(free: Fake) -> None:
    assert post_long(free, 12_000).json["message"] == TOKENS

    assert remaining(post_long(free)) == (4, 30_000 - LONG_PROMPT - 100)


def test_no_header_describes_the_total_tokens(free: Fake) -> None:
    names = post_chat(free).headers

    described = {name.split("-", 3)[3] for name in names if "ratelimit" in name}
    assert "requests-minute" in described
    assert not [name for name in described if "total" in name or "cached" in name]


def test_keys_of_one_organisation_share_its_buckets(free: Fake) -> None:
    free.unite_keys("csk-simulated", "csk-other")
    free.set_quota("free", keys=["csk-other"])

    assert statuses(free, 3) == [200] * 3
    assert statuses(free, 3, headers=OTHER) == [200, 200, 429]
    assert statuses(free, 1) == [429]


def test_each_key_and_model_has_its_own_buckets(free: Fake) -> None:
    assert statuses(free, 6)[-1] == 429
    assert post_chat(free, headers=OTHER).status == 200
    assert post(free, chat_body("hi", QWEN, max_tokens=9)).status == 200


def test_only_valid_inference_requests_take_quota(free: Fake) -> None:
    assert post(free, chat_body("hi", top_k=1)).status == 400
    assert get(free, "/v1/models").status == 200

    completion = {"model": GPT, "prompt": "hi", "max_tokens": 100}
    assert remaining(post(free, completion, COMPLETIONS))[0] == 4


def test_quota_can_be_set_for_one_key(two_keys: Fake) -> None:
    two_keys.reset()
    two_keys.set_quota("free", keys=["csk-other"])

    assert statuses(two_keys, 6) == [200] * 6
    assert statuses(two_keys, 6, headers=OTHER) == [200] * 5 + [429]


def test_option_puts_keys_into_one_organisation() -> None:
    keys = ("--organisation", "csk-simulated,csk-other")
    with fake_cerebras("--tokens-per-second", "0", *keys, "--tier", "free") as fake:
        assert statuses(fake, 3) == [200] * 3
        assert 429 in statuses(fake, 3, headers=OTHER)


@pytest.mark.parametrize("keys", [[], ["csk-unknown"]], ids=str)
def test_organisation_of_unknown_keys_returns_400(
    two_keys: Fake, keys: list[str]
) -> None:
    response = post(two_keys, {"keys": keys}, "/_fake/organisation", headers=KEY)

    assert response.status == 400


@pytest.mark.parametrize(
    "body", [{"tier": "gold"}, {}, {"tier": "free", "refill": "never"}], ids=str
)
def test_unknown_tier_or_refill_returns_400(
    two_keys: Fake, body: dict[str, str]
) -> None:
    assert post(two_keys, body, "/_fake/quota", headers=KEY).status == 400
