"""A real PostgreSQL for tests: started in a folder of its own, gone after them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
        """Run it until the block's end, whoever is still connected then."""
        command = [
            *_as_nobody_special(),
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
    """An empty database, not yet running."""
    found = sorted(DEBIAN.glob("*/bin/initdb"))
    programs = Path(require_real(found[-1] if found else DEBIAN)).parent
    folder = Path(tempfile.mkdtemp(prefix="cerellama-postgres-"))
    try:
        if _is_root():
            shutil.chown(folder, USER, USER)
        subprocess.run(
            [
                *_as_nobody_special(),
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
    """Running for all tests; each makes a database of its own."""
    with installed() as instance, instance.serving():
        yield instance


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_nobody_special() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if not _is_root():
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
