"""The bench's own programs, compiled, and an upstream at work."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import bodies, programs
from tests.real_parts import require_real

Load = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    require_real("cc")
    return programs.build(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="session")
def upstream(compiled: tuple[Path, Path]) -> Iterator[int]:
    """The port of the bench's upstream."""
    port = programs.free_port()
    log = compiled[0].parent / "upstream.log"
    with programs.running([compiled[0], str(port)], port, log=log):
        yield port


@pytest.fixture(scope="session")
def load(compiled: tuple[Path, Path]) -> Load:
    """Run the load generator once; what it says at its end."""

    def run(
        port: int, knobs: dict[str, int], dialect: str = "openai", **options: object
    ) -> dict[str, Any]:
        spoken = "openai" if dialect == "whole" else dialect
        settings = {
            "port": port,
            "path": bodies.PATHS[spoken],
            "dialect": dialect,
            "tokens": knobs["tokens"],
            "clients": 3,
            "seconds": 0.01,
            **options,
        }
        done = subprocess.run(
            [compiled[1], *(f"{key}={value}" for key, value in settings.items())],
            input=bodies.body(spoken, knobs),
            capture_output=True,
            check=False,
            timeout=60,
        )
        return json.loads(done.stdout.splitlines()[-1])

    return run
