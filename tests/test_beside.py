"""The server and its stand-in upstream, as `make run` starts them: both or neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.processes import PROJECT
from tests.serving import URL, environment, procfile_command

ENDS_WITHIN_S = 20.0
CHAT = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}
Command = list[str]

ENDINGS: dict[str, Callable[[int], None]] = {
    "ctrl-c": lambda pid: os.killpg(pid, signal.SIGINT),
    "term": lambda pid: os.kill(pid, signal.SIGTERM),
    "kill -9": lambda pid: os.kill(pid, signal.SIGKILL),
}


def start(command: Command, **settings: str) -> subprocess.Popen[str]:
    """A group of its own, as a terminal gives to `make run`."""
    return subprocess.Popen(
        [sys.executable, "-m", "fake_cerebras.beside", *command],
        cwd=PROJECT,
        env={**os.environ, **environment(**settings)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


@pytest.fixture
def beside() -> Iterator[subprocess.Popen[str]]:
    process = start(procfile_command())
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def output_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"it ended without {text!r}:\n{''.join(lines)}")


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_nothing_outlives_the_server(
    beside: subprocess.Popen[str], end: Callable[[int], None]
) -> None:
    url = URL.findall(output_until(beside, "Cerellama listens at"))[-1]
    reply = requests.post(f"{url}/api/chat", json=CHAT, timeout=20)

    end(beside.pid)

    # The output's end means that nobody is left of all who inherited it.
    rest, _ = beside.communicate(timeout=ENDS_WITHIN_S)
    assert reply.text.count("\n") > 2
    assert "Traceback" not in rest


def test_a_start_without_a_key_says_so_in_one_line(
    beside: subprocess.Popen[str],
) -> None:
    first = output_until(beside, "\n")

    assert "SIMULATED" in first
    assert "CEREBRAS_API_KEY=... into .env" in first


def test_with_a_key_only_the_command_runs() -> None:
    show = "import os; print(os.environ['CEREBRAS_API_KEY'], os.environ['PORT'])"
    process = start([sys.executable, "-c", show], CEREBRAS_API_KEY="csk-mine")

    output, _ = process.communicate(timeout=ENDS_WITHIN_S)

    assert output == "csk-mine 0\n"


def test_without_a_key_the_command_is_told_where_the_stand_in_is() -> None:
    show = "import os; print(os.environ['CEREBRAS_BASE_URL'])"
    process = start([sys.executable, "-c", show])

    output, _ = process.communicate(timeout=ENDS_WITHIN_S)

    assert output.splitlines()[-1].startswith("http://127.0.0.1:")
    assert output.endswith("/v1\n")
