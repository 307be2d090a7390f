"""Checks of the store, the ports and the access."""

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
def used_address() -> Iterator[Address]:
    """Return an address on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Address(*listener.getsockname())


def test_locked_store_fails(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    store = Store(url)
    store.start()
    with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        finding = machine.check_store(from_env({"DATABASE_URL": url}), store)

    other.close()
    assert (finding.state, "busy" in finding.text) == ("failed", True)


def test_database_password_is_not_shown() -> None:
    url = "postgresql://me:secret@127.0.0.1:9/x"

    finding = machine.check_store(from_env({"DATABASE_URL": url}), Store(url))

    assert finding.state == "failed"
    assert "secret" not in finding.text


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("192.0.2.1", 0), "this machine has no such address"),
        (Address("nowhere.invalid", 0), "Check HOST"),
    ],
)
def test_unusable_address_fails(address: Address, text: str) -> None:
    finding = machine.check_port(address)

    assert (finding.state, text in finding.text) == ("failed", True)


def test_port_of_another_program_fails(
    used_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "HEALTHZ_TIMEOUT_S", 0.1)

    finding = machine.check_port(used_address)

    assert finding.state == "failed"
    assert "another program listens on it" in finding.text


def test_free_port_is_ok() -> None:
    assert machine.check_port(Address("127.0.0.1", 0)).state == "ok"


@pytest.mark.parametrize(
    ("bound", "count"),
    [
        ([DEFAULT_ADDRESS], 1),
        ([DEFAULT_ADDRESS, OLLAMA_ADDRESS], 0),
        ([Address("::", 80)], 0),
    ],
)
def test_warning_if_only_the_port_that_browsers_refuse_is_used(
    monkeypatch: pytest.MonkeyPatch, bound: list[Address], count: int
) -> None:
    monkeypatch.setattr(machine, "is_cerellama", lambda address: False)

    assert len(list(machine.check_default_port(bound))) == count


@pytest.mark.parametrize(
    ("tokens", "host", "state"),
    [
        ("", "127.0.0.1", "ok"),
        ("", "0.0.0.0", "warning"),
        ("one,two", "0.0.0.0", "ok"),
    ],
)
def test_access_from_other_machines_needs_tokens(
    tokens: str, host: str, state: str
) -> None:
    config = from_env({"ACCESS_TOKENS": tokens})

    assert machine.check_access(config, [Address(host, 1)]).state == state
