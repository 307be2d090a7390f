"""Compiles and starts what the bench runs, and ends it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 5.0


class Unable(Exception):
    """The bench cannot run; the message says what to do."""


@dataclass(frozen=True)
class Program:
    process: subprocess.Popen[str]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid


def need(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unable(f"The bench needs cc and nginx: {name} is missing.")
    return found


def build(folder: Path = BUILD) -> tuple[Path, Path]:
    """The two compiled programs: upstream and load."""
    folder.mkdir(exist_ok=True)
    made = folder / "upstream", folder / "load"
    for program in made:
        source = HERE / f"{program.name}.c"
        subprocess.run([need("cc"), "-O2", "-o", program, source], check=True)
    return made


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    environ: Mapping[str, str] | None = None,
    cwd: Path = HERE,
    *,
    log: Path | None = None,
) -> Iterator[Program]:
    """Run a server until the block's end; what it prints goes to a file."""
    log = log or BUILD / f"{Path(command[0]).name}-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        _wait(process, port, log)
        yield Program(process, port)
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[str], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        time.sleep(0.02)
    raise Unable(f"{process.args[0]} did not start:\n{log.read_text()[-2000:]}")
