"""The addresses that psycopg connects to; tests/live/test_store.py uses a server."""

import psycopg
import pytest

from app.store.postgres import addresses


def test_host_keeps_its_name_beside_each_of_its_addresses() -> None:
    options = addresses({"host": "localhost"})

    found = options["hostaddr"].split(",")
    assert set(found) <= {"127.0.0.1", "::1"}
    assert options["host"] == ",".join(["localhost"] * len(found))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": "/var/run/postgresql"},
        {"host": "one,two"},
        {"host": "db", "hostaddr": "127.0.0.1"},
    ],
    ids=["default", "Unix socket", "several hosts", "address"],
)
def test_libpq_resolves_what_is_not_one_host(options: dict[str, str]) -> None:
    assert addresses(options) == {}


def test_unknown_host_is_an_operational_error() -> None:
    with pytest.raises(psycopg.OperationalError, match="cannot resolve no.invalid"):
        addresses({"host": "no.invalid"})
