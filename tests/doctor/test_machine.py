"""What is needed of this machine."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import from_env
from app.doctor import machine
from app.server.addresses import DEFAULT_ADDRESS, OLLAMA_ADDRESS
from app.settings import Address
from app.store.store import Store


@pytest.fixture
def taken() -> Iterator[Address]:
    """By a program that is none of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Address(*listener.getsockname())


def test_a_store_that_cannot_be_written_is_told_without_its_password(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    store = Store(url)
    store.start()
    with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        found = machine.check_store(from_env({"DATABASE_URL": url}), store)

    other.close()
    assert (found.state, "busy" in found.told) == ("failed", True)


def test_a_password_of_the_store_is_not_shown() -> None:
    url = "postgresql://me:secret@127.0.0.1:9/x"

    found = machine.check_store(from_env({"DATABASE_URL": url}), Store(url))

    assert found.state == "failed"
    assert "secret" not in found.told


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (Address("192.0.2.1", 0), "this machine has no such address"),
        (Address("nowhere.invalid", 0), "Look at HOST"),
    ],
)
def test_an_address_that_cannot_be_bound_is_told(address: Address, told: str) -> None:
    found = machine.check_port(address)

    assert (found.state, told in found.told) == ("failed", True)


def test_a_port_of_another_program_is_told(
    taken: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ANSWER_S", 0.1)

    found = machine.check_port(taken)

    assert found.state == "failed"
    assert "another program listens there" in found.told


def test_a_free_port_is_well() -> None:
    assert machine.check_port(Address("127.0.0.1", 0)).state == "ok"


@pytest.mark.parametrize(
    ("bound", "count"),
    [
        ([DEFAULT_ADDRESS], 1),
        ([DEFAULT_ADDRESS, OLLAMA_ADDRESS], 0),
        ([Address("::", 80)], 0),
    ],
)
def test_only_the_port_that_browsers_refuse_is_worth_a_word(
    monkeypatch: pytest.MonkeyPatch, bound: list[Address], count: int
) -> None:
    monkeypatch.setattr(machine, "is_ours", lambda address: False)

    assert len(list(machine.check_ollamas_port(bound))) == count


@pytest.mark.parametrize(
    ("tokens", "host", "state"),
    [
        ("", "127.0.0.1", "ok"),
        ("", "0.0.0.0", "warning"),
        ("one,two", "0.0.0.0", "ok"),
    ],
)
def test_who_may_come_in(tokens: str, host: str, state: str) -> None:
    config = from_env({"ACCESS_TOKENS": tokens})

    assert machine.check_access(config, [Address(host, 1)]).state == state
