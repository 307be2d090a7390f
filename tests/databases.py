"""Empty databases: SQLite files, and a real PostgreSQL in a temporary folder."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.processes import Running, running
from tests.real_parts import require_real

DEBIAN = Path("/usr/lib/postgresql")
USER = "postgres"
READY = "database system is ready to accept connections"


@dataclass(frozen=True)
class Postgres:
    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://{USER}@localhost:{self.port}/postgres"

    @contextlib.contextmanager
    def serving(self) -> Iterator[Running]:
        """Run the server until the end of the block; connected clients are cut off."""
        command = [
            *_run_as_user(),
            *(str(self.programs / "postgres"), "-D", str(self.folder / "data")),
            *("-k", str(self.folder), "-p", str(self.port)),
            *("-c", "listen_addresses=localhost", "-c", "fsync=off"),
        ]
        with running(command, READY, cwd=self.folder) as program:
            try:
                yield program
            finally:
                program.process.send_signal(signal.SIGINT)
                program.process.wait()


@contextlib.contextmanager
def installed() -> Iterator[Postgres]:
    """Make an empty PostgreSQL server that does not run yet."""
    paths = sorted(DEBIAN.glob("*/bin/initdb"))
    programs = Path(require_real(paths[-1] if paths else DEBIAN)).parent
    folder = Path(tempfile.mkdtemp(prefix="cerellama-postgres-"))
    try:
        if _is_root():
            shutil.chown(folder, USER, USER)
        subprocess.run(
            [
                *_run_as_user(),
                *(str(programs / "initdb"), "-D", str(folder / "data")),
                *("-U", USER, "-A", "trust", "--no-sync"),
            ],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        yield Postgres(programs, folder, _free_port())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a running server; each test creates its own database."""
    with installed() as instance, instance.serving():
        yield instance


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database; the test runs once for each kind."""
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


def _is_root() -> bool:
    return os.geteuid() == 0


def _run_as_user() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if not _is_root():
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
