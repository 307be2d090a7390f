"""Fixtures that the tests of every folder use."""

import gc
import socket
from collections.abc import Iterator

import pytest

from tests.apps import close_responses
from tests.cerebras import shared_fake  # noqa: F401  # a fixture

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(autouse=True)
def _reset_fake(request: pytest.FixtureRequest) -> None:
    """Delete the scripts and requests of earlier tests."""
    if "fake" in request.fixturenames:
        request.getfixturevalue("fake").reset()


@pytest.fixture(autouse=True)
def _close_responses() -> Iterator[None]:
    """Close the responses of the app that the test left open."""
    yield
    close_responses()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return both ends of one connection."""
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Disable garbage collection: finalizers fail at the depth limit of a decoder.

    They would also be counted by a test that counts calls.
    """
    gc.disable()
    yield
    gc.enable()
