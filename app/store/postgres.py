"""PostgreSQL connections with short timeouts that do not block the gevent loop.

Under gevent psycopg waits cooperatively for its sockets. Host names are resolved here,
because libpq would block the whole process for that.
"""

import socket
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event

TIMEOUT_S = 2  # to connect, for a statement, for a connection of the pool
SILENCE_S = 2.5  # longer than a statement may take: a silent server is dead
CONNECTIONS = 4  # kept by a worker; it opens up to twice as many

OPTIONS = {
    "connect_timeout": TIMEOUT_S,
    "tcp_user_timeout": TIMEOUT_S * 1000,
    "prepare_threshold": None,  # PgBouncer does not support prepared statements
    "application_name": "cerellama",
}


class Connection(psycopg.Connection[Any]):
    """A connection that is closed if the server does not answer.

    Neither `statement_timeout` nor `tcp_user_timeout` helps if the server process hangs
    while its kernel still acknowledges packets.
    """

    def wait(
        self, gen: Any, interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        """Wait for the server, at most SILENCE_S seconds by default."""
        try:
            return super().wait(gen, interval, timeout or SILENCE_S)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # not sent by the server: the wait timed out
                self.pgconn.finish()  # else a late result would answer the next query
            raise


def make_engine(url: URL) -> Engine:
    """Return an engine whose calls take a few seconds at most."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=TIMEOUT_S,
        pool_pre_ping=True,
        connect_args=OPTIONS,
    )
    event.listen(engine, "do_connect", _connect)
    return engine


def _connect(
    dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]
) -> Connection:
    connection = Connection.connect(
        *arguments, **{**options, **addresses(options)}, autocommit=True
    )
    connection.execute(f"SET statement_timeout = {TIMEOUT_S * 1000}")
    return connection


def addresses(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the host's addresses as libpq options.

    The name stays beside each address, because TLS certificates are checked against it.
    """
    host = str(options.get("host") or "")
    if not host or host.startswith("/") or "," in host or "hostaddr" in options:
        return {}
    try:
        results = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise psycopg.OperationalError(f"cannot resolve {host}: {error}") from error
    unique = dict.fromkeys(str(address[0]) for *_, address in results)
    return {"host": ",".join([host] * len(unique)), "hostaddr": ",".join(unique)}
