"""What rate headers tell, computed: nothing here sleeps."""

from __future__ import annotations

import math

import pytest

from app.upstream.quota import Opening, closed, opening, spare, tokens_left, used_up


def told(**windows: tuple[float, float, float]) -> dict[str, str]:
    """Headers of windows by name: remaining, limit, reset."""
    return {
        f"x-ratelimit-{what}-{name.replace('_', '-')}": str(value)
        for name, values in windows.items()
        for what, value in zip(("remaining", "limit", "reset"), values, strict=True)
    }


def test_a_window_that_has_room_is_open() -> None:
    headers = told(requests_minute=(1, 5, 40), tokens_minute=(2000, 30_000, 40))

    assert closed(headers, 2000) is None
    assert closed({}, 2000) is None
    assert spare(headers, 2000) == 1
    assert spare(headers, 2001) == 0
    assert spare({}, 2000) is None
    assert tokens_left(headers) == 2000
    assert tokens_left({}) == 0


def test_a_bucket_is_waited_for_until_it_may_hold_one_request() -> None:
    found = closed(told(requests_minute=(0, 5, 40)), 1)

    assert found == Opening(6.0, interval_s=12.0, reset_s=40.0, size=5)


def test_a_reset_that_comes_sooner_is_waited_for() -> None:
    found = closed(told(requests_minute=(0, 5, 3.5)), 1)

    assert found is not None
    assert found.wait_s == 3.5


def test_tokens_are_waited_for_until_there_are_enough() -> None:
    found = closed(told(tokens_minute=(1000, 30_000, 55)), 6000)

    assert found == Opening(pytest.approx(10, 0.001), 12.0, 55.0, 5)


def test_what_no_window_ever_holds_waits_for_its_reset() -> None:
    found = closed(told(tokens_minute=(1000, 30_000, 55)), 40_000)

    assert found is not None
    assert found.wait_s == 55


def test_a_window_of_unknown_size_waits_for_its_reset() -> None:
    headers = {
        "x-ratelimit-remaining-requests-minute": "0",
        "x-ratelimit-reset-requests-minute": "11.382867097854614",
        "x-ratelimit-remaining-tokens-minute": "400",
        "x-ratelimit-reset-tokens-minute": "50",
    }

    assert closed(headers, 400) == Opening(11.382867097854614)


def test_the_last_of_several_windows_counts() -> None:
    headers = {
        "x-ratelimit-remaining-requests-minute": "0",
        "x-ratelimit-reset-requests-minute": "3.5",
        "x-ratelimit-remaining-requests-day": "0",
        "x-ratelimit-reset-requests-day": "4000.5",
        "x-ratelimit-remaining-tokens-day": "0",
    }

    assert closed(headers, 1) == Opening(4000.5)


def test_retry_after_goes_before_a_window() -> None:
    headers = told(requests_minute=(0, 5, 40)) | {"retry-after": "2"}

    assert opening(headers, 1) == Opening(2)
    assert closed(headers, 1) != Opening(2)


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf"])
def test_what_cannot_be_read_is_passed_over(value: str) -> None:
    headers = told(requests_minute=(0, 5, 40))

    assert closed(headers | {"x-ratelimit-remaining-requests-minute": value}, 1) is None
    assert closed(headers | {"x-ratelimit-limit-requests-minute": value}, 1) == Opening(
        40
    )


def test_a_used_up_window_is_seen() -> None:
    assert used_up(told(requests_day=(0, 5, 40)))
    assert not used_up(told(requests_day=(1, 5, 40)))
    assert not used_up({})


def test_clients_are_told_of_the_reset_when_there_is_one() -> None:
    assert Opening(12, reset_s=40).told_s == 40
    assert Opening(12).told_s == 12
    assert Opening(12).reset_s == math.inf
