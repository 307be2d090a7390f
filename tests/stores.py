"""Fixtures for databases: a test that takes `database_url` runs once for each kind."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/store.db"
    return fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    return fresh_database(postgres)


def fresh_database(postgres: Postgres) -> str:
    """Create a database and return its URL."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres.url.rpartition('/')[0]}/{name}"
