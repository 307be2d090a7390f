"""The store's schema, step by step: a step that was released never changes.

All run in one transaction, under a lock of the database, so that workers that start
together run each step once.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

LOCK = 0x63657265  # "cere", the number of our advisory lock in PostgreSQL

Migration = Callable[[Connection], None]

MIGRATIONS: list[Migration] = []


def migration(step: Migration) -> Migration:
    MIGRATIONS.append(step)
    return step


@migration
def m001_initial(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE models ("
        "key TEXT PRIMARY KEY, "
        "name TEXT NOT NULL, "
        "modified_at BIGINT NOT NULL, "  # microseconds since 1970
        "definition TEXT NOT NULL)"  # a Preset as JSON
    )
    connection.exec_driver_sql(
        "CREATE TABLE blobs ("
        "digest TEXT PRIMARY KEY, "
        "expires_at BIGINT NOT NULL)"  # seconds since 1970
    )


def migrate(connection: Connection) -> None:
    """Run what is missing; the caller has begun a transaction."""
    if connection.dialect.name == "postgresql":  # SQLite locks when it begins
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)"
    )
    done = connection.scalar(text("SELECT COALESCE(MAX(number), 0) FROM migrations"))
    for number, step in enumerate(MIGRATIONS[done:], done + 1):
        step(connection)
        connection.execute(
            text("INSERT INTO migrations VALUES (:number)"), {"number": number}
        )
