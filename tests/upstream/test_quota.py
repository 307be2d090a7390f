"""What is computed from rate-limit headers."""

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


ROOM = rate_headers(requests_minute=(1, 5, 40), tokens_minute=(2000, 30_000, 40))
FEW_TOKENS = rate_headers(tokens_minute=(1000, 30_000, 55))
OPENINGS: dict[str, tuple[dict[str, str], int, Opening | None]] = {
    "room": (ROOM, 2000, None),
    "no headers": ({}, 2000, None),
    "refill for one request": (
        rate_headers(requests_minute=(0, 5, 40)),
        1,
        Opening(6.0, interval_s=12.0, reset_s=40.0, size=5),
    ),
    "earlier reset": (
        rate_headers(requests_minute=(0, 5, 3.5)),
        1,
        Opening(3.5, interval_s=12.0, reset_s=3.5, size=5),
    ),
    "refill for the tokens": (
        FEW_TOKENS,
        6000,
        Opening(pytest.approx(10, 0.001), 12.0, 55.0, 5),
    ),
    "no limit": (
        {
            "x-ratelimit-remaining-requests-minute": "0",
            "x-ratelimit-reset-requests-minute": "11.382867097854614",
            "x-ratelimit-remaining-tokens-minute": "400",
            "x-ratelimit-reset-tokens-minute": "50",
        },
        400,
        Opening(11.382867097854614),
    ),
    "last of several windows": (
        {
            "x-ratelimit-remaining-requests-minute": "0",
            "x-ratelimit-reset-requests-minute": "3.5",
            "x-ratelimit-remaining-requests-day": "0",
            "x-ratelimit-reset-requests-day": "4000.5",
            "x-ratelimit-remaining-tokens-day": "0",
        },
        1,
        Opening(4000.5),
    ),
}


@pytest.mark.parametrize("case", OPENINGS)
def test_next_opening(case: str) -> None:
    headers, tokens, opening = OPENINGS[case]

    assert next_opening(headers, tokens) == opening


def test_request_larger_than_the_window_waits_for_its_reset() -> None:
    opening = next_opening(FEW_TOKENS, 40_000)

    assert opening is not None
    assert opening.wait_s == 55


def test_requests_and_tokens_left() -> None:
    assert requests_left(ROOM, 2000) == 1
    assert requests_left(ROOM, 2001) == 0
    assert requests_left({}, 2000) is None
    assert tokens_left(ROOM) == 2000
    assert tokens_left({}) == 0


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
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "0"}, 0),
        ({"retry-after": LATER, "date": NOON}, 7),
        ({"retry-after": NOON, "date": LATER}, 0),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": LATER}, None),
        ({"retry-after": LATER, "date": "today"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:07 -0000", "date": NOON}, None),
    ],
    ids=str,
)
def test_retry_after_is_seconds_or_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
