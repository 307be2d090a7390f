"""What is waited, computed: nothing here sleeps."""

from __future__ import annotations

import pytest

from app.upstream.retry import delay

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
SOON = "Sun, 22 Nov 2026 12:00:07 GMT"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 200, 302, 600])
def test_what_would_fail_again_is_not_tried_again(status: int) -> None:
    assert delay(0, status, {"Retry-After": "1"}, 0) is None


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503, 504, 529])
def test_waits_double_up_to_eight_seconds(status: int | None) -> None:
    waits = [delay(attempt, status, {}, 0) for attempt in range(7)]

    assert waits == [0.5, 1, 2, 4, 8, 8, 8]


def test_chance_shortens_a_wait_by_a_quarter_at_most() -> None:
    assert delay(2, 500, {}, 1.0) == 1.5
    assert delay(2, 500, {}, 0.5) == 1.75


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_the_upstream_says_holds(status: int) -> None:
    assert delay(3, status, {"Retry-After": "2"}, 1) == 2
    assert delay(3, status, {"retry-after": "0.25"}, 1) == 0.25
    assert delay(3, status, {"Retry-After": "0"}, 1) == 0


def test_a_date_counts_from_the_date_of_the_answer() -> None:
    assert delay(0, 503, {"Retry-After": SOON, "Date": NOON}, 0) == 7
    assert delay(0, 503, {"Retry-After": NOON, "Date": SOON}, 0) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "soon"},
        {"Retry-After": "-1"},
        {"Retry-After": "nan"},
        {"Retry-After": "inf"},
        {"Retry-After": ""},
        {"Retry-After": SOON},
        {"Retry-After": SOON, "Date": "today"},
        {"Retry-After": "Sun, 22 Nov 2026 12:00:07 -0000", "Date": NOON},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_passed_over(headers: dict[str, str]) -> None:
    assert delay(0, 429, headers, 0) == 0.5


def test_an_exhausted_window_is_waited_for() -> None:
    headers = {
        "x-ratelimit-remaining-requests-minute": "0",
        "x-ratelimit-reset-requests-minute": "11.382867097854614",
        "x-ratelimit-remaining-tokens-minute": "400",
        "x-ratelimit-reset-tokens-minute": "50",
    }

    assert delay(0, 429, headers, 0) == 11.382867097854614


def test_the_last_of_several_exhausted_windows_counts() -> None:
    headers = {
        "X-RateLimit-Remaining-Requests-Minute": "0",
        "X-RateLimit-Reset-Requests-Minute": "3.5",
        "X-RateLimit-Remaining-Requests-Day": "0",
        "X-RateLimit-Reset-Requests-Day": "4000.5",
        "X-RateLimit-Remaining-Tokens-Day": "0",
    }

    assert delay(0, 429, headers, 0) == 4000.5


def test_retry_after_goes_before_a_window() -> None:
    headers = {
        "Retry-After": "2",
        "x-ratelimit-remaining-tokens-minute": "0",
        "x-ratelimit-reset-tokens-minute": "50",
    }

    assert delay(0, 429, headers, 0) == 2


def test_a_window_says_nothing_about_other_failures() -> None:
    headers = {
        "x-ratelimit-remaining-tokens-minute": "0",
        "x-ratelimit-reset-tokens-minute": "50",
    }

    assert delay(0, 503, headers, 0) == 0.5
