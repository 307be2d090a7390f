"""The Procfile's command: streams, a reload, and the health check of the image."""

import json
import re
import signal
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from tests.cerebras import Fake
from tests.deploy import streams
from tests.live_server import URL, Server, environment, procfile_command, serving
from tests.processes import PROJECT


def test_lines_arrive_before_the_next_is_sent(server: Server, fake: Fake) -> None:
    streams.check_lines_arrive_before_the_next_is_sent(server.url, fake)


@pytest.mark.timing
def test_slow_stream_keeps_the_pace_of_the_upstream(server: Server, fake: Fake) -> None:
    streams.check_slow_stream_keeps_the_pace_of_the_upstream(server.url, fake)


def test_stream_and_ports_survive_a_hup(
    upstream_settings: dict[str, str], fake: Fake
) -> None:
    two_ports = {"CERELLAMA_BIND": "127.0.0.1:0,127.0.0.1:0", "GRACE_S": "20"}
    fake.script({"content": streams.TEXT, "after": 4, "hold": "hup"})

    with serving(
        procfile_command(), environment(**upstream_settings, **two_ports)
    ) as server:
        urls = URL.findall(server.program.wait_for("Cerellama listens at"))
        with streams.stream_chat(urls[0]) as lines:
            seen = [next(lines)]
            server.program.process.send_signal(signal.SIGHUP)
            server.program.wait_for("Handling signal: hup")
            during = [requests.get(url, timeout=20).status_code for url in urls]
            fake.release("hup")
            seen += lines
        after = [requests.get(url, timeout=20).status_code for url in urls]

    assert during == after == [200, 200]
    assert streams.text_of(seen) == streams.TEXT
    assert seen[-1].value["done"] is True


def test_health_check_of_the_image_needs_no_token() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    health_check = re.search(
        r"^HEALTHCHECK .*\\\n\s+CMD (.*)$", dockerfile, re.MULTILINE
    )
    settings = environment(ACCESS_TOKENS="a-token")

    with serving(procfile_command(), settings) as server:
        port = str(urlsplit(server.url).port)
        assert health_check
        done = subprocess.run(
            json.loads(health_check[1]),
            env=settings | {"PORT": port},
            timeout=20,
            check=False,
        )

    assert done.returncode == 0
