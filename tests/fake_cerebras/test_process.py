"""The process: its options, its output and how it exits."""

import signal
import subprocess
import sys

import pytest

from tests.cerebras import READY
from tests.processes import PROJECT, running

COMMAND = [sys.executable, "-m", "fake_cerebras"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_process_without_output(number: signal.Signals) -> None:
    with running(COMMAND, READY) as program:
        program.process.send_signal(number)

        assert program.process.wait(5) == 0
    assert program.output.count("\n") == 1


def test_process_exits_when_its_input_closes() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*COMMAND, "--until-stdin-closes"],
        cwd=PROJECT,
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(READY)
        output, _ = process.communicate(timeout=5)

    assert (process.returncode, output) == (0, "")
