"""Connections to PostgreSQL that wait for nothing long and stall no stream.

Under gevent psycopg waits cooperatively for its sockets. Names of hosts are
looked up here: libpq would do it with everything standing still.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event

TIMEOUT_S = 2  # to connect, for a statement, for a connection of the pool
SILENCE_S = 2.5  # after which a server that should have ended a statement is dead
CONNECTIONS = 4  # per worker; twice as many in a rush

OPTIONS = {
    "connect_timeout": TIMEOUT_S,
    "tcp_user_timeout": TIMEOUT_S * 1000,
    "prepare_threshold": None,  # poolers such as PgBouncer do without
    "application_name": "cerellama",
}


class Connection(psycopg.Connection[Any]):
    """Gives a silent server up, which only the client's own clock can notice."""

    def wait(
        self, gen: Any, interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        try:
            return super().wait(gen, interval, timeout or SILENCE_S)
        except psycopg.errors._WaitTimeout:  # it has no public name
            self.pgconn.finish()  # its answer would be taken for the next one's
            raise


def engine(url: URL) -> Engine:
    made = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=TIMEOUT_S,
        pool_pre_ping=True,
        connect_args=OPTIONS,
    )
    event.listen(made, "do_connect", _connect)
    return made


def _connect(
    dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]
) -> Connection:
    connection = Connection.connect(
        *arguments, **{**options, **addresses(options)}, autocommit=True
    )
    connection.execute(f"SET statement_timeout = {TIMEOUT_S * 1000}")
    return connection


def addresses(options: Mapping[str, Any]) -> dict[str, str]:
    """A host's addresses, each beside its name: that is what certificates hold."""
    host = str(options.get("host") or "")
    if not host or host.startswith("/") or "," in host or "hostaddr" in options:
        return {}
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise psycopg.OperationalError(f"{host} is not found: {error}") from error
    unique = dict.fromkeys(str(address[0]) for *_, address in found)
    return {"host": ",".join([host] * len(unique)), "hostaddr": ",".join(unique)}
