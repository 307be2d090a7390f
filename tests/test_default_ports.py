"""The ports bound when no setting names one, in a network of our own: all are free."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.serving import environment, procfile_command, serving

# Switches loopback on and, when told to, takes Ollama's port before the server starts.
ENTER = """
import fcntl, os, socket, struct, sys
UP, SIOCSIFFLAGS = 0x1, 0x8914
with socket.socket() as plain:
    fcntl.ioctl(plain, SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP))
if sys.argv[1] == "taken":
    os.set_inheritable(socket.create_server(("127.0.0.1", 11434)).detach(), True)
os.execvp(sys.argv[2], sys.argv[2:])
"""
NAMESPACE = ["unshare", "--net", "--map-root-user"]
SETTINGS = environment(
    CEREBRAS_API_KEY="csk-unused",
    CEREBRAS_BASE_URL="http://127.0.0.1:9/v1",
    PORT="",
    HOST="",
)


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    """Some systems have none, or not for everyone; test_listen.py decides there."""
    try:
        subprocess.run([*NAMESPACE, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespace to be had: {error}")


def shown_addresses(ollamas_port: str, **settings: str) -> str:
    command = [*NAMESPACE, sys.executable, "-c", ENTER, ollamas_port]
    environ = {**SETTINGS, **settings}
    with serving([*command, *procfile_command()], environ) as server:
        return server.program.wait_for("Cerellama listens at")


def test_ollamas_port_is_served_too_when_it_is_free() -> None:
    shown = shown_addresses("free")

    assert shown.endswith("at http://127.0.0.1:6000 and http://127.0.0.1:11434")


def test_ollamas_port_is_left_to_whoever_has_it() -> None:
    shown = shown_addresses("taken")

    assert shown.endswith("at http://127.0.0.1:6000")


def test_ollamas_port_is_left_to_the_passthrough() -> None:
    shown = shown_addresses("free", OLLAMA_PASSTHROUGH_URL="http://127.0.0.1:11434")

    assert shown.endswith("at http://127.0.0.1:6000")
