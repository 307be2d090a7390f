"""Slots and their queue, and cancelling all running requests of a worker."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from prometheus_client import REGISTRY

from app.errors import Cancelled, QueueFull, ServerStopping
from app.http1.cancel import CancelToken
from app.inference.slots import RunningRequests, Slots

TIMEOUT_S = 5.0


@contextmanager
def holding_slot(slots: Slots, cancel: CancelToken) -> Iterator[None]:
    slots.take(cancel)
    try:
        yield
    finally:
        slots.give()


class Waiter(CancelToken):
    """A cancel token that reports when its request is_waiting in the queue."""

    def __init__(self, caller: str = "") -> None:
        super().__init__(caller)
        self.is_waiting = threading.Event()

    def wait(self, event: threading.Event, seconds: float | None = None) -> None:
        self.is_waiting.set()
        super().wait(event, seconds)


def start_waiting(
    pool: ThreadPoolExecutor,
    slots: Slots,
    work: Callable[[], object],
    caller: str = "",
) -> tuple[Waiter, Future[None]]:
    waiter = Waiter(caller)

    def run() -> None:
        with holding_slot(slots, waiter):
            work()

    done = pool.submit(run)
    assert waiter.is_waiting.wait(TIMEOUT_S)
    return waiter, done


def test_full_queue_has_the_text_of_ollama() -> None:
    slots = Slots(1, 0)

    with (
        holding_slot(slots, CancelToken()),
        pytest.raises(QueueFull, match="busy.*  maximum"),
        holding_slot(slots, CancelToken()),
    ):
        pass


def test_callers_get_slots_in_turn() -> None:
    slots, served = Slots(1, 9), list[str]()
    with ThreadPoolExecutor() as pool:
        with holding_slot(slots, CancelToken()):
            waiting = [
                start_waiting(pool, slots, partial(served.append, caller), caller)
                for caller in ("greedy", "greedy", "greedy", "greedy", "modest")
            ]
        for _, done in waiting:
            done.result(TIMEOUT_S)

    assert served.index("modest") == 1


def test_active_and_queued_requests_are_counted() -> None:
    def read_gauges() -> tuple[float | None, float | None]:
        return (
            REGISTRY.get_sample_value("cerellama_active_requests"),
            REGISTRY.get_sample_value("cerellama_queued_requests"),
        )

    slots = Slots(1, 1)
    with ThreadPoolExecutor() as pool:
        with holding_slot(slots, CancelToken()):
            _, done = start_waiting(pool, slots, lambda: None)
            during = read_gauges()
        done.result(TIMEOUT_S)

    assert during == (1, 1)
    assert read_gauges() == (0, 0)


def test_cancelled_request_leaves_the_queue() -> None:
    slots = Slots(1, 1)
    with ThreadPoolExecutor() as pool, holding_slot(slots, CancelToken()):
        waiter, done = start_waiting(pool, slots, lambda: None)

        waiter.cancel()

        with pytest.raises(Cancelled):
            done.result(TIMEOUT_S)
        other, _ = start_waiting(pool, slots, lambda: None)
        other.cancel()


def test_slot_given_to_a_cancelled_request_is_free_again() -> None:
    slots = Slots(1, 1)
    gone = CancelToken()

    class Late(Waiter):
        def wait(self, event: threading.Event, seconds: float | None = None) -> None:
            self.is_waiting.set()
            event.wait(TIMEOUT_S)
            self.cancel()
            super().wait(event)

    late = Late()
    with ThreadPoolExecutor() as pool:
        with holding_slot(slots, gone):
            done = pool.submit(slots.take, late)
            assert late.is_waiting.wait(TIMEOUT_S)
        with pytest.raises(Cancelled):
            done.result(TIMEOUT_S)

    with holding_slot(slots, CancelToken()):
        pass


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
