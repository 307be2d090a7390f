"""What tests of every folder share: the stand-in upstream, a real process."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator

import pytest

from tests.apps import close_answers
from tests.cerebras import shared_fake  # noqa: F401  # a fixture

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> None:
    """No test sees the scripts and the requests of another."""
    if "fake" in request.fixturenames:
        request.getfixturevalue("fake").reset()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No test leaves an answer of the app open."""
    yield
    close_answers()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two ends of one connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No garbage is collected, for where finalizers cannot run, or would be counted.

    They cannot at the depth limit of a decoder.
    """
    gc.disable()
    yield
    gc.enable()
