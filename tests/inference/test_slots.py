from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from prometheus_client import REGISTRY

from app.errors import Cancelled, QueueFull
from app.http1.cancel import CancelToken
from app.inference.slots import Slots

PATIENCE_S = 5.0


@contextmanager
def taken(slots: Slots, cancel: CancelToken) -> Iterator[None]:
    slots.take(cancel)
    try:
        yield
    finally:
        slots.give()


class Waiter(CancelToken):
    """A client whose wait for a turn can itself be awaited."""

    def __init__(self, caller: str = "") -> None:
        super().__init__(caller)
        self.waits = threading.Event()

    def wait(self, event: threading.Event, seconds: float | None = None) -> None:
        self.waits.set()
        super().wait(event, seconds)


def queue_up(
    pool: ThreadPoolExecutor,
    slots: Slots,
    work: Callable[[], object],
    caller: str = "",
) -> tuple[Waiter, Future[None]]:
    waiter = Waiter(caller)

    def run() -> None:
        with taken(slots, waiter):
            work()

    done = pool.submit(run)
    assert waiter.waits.wait(PATIENCE_S)
    return waiter, done


def test_a_free_slot_is_taken_without_waiting() -> None:
    slots = Slots(1, 0)

    for _ in range(3):
        with taken(slots, CancelToken()):
            pass


def test_a_full_queue_is_told_in_ollamas_words() -> None:
    slots = Slots(1, 0)

    with (
        taken(slots, CancelToken()),
        pytest.raises(QueueFull, match="busy.*  maximum"),
        taken(slots, CancelToken()),
    ):
        pass


def test_turns_come_first_come_first_served() -> None:
    slots, served = Slots(1, 9), list[int]()
    with ThreadPoolExecutor() as pool:
        with taken(slots, CancelToken()):
            waiting = [
                queue_up(pool, slots, partial(served.append, n)) for n in range(3)
            ]
        for _, done in waiting:
            done.result(PATIENCE_S)

    assert served == [0, 1, 2]


def test_callers_take_turns() -> None:
    slots, served = Slots(1, 9), list[str]()
    with ThreadPoolExecutor() as pool:
        with taken(slots, CancelToken()):
            waiting = [
                queue_up(pool, slots, partial(served.append, caller), caller)
                for caller in ("greedy", "greedy", "greedy", "greedy", "modest")
            ]
        for _, done in waiting:
            done.result(PATIENCE_S)

    assert served.index("modest") == 1


def test_who_is_upstream_and_who_waits_is_counted() -> None:
    def counted() -> tuple[float | None, float | None]:
        return (
            REGISTRY.get_sample_value("cerellama_active_requests"),
            REGISTRY.get_sample_value("cerellama_queued_requests"),
        )

    slots = Slots(1, 1)
    with ThreadPoolExecutor() as pool:
        with taken(slots, CancelToken()):
            _, done = queue_up(pool, slots, lambda: None)
            during = counted()
        done.result(PATIENCE_S)

    assert during == (1, 1)
    assert counted() == (0, 0)


def test_a_client_that_leaves_the_queue_makes_room() -> None:
    slots = Slots(1, 1)
    with ThreadPoolExecutor() as pool, taken(slots, CancelToken()):
        waiter, done = queue_up(pool, slots, lambda: None)

        waiter.cancel()

        with pytest.raises(Cancelled):
            done.result(PATIENCE_S)
        other, _ = queue_up(pool, slots, lambda: None)
        other.cancel()


def test_a_turn_that_comes_to_a_client_who_has_left_is_passed_on() -> None:
    slots = Slots(1, 1)
    gone = CancelToken()

    class Late(Waiter):
        def wait(self, event: threading.Event, seconds: float | None = None) -> None:
            self.waits.set()
            event.wait(PATIENCE_S)
            self.cancel()
            super().wait(event)

    late = Late()
    with ThreadPoolExecutor() as pool:
        with taken(slots, gone):
            done = pool.submit(slots.take, late)
            assert late.waits.wait(PATIENCE_S)
        with pytest.raises(Cancelled):
            done.result(PATIENCE_S)

    with taken(slots, CancelToken()):
        pass
