"""The default ports, in a network namespace in which all ports are free."""

import subprocess
import sys

import pytest

from tests.live_server import environment, procfile_command, serving

# Switches the loopback interface on and, with "taken", listens on Ollama's port.
PREPARE = """
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
def _require_namespaces() -> None:
    """Skip where network namespaces are not permitted."""
    try:
        subprocess.run([*NAMESPACE, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"network namespaces are not permitted: {error}")


@pytest.mark.parametrize(
    ("ollamas_port", "addresses"),
    [
        ("free", "http://127.0.0.1:6000 and http://127.0.0.1:11434"),
        ("taken", "http://127.0.0.1:6000"),
    ],
)
def test_ollamas_port_is_served_if_free(ollamas_port: str, addresses: str) -> None:
    command = [*NAMESPACE, sys.executable, "-c", PREPARE, ollamas_port]

    with serving([*command, *procfile_command()], SETTINGS) as server:
        greeting = server.program.wait_for("Cerellama listens at")

    assert greeting.endswith(f"at {addresses}")
