"""Slow work in a thread, so that it does not block other requests."""

import threading
import time
from typing import Any, NoReturn

import gevent
import pytest

from app.errors import InvalidRequest
from app.inference.offload import offload
from tests.under_gevent import run_under_gevent

BUSY_S = 0.3


def test_under_plain_threads_work_runs_in_the_same_thread() -> None:
    assert offload(threading.get_ident) == threading.get_ident()
    assert offload(divmod, 7, 2) == (3, 1)
    assert offload(int, "11", base=2) == 3


def refuse() -> NoReturn:
    raise InvalidRequest("no")


def test_error_is_raised_unchanged() -> None:
    with pytest.raises(InvalidRequest, match="no"):
        offload(refuse)


def offload_beside_another_greenlet() -> dict[str, Any]:
    """Return how often another greenlet ran meanwhile, and the error of a refusal."""
    turns = 0

    def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0.01)

    counter = gevent.spawn(count_turns)
    offload(block_thread)
    counter.kill()
    try:
        offload(refuse)
    except InvalidRequest as error:
        return {"turns": turns, "refused": error.message}
    return {"turns": turns}


def block_thread() -> None:
    until = time.monotonic() + BUSY_S
    while time.monotonic() < until:
        pass


def test_under_gevent_other_greenlets_run_meanwhile() -> None:
    result = run_under_gevent(offload_beside_another_greenlet)

    assert result["refused"] == "no"
    assert result["turns"] > 5
