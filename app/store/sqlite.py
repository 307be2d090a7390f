"""SQLite, written by several workers.

A call that finds the database locked fails at once: SQLite's own wait would block the
gevent loop. `Database` sleeps cooperatively and retries.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

PROJECT = Path(__file__).parents[2]  # relative paths begin here
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def make_engine(url: URL) -> Engine:
    """Return an engine that makes the file's folder when it connects."""
    path = PROJECT / (url.database or "")
    engine = create_engine(
        url.set(database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": 0},
    )
    event.listen(engine, "do_connect", _make_folder)
    event.listen(engine, "connect", _set_synchronous)
    return engine


def prepare(connection: Connection) -> None:
    """Switch to WAL, which lets readers and a writer work at the same time."""
    connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def is_locked(error: DBAPIError) -> bool:
    """Return whether another process held SQLite's lock."""
    code: int = getattr(error.orig, "sqlite_errorcode", None) or 0
    return code & 0xFF in LOCKED


def _make_folder(
    dialect: Any, record: Any, arguments: Sequence[Any], options: dict[str, Any]
) -> None:
    try:
        Path(arguments[0]).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror) from error


def _set_synchronous(connection: sqlite3.Connection, record: Any) -> None:
    """Do not wait for the disk at each commit; with WAL a crash does no harm."""
    connection.execute("PRAGMA synchronous = NORMAL")
