"""Slow work that stalls no stream."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from app.errors import InvalidRequest
from app.inference.offload import offload
from tests.gevent_process import Play


def test_under_plain_threads_work_is_simply_done() -> None:
    assert offload(threading.get_ident) == threading.get_ident()
    assert offload(divmod, 7, 2) == (3, 1)
    assert offload(int, "11", base=2) == 3


def test_a_refusal_comes_back_as_it_is() -> None:
    def refuse() -> NoReturn:
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest, match="no"):
        offload(refuse)


def test_under_gevent_others_run_meanwhile(play: Play) -> None:
    told = play("offloaded")

    assert told["refused"] == "no"
    assert told["turns"] > 5
