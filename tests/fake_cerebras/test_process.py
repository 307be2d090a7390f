"""The process: its options, its output and how it exits."""

import signal
import subprocess
import sys

import pytest

from tests.cerebras import READY, Fake, fake_cerebras
from tests.fake_cerebras.client import AGENT, get
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


def test_key_option_sets_the_accepted_keys() -> None:
    def status(fake: Fake, key: str) -> int:
        headers = {**AGENT, "authorization": f"Bearer {key}"}
        return get(fake, "/v1/models", headers).status

    with fake_cerebras("--key", "a", "--key", "b") as fake:
        assert [status(fake, key) for key in ("a", "b", fake.key)] == [200, 200, 401]


def test_failure_to_start_is_reported_with_the_output() -> None:
    with (
        pytest.raises(AssertionError, match="unrecognized arguments: --nonsense"),
        running([*COMMAND, "--nonsense"], READY),
    ):
        pass
