"""CORS with a real Chromium: pages of allowed origins stream, others are refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.live.browsing import FOREIGN, open_page
from tests.live_server import Server, environment, procfile_command, serving
from tests.real_parts import require_real

MESSAGES, CHAT = "/v1/messages", "/api/chat"
TYPE = {"content-type": "application/json"}
ANTHROPIC = {
    "anthropic-dangerous-direct-browser-access": "true",
    "anthropic-version": "2023-06-01",
    "x-api-key": "none",
    "x-stainless-lang": "js",
}
HEADERS = {MESSAGES: TYPE | ANTHROPIC, CHAT: TYPE}
ENDS = {MESSAGES: '{"type":"message_stop"}\n\n', CHAT: "}\n"}


def make_request(server: Server, path: str) -> dict[str, Any]:
    """Return the request for the page; it reports when it reads the marker."""
    body = {
        "model": "gpt-oss-120b",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Count."}],
        "stream": True,
    }
    url = server.url + path
    return {"url": url, "headers": HEADERS[path], "body": body, "marker": "one"}


def check_page_reads_a_stream(
    server: Server, fake: Fake, path: str, host: str, profile: Path
) -> None:
    """The upstream continues only after the page has read all events so far."""
    chromium = require_real("chromium")
    fake.script({"content": "one two six", "delta_size": 4, "hold": "gate", "after": 2})

    with open_page(chromium, host, make_request(server, path), profile) as page:
        first = page.next_report()
        fake.release("gate")
        last = page.next_report()

    assert first == {"begun": True}
    assert last["status"] == 200
    assert "six" in last["text"]
    assert last["text"].endswith(ENDS[path])


@pytest.mark.parametrize(
    ("path", "host"), [(MESSAGES, "127.0.0.1"), (CHAT, "localhost")]
)
def test_page_of_an_allowed_origin_reads_a_stream(
    server: Server, fake: Fake, tmp_path: Path, path: str, host: str
) -> None:
    check_page_reads_a_stream(server, fake, path, host, tmp_path)


@pytest.mark.parametrize(
    ("path", "headers"),
    [(MESSAGES, HEADERS[MESSAGES]), (CHAT, {"content-type": "text/plain"})],
    ids=["by the preflight", "without a preflight: plain text"],
)
def test_page_of_another_origin_is_refused(
    server: Server, fake: Fake, tmp_path: Path, path: str, headers: dict[str, str]
) -> None:
    chromium = require_real("chromium")
    request = {**make_request(server, path), "headers": headers}

    with open_page(chromium, FOREIGN, request, tmp_path) as page:
        assert page.next_report() == {"refused": "TypeError"}

    assert fake.inference_requests() == []


def test_page_of_a_configured_origin_reads_a_stream(
    upstream_settings: dict[str, str], fake: Fake, tmp_path: Path
) -> None:
    origins = f"http://{FOREIGN}:*"
    one = {"OLLAMA_ORIGINS": origins, "WEB_CONCURRENCY": "1"}
    settings = environment(**upstream_settings, **one)

    with serving(procfile_command(), settings) as server:
        check_page_reads_a_stream(server, fake, MESSAGES, FOREIGN, tmp_path)
