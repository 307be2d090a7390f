"""SQLite, written by several workers: nobody waits inside it.

A call that finds the database locked comes back at once; who wants to try again sleeps
outside, where streams go on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

PROJECT = Path(__file__).parents[2]
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def engine(url: URL) -> Engine:
    path = PROJECT / (url.database or "")
    made = create_engine(
        url.set(database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": 0},
    )
    event.listen(made, "do_connect", _make_folder)
    event.listen(made, "connect", _relax)
    return made


def prepare(connection: Connection) -> None:
    """Let readers and a writer get by each other, from now on and for everyone."""
    connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def is_locked(error: DBAPIError) -> bool:
    code: int = getattr(error.orig, "sqlite_errorcode", None) or 0
    return code & 0xFF in LOCKED


def _make_folder(
    dialect: Any, record: Any, arguments: Sequence[Any], options: dict[str, Any]
) -> None:
    try:
        Path(arguments[0]).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror) from error


def _relax(connection: sqlite3.Connection, record: Any) -> None:
    """With a WAL this is as safe against a crash, and a commit waits for no disk."""
    connection.execute("PRAGMA synchronous = NORMAL")
