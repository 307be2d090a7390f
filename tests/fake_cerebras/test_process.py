"""The program itself: how it starts, what it takes and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.cerebras import READY, Fake, fake_cerebras
from tests.fake_cerebras.raw import AGENT, get
from tests.processes import PROJECT, running

COMMAND = [sys.executable, "-m", "fake_cerebras"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_in_silence(number: signal.Signals) -> None:
    with running(COMMAND, READY) as program:
        program.process.send_signal(number)

        assert program.process.wait(5) == 0
    assert program.output.count("\n") == 1


def start_on_a_pipe(options: Sequence[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*COMMAND, *options],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(READY)
    return process


def test_it_ends_when_its_input_does() -> None:
    with start_on_a_pipe(["--until-stdin-closes"]) as process:
        rest, _ = process.communicate(timeout=5)

    assert (process.returncode, rest) == (0, "")


def test_keys_can_be_chosen() -> None:
    with fake_cerebras("--key", "a", "--key", "b") as fake:
        assert [status(fake, key) for key in ("a", "b", fake.key)] == [200, 200, 401]


def status(fake: Fake, key: str) -> int:
    headers = {**AGENT, "authorization": f"Bearer {key}"}
    return get(fake, "/v1/models", headers).status


def test_program_that_does_not_start_is_told_with_its_output() -> None:
    with (
        pytest.raises(AssertionError, match="unrecognized arguments: --nonsense"),
        running([*COMMAND, "--nonsense"], READY),
    ):
        pass
