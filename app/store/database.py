"""Run statements on the store's database, migrated before its first use.

A failure is StoreUnavailable, whose text names no address; the log has the full reason,
once per outage. No call waits for longer than a few seconds.
"""

import importlib
import logging
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.errors import StoreUnavailable
from app.store import sqlite
from app.store.migrations import migrate

log = logging.getLogger(__name__)

T = TypeVar("T")

SQLITE, POSTGRES = "app.store.sqlite", "app.store.postgres"
LOCKED_S = 2.0  # how long a call retries while another process holds the lock
RETRY_INTERVAL_S = 0.02

UNREACHABLE = "the store of derived models cannot be reached; try again later"
BUSY = "the store of derived models is busy; try again later"


class Database:
    """The engine of a SQLite or PostgreSQL URL, with retries and migrations."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._is_sqlite = parsed.drivername == "sqlite"
        # Imported on demand, because psycopg makes every start slower by a fifth.
        module = importlib.import_module(SQLITE if self._is_sqlite else POSTGRES)
        self._engine: Engine = module.make_engine(parsed)
        weakref.finalize(self, self._engine.dispose)
        self._begin = "BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN"
        self._migrated = False
        self._down = False

    def start(self) -> None:
        """Migrate now; if that fails, the first call that succeeds does it."""
        try:
            self.read(lambda connection: None)
        except StoreUnavailable:
            log.warning("Starting without the store: no derived models until it works.")

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return work(connection); its statements are not in one transaction."""
        return self._retry_while_locked(work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return work(connection), run in one transaction."""

        def transact(connection: Connection) -> T:
            with self._transaction(connection):
                return work(connection)

        return self._retry_while_locked(transact)

    def _retry_while_locked(self, work: Callable[[Connection], T]) -> T:
        deadline = time.monotonic() + LOCKED_S
        while True:
            try:
                return self._run(work)
            except SQLAlchemyError as error:
                is_locked = isinstance(error, DBAPIError) and sqlite.is_locked(error)
                if not is_locked:
                    raise self._unreachable(error) from error
                if time.monotonic() >= deadline:
                    raise StoreUnavailable(BUSY) from error
            time.sleep(RETRY_INTERVAL_S)

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            if not self._migrated:
                self._migrate(connection)
            result = work(connection)
        if self._down:
            self._down = False
            log.info("The store can be reached again.")
        return result

    def _migrate(self, connection: Connection) -> None:
        if self._is_sqlite:
            sqlite.prepare(connection)
        with self._transaction(connection):
            migrate(connection)
        self._migrated = True

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[None]:
        """Commit at the end; the pool rolls back a connection that it gets earlier."""
        connection.exec_driver_sql(self._begin)
        yield
        connection.exec_driver_sql("COMMIT")

    def _unreachable(self, error: SQLAlchemyError) -> StoreUnavailable:
        """Log the error once per outage and return it in general words."""
        self._migrated = False  # it may come back as another, empty database
        if not self._down:
            self._down = True
            reason = error.orig if isinstance(error, DBAPIError) else error
            log.error("The store cannot be reached: %s", reason)
        return StoreUnavailable(UNREACHABLE)
