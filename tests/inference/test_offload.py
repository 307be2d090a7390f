"""Slow work in a thread, so that it does not block other requests."""

import threading
from typing import NoReturn

import pytest

from app.errors import InvalidRequest
from app.inference.offload import offload
from tests.gevent_scenes import RunScene


def test_under_plain_threads_work_runs_in_the_same_thread() -> None:
    assert offload(threading.get_ident) == threading.get_ident()
    assert offload(divmod, 7, 2) == (3, 1)
    assert offload(int, "11", base=2) == 3


def test_error_is_raised_unchanged() -> None:
    def refuse() -> NoReturn:
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest, match="no"):
        offload(refuse)


def test_under_gevent_other_greenlets_run_meanwhile(run_scene: RunScene) -> None:
    result = run_scene("offload_work")

    assert result["refused"] == "no"
    assert result["turns"] > 5
