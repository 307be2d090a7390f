"""Pages in a real Chromium: those of allowed origins stream, all others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.live.browsing import FOREIGN, looking_at
from tests.real_parts import require_real
from tests.serving import Server, environment, procfile_command, serving

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


def wish(server: Server, path: str) -> dict[str, Any]:
    """What the page asks; it tells when it reads the first word of the answer."""
    body = {
        "model": "gpt-oss-120b",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Count."}],
        "stream": True,
    }
    url = server.url + path
    return {"url": url, "headers": HEADERS[path], "body": body, "sign": "one"}


def read_while_it_comes(
    server: Server, fake: Fake, path: str, host: str, profile: Path
) -> None:
    """The upstream goes on only when the page has read what came so far."""
    chromium = require_real("chromium")
    fake.script({"content": "one two six", "delta_size": 4, "hold": "gate", "after": 2})

    with looking_at(chromium, host, wish(server, path), profile) as page:
        begun = page.next()
        fake.release("gate")
        ended = page.next()

    assert begun == {"begun": True}
    assert ended["status"] == 200
    assert "six" in ended["text"]
    assert ended["text"].endswith(ENDS[path])


@pytest.mark.parametrize(
    ("path", "host"), [(MESSAGES, "127.0.0.1"), (CHAT, "localhost")]
)
def test_a_page_of_an_allowed_origin_reads_what_comes_as_it_comes(
    server: Server, fake: Fake, tmp_path: Path, path: str, host: str
) -> None:
    read_while_it_comes(server, fake, path, host, tmp_path)


@pytest.mark.parametrize(
    ("path", "headers"),
    [(MESSAGES, HEADERS[MESSAGES]), (CHAT, {"content-type": "text/plain"})],
    ids=["by the preflight", "without one, for it is plain text"],
)
def test_a_page_of_a_foreign_origin_is_refused(
    server: Server, fake: Fake, tmp_path: Path, path: str, headers: dict[str, str]
) -> None:
    chromium = require_real("chromium")
    asked = {**wish(server, path), "headers": headers}

    with looking_at(chromium, FOREIGN, asked, tmp_path) as page:
        assert page.next() == {"refused": "TypeError"}

    assert fake.inference_requests() == []


def test_a_foreign_origin_that_is_set_is_allowed(
    upstream_settings: dict[str, str], fake: Fake, tmp_path: Path
) -> None:
    origins = f"http://{FOREIGN}:*"
    one = {"OLLAMA_ORIGINS": origins, "WEB_CONCURRENCY": "1"}
    settings = environment(**upstream_settings, **one)

    with serving(procfile_command(), settings) as server:
        read_while_it_comes(server, fake, MESSAGES, FOREIGN, tmp_path)
