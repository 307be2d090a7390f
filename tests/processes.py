"""Start real programs, wait for lines of their output, and end them."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 15.0


class Running:
    """A running program, and the lines that it has printed so far."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], cwd: Path
    ) -> None:
        self.command = list(command)
        self.process = subprocess.Popen(
            self.command,
            cwd=cwd,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, text: str, timeout_s: float = START_TIMEOUT_S) -> str:
        """Return the first line with `text`; raise AssertionError if none comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._find(text), timeout_s)
            line = self._find(text)
            if line is None:
                command = " ".join(self.command)
                output = "".join(self._lines) or "(nothing)"
                state = "ended" if self._ended else f"is silent after {timeout_s:g} s"
                raise AssertionError(f"{command}: {state}, without {text!r}:\n{output}")
            return line.rstrip("\n")

    def end(self) -> int:
        """Terminate the program, or kill it; return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(END_TIMEOUT_S)
        return self.process.returncode

    def _find(self, text: str) -> str | None:
        return next((line for line in self._lines if text in line), None)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


@contextlib.contextmanager
def running(
    command: Sequence[str],
    ready: str,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path = PROJECT,
    timeout_s: float = START_TIMEOUT_S,
) -> Iterator[Running]:
    """Run a program from the moment it prints `ready` to the end of the block.

    `environ` is added to the environment of this process.
    """
    program = Running(command, environ or {}, cwd)
    try:
        program.wait_for(ready, timeout_s)
        yield program
    finally:
        program.end()


def wait_until(holds: Callable[[], bool], timeout_s: float = 20) -> None:
    """Poll a state of another process until it holds."""
    until = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
