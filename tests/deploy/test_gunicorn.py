"""Streams through the Procfile's own line, and what new workers do to them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from tests.cerebras import Fake
from tests.deploy import streams
from tests.processes import PROJECT
from tests.serving import URL, Server, environment, procfile_command, serving


def test_every_line_comes_before_the_next_is_made(server: Server, fake: Fake) -> None:
    streams.check_every_line_comes_before_the_next_is_made(server.url, fake)


@pytest.mark.timing
def test_a_slow_stream_is_as_slow_as_the_upstream(server: Server, fake: Fake) -> None:
    streams.check_a_slow_stream_is_as_slow_as_the_upstream(server.url, fake)


def test_a_stream_outlives_a_hup_and_every_port_goes_on_answering(
    upstream_settings: dict[str, str], fake: Fake
) -> None:
    two_ports = {"CERELLAMA_BIND": "127.0.0.1:0,127.0.0.1:0", "GRACE_S": "20"}
    fake.script({"content": streams.TEXT, "after": 4, "hold": "hup"})

    with serving(
        procfile_command(), environment(**upstream_settings, **two_ports)
    ) as server:
        urls = URL.findall(server.program.wait_for("Cerellama listens at"))
        with streams.chatting(urls[0]) as lines:
            seen = [next(lines)]
            server.program.process.send_signal(signal.SIGHUP)
            server.program.wait_for("Handling signal: hup")
            during = [requests.get(url, timeout=20).status_code for url in urls]
            fake.release("hup")
            seen += lines
        after = [requests.get(url, timeout=20).status_code for url in urls]

    assert during == after == [200, 200]
    assert streams.content(seen) == streams.TEXT
    assert seen[-1].value["done"] is True


def test_the_containers_health_check_passes_whatever_the_tokens() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    found = re.search(r"^HEALTHCHECK .*\\\n\s+CMD (.*)$", dockerfile, re.MULTILINE)
    settings = environment(ACCESS_TOKENS="a-token")

    with serving(procfile_command(), settings) as server:
        port = str(urlsplit(server.url).port)
        assert found
        done = subprocess.run(
            json.loads(found[1]), env=settings | {"PORT": port}, timeout=20, check=False
        )

    assert done.returncode == 0
