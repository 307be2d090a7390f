"""The compiled programs of the benchmark, and a running upstream."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import programs, scenarios
from tests.real_parts import require_real

RunLoad = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    require_real("cc")
    return programs.build(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="session")
def upstream(compiled: tuple[Path, Path]) -> Iterator[int]:
    """The port of the benchmark's upstream."""
    port = programs.free_port()
    log = compiled[0].parent / "upstream.log"
    with programs.running([compiled[0], str(port)], port, log=log):
        yield port


@pytest.fixture(scope="session")
def run_load(compiled: tuple[Path, Path]) -> RunLoad:
    """A function that runs the load generator and returns its figures."""

    def run(
        port: int,
        reply_options: dict[str, int],
        dialect: str = "openai",
        **options: object,
    ) -> dict[str, Any]:
        body_dialect = "openai" if dialect == "whole" else dialect
        arguments = {
            "port": port,
            "path": scenarios.PATHS[body_dialect],
            "dialect": dialect,
            "tokens": reply_options["tokens"],
            "clients": 3,
            "seconds": 0.01,
            **options,
        }
        process = subprocess.run(
            [compiled[1], *(f"{key}={value}" for key, value in arguments.items())],
            input=scenarios.request_body(body_dialect, reply_options),
            capture_output=True,
            check=False,
            timeout=60,
        )
        return json.loads(process.stdout.splitlines()[-1])

    return run
