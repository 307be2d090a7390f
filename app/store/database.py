"""The database behind the store, migrated before its first use, never long waited for.

What fails is `StoreUnavailable`: told to the caller in general words, logged in full
once per outage.
"""

from __future__ import annotations

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
LOCKED_S = 2.0  # how long a call tries while somebody else holds the lock
RETRY_S = 0.02

UNREACHABLE = "the store of derived models cannot be reached; try again later"
BUSY = "the store of derived models is busy; try again later"


class Database:
    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._is_sqlite = parsed.drivername == "sqlite"
        # Loaded when used: psycopg would take a fifth of every start.
        module = importlib.import_module(SQLITE if self._is_sqlite else POSTGRES)
        self._engine: Engine = module.engine(parsed)
        weakref.finalize(self, self._engine.dispose)
        self._begin = "BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN"
        self._migrated = False
        self._down = False

    def start(self) -> None:
        """Migrate now if possible; whoever comes first does it otherwise."""
        try:
            self.read(lambda connection: None)
        except StoreUnavailable:
            log.warning("Starting without the store: derived models are not there yet.")

    def read(self, work: Callable[[Connection], T]) -> T:
        """Call `work`, each of whose statements stands for itself."""
        return self._patiently(work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Call `work` in a transaction: all of it happens, or nothing."""

        def transact(connection: Connection) -> T:
            with self._transaction(connection):
                return work(connection)

        return self._patiently(transact)

    def _patiently(self, work: Callable[[Connection], T]) -> T:
        deadline = time.monotonic() + LOCKED_S
        while True:
            try:
                return self._once(work)
            except SQLAlchemyError as error:
                locked = isinstance(error, DBAPIError) and sqlite.is_locked(error)
                if not locked:
                    raise self._failure(error) from error
                if time.monotonic() >= deadline:
                    raise StoreUnavailable(BUSY) from error
            time.sleep(RETRY_S)

    def _once(self, work: Callable[[Connection], T]) -> T:
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
        """A connection that goes back to the pool is rolled back."""
        connection.exec_driver_sql(self._begin)
        yield
        connection.exec_driver_sql("COMMIT")

    def _failure(self, error: SQLAlchemyError) -> StoreUnavailable:
        """What comes back may be another database: look at its schema again."""
        self._migrated = False
        if not self._down:
            self._down = True
            reason = error.orig if isinstance(error, DBAPIError) else error
            log.error("The store cannot be reached: %s", reason)
        return StoreUnavailable(UNREACHABLE)
