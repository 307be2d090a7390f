"""The store's schema as a list of migrations; a released one never changes.

All run in one transaction that locks the database, so that workers which start together
run each of them once.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

LOCK = 0x63657265  # "cere", of an advisory lock in PostgreSQL

Migration = Callable[[Connection], None]

MIGRATIONS: list[Migration] = []


def migration(step: Migration) -> Migration:
    """Add a step to the list."""
    MIGRATIONS.append(step)
    return step


@migration
def m001_initial(connection: Connection) -> None:
    """Create the tables of derived models and blobs."""
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
    """Run the migrations that the database lacks, in the caller's transaction."""
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE locks
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
