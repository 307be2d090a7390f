"""The requests under way in a worker, and their cancellation."""

from __future__ import annotations

import pytest

from app.errors import ServerStopping
from app.http1.cancel import CancelToken
from app.inference.slots import RunningRequests


def test_cancel_all_cancels_every_request() -> None:
    running, cancels = RunningRequests(), [CancelToken(), CancelToken()]

    for cancel in cancels:
        running.add(cancel)

    running.cancel_all()

    for cancel in cancels:
        with pytest.raises(ServerStopping) as caught:
            cancel.raise_if_cancelled()

    assert (caught.value.status, caught.value.retry_after) == (503, 5)


def test_request_added_after_cancel_all_is_cancelled_at_once() -> None:
    running, cancel = RunningRequests(), CancelToken()
    running.cancel_all()

    running.add(cancel)

    assert cancel.cancelled


def test_a_request_that_is_done_is_left_alone() -> None:
    running, cancel = RunningRequests(), CancelToken()
    running.add(cancel)
    running.remove(cancel)

    running.cancel_all()

    assert not cancel.cancelled


def test_it_says_whether_requests_are_still_wanted() -> None:
    assert not RunningRequests().stopping
