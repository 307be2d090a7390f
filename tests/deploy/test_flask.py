"""`flask run`: streams with plain threads, without gevent."""

import os
import subprocess
import sys

import pytest

from tests.cerebras import Fake
from tests.deploy import streams
from tests.live_server import Server, environment
from tests.processes import PROJECT


def test_lines_arrive_before_the_next_is_sent(flask_server: Server, fake: Fake) -> None:
    streams.check_lines_arrive_before_the_next_is_sent(flask_server.url, fake)


@pytest.mark.timing
def test_slow_stream_keeps_the_pace_of_the_upstream(
    flask_server: Server, fake: Fake
) -> None:
    streams.check_slow_stream_keeps_the_pace_of_the_upstream(flask_server.url, fake)


def test_gevent_is_not_used() -> None:
    program = (
        "import wsgi; from gevent import _hub_local, monkey;"
        "print(_hub_local.get_hub_if_exists(), monkey.is_anything_patched())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "None False"


def test_bad_setting_stops_the_start_with_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "run", "--port", "0"],
        cwd=PROJECT,
        env={**os.environ, **environment(LOG_LEVEL="loud")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith(
        "LOG_LEVEL is 'loud': it must be one"
    )
    assert "Traceback" not in done.stderr
