"""deploy/nginx.conf with the real nginx, in front of the real server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.cerebras import Fake
from tests.deploy import streams
from tests.deploy.behind_nginx import (
    PUBLIC_NAME,
    Nginx,
    command,
    nginx_before,
    rendered,
)
from tests.processes import PROJECT
from tests.serving import Server, environment, procfile_command, serving


@pytest.fixture(scope="module")
def behind(upstream_settings: dict[str, str]) -> Iterator[Server]:
    """A server that expects a public name."""
    settings = environment(**upstream_settings, ALLOWED_HOSTS=PUBLIC_NAME)
    with serving(procfile_command(), settings) as started:
        yield started


@pytest.fixture(scope="module")
def nginx(behind: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """In front of that server."""
    folder = tmp_path_factory.mktemp("nginx")
    with nginx_before(folder, [urlsplit(behind.url).netloc]) as started:
        yield started


@pytest.fixture(autouse=True)
def trusted(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our clients know its certificate, and take no other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(nginx.certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(nginx.certificate))


def test_the_file_as_it_is_passes_nginx_own_check(tmp_path: Path) -> None:
    config, _ = rendered(tmp_path, ["127.0.0.1:6000"])

    done = subprocess.run(
        [*command(config), "-t"], capture_output=True, text=True, check=False
    )

    assert "syntax is ok" in done.stderr
    assert "[warn]" not in done.stderr
    assert done.returncode == 0


def test_every_line_comes_before_the_next_is_made(nginx: Nginx, fake: Fake) -> None:
    streams.check_every_line_comes_before_the_next_is_made(nginx.url, fake)


@pytest.mark.timing
def test_a_slow_stream_is_as_slow_as_the_upstream(nginx: Nginx, fake: Fake) -> None:
    streams.check_a_slow_stream_is_as_slow_as_the_upstream(nginx.url, fake)


def test_plain_http_is_sent_on_to_tls_and_keeps_its_method(nginx: Nginx) -> None:
    reply = requests.post(
        f"http://127.0.0.1:{nginx.http_port}/api/chat?a=b",
        headers={"Host": PUBLIC_NAME},
        allow_redirects=False,
        timeout=20,
    )

    assert reply.status_code == 308
    assert reply.headers["Location"] == f"https://{PUBLIC_NAME}/api/chat?a=b"


def test_a_clients_own_request_id_is_the_one_in_the_log(nginx: Nginx) -> None:
    headers = {"X-Request-Id": "named-by-its-client"}

    requests.get(f"{nginx.url}/api/version", headers=headers, timeout=20)

    assert "/api/version" in nginx.logged("named-by-its-client")


def test_a_request_without_an_id_gets_one(nginx: Nginx) -> None:
    requests.get(f"{nginx.url}/api/version?nameless", timeout=20)

    assert re.search(r" [0-9a-f]{32}$", nginx.logged("nameless"))


def test_figures_are_not_for_the_public(nginx: Nginx) -> None:
    reply = requests.get(f"{nginx.url}//metrics", timeout=20)

    assert reply.status_code == 404
    assert "nginx" in reply.text


def test_the_clients_own_host_is_handed_on(nginx: Nginx) -> None:
    headers = {"Host": PUBLIC_NAME}

    reply = requests.get(f"{nginx.url}/api/version", headers=headers, timeout=20)

    assert reply.status_code == 200


def test_a_refused_host_is_logged_with_the_setting(
    nginx: Nginx, behind: Server
) -> None:
    headers = {"Host": "evil.example.net"}

    reply = requests.get(f"{nginx.url}/api/version", headers=headers, timeout=20)

    assert (reply.status_code, reply.text) == (403, "")
    assert "ALLOWED_HOSTS" in behind.program.wait_for("evil.example.net")


def test_a_body_as_large_as_allowed_gets_through(nginx: Nginx) -> None:
    blanks = b" " * (60 << 20)

    reply = requests.post(f"{nginx.url}/api/show", data=blanks, timeout=60)

    assert reply.status_code == 400


def test_cerellama_words_the_refusal_of_a_larger_one(nginx: Nginx) -> None:
    blanks = b" " * (65 << 20)

    reply = requests.post(f"{nginx.url}/api/show", data=blanks, timeout=60)

    assert reply.status_code == 413
    assert "error" in reply.json()


def test_a_client_that_leaves_cancels_its_request(nginx: Nginx, fake: Fake) -> None:
    fake.script({"content": streams.TEXT, "after": 4, "hold": "for good"})

    with streams.chatting(nginx.url) as lines:
        next(lines)
        (record,) = fake.requests(at_least=1)

    assert fake.wait_for_disconnect(record["id"])


def test_idle_connections_outlive_nginx_own() -> None:
    """Or a request may meet a connection that gunicorn is just closing."""
    own = re.search(r"keepalive = (\d+)", (PROJECT / "gunicorn.conf.py").read_text())
    theirs = 60  # nginx's default keepalive_timeout towards an upstream

    assert own
    assert int(own[1]) > theirs
