"""Compile, start and stop the programs of the benchmark."""

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
STOP_TIMEOUT_S = 5.0


class BenchError(Exception):
    """The benchmark cannot run; the message says what to do."""


@dataclass(frozen=True)
class Program:
    process: subprocess.Popen[str]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid


def require(name: str) -> str:
    """Return the path of a program, or raise `BenchError`."""
    path = shutil.which(name)
    if path is None:
        raise BenchError(f"The benchmark needs cc and nginx: {name} is missing.")
    return path


def build(folder: Path = BUILD) -> tuple[Path, Path]:
    """Compile upstream.c and load.c; return both programs."""
    folder.mkdir(exist_ok=True)
    programs = folder / "upstream", folder / "load"
    for program in programs:
        source = HERE / f"{program.name}.c"
        subprocess.run([require("cc"), "-O2", "-o", program, source], check=True)
    return programs


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    environ: Mapping[str, str] | None = None,
    cwd: Path = HERE,
    *,
    log: Path | None = None,
) -> Iterator[Program]:
    """Run a server until the end of the block; its output goes to a file."""
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
        _wait_until_listening(process, port, log)
        yield Program(process, port)
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_listening(process: subprocess.Popen[str], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        time.sleep(0.02)
    raise BenchError(f"{process.args[0]} did not start:\n{log.read_text()[-2000:]}")
