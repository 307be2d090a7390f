"""All requests of a process, and its end."""

from __future__ import annotations

import pytest

from app.errors import ServerStopping
from app.http1.cancel import CancelToken
from app.inference.running import Running


def test_the_end_reaches_every_request_at_work() -> None:
    running, cancels = Running(), [CancelToken(), CancelToken()]

    for cancel in cancels:
        running.join(cancel)

    running.end()

    for cancel in cancels:
        with pytest.raises(ServerStopping) as caught:
            cancel.raise_if_cancelled()

    assert (caught.value.status, caught.value.retry_after) == (503, 5)


def test_who_comes_after_the_end_is_told_at_once() -> None:
    running, cancel = Running(), CancelToken()
    running.end()

    running.join(cancel)

    assert cancel.cancelled


def test_a_request_that_is_done_is_left_alone() -> None:
    running, cancel = Running(), CancelToken()
    running.join(cancel)
    running.leave(cancel)

    running.end()

    assert not cancel.cancelled


def test_it_says_whether_requests_are_still_wanted() -> None:
    assert not Running().stopping
