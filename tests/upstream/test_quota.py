"""What is computed from rate-limit headers."""

from __future__ import annotations

import math

import pytest

from app.upstream.quota import (
    Opening,
    is_exhausted,
    next_opening,
    opening_after_refusal,
    requests_left,
    retry_after,
    tokens_left,
)

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
LATER = "Sun, 22 Nov 2026 12:00:07 GMT"


def rate_headers(**windows: tuple[float, float, float]) -> dict[str, str]:
    """Return the headers of windows by name: remaining, limit, reset."""
    return {
        f"x-ratelimit-{field}-{name.replace('_', '-')}": str(value)
        for name, values in windows.items()
        for field, value in zip(("remaining", "limit", "reset"), values, strict=True)
    }


def test_window_with_room_is_open() -> None:
    headers = rate_headers(requests_minute=(1, 5, 40), tokens_minute=(2000, 30_000, 40))

    assert next_opening(headers, 2000) is None
    assert next_opening({}, 2000) is None


def test_requests_and_tokens_left() -> None:
    headers = rate_headers(requests_minute=(1, 5, 40), tokens_minute=(2000, 30_000, 40))

    assert requests_left(headers, 2000) == 1
    assert requests_left(headers, 2001) == 0
    assert requests_left({}, 2000) is None
    assert tokens_left(headers) == 2000
    assert tokens_left({}) == 0


def test_bucket_opens_when_it_has_refilled_for_one_request() -> None:
    opening = next_opening(rate_headers(requests_minute=(0, 5, 40)), 1)

    assert opening == Opening(6.0, interval_s=12.0, reset_s=40.0, size=5)


def test_earlier_reset_decides() -> None:
    opening = next_opening(rate_headers(requests_minute=(0, 5, 3.5)), 1)

    assert opening is not None
    assert opening.wait_s == 3.5


def test_bucket_opens_when_it_has_refilled_for_the_tokens() -> None:
    opening = next_opening(rate_headers(tokens_minute=(1000, 30_000, 55)), 6000)

    assert opening == Opening(pytest.approx(10, 0.001), 12.0, 55.0, 5)


def test_request_larger_than_the_window_waits_for_its_reset() -> None:
    opening = next_opening(rate_headers(tokens_minute=(1000, 30_000, 55)), 40_000)

    assert opening is not None
    assert opening.wait_s == 55


def test_window_without_a_limit_opens_at_its_reset() -> None:
    headers = {
        "x-ratelimit-remaining-requests-minute": "0",
        "x-ratelimit-reset-requests-minute": "11.382867097854614",
        "x-ratelimit-remaining-tokens-minute": "400",
        "x-ratelimit-reset-tokens-minute": "50",
    }

    assert next_opening(headers, 400) == Opening(11.382867097854614)


def test_last_window_to_open_decides() -> None:
    headers = {
        "x-ratelimit-remaining-requests-minute": "0",
        "x-ratelimit-reset-requests-minute": "3.5",
        "x-ratelimit-remaining-requests-day": "0",
        "x-ratelimit-reset-requests-day": "4000.5",
        "x-ratelimit-remaining-tokens-day": "0",
    }

    assert next_opening(headers, 1) == Opening(4000.5)


def test_retry_after_precedes_the_windows_after_a_refusal() -> None:
    headers = rate_headers(requests_minute=(0, 5, 40)) | {"retry-after": "2"}

    assert opening_after_refusal(headers, 1) == Opening(2)
    assert next_opening(headers, 1) != Opening(2)


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf"])
def test_invalid_values_are_ignored(value: str) -> None:
    headers = rate_headers(requests_minute=(0, 5, 40))
    without_remaining = {**headers, "x-ratelimit-remaining-requests-minute": value}
    without_limit = {**headers, "x-ratelimit-limit-requests-minute": value}

    assert next_opening(without_remaining, 1) is None
    assert next_opening(without_limit, 1) == Opening(40)


def test_exhausted_window_is_detected() -> None:
    assert is_exhausted(rate_headers(requests_day=(0, 5, 40)))
    assert not is_exhausted(rate_headers(requests_day=(1, 5, 40)))
    assert not is_exhausted({})


def test_clients_are_sent_the_reset_if_there_is_one() -> None:
    assert Opening(12, reset_s=40).retry_after_s == 40
    assert Opening(12).retry_after_s == 12
    assert Opening(12).reset_s == math.inf


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2), ("0.25", 0.25), ("0", 0)], ids=str
)
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_retry_after_date_is_relative_to_the_responses_date() -> None:
    assert retry_after({"retry-after": LATER, "date": NOON}) == 7
    assert retry_after({"retry-after": NOON, "date": LATER}) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "soon"},
        {"retry-after": "-1"},
        {"retry-after": "nan"},
        {"retry-after": "inf"},
        {"retry-after": ""},
        {"retry-after": LATER},
        {"retry-after": LATER, "date": "today"},
        {"retry-after": "Sun, 22 Nov 2026 12:00:07 -0000", "date": NOON},
    ],
    ids=str,
)
def test_invalid_retry_after_is_ignored(headers: dict[str, str]) -> None:
    assert retry_after(headers) is None
