"""Run a command, with fake_cerebras beside it if no API key is set.

`python -m fake_cerebras.beside COMMAND...` replaces itself with COMMAND, which so
becomes the parent of fake_cerebras. COMMAND and every process it forks inherit the
write end of a pipe; its read end is the standard input of fake_cerebras. When the last
of these processes has ended, in whatever way, the pipe closes and fake_cerebras exits.
"""

import os
import subprocess
import sys
from pathlib import Path

from dotenv import load_dotenv

PROJECT = Path(__file__).parents[1]
KEY = "csk-simulated"
# With blocks this small the second turn of a short chat has cached tokens.
OPTIONS = ("--port=0", "--until-stdin-closes", "--cache-block-tokens=32")
NOTICE = (
    "No CEREBRAS_API_KEY: answers are SIMULATED. "
    "For real ones put CEREBRAS_API_KEY=... into .env and start again."
)


def main(command: list[str]) -> None:
    load_dotenv(PROJECT / ".env")
    if not os.environ.get("CEREBRAS_API_KEY", "").strip(" \t\"'"):
        os.environ["CEREBRAS_BASE_URL"] = start_fake() + "/v1"
        os.environ["CEREBRAS_API_KEY"] = KEY
        print(NOTICE, flush=True)
    os.execvp(command[0], command)


def start_fake() -> str:
    """Start fake_cerebras and return its URL."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_cerebras", *OPTIONS],
        cwd=PROJECT,
        stdin=read_end,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(read_end)
    os.set_inheritable(write_end, True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("fake_cerebras did not start; its output is above.")
    return line.split()[-1]


if __name__ == "__main__":
    main(sys.argv[1:])
