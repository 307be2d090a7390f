"""The server under test, started by the line of the Procfile or by `flask run`."""

import atexit
import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PROJECT, Running, running

URL = re.compile(r"http://[\w.:\[\]-]+")
SETTINGS = re.findall(
    r"^# ([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE
)
LISTENS = {"gunicorn": "Cerellama listens at", "flask": "Running on"}


@dataclass(frozen=True)
class Server:
    url: str
    program: Running


def procfile_command() -> list[str]:
    return (PROJECT / "Procfile").read_text().removeprefix("web: ").split()


def environment(**settings: str) -> dict[str, str]:
    """Return an environment with these settings only, none of the shell or `.env`."""
    return {
        **dict.fromkeys(SETTINGS, ""),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHON_DOTENV_DISABLED": "1",
        "FLASK_SKIP_DOTENV": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "WEB_CONCURRENCY": "2",
        "GRACE_S": "2",  # idle connections of clients delay the exit
        "HOST": "127.0.0.1",
        "PORT": "0",
        "DATABASE_URL": fresh_store(),
        **settings,
    }


def fresh_store() -> str:
    """Return a DATABASE_URL that no other test uses."""
    folder = tempfile.mkdtemp(prefix="cerellama-store-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return f"sqlite:///{folder}/store.db"


@contextlib.contextmanager
def serving(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Server]:
    """Run a server until the end of the block; see `environment`."""
    ready = LISTENS["flask" if command[0] == "flask" else "gunicorn"]
    concurrency = "thread" if command[0] == "flask" else "gevent"
    environ = {**environ, "COVERAGE_CONCURRENCY": concurrency}
    with running(command, ready, environ=environ) as program:
        yield Server(URL.findall(program.wait_for(ready))[0], program)


@pytest.fixture(scope="session")
def upstream_settings(fake: Any) -> dict[str, str]:
    """Return the settings that point a server at fake_cerebras."""
    return {"CEREBRAS_BASE_URL": fake.base_url, "CEREBRAS_API_KEY": fake.key}


@pytest.fixture(scope="session")
def server(upstream_settings: dict[str, str]) -> Iterator[Server]:
    with serving(procfile_command(), environment(**upstream_settings)) as started:
        yield started


@pytest.fixture(scope="session")
def flask_server(upstream_settings: dict[str, str]) -> Iterator[Server]:
    command = ["flask", "--app", "wsgi", "run", "--port", "0"]
    with serving(command, environment(**upstream_settings)) as started:
        yield started
