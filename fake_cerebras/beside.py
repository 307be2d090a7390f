"""`python -m fake_cerebras.beside COMMAND...`: COMMAND, and the fake if no key is set.

COMMAND replaces this process and is the fake's parent. It, and every child it forks,
holds the write end of a pipe that is the fake's standard input; when the last of them
is gone, however it ended, the fake reads the end of it and leaves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dotenv import load_dotenv

PROJECT = Path(__file__).parents[1]
KEY = "csk-simulated"
SIMULATED = (
    "No CEREBRAS_API_KEY: answers are SIMULATED. "
    "For real ones put CEREBRAS_API_KEY=... into .env and start again."
)


def main(command: list[str]) -> None:
    load_dotenv(PROJECT / ".env")
    if not os.environ.get("CEREBRAS_API_KEY", "").strip(" \t\"'"):
        os.environ["CEREBRAS_BASE_URL"] = start() + "/v1"
        os.environ["CEREBRAS_API_KEY"] = KEY
        print(SIMULATED, flush=True)
    os.execvp(command[0], command)


def start() -> str:
    """Start the fake; its URL."""
    read_end, write_end = os.pipe()
    fake = subprocess.Popen(
        [sys.executable, "-m", "fake_cerebras", "--port=0", "--until-stdin-closes"],
        cwd=PROJECT,
        stdin=read_end,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(read_end)
    os.set_inheritable(write_end, True)
    assert fake.stdout is not None
    line = fake.stdout.readline()
    if not line:
        raise SystemExit("The stand-in for Cerebras did not start; see above.")
    return line.split()[-1]


if __name__ == "__main__":
    main(sys.argv[1:])
