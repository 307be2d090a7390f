"""What is waited, computed: nothing here sleeps."""

from __future__ import annotations

import pytest

from app.upstream.retry import backoff, delay

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
SOON = "Sun, 22 Nov 2026 12:00:07 GMT"


def test_waits_double_up_to_eight_seconds() -> None:
    waits = [delay(attempt, {}, 0) for attempt in range(7)]

    assert waits == [0.5, 1, 2, 4, 8, 8, 8]


def test_chance_shortens_a_wait_by_a_quarter_at_most() -> None:
    assert backoff(2, 1.0) == 1.5
    assert backoff(2, 0.5) == 1.75


@pytest.mark.parametrize(("told", "wait_s"), [("2", 2), ("0.25", 0.25), ("0", 0)])
def test_what_the_upstream_says_holds(told: str, wait_s: float) -> None:
    assert delay(3, {"retry-after": told}, 1) == wait_s


def test_a_date_counts_from_the_date_of_the_answer() -> None:
    assert delay(0, {"retry-after": SOON, "date": NOON}, 0) == 7
    assert delay(0, {"retry-after": NOON, "date": SOON}, 0) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "soon"},
        {"retry-after": "-1"},
        {"retry-after": "nan"},
        {"retry-after": "inf"},
        {"retry-after": ""},
        {"retry-after": SOON},
        {"retry-after": SOON, "date": "today"},
        {"retry-after": "Sun, 22 Nov 2026 12:00:07 -0000", "date": NOON},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_passed_over(headers: dict[str, str]) -> None:
    assert delay(0, headers, 0) == 0.5
