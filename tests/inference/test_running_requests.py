"""Cancelling all running requests of a worker."""

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


def test_finished_request_is_not_cancelled() -> None:
    running, cancel = RunningRequests(), CancelToken()
    running.add(cancel)
    running.remove(cancel)

    running.cancel_all()

    assert not cancel.cancelled


def test_new_worker_is_not_stopping() -> None:
    assert not RunningRequests().stopping
