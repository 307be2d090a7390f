"""deploy/nginx.conf: the real nginx in front of gunicorn."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.cerebras import Fake
from tests.deploy import streams
from tests.deploy.nginx_server import (
    PUBLIC_NAME,
    Nginx,
    nginx_command,
    run_nginx,
    write_config,
)
from tests.live_server import Server, environment, procfile_command, serving
from tests.processes import PROJECT


@pytest.fixture(scope="module")
def behind(upstream_settings: dict[str, str]) -> Iterator[Server]:
    """Return a server that accepts the public Host name."""
    settings = environment(**upstream_settings, ALLOWED_HOSTS=PUBLIC_NAME)
    with serving(procfile_command(), settings) as started:
        yield started


@pytest.fixture(scope="module")
def nginx(behind: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Return an nginx in front of that server."""
    folder = tmp_path_factory.mktemp("nginx")
    with run_nginx(folder, [urlsplit(behind.url).netloc]) as started:
        yield started


@pytest.fixture(autouse=True)
def trust_certificate(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the test's HTTP clients trust the certificate of nginx, and no other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(nginx.certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(nginx.certificate))


def test_nginx_accepts_the_file(tmp_path: Path) -> None:
    config, _ = write_config(tmp_path, ["127.0.0.1:6000"])

    done = subprocess.run(
        [*nginx_command(config), "-t"], capture_output=True, text=True, check=False
    )

    assert "syntax is ok" in done.stderr
    assert "[warn]" not in done.stderr
    assert done.returncode == 0


def test_lines_arrive_before_the_next_is_sent(nginx: Nginx, fake: Fake) -> None:
    streams.check_lines_arrive_before_the_next_is_sent(nginx.url, fake)


@pytest.mark.timing
def test_slow_stream_keeps_the_pace_of_the_upstream(nginx: Nginx, fake: Fake) -> None:
    streams.check_slow_stream_keeps_the_pace_of_the_upstream(nginx.url, fake)


def test_plain_http_is_redirected_with_308(nginx: Nginx) -> None:
    reply = requests.post(
        f"http://127.0.0.1:{nginx.http_port}/api/chat?a=b",
        headers={"Host": PUBLIC_NAME},
        allow_redirects=False,
        timeout=20,
    )

    assert reply.status_code == 308
    assert reply.headers["Location"] == f"https://{PUBLIC_NAME}/api/chat?a=b"


def test_log_has_the_clients_request_id_or_a_new_one(nginx: Nginx) -> None:
    headers = {"X-Request-Id": "id-of-the-client"}

    requests.get(f"{nginx.url}/api/version", headers=headers, timeout=20)
    requests.get(f"{nginx.url}/api/version?without-id", timeout=20)

    assert "/api/version" in nginx.wait_for_log("id-of-the-client")
    assert re.search(r" [0-9a-f]{32}$", nginx.wait_for_log("without-id"))


def test_metrics_are_not_public(nginx: Nginx) -> None:
    reply = requests.get(f"{nginx.url}//metrics", timeout=20)

    assert reply.status_code == 404
    assert "nginx" in reply.text


def test_host_of_the_client_is_passed_on(nginx: Nginx, behind: Server) -> None:
    url, hosts = f"{nginx.url}/api/version", (PUBLIC_NAME, "evil.example.net")

    allowed, refused = (
        requests.get(url, headers={"Host": host}, timeout=20) for host in hosts
    )

    assert allowed.status_code == 200
    assert (refused.status_code, refused.text) == (403, "")
    assert "ALLOWED_HOSTS" in behind.program.wait_for("evil.example.net")


@pytest.mark.parametrize(("size_mb", "status"), [(60, 400), (65, 413)])
def test_body_size_is_limited_by_cerellama(
    nginx: Nginx, size_mb: int, status: int
) -> None:
    blanks = b" " * (size_mb << 20)

    reply = requests.post(f"{nginx.url}/api/show", data=blanks, timeout=60)

    assert reply.status_code == status
    assert "error" in reply.json()


def test_client_that_disconnects_cancels_the_upstream_request(
    nginx: Nginx, fake: Fake
) -> None:
    fake.script({"content": streams.TEXT, "after": 4, "hold": "for good"})

    with streams.stream_chat(nginx.url) as lines:
        next(lines)
        (record,) = fake.requests(at_least=1)

    assert fake.wait_for_disconnect(record["id"])


def test_keepalive_is_longer_than_that_of_nginx() -> None:
    """Otherwise nginx may send a request on a connection that gunicorn is closing."""
    ours = re.search(r"keepalive = (\d+)", (PROJECT / "gunicorn.conf.py").read_text())
    nginx_s = 60  # the default of keepalive_timeout in an upstream block

    assert ours
    assert int(ours[1]) > nginx_s
