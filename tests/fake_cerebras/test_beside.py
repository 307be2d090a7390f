"""`python -m fake_cerebras.beside`: how `make run` starts the server and the fake."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.live_server import URL, environment, procfile_command
from tests.processes import PROJECT

TIMEOUT_S = 20.0
CHAT = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}

ENDINGS: dict[str, Callable[[int], None]] = {
    "ctrl-c": lambda pid: os.killpg(pid, signal.SIGINT),
    "term": lambda pid: os.kill(pid, signal.SIGTERM),
    "kill -9": lambda pid: os.kill(pid, signal.SIGKILL),
}


def start_beside(command: list[str], **settings: str) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, as a terminal does."""
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
def server() -> Iterator[subprocess.Popen[str]]:
    process = start_beside(procfile_command())
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"the process ended without {text!r}:\n{''.join(lines)}")


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_fake_exits_with_the_server(
    server: subprocess.Popen[str], end: Callable[[int], None]
) -> None:
    url = URL.findall(read_until(server, "Cerellama listens at"))[-1]
    response = requests.post(f"{url}/api/chat", json=CHAT, timeout=20)

    end(server.pid)

    # The output ends when every process that inherited it has exited.
    output, _ = server.communicate(timeout=TIMEOUT_S)
    assert response.text.count("\n") > 2
    assert "Traceback" not in output


def test_start_without_key_prints_one_line_about_it(
    server: subprocess.Popen[str],
) -> None:
    line = read_until(server, "\n")

    assert "SIMULATED" in line
    assert "CEREBRAS_API_KEY=... into .env" in line


def test_with_a_key_only_the_command_runs() -> None:
    show = "import os; print(os.environ['CEREBRAS_API_KEY'], os.environ['PORT'])"
    process = start_beside([sys.executable, "-c", show], CEREBRAS_API_KEY="csk-mine")

    output, _ = process.communicate(timeout=TIMEOUT_S)

    assert output == "csk-mine 0\n"


TWO_TURNS = """
import os, requests

def post(*messages):
    reply = requests.post(
        os.environ["CEREBRAS_BASE_URL"] + "/chat/completions",
        json={"model": "gpt-oss-120b", "messages": messages},
        headers={"Authorization": "Bearer " + os.environ["CEREBRAS_API_KEY"]},
    ).json()
    print(reply["usage"]["prompt_tokens_details"]["cached_tokens"])
    return reply["choices"][0]["message"]

question = {"role": "user", "content": "Hi"}
post(question, post(question), {"role": "user", "content": "Go on"})
"""


def test_second_turn_of_a_short_chat_has_cached_tokens() -> None:
    process = start_beside([sys.executable, "-c", TWO_TURNS])

    output, _ = process.communicate(timeout=TIMEOUT_S)

    first, second = map(int, output.splitlines()[-2:])
    assert first == 0
    assert second > 0
