"""The stages of a worker's end; tests/live/test_stopping.py sees them from outside."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pytest

from app.server.drain import (
    FORCE_S,
    HANDOVER_S,
    NEWCOMER_S,
    Stage,
    closing_s,
    is_replaced,
    mark_replaced,
    part_with_idle,
    take_due,
)


@dataclass(eq=False)
class Caller:
    """A client that has been silent for so long, if it waits."""

    silent_s: float | None
    requests: int = 1
    hung_up: bool = False

    @property
    def waits_since(self) -> float | None:
        return None if self.silent_s is None else monotonic() - self.silent_s

    def hang_up(self) -> None:
        self.hung_up = True


@pytest.mark.parametrize("replaced", [False, True])
def test_a_client_that_is_served_is_served_to_the_end(replaced: bool) -> None:
    client: Any = Caller(None)

    part_with_idle([client], replaced)

    assert not client.hung_up


@pytest.mark.parametrize(
    ("client", "replaced", "parted"),
    [
        (Caller(0.01), False, True),
        (Caller(NEWCOMER_S / 2, requests=0), False, False),
        (Caller(NEWCOMER_S + 0.01, requests=0), False, True),
        (Caller(HANDOVER_S / 2), True, False),
        (Caller(HANDOVER_S + 0.01), True, True),
    ],
    ids=["kept", "new", "silent", "busy at HUP", "idle at HUP"],
)
def test_idle_clients_are_parted_with(
    client: Any, replaced: bool, parted: bool
) -> None:
    part_with_idle([client], replaced)

    assert client.hung_up == parted


@pytest.mark.parametrize(
    ("grace_s", "replaced", "due_s"),
    [(25, True, 1.0), (25, False, 12.5), (2, True, 0.4), (2, False, 0.4), (1, True, 0)],
)
def test_nobody_is_taken_in_to_be_dropped(
    grace_s: float, replaced: bool, due_s: float
) -> None:
    closes_s = closing_s(grace_s, replaced)

    assert closes_s == pytest.approx(due_s)
    assert closes_s < grace_s - FORCE_S or not closes_s


def test_each_stage_is_taken_once_and_in_its_time() -> None:
    taken: list[str] = []
    stages = [
        Stage(0.0, lambda: taken.append("first")),
        Stage(2.0, lambda: taken.append("second")),
    ]

    left = take_due(stages, 1.0)

    assert taken == ["first"]
    assert take_due(left, 2.0) == []
    assert taken == ["first", "second"]


def test_a_worker_learns_from_the_arbiter_that_it_is_replaced() -> None:
    with tempfile.TemporaryFile() as shared:
        worker: Any = type("Worker", (), {"tmp": shared})

        assert not is_replaced(worker)
        mark_replaced(worker)
        assert is_replaced(worker)
